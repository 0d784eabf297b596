import { EventEmitter } from 'node:events'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createClient } from 'graphql-ws'
import { createSocketIoWebSocket } from '../../src/client/index.js'
import { serveStream } from '../../src/transports/socket-io/stream.js'
import { collect, socketOf, streamClient } from '../support/transport-callers.js'
import { type Engine, type Servers, type ServersOptions, startServers } from '../support/transport-servers.js'
import { connectedSocket, type HeardSocket, heardEvent } from '../support/transport-socket.js'
import { eventually, openLeases } from '../support/transport-wire.js'

let servers: Servers
afterEach(() => servers.close())

async function connected(options: ServersOptions = {}, expiresIn = 300): Promise<HeardSocket & { readonly token: string }> {
  servers = await startServers(options)
  const token = await servers.issuer.token({ sub: 'ada', scope: 'orders:read' }, { expiresIn })
  return { ...(await connectedSocket(servers, token)), token }
}

const INIT = JSON.stringify({ type: 'connection_init' })
const subscribe = (id: string, query: string): string => JSON.stringify({ type: 'subscribe', id, payload: { query } })

/** The frames of one session, with messages read. */
function frames({ heard }: HeardSocket, session: number, event = 'graphql'): unknown[] {
  return heard
    .filter(([name, id]) => name === event && id === session)
    .map(([, , kind, ...rest]) => [kind, ...(kind === 'message' ? [JSON.parse(String(rest[0]))] : rest)])
}

/** Opens a session, and waits for its acknowledgement. */
async function opened(client: HeardSocket, session: number): Promise<void> {
  client.socket.emit('graphql', session, 'open')
  client.socket.emit('graphql', session, 'message', INIT)
  await eventually(() => frames(client, session).length === 1)
}

