import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { TokenBackend, VerifiedToken } from '../core/backend.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { InvalidTokenError } from '../core/errors.js'
import { hint, origin, parseOptions, text } from '../core/options.js'

/** Options of the `session` backend. */
export interface SessionOptions {
  /** Origins from which a browser may use its session: a cookie is sent by every page that makes the browser send it (CSRF). At least one. */
  readonly allowedOrigins: readonly string[]
  /** Member of the session that holds the login. @default 'gatehouse' */
  readonly member?: string
  /** Names the backend in the audit log. @default 'session' */
  readonly name?: string
}

/** Who logs in: what the principal will be, taken from a login that the application has checked. Times are seconds since 1970. */
export type Login = Omit<VerifiedToken, 'cache' | 'confirmation' | 'sessionId' | 'user'>

/** The part of an express-session that the helpers use. */
export interface LoginSession {
  readonly id: string
  readonly cookie?: { readonly expires?: Date | null | undefined }
  regenerate(callback: (error?: unknown) => void): unknown
  save(callback: (error?: unknown) => void): unknown
  destroy(callback: (error?: unknown) => void): unknown
}

/** A request on which express-session ran. */
export interface RequestWithSession {
  session?: LoginSession | null | undefined
}

/** A session backend, with what logs people in and out. */
export interface SessionBackend extends TokenBackend {
  readonly session: { readonly member: string; readonly allowedOrigins: readonly string[] }
  /**
   * Makes the request's session that of somebody. The session gets a new id first, so that an id which an attacker planted before the
   * login is worth nothing after it. Does not check any password: the application has.
   *
   * Rejects when the session store fails; nobody is logged in then.
   */
  login(request: RequestWithSession, login: Login): Promise<void>
  /** Destroys the request's session. Rejects when the session store fails. */
  logout(request: RequestWithSession): Promise<void>
}

const origins = hint('a list of origins, at least one', "['https://app.example.com']")

const shape = z.strictObject(
  {
    allowedOrigins: z.array(origin("'https://app.example.com'"), origins).min(1, origins),
    member: text("'gatehouse'").default('gatehouse'),
    name: text("'session'").default('session'),
  },
  hint('an object', "{ allowedOrigins: ['https://app.example.com'] }"),
)

/**
 * Takes the logged-in session of express-session for credentials, on HTTP and on a websocket handshake alike. Run the session middleware
 * before the GraphQL server, and on the upgrade or handshake request too (`io.engine.use(middleware)` for Socket.IO).
 *
 * The session counts only from an allowed origin, and beside no other credentials: with a bearer token in the same request both are
 * refused. Nothing is remembered: each use reads the session that the middleware has loaded.
 *
 * Does not set cookie flags, and does not see a session that another process destroys while a connection is open; a connection ends when the
 * cookie that opened it does.
 *
 * Its `verify` throws {InvalidTokenError} for a session whose login is malformed.
 *
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * const people = session({ allowedOrigins: ['https://app.example.com'] })
 * app.post('/login', async (req, res) => {
 *   const user = await checkPassword(req.body)
 *   await people.login(req, { issuer: 'https://app.example.com', subject: user.id, roles: user.roles })
 *   res.end()
 * })
 */
export function session(options: SessionOptions, path = 'session'): SessionBackend {
  const { allowedOrigins, member, name } = parseOptions(shape, options, path)
  return Object.freeze<SessionBackend>({
    name,
    session: Object.freeze({ member, allowedOrigins: Object.freeze([...allowedOrigins]) }),
    accepts: ({ source }) => source === 'session',
    async verify({ token, carrier }) {
      const current = carrier.session as (LoginSession & Record<string, unknown>) | null | undefined
      const login = current?.[member]
      if (current === null || current === undefined || !isLogin(login)) throw new InvalidTokenError({ detail: 'the session holds no login' })
      return { ...login, sessionId: sessionIdOf(token), ...expiryOf(login, current), cache: { until: null } }
    },
    async login(request, login) {
      if (!isLogin(login)) throw new TypeError('a login names an issuer and a subject')
      await run(sessionOf(request), 'regenerate')
      // Regenerating puts another session on the request.
      const fresh = sessionOf(request)
      Object.assign(fresh, { [member]: structuredClone(login) })
      await run(fresh, 'save')
    },
    async logout(request) {
      await run(sessionOf(request), 'destroy')
    },
  })
}

/** The `sessionId` that the principal of an express-session has: a digest, since the id itself is a secret and a principal is logged. */
export function sessionIdOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}

function isLogin(value: unknown): value is Login {
  if (typeof value !== 'object' || value === null) return false
  const { issuer, subject } = value as Partial<Login>
  return typeof issuer === 'string' && issuer !== '' && typeof subject === 'string' && subject !== ''
}

/** A login ends when it says so itself, and when its cookie does. */
function expiryOf(login: Login, { cookie }: LoginSession): { expiresAt?: number } {
  // A store that keeps sessions as JSON gives the date back as text.
  const expires = cookie?.expires === undefined || cookie.expires === null ? Number.POSITIVE_INFINITY : new Date(cookie.expires).getTime() / 1000
  const expiresAt = Math.min(login.expiresAt ?? Number.POSITIVE_INFINITY, expires)
  return Number.isFinite(expiresAt) ? { expiresAt } : {}
}

function sessionOf({ session }: RequestWithSession): LoginSession {
  if (session !== undefined && session !== null) return session
  throw new ConfigurationError('session', 'express-session to run before the login', 'app.use(expressSession({ … }))')
}

function run(session: LoginSession, step: 'regenerate' | 'save' | 'destroy'): Promise<void> {
  return new Promise((resolve, reject) => {
    session[step]((error) => (error === undefined || error === null ? resolve() : reject(error)))
  })
}
