import type { TokenBackend } from '../core/backend.js'
import { claimsReader, readClaims } from './claims.js'
import { unverifiedIssuer } from './jwt/compact.js'
import { type JwtOptions, resolveJwtOptions } from './jwt/options.js'
import { accessTokensOnly } from './jwt/token-kind.js'
import { createVerifier } from './jwt/verifier.js'
import { issuerKeys, sharedSecret } from './keys/key-source.js'

export type { ClaimSelector, Claims, ClaimsMapping } from './claims.js'
export type { JwtOptions } from './jwt/options.js'
export type { TokenProfile } from './jwt/token-kind.js'

/**
 * Verifies the JWT access tokens of one issuer, with the keys that the issuer publishes. Several of these can stand side by side:
 * each takes the tokens that name its own issuer, and a token of a foreign issuer causes no request to anybody.
 *
 * Checked are the form, `alg`, `typ` and kind of the token, its signature, `iss`, `aud`, `exp`, `nbf` and `iat`. Not checked is
 * whether it was revoked: it counts until `exp`, or until its key is withdrawn. Nor is the proof for a token that is bound to a key:
 * its `cnf` is handed on, and the engine refuses what it cannot check. Encrypted tokens and tokens without `exp` are refused.
 *
 * Nothing is fetched until the first token comes. While the issuer is out of reach, keys that are known go on counting for
 * `staleIfError`; without any, tokens are answered as unavailable, and the next ones try again.
 *
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * createAuth({ backends: [jwt({ issuer: 'https://issuer.example.com', audience: 'https://api.example.com' })] })
 * @see RFC 9068 §4, RFC 8725 §3, RFC 7519 §7.2
 */
export function jwt(options: JwtOptions, path = 'jwt'): TokenBackend {
  const settings = resolveJwtOptions(options, path)
  const { issuer, name, secret, profile, host, dangerouslyAcceptUnmarkedTokens } = settings
  const keys = secret === null ? issuerKeys(settings) : sharedSecret(secret)
  const verify = createVerifier({ ...settings, keys, checkKind: accessTokensOnly(profile, dangerouslyAcceptUnmarkedTokens) })
  const reader = claimsReader(settings.claims)
  return Object.freeze<TokenBackend>({
    name,
    loosened: [...(secret === null ? [] : ['dangerouslySharedSecret']), ...(dangerouslyAcceptUnmarkedTokens ? ['dangerouslyAcceptUnmarkedTokens'] : [])],
    readsTokenAlone: true,
    attach: host.attach,
    accepts: (credentials) => SCHEMES.includes(credentials.scheme) && unverifiedIssuer(credentials) === issuer,
    // The signal is one caller's, and keys are loaded for all of them: a load ends by its own timeout.
    async verify(credentials) {
      const { claims, isCurrent } = await verify(credentials)
      return Object.assign(readClaims(claims, reader), { cache: { isCurrent } })
    },
    close: () => keys.close(),
  })
}

/** How an access token can be presented (RFC 6750 §2.1, RFC 9449 §7.1). */
const SCHEMES: readonly string[] = ['bearer', 'dpop']
