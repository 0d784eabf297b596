import { createServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import express, { type Express } from 'express'
import expressSession from 'express-session'
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/express'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { Server as IoServer } from 'socket.io'
import { io } from 'socket.io-client'
import { WebSocket, WebSocketServer } from 'ws'
import { type SessionBackend, session, sessionIdOf } from '../../../src/backends/session.js'
import { AuthContext } from '../../../src/core/auth-context.js'
import { createCredentials } from '../../../src/core/caller/credentials.js'
import { createAuth } from '../../../src/create-auth.js'
import { graphqlWs } from '../../../src/transports/graphql-ws/index.js'
import { graphqlHttp } from '../../../src/transports/http/index.js'
import { attachSocketIo } from '../../../src/transports/socket-io/index.js'

const ORIGIN = 'https://app.example.com'
const closers: Array<() => void | Promise<void>> = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { me: { type: GraphQLString, resolve: (_source, _args, context) => AuthContext.of(context)?.principal?.subject ?? null } },
  }),
})

interface App {
  readonly url: string
  readonly people: SessionBackend
}

/** Express with sessions, a login, a logout, and GraphQL on three transports. */
async function serve(cookie: expressSession.CookieOptions = {}): Promise<App> {
  const people = session({ allowedOrigins: [ORIGIN] })
  const auth = createAuth({
    backends: [people, async (token) => (token === 'good' ? { active: true, user: { id: 'by-token' }, scopes: [] } : { active: false })],
    audit: { logger: { debug() {}, info() {}, error() {} } },
  })
  const sessions = expressSession({ secret: 'a secret for the tests', resave: false, saveUninitialized: true, cookie: { secure: false, ...cookie } })
  const app: Express = express()
  app.use(sessions)
  app.post('/login', (req, res, next) => {
    people.login(req, { issuer: ORIGIN, subject: 'ada', roles: ['clerk'] }).then(() => res.end(), next)
  })
  app.post('/logout', (req, res, next) => {
    people.logout(req).then(() => res.end(), next)
  })
  app.use('/graphql', createHandler(graphqlHttp(auth, { schema })))

  const server: HttpServer = createServer(app)
  const webSockets = new WebSocketServer({ noServer: true })
  const disposable = useServer(graphqlWs(auth, { schema }), webSockets)
  server.on('upgrade', (req: IncomingMessage, socket, head) => {
    if (!req.url?.startsWith('/graphql')) return
    // biome-ignore lint/suspicious/noExplicitAny: the middleware asks for an Express request, and reads a cookie and a URL of it.
    sessions(req as any, {} as any, () => webSockets.handleUpgrade(req, socket, head, (webSocket) => webSockets.emit('connection', webSocket, req)))
  })
  const sockets = new IoServer(server)
  sockets.engine.use(sessions)
  attachSocketIo(sockets, auth, { schema })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    await disposable.dispose()
    await sockets.close()
    server.closeAllConnections()
    await auth.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, people }
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly cookie: string | undefined
}

/** fetch does not let a test set Origin and Cookie. */
function post(url: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, cookie: response.headers['set-cookie']?.[0]?.split(';')[0] }))
    })
    sent.on('error', reject).end(body)
  })
}

const me = (url: string, headers: Record<string, string>): Promise<Answer> => post(`${url}/graphql`, headers, JSON.stringify({ query: '{ me }' }))

async function login({ url }: App, cookie?: string): Promise<string> {
  const { cookie: set } = await post(`${url}/login`, cookie === undefined ? {} : { cookie })
  if (set === undefined) throw new Error('the login set no cookie')
  return set
}

