import { EventEmitter, once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { useServer } from 'graphql-ws/use/ws'
import { createYoga, type Plugin } from 'graphql-yoga'
import { pino } from 'pino'
import { Server as SocketIoServer, type ServerOptions as SocketIoServerOptions } from 'socket.io'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Auth } from '../../src/core/auth.js'
import { type AuthSettings, createAuth } from '../../src/create-auth.js'
import { useAuth } from '../../src/schema/envelop.js'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'
import { type GraphqlWsOptions, graphqlWs } from '../../src/transports/graphql-ws/index.js'
import { attachSocketIo, type SocketIoOptions } from '../../src/transports/socket-io/index.js'
import { type SchemaExtension, testSchema } from './transport-schema.js'

/** How a test server runs operations on its live connections: through Envelop, or on the plain schema. */
export type Engine = 'getEnveloped' | 'schema'

/** What a test wants different about its servers. */
export interface ServersOptions {
  /** @default 'getEnveloped' */
  readonly engine?: Engine
  readonly settings?: Omit<Partial<AuthSettings>, 'backends' | 'audit'>
  readonly backends?: AuthSettings['backends']
  /** @default one of its own */
  readonly issuer?: TestIssuer
  readonly plugins?: readonly Plugin[]
  readonly graphqlWs?: Omit<GraphqlWsOptions, 'getEnveloped' | 'schema'>
  readonly socketIo?: Omit<SocketIoOptions, 'getEnveloped' | 'schema'>
  readonly socketIoServer?: Partial<SocketIoServerOptions>
  readonly maxPayload?: number
  readonly extension?: SchemaExtension
}

/** Yoga over HTTP, graphql-ws and Socket.IO on one loopback port, with one schema and one `auth`. */
export interface Servers {
  readonly issuer: TestIssuer
  readonly auth: Auth
  readonly io: SocketIoServer
  readonly webSockets: WebSocketServer
  readonly http: HttpServer
  readonly port: number
  /** URL of GraphQL over HTTP. */
  readonly url: string
  readonly webSocketUrl: string
  /** URL of Socket.IO. */
  readonly socketIoUrl: string
  /** Emits `tick`. */
  readonly events: EventEmitter
  /** Coordinates whose resolver ran, in order. */
  readonly ran: string[]
  /** Lets waiting `slow` fields answer. */
  release(): void
  /** Resolves when a `slow` field waits. */
  readonly waiting: () => Promise<void>
  /** The audit log, one JSON object a line. */
  readonly log: () => string
  readonly logged: () => ReadonlyArray<Readonly<Record<string, unknown>>>
  /** Everything that clients were sent, close reasons included. */
  readonly sent: string[]
  /** Listeners that leases have now. */
  readonly leaseListeners: () => number
  /** Moves the clock of leases and decisions, without firing a timer. Milliseconds. */
  readonly clock: { offset: number }
  close(): Promise<void>
}

/** Starts the servers. Close them when the test is over. */
export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const issuer = options.issuer ?? (await createTestIssuer({ algorithms: ['ES256'] }))
  const lines: string[] = []
  const sent: string[] = []
  const ran: string[] = []
  const events = new EventEmitter().setMaxListeners(0)
  const gates = new EventEmitter().setMaxListeners(0)
  const clock = { offset: 0 }
  const now = (): number => Date.now() + clock.offset
  let leaseListeners = 0
  const auth = countingListeners(
    createAuth({
      backends: options.backends ?? [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }],
      now,
      ...options.settings,
      audit: { logger: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }) },
    }),
    (change) => {
      leaseListeners += change
    },
  )
  const wait = async (): Promise<void> => {
    const released = once(gates, 'release')
    queueMicrotask(() => gates.emit('waiting'))
    await released
  }
  const schema = testSchema({ events, wait, ran: (coordinate) => void ran.push(coordinate), extension: options.extension })
  const yoga = createYoga({ schema, plugins: [useAuth(auth), ...(options.plugins ?? [])], logging: false })
  const source = options.engine === 'schema' ? { schema } : { getEnveloped: yoga.getEnveloped }

  const http = createServer(yoga)
  const io = new SocketIoServer(http, { serveClient: false, destroyUpgrade: false, ...options.socketIoServer })
  attachSocketIo(io, auth, { ...source, ...options.socketIo })
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: options.maxPayload ?? 1_000_000 })
  webSockets.on('connection', (socket) => recordSocket(socket, sent))
  io.engine.on('connection', (connection) => connection.on('packetCreate', ({ data }: { data?: unknown }) => void sent.push(String(data))))
  const disposable = useServer(graphqlWs(auth, { ...source, ...options.graphqlWs }), webSockets)
  http.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith('/graphql') === true)
      webSockets.handleUpgrade(request, socket, head, (client) => webSockets.emit('connection', client, request))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo

  return {
    issuer,
    auth,
    io,
    webSockets,
    http,
    port,
    url: `http://127.0.0.1:${port}/graphql`,
    webSocketUrl: `ws://127.0.0.1:${port}/graphql`,
    socketIoUrl: `http://127.0.0.1:${port}`,
    events,
    ran,
    release: () => void gates.emit('release'),
    waiting: async () => void (await once(gates, 'waiting')),
    log: () => lines.join(''),
    logged: () => lines.map((line) => JSON.parse(line)),
    sent,
    leaseListeners: () => leaseListeners,
    clock,
    async close() {
      gates.emit('release')
      for (const client of webSockets.clients) client.terminate()
      await disposable.dispose()
      await io.close()
      http.closeAllConnections()
      await auth.close()
      if (options.issuer === undefined) await issuer.close()
    },
  }
}

/** The same engine, whose leases tell how many listen to them. */
function countingListeners(auth: Auth, count: (change: 1 | -1) => void): Auth {
  return {
    ...auth,
    openLease(caller) {
      const lease = auth.openLease(caller)
      const { onEnd } = lease
      return Object.assign(lease, {
        onEnd(listener: Parameters<typeof onEnd>[0]) {
          let counted = lease.ended === null
          if (counted) count(1)
          const forget = (): void => {
            if (counted) count(-1)
            counted = false
          }
          const takeBack = onEnd((reason) => {
            forget()
            listener(reason)
          })
          return () => {
            forget()
            takeBack()
          }
        },
      })
    },
  }
}

function recordSocket(socket: WebSocket, sent: string[]): void {
  const send = socket.send.bind(socket) as (...args: readonly unknown[]) => void
  const close = socket.close.bind(socket)
  Object.assign(socket, {
    send: (...args: readonly unknown[]) => {
      sent.push(String(args[0]))
      send(...args)
    },
    close: (code?: number, reason?: string) => {
      sent.push(`close ${code} ${reason}`)
      close(code, reason)
    },
  })
}
