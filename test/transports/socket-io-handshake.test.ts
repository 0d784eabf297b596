import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { Server as SocketIoServer } from 'socket.io'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { createAuth } from '../../src/create-auth.js'
import { attachSocketIo, type SocketAuth } from '../../src/transports/socket-io/index.js'
import { testSchema } from '../support/transport-schema.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { connectedSocket, heardEvent, PacketClient, refusalOf } from '../support/transport-socket.js'
import { eventually, openLeases } from '../support/transport-wire.js'

const ORIGIN = 'https://app.example.com'

describe('the handshake', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ settings: { credentials: { cookie: { name: 'access_token', allowedOrigins: [ORIGIN] } } } })
  })
  afterAll(() => servers.close())

  it.each<[string, (token: string) => object]>([
    ['auth.token', (token) => ({ auth: { token } })],
    ['auth.authorization', (token) => ({ auth: { authorization: `Bearer ${token}` } })],
    ['the Authorization header', (token) => ({ extraHeaders: { authorization: `Bearer ${token}` } })],
    ['a cookie from an allowed origin', (token) => ({ extraHeaders: { origin: ORIGIN, cookie: `access_token=${token}` } })],
    ['auth.token over polling', (token) => ({ auth: { token }, transports: ['polling'] })],
    [
      'the Authorization header over polling, then upgraded',
      (token) => ({ extraHeaders: { authorization: `Bearer ${token}` }, transports: ['polling', 'websocket'] }),
    ],
  ])('takes a token from %s', async (_, options) => {
    const { socket } = await connectedSocket(servers, undefined, { auth: {}, ...options(await servers.issuer.token({ sub: 'ada' })) })
    expect(await socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({ data: { me: 'ada' } })
    socket.disconnect()
    await eventually(() => openLeases(servers).size === 0)
  })

  it.each<[string, (token: string) => object, string, string, number]>([
    ['no token', () => ({}), 'UNAUTHENTICATED', 'MISSING_TOKEN', 401],
    [
      'a cookie from a foreign origin',
      (token) => ({ extraHeaders: { origin: 'https://evil.example', cookie: `access_token=${token}` } }),
      'UNAUTHENTICATED',
      'MISSING_TOKEN',
      401,
    ],
    ['a cookie from no origin', (token) => ({ extraHeaders: { cookie: `access_token=${token}` } }), 'UNAUTHENTICATED', 'MISSING_TOKEN', 401],
    ['two tokens', (token) => ({ auth: { token }, extraHeaders: { authorization: `Bearer ${token}` } }), 'BAD_CREDENTIALS', 'MALFORMED_TOKEN', 400],
    ['a token in the URL', (token) => ({ query: { access_token: token } }), 'BAD_CREDENTIALS', 'MALFORMED_TOKEN', 400],
    ['a token that is an object', () => ({ auth: { token: { a: 1 } } }), 'BAD_CREDENTIALS', 'MALFORMED_TOKEN', 400],
    ['a token that is nonsense', () => ({ auth: { token: 'abc' } }), 'UNAUTHENTICATED', 'INVALID_TOKEN', 401],
  ])('refuses %s, and says why', async (_, options, code, reason, status) => {
    const before = servers.logged().length
    const refusal = await refusalOf(servers, { auth: {}, ...options(await servers.issuer.token()) })
    expect(refusal.message).toBe(status === 400 ? 'Bad Request' : 'Unauthorized')
    expect(refusal.data).toEqual({ code, reason, status, retriable: false, decisionId: expect.any(String) })
    expect(servers.logged().slice(before)).toEqual([expect.objectContaining({ event: 'refused', transport: 'socket-io', decisionId: refusal.data.decisionId })])
  })

  it('refuses an expired token, and a forged one', async () => {
    expect((await refusalOf(servers, { auth: { token: await servers.issuer.expiredToken() } })).data.reason).toBe('TOKEN_EXPIRED')
    expect((await refusalOf(servers, { auth: { token: await servers.issuer.forgedToken() } })).data.reason).toBe('INVALID_TOKEN')
  })

  it('tells whoever is let in when his login ends, and the application who he is', async () => {
    const seen: SocketAuth[] = []
    const remember = (socket: { data: { auth: SocketAuth } }): unknown => seen.push(socket.data.auth)
    servers.io.on('connection', remember)
    const { socket, heard } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada', tenant_id: 'acme' }, { expiresIn: 120 }))
    await eventually(() => heard.length > 0)
    expect(heard).toEqual([['auth:connected', { expiresAt: seen[0]?.expiresAt }]])
    expect(seen).toEqual([{ principal: expect.objectContaining({ subject: 'ada' }), expiresAt: expect.any(Number) }])
    expect(Math.abs((seen[0]?.expiresAt as number) - Date.now() / 1000 - 120)).toBeLessThan(5)
    servers.io.off('connection', remember)
    socket.disconnect()
  })

  it('opens no lease for a caller whom a middleware of the application refuses', async () => {
    const admin = servers.io.of('/refusing')
    attachSocketIo(servers.io, servers.auth, { schema: await plainSchema(), namespace: '/refusing' })
    admin.use((socket, next) => next(socket.data.auth.principal.subject === 'root' ? undefined : new Error('Only root')))
    const before = servers.logged().filter(({ event }) => event === 'lease.opened').length
    await expect(connectedSocket({ ...servers, socketIoUrl: `${servers.socketIoUrl}/refusing` }, await servers.issuer.token())).rejects.toThrow('Only root')
    expect(servers.logged().filter(({ event }) => event === 'lease.opened')).toHaveLength(before)
  })

  it('says that it is worth to try again when the provider is out of reach', async () => {
    const down = await startServers()
    down.issuer.fail('error', ['openidConfiguration', 'oauthMetadata', 'jwks'])
    const { message, data } = await refusalOf(down, { auth: { token: await down.issuer.token() } })
    expect(message).toBe('Service Unavailable')
    expect(data).toEqual({
      code: 'SERVICE_UNAVAILABLE',
      reason: 'BACKEND_UNAVAILABLE',
      status: 503,
      retriable: true,
      retryAfter: expect.any(Number),
      decisionId: expect.any(String),
    })
    await down.close()
  })

  it.each([
    ['an array', '40["token"]'],
    ['a string', '40"Bearer abc"'],
    ['a number', '407'],
    ['broken JSON', '40{"token":'],
    ['a prototype', '40{"__proto__":{"token":"abc"}}'],
    ['binary', '45-['],
    ['an event before the handshake', '42["graphql:request",{"query":"{ hello }"}]'],
    ['an acknowledgement before the handshake', '430[]'],
    ['a packet of an unknown type', '49'],
    ['nothing', '4'],
  ])('C19: lives through a handshake that is %s, and lets nobody in', async (_, packet) => {
    const client = await PacketClient.open(servers)
    client.send(packet)
    await Promise.race([client.closed, client.until((received) => received.startsWith('44'))])
    expect(client.packets.some((received) => received.startsWith('40'))).toBe(false)
    expect(servers.ran).toEqual([])
    client.close()
    const { socket } = await connectedSocket(servers, await servers.issuer.token())
    socket.disconnect()
  })
})

