import type { GraphQLError } from 'graphql'
import { CloseCode, makeServer, type Server } from 'graphql-ws'
import type { LeaseEnd } from '../../core/audit.js'
import type { Auth } from '../../core/auth.js'
import type { AuthContext } from '../../core/auth-context.js'
import type { Authentication } from '../../core/caller/authentication.js'
import { locateCredentials } from '../../core/caller/credentials.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { errorOf } from '../../core/errors.js'
import type { Refusal } from '../../core/refusal.js'
import { type OperationRequest, Operations, type PreparedOperation } from '../graphql-ws/operations.js'
import { type ConnectionParams, ENDINGS, sessionOptions } from '../graphql-ws/session.js'
import { type AnyServer, type AnySocket, authenticationOf, handshakeMiddleware } from './handshake.js'
import { checkOptions, type SocketIoOptions } from './options.js'
import { serveRequests } from './requests.js'
import { type StreamExtra, serveStream } from './stream.js'

export type { Enveloped, EnvelopedSource, OperationRequest, OperationSource, SchemaSource } from '../graphql-ws/operations.js'
export type { AnyServer, AnySocket, HandshakeRefusal, SocketAuth } from './handshake.js'
export type { SocketIoOptions } from './options.js'
export type { RequestResult } from './requests.js'

/** What a client is told of its login, as the events `auth:connected` and `auth:expired`. */
const CONNECTED = 'auth:connected'
const EXPIRED = 'auth:expired'

/**
 * Guards a namespace of a Socket.IO server and serves GraphQL on it. The caller is authenticated at the handshake, from
 * `handshake.auth`, the `Authorization` header or the cookie; two tokens are refused. A refused handshake is a `connect_error` whose
 * `data` is a {@link HandshakeRefusal}; an accepted one is told `auth:connected` with `{ expiresAt }`, in seconds since 1970 or
 * `null`, and leaves a {@link SocketAuth} in `socket.data.auth`. At the token's `exp` whoever waits gets an error, the client gets
 * `auth:expired` with `{ code, reason }`, and the connection is closed, with every other namespace on it; no event that comes after
 * it reaches a listener.
 *
 * GraphQL comes two ways: graphql-transport-ws on one event, for the stock clients on `createSocketIoWebSocket`; and requests with
 * an acknowledgement, for queries and mutations without a GraphQL client. Both are the handshake's caller: a token in
 * `connection_init` is refused unless it is the very same.
 *
 * Guards the given namespace and no other: a namespace without a guard of its own is open to everybody. Call it once for each, and
 * before other middlewares of the namespace. Needs `graphql-ws`. Does not limit the number of connections or operations, and does
 * not hold back what the application itself emits to the socket or its rooms.
 *
 * @throws {ConfigurationError} when an option is malformed, the schema cannot be protected, the namespace is guarded already, or
 * the server recovers connection states: Socket.IO sends what a socket has missed before it asks any middleware.
 * @example
 * attachSocketIo(io, auth, { getEnveloped: yoga.getEnveloped })
 */
export function attachSocketIo(io: AnyServer, auth: Auth, options: SocketIoOptions): void {
  const { namespace: name, event, requests, context, connectionInitWaitTimeout } = checkOptions(options)
  if (io._opts.connectionStateRecovery) {
    throw new ConfigurationError(
      'connectionStateRecovery',
      'none, since what a socket has missed is sent before its token is looked at',
      'new Server(httpServer)',
    )
  }
  const operations = new Operations(auth, options)
  const namespace = io.of(name)
  if (guarded.has(namespace)) throw new ConfigurationError('namespace', 'one that is not guarded already', "'/admin'")
  guarded.add(namespace)

  const server: Server<StreamExtra> = makeServer<ConnectionParams, StreamExtra>(
    sessionOptions<StreamExtra>(
      auth,
      operations,
      { context: ({ extra }, request) => context(extra.socket, request), ...(connectionInitWaitTimeout === undefined ? {} : { connectionInitWaitTimeout }) },
      {
        authenticate: async ({ extra, connectionParams }) => {
          const refusal = refuseOtherToken(auth, extra.authentication, connectionParams)
          return refusal === null ? extra.authentication : { ...extra.authentication, refusal }
        },
        lease: ({ extra }) => extra.auth.lease,
        wire: ({ extra }) => extra.wire,
      },
    ),
  )

  const serve = (socket: AnySocket, authentication: Authentication): void => {
    const lease = auth.openLease(authentication)
    const ours = new Set([event, ...requests])
    const currentAuth = (): AuthContext => auth.createContext(authentication, lease)
    const prepare = (request: OperationRequest): Promise<PreparedOperation | readonly GraphQLError[]> =>
      operations.prepare(request, { auth: currentAuth(), context: () => context(socket, request) })
    const refuse = (refusal: Refusal): readonly GraphQLError[] => auth.refuse(currentAuth(), [refusal])
    // Our own events look at the clock themselves, since whoever sent them is to be told.
    socket.use(([name], next) => (ours.has(name) || lease.isAlive() ? next() : next(errorOf({ reason: 'TOKEN_EXPIRED' }))))
    socket.on('disconnect', () => lease.end('closed'))
    socket.emit(CONNECTED, { expiresAt: lease.expiresAt })
    const closeSessions = serveStream(event, server, { socket, authentication, auth: { principal: authentication.principal, lease } }, auth.audit)
    serveRequests(requests, { socket, lease, audit: auth.audit, prepare, refuse })
    // Sessions and requests listen to the lease too, and have their word before the connection goes.
    lease.onEnd((reason) => queueMicrotask(() => dismiss(socket, reason, closeSessions)))
  }

  namespace.use(handshakeMiddleware(auth))
  namespace.on('connection', (socket) => {
    const authentication = authenticationOf(socket)
    if (authentication === undefined) socket.disconnect(true)
    else serve(socket, authentication)
  })
}

const guarded = new WeakSet<object>()

function dismiss(socket: AnySocket, reason: LeaseEnd, closeSessions: (code: number, reason: string) => void): void {
  const refusal = ENDINGS[reason]
  if (refusal === null) return
  const { code } = errorOf(refusal)
  closeSessions(CloseCode.Forbidden, refusal.reason)
  socket.emit(EXPIRED, { code, reason: refusal.reason })
  socket.disconnect(true)
}

/** `connection_init` may repeat the handshake's token, as clients do that send it everywhere. Another one is a second token. */
function refuseOtherToken(auth: Auth, { credentials }: Authentication, params: ConnectionParams): Refusal | null {
  const located = locateCredentials({ transport: 'socket-io', header: () => [], params }, auth.settings.credentials)
  if (located.refusal !== null) return located.refusal
  if (located.credentials === null || located.credentials.token === credentials?.token) return null
  return { reason: 'MALFORMED_TOKEN', detail: 'a token beside that of the handshake' }
}
