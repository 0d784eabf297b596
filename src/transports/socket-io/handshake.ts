import type { Server, Socket } from 'socket.io'
import type { Auth } from '../../core/auth.js'
import type { Authentication } from '../../core/caller/authentication.js'
import { carrierOf } from '../../core/caller/carrier.js'
import type { Principal } from '../../core/caller/principal.js'
import { type AuthError, type AuthErrorCode, errorOf } from '../../core/errors.js'
import type { Reason } from '../../core/refusal.js'

// The application's events, and what else it keeps in `socket.data`, are its own: whatever it declares of them must fit here.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyServer = Server<any, any, any, any>
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnySocket = Socket<any, any, any, any>

/** What `socket.data.auth` holds from the handshake on. */
export interface SocketAuth {
  /** `null` for an anonymous caller. */
  readonly principal: Principal | null
  /** Seconds since 1970, or `null` when the connection does not end by itself. */
  readonly expiresAt: number | null
}

/** The `data` of a `connect_error` that refuses a handshake. */
export interface HandshakeRefusal {
  readonly code: AuthErrorCode
  readonly reason: Reason
  /** What HTTP answers in the same case. */
  readonly status: number
  /** Whether the same credentials may be good a little later: a backend was out of reach. */
  readonly retriable: boolean
  /** Seconds after which to try again; only when {@link HandshakeRefusal.retriable}. */
  readonly retryAfter?: number
  readonly decisionId?: string
}

const authentications = new WeakMap<AnySocket, Authentication>()

/** What the handshake of a socket proved; `undefined` when the middleware has not let it in. */
export function authenticationOf(socket: AnySocket): Authentication | undefined {
  return authentications.get(socket)
}

/** A namespace middleware that lets in whom the settings let in, and refuses everybody else with a `connect_error`. */
export function handshakeMiddleware(auth: Auth): (socket: AnySocket, next: (error?: Error) => void) => void {
  return (socket, next) => {
    void judge(auth, socket).then(next)
  }
}

async function judge(auth: Auth, socket: AnySocket): Promise<Error | undefined> {
  try {
    const authentication = await auth.authenticate(carrierOf(socket.request ?? NO_REQUEST, 'socket-io', socket.handshake.auth))
    const refusal = auth.admit(authentication)
    if (refusal === null) {
      authentications.set(socket, authentication)
      const { principal } = authentication
      const held: SocketAuth = { principal, expiresAt: principal?.expiresAt ?? null }
      socket.data.auth = held
      return undefined
    }
    const [error = errorOf(refusal)] = auth.refuse(auth.createContext(authentication), [refusal])
    return refusalError(auth, error)
  } catch (error) {
    auth.audit.fault('handshake', error)
    return refusalError(auth, errorOf({ reason: 'BACKEND_UNAVAILABLE' }))
  }
}

/** Some engines, such as WebTransport, have no request: then there are no headers either. */
const NO_REQUEST = { headers: new Headers(), url: '' }

function refusalError(auth: Auth, { message, code, reason, refusal, extensions }: AuthError): Error {
  const { status, headers } = auth.httpRefusal([refusal], null)
  const retryAfter = headers['Retry-After']
  const { decisionId } = extensions.auth as { decisionId?: string }
  const data: HandshakeRefusal = {
    code,
    reason,
    status,
    retriable: reason === 'BACKEND_UNAVAILABLE',
    ...(retryAfter === undefined ? {} : { retryAfter: Number(retryAfter) }),
    ...(decisionId === undefined ? {} : { decisionId }),
  }
  return Object.assign(new Error(message), { data })
}