describe('C16: hostile packets on a socket that was let in', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers()
  })
  afterAll(() => servers.close())

  it.each([
    ['of 2 MB', `42["graphql:request",{"query":"${'x'.repeat(2_000_000)}"}]`, true],
    ['of broken JSON', '42["graphql:request",{"query":', true],
    ['of an event whose name is an object', '42[{"a":1}]', true],
    ['of an event named __proto__', '42["__proto__",{"query":"{ hello }"}]', false],
    ['of an event that Socket.IO keeps for itself', '42["disconnect","x"]', true],
    ['nested 50000 deep', `421["graphql:request",${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}]`, false],
    ['of an acknowledgement that nobody asked for', '439["x"]', false],
    ['of binary that never comes', '451-["graphql:request",{"_placeholder":true,"num":0}]', false],
  ])('%s', async (_, packet, closes) => {
    const client = await PacketClient.open(servers)
    client.send(`40${JSON.stringify({ token: await servers.issuer.token({ sub: 'ada' }) })}`)
    await client.until((received) => received.startsWith('40'))
    client.send(packet)
    if (closes) await client.closed
    const { socket } = await connectedSocket(servers, await servers.issuer.token({ sub: 'grace' }))
    expect(await socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({ data: { me: 'grace' } })
    socket.disconnect()
    client.close()
    await eventually(() => openLeases(servers).size === 0)
    expect(servers.ran).toEqual([])
  })
})

describe('namespaces', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ settings: { access: 'public' } })
  })
  afterAll(() => servers.close())
  const at = (namespace: string): Servers => ({ ...servers, socketIoUrl: `${servers.socketIoUrl}${namespace}` })

  it('C18: nobody gets into a namespace that the application has not opened', async () => {
    await expect(connectedSocket(at('/admin'), await servers.issuer.token())).rejects.toThrow('Invalid namespace')
  })

  it('C18: a guard of its own decides for its namespace, whatever the default one lets in', async () => {
    const strict = createAuth({ backends: servers.auth.settings.backends, audit: { logger: silent } })
    attachSocketIo(servers.io, strict, { schema: await plainSchema(), namespace: '/strict' })
    const { socket } = await connectedSocket(servers)
    expect((await refusalOf(at('/strict'), { auth: {} })).data.reason).toBe('MISSING_TOKEN')
    const allowed = await connectedSocket(at('/strict'), await servers.issuer.token({ sub: 'ada' }))
    expect(await allowed.socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({ data: { me: 'ada' } })
    socket.disconnect()
    allowed.socket.disconnect()
  })

  it('C18: dynamic namespaces are guarded one by one', async () => {
    const strict = createAuth({ backends: servers.auth.settings.backends, audit: { logger: silent } })
    attachSocketIo(servers.io, strict, { schema: await plainSchema(), namespace: /^\/tenant-\w+$/ })
    expect((await refusalOf(at('/tenant-a'), { auth: {} })).data.reason).toBe('MISSING_TOKEN')
    expect((await refusalOf(at('/tenant-b'), { auth: { token: await servers.issuer.forgedToken() } })).data.reason).toBe('INVALID_TOKEN')
    const { socket } = await connectedSocket(at('/tenant-a'), await servers.issuer.token({ sub: 'ada' }))
    expect(await socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({ data: { me: 'ada' } })
    socket.disconnect()
  })
})

