import { createHash } from 'node:crypto'
import { createCredentials } from '../../core/caller/credentials.js'
import { InvalidTokenError } from '../../core/errors.js'
import type { UnverifiedJwt } from '../jwt/compact.js'
import { createVerifier } from '../jwt/verifier.js'
import { ASYMMETRIC_ALGORITHMS } from '../keys/algorithms.js'
import type { KeySource } from '../keys/key-source.js'
import type { ReplayStore } from '../replay-store.js'

/** Who was logged out at the provider: a session, or every session of a subject. At least one of the two is there. */
export interface Logout {
  readonly issuer: string
  /** `null` when the session alone is named. */
  readonly subject: string | null
  /** `null` when every session of the subject is over. */
  readonly sessionId: string | null
}

/** Whose logout tokens are taken, and for whom they are meant. */
export interface LogoutTokenRules {
  readonly issuer: string
  /** The client that the provider logs out: its `client_id` is the `aud`. */
  readonly clientId: string
  readonly keys: KeySource
  /** Seconds that the issuer's clock and ours may differ. */
  readonly clockTolerance: number
  readonly replays: ReplayStore
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Proves a logout token. */
export type VerifyLogoutToken = (token: string) => Promise<Logout>

/** Seconds. A logout is told when it happens; §2.4 asks for two minutes at the most. */
const OLDEST = 120
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Makes the check of logout tokens: signed by the issuer with a key pair, `iss`, `aud`, `iat`, `exp`, `jti`, the logout event, `sub` or `sid`, no
 * `nonce`, and used for the first time.
 *
 * It throws {InvalidTokenError} for what is no good logout token, and {BackendUnavailableError} when the keys or the replay store cannot be had.
 *
 * @see [OpenID Connect Back-Channel Logout 1.0 §2.6](https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation)
 */
export function logoutTokenVerifier({ issuer, clientId, keys, clockTolerance, replays, now }: LogoutTokenRules): VerifyLogoutToken {
  const prove = createVerifier({
    issuer,
    audience: clientId,
    algorithms: ASYMMETRIC_ALGORITHMS,
    keys,
    checkKind: logoutTokensOnly,
    clockTolerance,
    requiredClaims: ['iat', 'jti', 'events'],
    maxTokenAge: OLDEST,
    now,
  })
  return async (token) => {
    const { claims } = await prove(createCredentials('bearer', token, 'header', NOBODY))
    const { sub = null, sid = null, jti } = claims
    if ((sub !== null && typeof sub !== 'string') || (sid !== null && typeof sid !== 'string') || typeof jti !== 'string' || jti === '')
      refuse('claims malformed')
    if (!sub && !sid) refuse('names neither a subject nor a session')
    const isNew = await replays.claim(`logout${issuer.length}:${issuer}${createHash('sha256').update(jti).digest('base64url')}`, OLDEST + 2 * clockTolerance)
    if (!isNew) refuse('used before')
    return { issuer, subject: sub as string | null, sessionId: sid as string | null }
  }
}

const NOBODY = { transport: 'http', header: () => [] }

/** The header may call it a logout token; many providers call it a mere JWT, and then its event alone tells it from an ID token (§2.4). */
function logoutTokensOnly({ header, claims }: UnverifiedJwt): void {
  const type = typeof header.typ === 'string' ? header.typ.toLowerCase().replace(/^application\//, '') : 'jwt'
  if (type !== 'logout+jwt' && type !== 'jwt') refuse('typ of another kind of token')
  if (Object.hasOwn(claims, 'nonce')) refuse('nonce of an ID token')
  const event = isObject(claims.events) && Object.hasOwn(claims.events, EVENT) ? claims.events[EVENT] : undefined
  if (!isObject(event)) refuse('no logout event')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(detail: string): never {
  throw new InvalidTokenError({ detail })
}
