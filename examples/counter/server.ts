import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Auth, createAuth } from 'graphql-gatehouse'
import { useAuth } from 'graphql-gatehouse/envelop'
import { memoryBus } from 'graphql-gatehouse/events/memory'
import { liveModels } from 'graphql-gatehouse/orm/sequelize'
import { graphqlWs } from 'graphql-gatehouse/transports/graphql-ws'
import { attachSocketIo } from 'graphql-gatehouse/transports/socket-io'
import { useServer } from 'graphql-ws/use/ws'
import { createYoga } from 'graphql-yoga'
import { pino } from 'pino'
import { Server as SocketIoServer } from 'socket.io'
import { WebSocketServer } from 'ws'
import { Countdown } from './countdown.js'
import { openDatabase } from './database.js'
import { graphiqlFor, renderGraphiql } from './graphiql.js'
import { isLogin, Logins } from './logins.js'
import { servePage } from './pages.js'
import { counterSchema } from './schema.js'

/** The running demo. */
export interface Demo {
  readonly url: string
  /** The development identity provider. */
  readonly issuer: string
  close(): Promise<void>
}

/** Where GraphQL is served, over HTTP and WebSocket alike. */
const GRAPHQL = '/graphql'

/** What comes before a login's name. */
const LOGINS = '/logins/'

/**
 * Starts the demo on this machine alone: whoever reaches it can log in as anybody.
 *
 * @param port 0 for one that is free
 */
export async function startDemo(port: number): Promise<Demo> {
  const logins = await Logins.start()
  const auth = authFor(logins)
  const bus = memoryBus()
  const database = await openDatabase()
  const live = liveModels(database, { bus, audit: auth.audit })
  const countdown = new Countdown(bus)

  const yoga = createYoga({
    schema: counterSchema(bus),
    plugins: [useAuth(auth)],
    graphqlEndpoint: GRAPHQL,
    graphiql: (request) => graphiqlFor(request, logins),
    renderGraphiQL: renderGraphiql,
    landingPage: false,
    // Our own page needs no CORS, and no other page is to reach a server that logs everybody in.
    cors: false,
    logging: 'warn',
  })
  // The operations of live connections run through the same plugins as those over HTTP.
  const { getEnveloped } = yoga

  const http = createServer((request, response) => {
    answer(request, response, yoga, logins).catch((error: unknown) => {
      console.error(error)
      response.destroy()
    })
  })
  const sockets = new WebSocketServer({ noServer: true })
  const graphqlOverWebSocket = useServer(graphqlWs(auth, { getEnveloped }), sockets)
  http.on('upgrade', (request, socket, head) => {
    // Socket.IO looks after its own path, and ends what is nobody's.
    if (pathOf(request).pathname !== GRAPHQL) return
    sockets.handleUpgrade(request, socket, head, (webSocket) => sockets.emit('connection', webSocket, request))
  })
  const io = new SocketIoServer(http, { serveClient: false })
  attachSocketIo(io, auth, { getEnveloped })

  return {
    url: await listen(http, port),
    issuer: logins.issuer,
    async close() {
      countdown.stop()
      // A client that does not answer the close is not waited for.
      setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, 1000).unref()
      await graphqlOverWebSocket.dispose()
      http.closeAllConnections()
      // Closes the HTTP server too.
      await io.close()
      live.close()
      await bus.close()
      await database.close()
      await auth.close()
      await logins.close()
    },
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>

/** Answers whatever is not Socket.IO's: GraphQL, a login, or a file of the page. */
async function answer(request: IncomingMessage, response: ServerResponse, graphql: Handler, logins: Logins): Promise<void> {
  const { pathname, searchParams } = pathOf(request)
  if (pathname === GRAPHQL) return void (await graphql(request, response))
  const login = pathname.startsWith(LOGINS) && request.method === 'POST' ? pathname.slice(LOGINS.length) : null
  if (isLogin(login)) {
    const token = await logins.token(login, searchParams.get('lifetime') === 'short' ? 'short' : 'normal')
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify({ access_token: token }))
  } else if (!(await servePage(request, response, pathname))) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n')
  }
}

/** Without a base there would be no URL; which one it is does not matter. */
function pathOf({ url = '/' }: IncomingMessage): URL {
  return new URL(url, 'http://localhost')
}

function authFor(logins: Logins): Auth {
  return createAuth({
    access: 'private',
    backends: [{ type: 'jwt', issuer: logins.issuer, audience: logins.audience, profile: 'rfc9068' }],
    // Nobody may connect, too: each question then gets its own answer, where a refused handshake would give one to all.
    connections: { anonymous: true },
    audit: { logger: pino({ name: 'audit', level: process.env.LOG_LEVEL ?? 'warn' }) },
  })
}

function listen(http: HttpServer, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, '127.0.0.1', () => resolve(`http://localhost:${(http.address() as AddressInfo).port}`))
  })
}