describe('a logged-in session', () => {
  it('is a principal over HTTP', async () => {
    const app = await serve()
    const cookie = await login(app)
    expect(JSON.parse((await me(app.url, { cookie, origin: ORIGIN })).body)).toEqual({ data: { me: 'ada' } })
  })

  it('C5: counts from an allowed origin alone', async () => {
    const app = await serve()
    const cookie = await login(app)
    for (const origin of ['https://evil.example.com', 'null', `${ORIGIN}.evil`, `${ORIGIN}/`]) expect((await me(app.url, { cookie, origin })).status).toBe(401)
    expect((await me(app.url, { cookie })).status).toBe(401)
    expect((await me(app.url, { cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })

  it('D1: has another id than the session had before the login', async () => {
    const app = await serve()
    const planted = (await me(app.url, {})).cookie
    const cookie = await login(app, planted)
    expect(cookie).not.toBe(planted)
    expect((await me(app.url, { cookie: planted ?? '', origin: ORIGIN })).status).toBe(401)
    expect((await me(app.url, { cookie, origin: ORIGIN })).status).toBe(200)
  })

  it('D2: is nobody with a tampered cookie', async () => {
    const app = await serve()
    const cookie = await login(app)
    expect((await me(app.url, { cookie: `${cookie.slice(0, -3)}AAA`, origin: ORIGIN })).status).toBe(401)
  })

  it('is over after the logout', async () => {
    const app = await serve()
    const cookie = await login(app)
    await post(`${app.url}/logout`, { cookie })
    expect((await me(app.url, { cookie, origin: ORIGIN })).status).toBe(401)
  })

  it('is refused beside a bearer token, good or bad', async () => {
    const app = await serve()
    const cookie = await login(app)
    for (const token of ['good', 'bad']) {
      const { status, body } = await me(app.url, { cookie, origin: ORIGIN, authorization: `Bearer ${token}` })
      expect(status).toBe(400)
      expect(body).toContain('MALFORMED_TOKEN')
    }
    expect((await me(app.url, { authorization: 'Bearer good' })).status).toBe(200)
  })

  it('cannot be named by its id in a header', async () => {
    const app = await serve()
    const cookie = await login(app)
    const id = decodeURIComponent(cookie.split('=')[1] ?? '')
      .slice(2)
      .split('.')[0]
    expect((await me(app.url, { authorization: `Session ${id}` })).status).toBe(400)
    expect((await me(app.url, { authorization: `Bearer ${id}` })).status).toBe(401)
  })

  it('opens a graphql-ws connection from an allowed origin, and no other', async () => {
    const app = await serve()
    const cookie = await login(app)
    const ask = (origin: string): Promise<unknown> => {
      class FromBrowser extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { headers: { cookie, origin } })
        }
      }
      const client = createClient({ url: `${app.url.replace('http', 'ws')}/graphql`, webSocketImpl: FromBrowser, retryAttempts: 0 })
      const results = client.iterate({ query: '{ me }' })
      return results
        .next()
        .then(
          ({ value }) => value,
          (event: { code?: number; reason?: string }) => ({ code: event.code, reason: event.reason }),
        )
        .finally(() => client.dispose())
    }
    expect(await ask(ORIGIN)).toEqual({ data: { me: 'ada' } })
    expect(await ask('https://evil.example.com')).toEqual({ code: 4403, reason: 'MISSING_TOKEN' })
  })

  it('opens a Socket.IO connection from an allowed origin, and no other', async () => {
    const app = await serve()
    const cookie = await login(app)
    const ask = async (origin: string): Promise<unknown> => {
      const socket = io(app.url, { transports: ['websocket'], extraHeaders: { cookie, origin }, reconnection: false, forceNew: true })
      try {
        return await new Promise((resolve) => {
          socket.on('connect', () => socket.emit('graphql:request', { query: '{ me }' }, resolve))
          socket.on('connect_error', (error) => resolve((error as { data?: unknown }).data))
        })
      } finally {
        socket.disconnect()
      }
    }
    expect(await ask(ORIGIN)).toEqual({ data: { me: 'ada' } })
    expect(await ask('https://evil.example.com')).toMatchObject({ reason: 'MISSING_TOKEN' })
  })

  it('ends a connection when its cookie does', async () => {
    const app = await serve({ maxAge: 1_200 })
    const cookie = await login(app)
    const socket = io(app.url, { transports: ['websocket'], extraHeaders: { cookie, origin: ORIGIN }, reconnection: false, forceNew: true })
    const expired = new Promise((resolve) => socket.on('auth:expired', resolve))
    expect(await expired).toEqual({ code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' })
    socket.disconnect()
  })
})

describe('the session backend', () => {
  it('B24: tells nobody the id of the session', async () => {
    const login = { issuer: ORIGIN, subject: 'ada' }
    const carrier = { transport: 'http', header: () => [], session: { id: 'the-id', gatehouse: login } }
    const verified = await session({ allowedOrigins: [ORIGIN] }).verify(
      createCredentials('session', 'the-id', 'session', carrier),
      new AbortController().signal,
    )
    expect(verified.sessionId).toBe(sessionIdOf('the-id'))
    expect(JSON.stringify(verified)).not.toContain('the-id')
  })

  it.each<[string, object]>([
    ['allowedOrigins', {}],
    ['allowedOrigins', { allowedOrigins: [] }],
    ['allowedOrigins[0]', { allowedOrigins: ['https://app.example.com/'] }],
    ['member', { allowedOrigins: [ORIGIN], member: '' }],
    ['secret', { allowedOrigins: [ORIGIN], secret: 'x' }],
  ])('refuses the start for a wrong %s', (name, options) => {
    expect(() => session(options as never, 'backends[0]')).toThrow(`backends[0].${name}: expected`)
  })

  it('says what to do when no session middleware ran', async () => {
    await expect(session({ allowedOrigins: [ORIGIN] }).login({}, { issuer: ORIGIN, subject: 'ada' })).rejects.toThrow('express-session to run before')
  })

  it('rejects, and logs nobody in, when the store fails', async () => {
    const failing = { id: '1', regenerate: (done: (error: Error) => void) => done(new Error('down')), save() {}, destroy() {} }
    await expect(session({ allowedOrigins: [ORIGIN] }).login({ session: failing }, { issuer: ORIGIN, subject: 'ada' })).rejects.toThrow('down')
    expect(failing).not.toHaveProperty('gatehouse')
  })
})
