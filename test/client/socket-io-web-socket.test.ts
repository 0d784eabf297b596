import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { io } from 'socket.io-client'
import { createSocketIoWebSocket, type SocketIoClient, type SocketIoCloseEvent, type SocketIoWebSocket } from '../../src/client/index.js'

/** A socket.io-client socket whose server is the test. */
class FakeSocket extends EventEmitter implements SocketIoClient {
  connected = false
  active = false
  readonly frames: unknown[][] = []
  connects = 0
  disconnects = 0

  override emit(event: string, ...frame: unknown[]): boolean {
    this.frames.push([event, ...frame])
    return true
  }

  connect(): void {
    this.connects += 1
    this.active = true
  }

  disconnect(): void {
    this.disconnects += 1
    this.connected = false
    this.active = false
  }

  /** What the server's side does. */
  fromServer(event: string, ...args: unknown[]): void {
    if (event === 'connect') this.connected = true
    if (event === 'disconnect') this.connected = false
    super.emit(event, ...args)
  }

  get listening(): number {
    return this.eventNames().reduce((count, name) => count + this.listenerCount(name), 0)
  }
}

interface Opened {
  readonly socket: FakeSocket
  readonly web: SocketIoWebSocket
  readonly events: unknown[]
}

function open(socket: FakeSocket = new FakeSocket(), owned = false): Opened {
  const WebSocketImpl = createSocketIoWebSocket(owned ? () => socket : socket)
  const web = new WebSocketImpl('wss://api.example.com/graphql', 'graphql-transport-ws')
  const events: unknown[] = []
  web.onopen = () => void events.push('open')
  web.onmessage = ({ data }) => void events.push(['message', data])
  web.onclose = ({ code, reason, wasClean }) => void events.push(['close', code, reason, wasClean])
  web.onerror = () => void events.push('error')
  return { socket, web, events }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the class', () => {
  it('has what the graphql-ws client asks of a WebSocket implementation', () => {
    const WebSocketImpl = createSocketIoWebSocket(new FakeSocket())
    expect([WebSocketImpl.CONNECTING, WebSocketImpl.OPEN, WebSocketImpl.CLOSING, WebSocketImpl.CLOSED]).toEqual([0, 1, 2, 3])
    const { web } = open()
    expect([web.url, web.protocol, web.readyState]).toEqual(['wss://api.example.com/graphql', 'graphql-transport-ws', 0])
  })

  it('passes the URL of the GraphQL client to the function that makes sockets', () => {
    const urls: string[] = []
    const WebSocketImpl = createSocketIoWebSocket((url) => {
      urls.push(url)
      return new FakeSocket()
    })
    new WebSocketImpl(new URL('https://api.example.com/graphql'), ['graphql-transport-ws'])
    expect(urls).toEqual(['https://api.example.com/graphql'])
  })
})

describe('opening', () => {
  it('connects a socket that is idle, and opens a session when it is connected', () => {
    const { socket, web, events } = open()
    expect(socket.connects).toBe(1)
    expect(() => web.send('too soon')).toThrow('still connecting')
    socket.fromServer('connect')
    expect([web.readyState, events, socket.frames]).toEqual([1, ['open'], [['graphql', 1, 'open']]])
  })

  it('leaves a socket alone that connects by itself', () => {
    const socket = new FakeSocket()
    socket.active = true
    open(socket)
    expect(socket.connects).toBe(0)
  })

  it('opens at once on a connected socket, but after the caller has put his listeners on', async () => {
    const socket = new FakeSocket()
    socket.fromServer('connect')
    const { web, events } = open(socket)
    expect(web.readyState).toBe(0)
    await turn()
    expect(events).toEqual(['open'])
  })

  it('waits on when the connection is lost before the session is open', async () => {
    const socket = new FakeSocket()
    socket.fromServer('connect')
    const { events } = open(socket)
    socket.connected = false
    await turn()
    expect(events).toEqual([])
  })

  it('gives each session on a socket a number of its own, whichever client it is for', () => {
    const socket = new FakeSocket()
    const first = open(socket)
    const second = open(socket)
    socket.fromServer('connect')
    expect(socket.frames).toEqual([
      ['graphql', 1, 'open'],
      ['graphql', 2, 'open'],
    ])
    socket.fromServer('graphql', 2, 'message', 'for the second')
    socket.fromServer('graphql', 1, 'message', 'for the first')
    expect([first.events, second.events]).toEqual([
      ['open', ['message', 'for the first']],
      ['open', ['message', 'for the second']],
    ])
  })

  it.each<[string, unknown, number, string]>([
    ['an expired token', { reason: 'TOKEN_EXPIRED', retriable: false }, 4403, 'TOKEN_EXPIRED'],
    ['no token', { reason: 'MISSING_TOKEN', retriable: false }, 4403, 'MISSING_TOKEN'],
    ['an unreachable provider', { reason: 'BACKEND_UNAVAILABLE', retriable: true }, 1013, 'BACKEND_UNAVAILABLE'],
    ['a middleware of another make', { reason: 7 }, 1006, ''],
    ['a middleware without data', undefined, 1006, ''],
    ['a middleware whose data is a string', 'no', 1006, ''],
    ['a middleware whose data is null', null, 1006, ''],
  ])('closes for a connect_error of %s', (_, data, code, reason) => {
    const { socket, web, events } = open()
    socket.fromServer('connect_error', Object.assign(new Error('Unauthorized'), { data }))
    expect([events, web.readyState, socket.listening]).toEqual([[['close', code, reason, false]], 3, 0])
  })

  it('closes with 1006 where nobody listens, as the graphql-ws client expects of an abnormal end', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const WebSocketImpl = createSocketIoWebSocket((url) => io(url, { forceNew: true, transports: ['websocket'] }))
    const web = new WebSocketImpl(`http://127.0.0.1:${port}`)
    const close = await new Promise<SocketIoCloseEvent>((resolve) => {
      web.onclose = resolve
    })
    expect(close).toEqual({ type: 'close', code: 1006, reason: '', wasClean: false })
  })
})