describe('the end of a login', () => {
  let servers: Servers
  afterEach(() => servers.close())

  it('C6: is told, and the socket is disconnected for good', async () => {
    servers = await startServers()
    const { socket, heard } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }, { expiresIn: 3 }))
    const [reason] = await heardEvent(socket, 'disconnect')
    expect(heard.at(-1)).toEqual(['auth:expired', { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' }])
    expect([reason, socket.active]).toEqual(['io server disconnect', false])
    expect(openLeases(servers).size).toBe(0)
    expect(servers.io.sockets.sockets.size).toBe(0)
  })

  it('lets no event of the application through that comes after it, although no timer has fired', async () => {
    servers = await startServers()
    const received: unknown[] = []
    servers.io.on('connection', (socket) => void socket.on('chat', (text) => received.push(text)))
    const { socket } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }))
    socket.emit('chat', 'before')
    await eventually(() => received.length === 1)
    servers.clock.offset = 300_000
    const expired = heardEvent(socket, 'auth:expired')
    socket.emit('chat', 'after')
    expect(await expired).toEqual([{ code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' }])
    await eventually(() => !socket.connected)
    expect(received).toEqual(['before'])
  })

  it('ends the lease of a socket that is closed, or lost', async () => {
    servers = await startServers()
    const first = await connectedSocket(servers, await servers.issuer.token())
    const second = await connectedSocket(servers, await servers.issuer.token())
    expect(openLeases(servers).size).toBe(2)
    first.socket.disconnect()
    second.socket.io.engine.close()
    await eventually(() => openLeases(servers).size === 0)
    expect(servers.logged().filter(({ event }) => event === 'lease.ended')).toEqual([
      expect.objectContaining({ reason: 'closed', transport: 'socket-io' }),
      expect.objectContaining({ reason: 'closed', transport: 'socket-io' }),
    ])
  })
})

describe('attachSocketIo', () => {
  const auth = createAuth({ backends: [async () => ({ active: false })], audit: { logger: { debug() {}, info() {}, error() {} } } })

  it.each([{ skipMiddlewares: true }, {}, { skipMiddlewares: false }])(
    'C17: refuses a server that recovers connection states, with %j',
    async (connectionStateRecovery) => {
      const http = createServer()
      const io = new SocketIoServer(http, { connectionStateRecovery })
      const schema = await plainSchema()
      expect(() => attachSocketIo(io, auth, { schema })).toThrow(
        new ConfigurationError(
          'connectionStateRecovery',
          'none, since what a socket has missed is sent before its token is looked at',
          'new Server(httpServer)',
        ),
      )
      await io.close()
    },
  )

  it.each<[string, object, string]>([
    ['an unknown option', { evnet: 'graphql' }, 'evnet'],
    ['a reserved event', { event: 'connect' }, 'event'],
    ['an empty event', { event: '' }, 'event'],
    ['a reserved request event', { requests: ['disconnect'] }, 'requests[0]'],
    ['a request event that is the stream’s', { requests: ['graphql'] }, 'requests'],
    ['a request event twice', { requests: ['a', 'a'] }, 'requests'],
    ['a namespace that is a number', { namespace: 7 }, 'namespace'],
    ['a context that is no function', { context: {} }, 'context'],
    ['a negative wait', { connectionInitWaitTimeout: -1 }, 'connectionInitWaitTimeout'],
    ['no schema', { schema: undefined }, 'getEnveloped'],
  ])('refuses %s', async (_, options, option) => {
    const io = new SocketIoServer()
    const schema = await plainSchema()
    expect(() => attachSocketIo(io, auth, { schema, ...options } as never)).toThrow(expect.objectContaining({ code: 'ERR_GATEHOUSE_CONFIGURATION', option }))
  })

  it('refuses to guard a namespace twice', async () => {
    const io = new SocketIoServer()
    const schema = await plainSchema()
    attachSocketIo(io, auth, { schema })
    expect(() => attachSocketIo(io, auth, { schema })).toThrow(ConfigurationError)
    attachSocketIo(io, auth, { schema, namespace: '/admin' })
  })
})

const silent = { debug() {}, info() {}, error() {} }

async function plainSchema() {
  const { EventEmitter } = await import('node:events')
  return testSchema({ events: new EventEmitter(), wait: async () => undefined, ran: () => undefined })
}
