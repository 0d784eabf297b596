import { InvalidTokenError } from '../../core/errors.js'
import type { UnverifiedJwt } from './compact.js'

/** Which JWTs count as access tokens. */
export type TokenProfile = 'rfc9068' | 'any'

/** Refuses a JWT that is something other than an access token. */
export type KindCheck = (jwt: UnverifiedJwt) => void

/**
 * Makes the check that a JWT is an access token and no other thing that the issuer signs with the same keys: ID token, logout
 * token, refresh token, security event (RFC 8725 §3.11, §3.12).
 *
 * `rfc9068` demands the header `typ` and the claims of RFC 9068 §2. `any` takes a token that its header calls an access token; one
 * that its header calls a mere JWT, or nothing, must neither carry a mark of another kind nor lack every mark of an access token.
 *
 * @param acceptUnmarked with `any`, takes tokens without a mark of an access token too
 */
export function accessTokensOnly(profile: TokenProfile, acceptUnmarked = false): KindCheck {
  return ({ header, claims }) => {
    const kind = mediaType(header.typ)
    if (kind !== ACCESS_TOKEN && (profile === 'rfc9068' || kind !== JWT)) refuse('typ of another kind of token')
    if (profile === 'rfc9068') checkProfile(claims)
    else if (kind === JWT) checkMarks(claims, acceptUnmarked)
  }
}

const ACCESS_TOKEN = 'application/at+jwt'
const JWT = 'application/jwt'

/** Spells `typ` in full: case does not matter, and `application/` may be left out (RFC 7515 §4.1.9). Absent means some JWT. */
function mediaType(typ: unknown): string | null {
  if (typ === undefined) return JWT
  if (typeof typ !== 'string') return null
  const type = typ.toLowerCase()
  return type.includes('/') ? type : `application/${type}`
}

/** RFC 9068 §2.2: `iss`, `aud`, `exp` and their values are checked for every profile. */
function checkProfile(claims: Readonly<Record<string, unknown>>): void {
  for (const name of ['sub', 'client_id', 'jti']) {
    if (typeof claims[name] !== 'string') refuse(`claim ${name}: not a string`)
  }
  if (typeof claims.iat !== 'number') refuse('claim iat: not a number')
}

function checkMarks(claims: Readonly<Record<string, unknown>>, acceptUnmarked: boolean): void {
  if (FOREIGN_CLAIMS.some((name) => Object.hasOwn(claims, name))) refuse('claims of another kind of token')
  if (!TOKEN_USES.includes(claims.token_use)) refuse('token_use of another kind of token')
  const kind = claims.typ
  if (typeof kind === 'string' && FOREIGN_TYPES.includes(kind.toLowerCase())) refuse('payload typ of another kind of token')
  const marked = ACCESS_CLAIMS.some((name) => Object.hasOwn(claims, name)) || kind === 'Bearer' || claims.token_use === 'access'
  // OpenID Connect Core §2 lets an ID token echo the nonce of its login. Old Keycloaks copied it into access tokens, which have a scope.
  if (Object.hasOwn(claims, 'nonce') && !SCOPE_CLAIMS.some((name) => Object.hasOwn(claims, name))) refuse('nonce of an ID token')
  if (!marked && !acceptUnmarked) refuse('nothing in it says that it is an access token')
}

/** Hashes that only ID tokens have (OpenID Connect Core §3.1.3.6, §3.3.2.11, FAPI 1.0), and the events of RFC 8417 and of logout tokens. */
const FOREIGN_CLAIMS = ['at_hash', 'c_hash', 's_hash', 'events'] as const
/** Payload `typ` of Keycloak's other tokens, lower-case. */
const FOREIGN_TYPES: readonly string[] = ['id', 'serialized-id', 'refresh', 'offline', 'logout']
/** Cognito and others name the token's use; most say nothing. */
const TOKEN_USES: readonly unknown[] = [undefined, 'access']
const SCOPE_CLAIMS = ['scope', 'scp'] as const
/**
 * Claims that say for which client, by which grant or with which rights the token was issued, as no ID token does: `cid` is Okta's
 * `client_id`, `gty` Auth0's grant, `appid` and `azpacr` are Entra's. Not `azp`, and not `azp` outside of `aud` either: an ID token that
 * one party got for another has that (OpenID Connect Core §2).
 */
const ACCESS_CLAIMS = [...SCOPE_CLAIMS, 'client_id', 'permissions', 'cid', 'gty', 'appid', 'azpacr'] as const

function refuse(detail: string): never {
  throw new InvalidTokenError({ detail })
}