describe('sessions on the event', () => {
  it('begin with open, carry messages as text, and end with a close from the client', async () => {
    const client = await connected()
    await opened(client, 1)
    client.socket.emit('graphql', 1, 'message', subscribe('a', '{ me orders }'))
    await eventually(() => frames(client, 1).length === 3)
    client.socket.emit('graphql', 1, 'close', 1000, 'Normal Closure')
    client.socket.emit('graphql', 1, 'message', subscribe('b', 'mutation { greet }'))
    await eventually(() => frames(client, 1).length === 4)
    expect(frames(client, 1)).toEqual([
      ['message', { type: 'connection_ack', payload: { expiresAt: expect.any(Number) } }],
      ['message', { id: 'a', type: 'next', payload: { data: { me: 'ada', orders: 'orders' } } }],
      ['message', { id: 'a', type: 'complete' }],
      ['close', 4400, 'No such session'],
    ])
    expect(servers.ran).toEqual(['Query.orders'])
    client.socket.disconnect()
  })

  it('do not meet: one after the other, and side by side', async () => {
    const client = await connected()
    await opened(client, 1)
    client.socket.emit('graphql', 1, 'message', subscribe('a', 'subscription { ticks }'))
    await eventually(() => servers.events.listenerCount('tick') === 1)
    client.socket.emit('graphql', 1, 'close', 1000, '')
    await opened(client, 2)
    await opened(client, 3)
    expect(servers.events.listenerCount('tick')).toBe(0)
    client.socket.emit('graphql', 2, 'message', subscribe('a', '{ me }'))
    await eventually(() => frames(client, 2).length === 3)
    expect([frames(client, 1).length, frames(client, 3).length]).toEqual([1, 1])
    expect(openLeases(servers).size).toBe(1)
    client.socket.disconnect()
    await eventually(() => openLeases(servers).size === 0)
  })

  it('end with the socket, and their streams with them', async () => {
    const client = await connected()
    for (const session of [1, 2]) {
      await opened(client, session)
      client.socket.emit('graphql', session, 'message', subscribe('a', 'subscription { ticks }'))
    }
    await eventually(() => servers.events.listenerCount('tick') === 2)
    client.socket.io.engine.close()
    await eventually(() => servers.events.listenerCount('tick') === 0)
    expect(openLeases(servers).size).toBe(0)
  })

  it('tell graphql-ws once that they are over, also those that have said nothing yet', async () => {
    servers = await startServers()
    const socket = Object.assign(new EventEmitter(), { connected: true })
    const ends: unknown[] = []
    const server = {
      opened:
        () =>
        async (...end: unknown[]) =>
          void ends.push(end),
    }
    serveStream('gql', server, { socket, authentication: null, auth: null } as never, servers.auth.audit)
    socket.emit('gql', 1, 'open')
    socket.emit('gql', 2, 'open')
    socket.emit('gql', 2, 'close', 1000, 'Normal Closure')
    socket.emit('disconnect')
    socket.emit('disconnect')
    expect(ends).toEqual([
      [1000, 'Normal Closure'],
      [1001, 'Socket.IO socket closed'],
    ])
  })

  it('are as many as a page needs, and no more', async () => {
    const client = await connected()
    for (let session = 1; session <= 17; session += 1) client.socket.emit('graphql', session, 'open')
    await eventually(() => frames(client, 17).length === 1)
    expect(frames(client, 17)).toEqual([['close', 4429, 'Too many sessions']])
    client.socket.emit('graphql', 1, 'close', 1000, '')
    client.socket.emit('graphql', 18, 'open')
    client.socket.emit('graphql', 18, 'message', INIT)
    await eventually(() => frames(client, 18).length === 1)
    expect(frames(client, 18)[0]).toEqual(['message', expect.objectContaining({ type: 'connection_ack' })])
    client.socket.disconnect()
  })

  it('keep to the protocol: C1 no operation before connection_init, C3 one connection_init, C4 in time', async () => {
    const client = await connected({ socketIo: { connectionInitWaitTimeout: 100 } })
    client.socket.emit('graphql', 1, 'open')
    client.socket.emit('graphql', 1, 'message', subscribe('a', 'mutation { greet }'))
    await opened(client, 2)
    client.socket.emit('graphql', 2, 'message', INIT)
    client.socket.emit('graphql', 3, 'open')
    client.socket.emit('graphql', 4, 'open')
    client.socket.emit('graphql', 4, 'open')
    await eventually(() => frames(client, 3).length === 1)
    expect([1, 2, 3, 4].map((session) => frames(client, session).at(-1))).toEqual([
      ['close', 4401, 'Unauthorized'],
      ['close', 4429, 'Too many initialisation requests'],
      ['close', 4408, 'Connection initialisation timeout'],
      ['close', 4429, 'Session is open already'],
    ])
    expect(servers.ran).toEqual([])
    client.socket.disconnect()
  })

  it.each<[string, readonly unknown[], unknown]>([
    ['text that is no JSON', [1, 'message', '{"type":'], ['close', 4400, 'Invalid message received']],
    ['a message that is an object', [1, 'message', { type: 'connection_init' }], ['close', 4400, 'Invalid frame']],
    ['a message that is bytes', [1, 'message', Buffer.from(INIT)], ['close', 4400, 'Invalid frame']],
    ['no message', [1, 'message'], ['close', 4400, 'Invalid frame']],
    ['an unknown kind', [1, 'dance'], ['close', 4400, 'Invalid frame']],
    ['a kind that is an object', [1, { open: true }], ['close', 4400, 'Invalid frame']],
    ['no kind', [1], ['close', 4400, 'Invalid frame']],
    ['a kind named like a member of every object', [1, '__proto__'], ['close', 4400, 'Invalid frame']],
  ])('C19: are closed for %s', async (_, frame, expected) => {
    const client = await connected()
    client.socket.emit('graphql', 1, 'open')
    client.socket.emit('graphql', ...frame)
    await eventually(() => frames(client, 1).length > 0)
    expect(frames(client, 1)).toEqual([expected])
    client.socket.disconnect()
  })

  it.each<[string, readonly unknown[]]>([
    ['nothing', []],
    ['no number', ['1', 'open']],
    ['a number that is not whole', [1.5, 'open']],
    ['a number without end', [Number.MAX_VALUE, 'open']],
    ['null', [null, 'open']],
    ['a list', [[1, 'open']]],
    ['an object with a prototype', [JSON.parse('{"__proto__":1}'), 'open']],
    ['a message of graphql-ws as it is', [INIT]],
  ])('C19: frames that begin with %s are ignored', async (_, frame) => {
    const client = await connected()
    client.socket.emit('graphql', ...frame)
    client.socket.emit('graphql', ...frame, () => undefined)
    await opened(client, 7)
    expect(client.heard.filter(([name]) => name === 'graphql')).toHaveLength(1)
    client.socket.disconnect()
  })

  it('take odd ways to say close', async () => {
    const client = await connected()
    for (const [session, how] of [
      [1, []],
      [2, ['x', 7]],
      [3, [{}, null]],
    ] as const) {
      client.socket.emit('graphql', session, 'open')
      client.socket.emit('graphql', session, 'close', ...how)
    }
    client.socket.emit('graphql', 9, 'close', 1000, '')
    await opened(client, 4)
    expect(client.heard.filter(([name]) => name === 'graphql')).toHaveLength(1)
    client.socket.disconnect()
  })

  it('run on the event that the options name', async () => {
    servers = await startServers({ socketIo: { event: 'gql' } })
    const token = await servers.issuer.token({ sub: 'ada' })
    const client = createClient({ url: '', webSocketImpl: createSocketIoWebSocket(() => socketOf(servers, token), { event: 'gql' }), retryAttempts: 0 })
    expect((await collect(client, '{ me }')).results).toEqual([{ data: { me: 'ada' } }])
    await client.dispose()
  })
})

