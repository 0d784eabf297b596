import type { TokenBackend } from '../core/backend.js'
import { InvalidTokenError } from '../core/errors.js'
import { isOpaqueToken } from './auth0/opaque-token.js'
import { type Auth0Options, resolveAuth0Options } from './auth0/options.js'
import { auth0Principal } from './auth0/principal.js'
import { jwt } from './jwt.js'

export type { Auth0Options } from './auth0/options.js'
export type { ClaimSelector, Claims, ClaimsMapping } from './claims.js'
export type { TokenProfile } from './jwt/token-kind.js'

/**
 * Verifies the access tokens of one Auth0 tenant, with the keys that it publishes. Checked is all that the backend `jwt` checks, with
 * RS256 as the only algorithm, and the organization where the options name some.
 *
 * Auth0 issues opaque tokens to clients that ask for no audience. They cannot be verified by anybody, and are refused here with a
 * detail in the audit log that says so. A backend that takes tokens of its own with 32 characters stands before this one in the
 * settings.
 *
 * Not checked are whether the token was revoked, the user blocked, or his roles taken since it was issued: it counts until `exp`.
 * Nothing is fetched until the first token comes.
 *
 * Its `verify` throws {InvalidTokenError} and its kin, and {BackendUnavailableError} when keys cannot be had.
 *
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * auth0({ domain: 'shop.eu.auth0.com', audience: 'https://orders', namespace: 'https://shop.example.com/' })
 * @see RFC 7519 §7.2, RFC 8725 §3, RFC 9068 §4
 */
export function auth0(options: Auth0Options, path = 'auth0'): TokenBackend {
  const { jwt: jwtOptions, organizations } = resolveAuth0Options(options, path)
  const { issuer } = jwtOptions
  const signed = jwt(jwtOptions, path)
  return Object.freeze<TokenBackend>({
    name: signed.name,
    readsTokenAlone: true,
    accepts: (credentials) => signed.accepts?.(credentials) === true || (credentials.scheme === 'bearer' && isOpaqueToken(credentials.token, issuer)),
    async verify(credentials, signal) {
      if (isOpaqueToken(credentials.token, issuer)) throw new InvalidTokenError({ detail: 'opaque access token: request it with an audience' })
      return auth0Principal(await signed.verify(credentials, signal), organizations)
    },
    attach: (host) => signed.attach?.(host),
    close: () => signed.close?.(),
  })
}