describe('an open session', () => {
  function opened(owned = false): Opened {
    const session = open(new FakeSocket(), owned)
    session.socket.fromServer('connect')
    session.events.length = 0
    session.socket.frames.length = 0
    return session
  }

  it('sends and receives text', () => {
    const { socket, web, events } = opened()
    web.send('{"type":"ping"}')
    socket.fromServer('graphql', 1, 'message', '{"type":"pong"}')
    expect([socket.frames, events]).toEqual([[['graphql', 1, 'message', '{"type":"ping"}']], [['message', '{"type":"pong"}']]])
  })

  it('ignores frames of other sessions, and of no known kind', () => {
    const { socket, events } = opened()
    for (const frame of [[2, 'message', 'x'], ['1', 'message', 'x'], [1, 'dance'], [1], [], [null, 'close', 4403, ''], [2, 'close', 4403, '']])
      socket.fromServer('graphql', ...frame)
    expect(events).toEqual([])
  })

  it('ends with the code and reason of the server’s close', () => {
    const { socket, web, events } = opened()
    socket.fromServer('graphql', 1, 'close', 4403, 'TOKEN_EXPIRED')
    socket.fromServer('graphql', 1, 'message', 'late')
    socket.fromServer('disconnect', 'io server disconnect')
    web.send('late')
    expect([events, web.readyState, socket.listening, socket.frames]).toEqual([[['close', 4403, 'TOKEN_EXPIRED', true]], 3, 0, []])
  })

  it('takes a close without a code for one without a status', () => {
    const { socket, events } = opened()
    socket.fromServer('graphql', 1, 'close', 'x', {})
    expect(events).toEqual([['close', 1005, '', true]])
  })

  it('ends abnormally when the socket is gone without a close', () => {
    const { socket, events } = opened()
    socket.fromServer('disconnect', 'transport close')
    expect(events).toEqual([['close', 1006, 'transport close', false]])
  })

  it('ends by its own close, told after the call has returned, and once', async () => {
    const { socket, web, events } = opened()
    web.close(1000, 'Normal Closure')
    web.close(4499, 'Terminated')
    expect([web.readyState, events, socket.frames]).toEqual([2, [], [['graphql', 1, 'close', 1000, 'Normal Closure']]])
    await turn()
    expect([web.readyState, events, socket.listening]).toEqual([3, [['close', 1000, 'Normal Closure', true]], 0])
    web.close()
    await turn()
    expect(events).toHaveLength(1)
  })

  it('leaves a shared socket connected, and disconnects one of its own', async () => {
    for (const owned of [false, true]) {
      const { socket, web } = opened(owned)
      web.close()
      await turn()
      expect([owned, socket.disconnects]).toEqual([owned, owned ? 1 : 0])
    }
  })

  it('disconnects a socket of its own also when the server has closed the session, or refused it', () => {
    const closed = opened(true)
    closed.socket.fromServer('graphql', 1, 'close', 4403, 'TOKEN_EXPIRED')
    const refused = open(new FakeSocket(), true)
    refused.socket.fromServer('connect_error', new Error('no'))
    expect([closed.socket.disconnects, refused.socket.disconnects]).toEqual([1, 1])
  })

  it('is closed abnormally when it is closed before it is open', async () => {
    const { socket, web, events } = open()
    web.close(1000, 'never mind')
    socket.fromServer('connect')
    await turn()
    expect([events, web.readyState, socket.frames]).toEqual([[['close', 1006, '', false]], 3, []])
  })
})