describe('connection_init in a session', () => {
  it.each<[string, (token: string, other: string) => unknown, string | null]>([
    ['nothing', () => undefined, null],
    ['the very token of the handshake', (token) => ({ authorization: `Bearer ${token}` }), null],
    ['the very token under another name', (token) => ({ access_token: token }), null],
    ['something else', () => ({ theme: 'dark' }), null],
    ['another good token of the same person', (_, other) => ({ token: other }), 'MALFORMED_TOKEN'],
    ['nonsense', () => ({ token: 'abc' }), 'MALFORMED_TOKEN'],
    ['two tokens', (token) => ({ token, authorization: `Bearer ${token}` }), 'MALFORMED_TOKEN'],
    ['a token that is an object', () => ({ token: {} }), 'MALFORMED_TOKEN'],
    ['a foreign scheme', () => ({ authorization: 'Basic abc' }), 'MALFORMED_TOKEN'],
  ])('with %s', async (_, payload, reason) => {
    const client = await connected()
    const other = await servers.issuer.token({ sub: 'ada' })
    client.socket.emit('graphql', 1, 'open')
    client.socket.emit('graphql', 1, 'message', JSON.stringify({ type: 'connection_init', payload: payload(client.token, other) }))
    await eventually(() => frames(client, 1).length === 1)
    expect(frames(client, 1)).toEqual([reason === null ? ['message', expect.objectContaining({ type: 'connection_ack' })] : ['close', 4403, reason]])
    expect(servers.log()).not.toContain(other)
    // Only the session was refused: the socket stays.
    expect(await client.socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({ data: { me: 'ada' } })
    client.socket.disconnect()
  })

  it('with a token, on a socket that nobody has logged in on', async () => {
    servers = await startServers({ settings: { access: 'public' } })
    const client = await connectedSocket(servers)
    client.socket.emit('graphql', 1, 'open')
    client.socket.emit('graphql', 1, 'message', JSON.stringify({ type: 'connection_init', payload: { token: await servers.issuer.token() } }))
    await eventually(() => frames(client, 1).length === 1)
    expect(frames(client, 1)).toEqual([['close', 4403, 'MALFORMED_TOKEN']])
    client.socket.disconnect()
  })
})

describe.each<Engine>(['getEnveloped', 'schema'])('the end of a login, operations run with %s', (engine) => {
  const ERROR = { message: 'Unauthorized', extensions: { code: 'UNAUTHENTICATED', auth: { reason: 'TOKEN_EXPIRED', decisionId: expect.any(String) } } }

  it('C6: gives each live operation its error, closes the sessions with 4403, says auth:expired, and disconnects', async () => {
    const client = await connected({ engine, socketIo: { connectionInitWaitTimeout: 60_000 } }, 3)
    await opened(client, 1)
    for (const id of ['a', 'b', 'c']) client.socket.emit('graphql', 1, 'message', subscribe(id, 'subscription { ticks }'))
    client.socket.emit('graphql', 2, 'open')
    await eventually(() => servers.events.listenerCount('tick') === 3)
    servers.events.emit('tick', 1)
    await heardEvent(client.socket, 'disconnect')
    servers.events.emit('tick', 2)
    expect(frames(client, 1).slice(4)).toEqual([
      ...['a', 'b', 'c'].map((id) => ['message', { id, type: 'error', payload: [ERROR] }]),
      ['close', 4403, 'TOKEN_EXPIRED'],
    ])
    expect(frames(client, 2)).toEqual([['close', 4403, 'TOKEN_EXPIRED']])
    expect(client.heard.at(-1)).toEqual(['auth:expired', { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' }])
    expect(servers.events.listenerCount('tick')).toBe(0)
    expect(openLeases(servers).size).toBe(0)
  })

  it('C6: delivers no event at or after exp, although no timer has fired', async () => {
    const client = await connected({ engine })
    await opened(client, 1)
    client.socket.emit('graphql', 1, 'message', subscribe('a', 'subscription { ticks }'))
    await eventually(() => servers.events.listenerCount('tick') === 1)
    servers.clock.offset = 300_000
    const gone = heardEvent(client.socket, 'disconnect')
    servers.events.emit('tick', 2)
    await gone
    expect(frames(client, 1).slice(1)).toEqual([
      ['message', { id: 'a', type: 'error', payload: [ERROR] }],
      ['close', 4403, 'TOKEN_EXPIRED'],
    ])
    expect(servers.sent.join()).not.toContain('"ticks":2')
  })

  it('gives an operation that comes after exp the error, and then closes, although no timer has fired', async () => {
    const client = await connected({ engine })
    await opened(client, 1)
    servers.clock.offset = 300_000
    const gone = heardEvent(client.socket, 'disconnect')
    client.socket.emit('graphql', 1, 'message', subscribe('late', 'mutation { greet }'))
    await gone
    expect(frames(client, 1).slice(1)).toEqual([
      ['message', { id: 'late', type: 'error', payload: [ERROR] }],
      ['close', 4403, 'TOKEN_EXPIRED'],
    ])
    expect(servers.ran).toEqual([])
  })

  it('is a close with 4403 for the stock client, on a socket of its own and on a shared one', async () => {
    servers = await startServers({ engine })
    const token = await servers.issuer.token({ sub: 'ada' }, { expiresIn: 3 })
    const shared = await connectedSocket(servers, token)
    const clients = [
      streamClient(servers, `Bearer ${token}`),
      createClient({ url: '', webSocketImpl: createSocketIoWebSocket(shared.socket), retryAttempts: 0 }),
    ]
    const closes = clients.map((client) => new Promise((resolve) => client.on('closed', resolve)))
    const ends = clients.map((client) => collect(client, 'subscription { ticks }'))
    expect((await Promise.all(ends)).map(({ error }) => error)).toEqual([[ERROR], [ERROR]])
    expect(await Promise.all(closes)).toEqual([
      { type: 'close', code: 4403, reason: 'TOKEN_EXPIRED', wasClean: true },
      { type: 'close', code: 4403, reason: 'TOKEN_EXPIRED', wasClean: true },
    ])
  })
})

describe('C22', () => {
  it('leaves no listener behind after 10000 subscriptions and completions', async () => {
    const client = await connected()
    await opened(client, 1)
    const server = [...servers.io.sockets.sockets.values()][0]
    const listeners = (): number[] => ['graphql', 'disconnect', 'graphql:request'].map((name) => server?.listenerCount(name) ?? -1)
    const before = listeners()
    const leaseListeners = servers.leaseListeners()
    for (let batch = 0; batch < 100; batch += 1) {
      for (let index = 0; index < 100; index += 1) client.socket.emit('graphql', 1, 'message', subscribe(`${batch}-${index}`, 'subscription { ticks }'))
      await eventually(() => servers.events.listenerCount('tick') === 100)
      for (let index = 0; index < 100; index += 1) client.socket.emit('graphql', 1, 'message', JSON.stringify({ type: 'complete', id: `${batch}-${index}` }))
      await eventually(() => servers.events.listenerCount('tick') === 0)
    }
    expect(listeners()).toEqual(before)
    expect(servers.leaseListeners()).toBe(leaseListeners)
    servers.events.emit('tick', 1)
    expect(await client.socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({ data: { me: 'ada' } })
    expect(frames(client, 1)).toHaveLength(1)
    client.socket.disconnect()
  }, 60_000)

  it('leaves no session, lease or listener behind after 500 sessions on one socket', async () => {
    const client = await connected()
    for (let session = 1; session <= 500; session += 1) {
      client.socket.emit('graphql', session, 'open')
      client.socket.emit('graphql', session, 'message', INIT)
      client.socket.emit('graphql', session, 'message', subscribe('a', 'subscription { ticks }'))
      client.socket.emit('graphql', session, 'close', 1000, '')
    }
    await opened(client, 501)
    // One for the socket, one for the session that is open.
    expect(servers.leaseListeners()).toBe(2)
    await eventually(() => servers.events.listenerCount('tick') === 0)
    expect(openLeases(servers).size).toBe(1)
    client.socket.disconnect()
    await eventually(() => openLeases(servers).size === 0)
  })
})
