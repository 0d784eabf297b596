import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FetchImplementation } from 'jose'
import { z } from 'zod'
import type { Auth } from '../core/auth.js'
import { AuthError } from '../core/errors.js'
import { callback, hint, parseOptions, secureUrl, text } from '../core/options.js'
import { isSecureUrl } from '../core/secure-url.js'
import { issuerKeys, keyLife } from './keys/key-source.js'
import { type Logout, logoutTokenVerifier } from './logout/logout-token.js'
import { clockTolerance, replayStore } from './option-shapes.js'
import { memoryReplayStore, type ReplayStore } from './replay-store.js'

export type { Logout } from './logout/logout-token.js'

/** Options of {@link backchannelLogout}. */
export interface BackchannelLogoutOptions {
  /** The provider's `iss`, and where its keys are discovered. */
  readonly issuer: string
  /** The client that is logged out: the one that people log in with, whose back-channel logout URL leads here. */
  readonly clientId: string
  /** Where the issuer's keys are. @default found by discovery */
  readonly jwksUri?: string
  /** Seconds that the issuer's clock and ours may differ, 0 to 60. @default 5 */
  readonly clockTolerance?: number
  /** Where used tokens are remembered. @default in this process, which serves a single node */
  readonly replayStore?: ReplayStore
  /** Runs for each good logout token, before the provider has its answer. A rejection answers 503. @default nothing */
  readonly onLogout?: (logout: Logout) => Promise<void> | void
  /** Fetches metadata and keys. @default the global fetch */
  readonly fetch?: FetchImplementation
}

/** Handles the request of a provider; for node:http, or as a route of Express. */
export type LogoutHandler = (request: IncomingMessage & { readonly body?: unknown }, response: ServerResponse) => Promise<void>

const shape = z.strictObject(
  {
    issuer: text("'https://sso.example.com'").refine(isSecureUrl, hint('the https URL of the issuer (http on loopback)', "'https://sso.example.com'")),
    clientId: text("'web-shop'"),
    jwksUri: secureUrl("'https://sso.example.com/jwks'").optional(),
    clockTolerance: clockTolerance().default(5),
    replayStore: replayStore().optional(),
    onLogout: callback<(logout: Logout) => Promise<void> | void>('(logout) => …').optional(),
    fetch: callback<FetchImplementation>('fetch').optional(),
  },
  hint('an object', "{ issuer: 'https://sso.example.com', clientId: 'web-shop' }"),
)

/**
 * Makes the endpoint that an OpenID provider calls when somebody logs out there. A good logout token makes the engine forget what it
 * remembers of the session, or of all sessions of the subject, runs `onLogout`, and is answered 200. Anything else is answered 400 and ends nothing.
 *
 * Does not end connections that are open, and does not make tokens invalid that were issued before: those still count where nobody is asked.
 *
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * app.post('/logout/backchannel', backchannelLogout(auth, { issuer: 'https://sso.example.com', clientId: 'web-shop' }))
 * @see [OpenID Connect Back-Channel Logout 1.0](https://openid.net/specs/openid-connect-backchannel-1_0.html)
 */
export function backchannelLogout(auth: Auth, options: BackchannelLogoutOptions): LogoutHandler {
  const { replayStore, onLogout, clientId, clockTolerance, issuer, jwksUri, fetch } = parseOptions(shape, options, 'backchannelLogout')
  const { now } = auth.settings
  const keys = issuerKeys({ issuer, jwksUri, fetch, ...keyLife(), host: auth })
  const verify = logoutTokenVerifier({ issuer, clientId, keys, clockTolerance, replays: replayStore ?? memoryReplayStore(100_000, now), now })

  return async (request, response) => {
    const token = request.method === 'POST' ? await readLogoutToken(request) : null
    if (token === null) return answer(response, request.method === 'POST' ? 400 : 405)
    try {
      const logout = await verify(token)
      auth.forget((principal) => isLoggedOut(principal, logout))
      await onLogout?.(logout)
      answer(response, 200)
    } catch (error) {
      const isBad = error instanceof AuthError && error.reason !== 'BACKEND_UNAVAILABLE'
      if (!isBad) auth.audit.fault('back-channel logout', error)
      answer(response, isBad ? 400 : 503)
    }
  }
}

function isLoggedOut(principal: { readonly issuer: string; readonly subject: string; readonly sessionId: string | null }, logout: Logout): boolean {
  if (principal.issuer !== logout.issuer) return false
  return logout.sessionId === null ? principal.subject === logout.subject : principal.sessionId === logout.sessionId
}

/** §2.8: the answer must not be cached, and an error is told as an OAuth error. */
function answer(response: ServerResponse, status: 200 | 400 | 405 | 503): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    ...(status === 200 ? {} : { 'content-type': 'application/json' }),
    ...(status === 405 ? { allow: 'POST' } : {}),
  })
  response.end(status === 200 ? undefined : JSON.stringify({ error: status === 503 ? 'temporarily_unavailable' : 'invalid_request' }))
}

/** Bytes that the provider's form may have. */
const LONGEST_FORM = 65_536

/** Reads the one `logout_token` of a form (§2.5), or takes what a body parser before us has read. */
async function readLogoutToken(request: IncomingMessage & { readonly body?: unknown }): Promise<string | null> {
  const parsed = request.body
  if (typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, 'logout_token')) {
    const { logout_token: token } = parsed as { logout_token: unknown }
    return typeof token === 'string' ? token : null
  }
  if (!/^application\/x-www-form-urlencoded(;|$)/i.test(request.headers['content-type'] ?? '')) return null
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > LONGEST_FORM) return null
    chunks.push(chunk as Buffer)
  }
  const tokens = new URLSearchParams(Buffer.concat(chunks).toString()).getAll('logout_token')
  return tokens.length === 1 ? (tokens[0] as string) : null
}
