import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { TokenBackend } from '../core/backend.js'
import { InvalidTokenError, TokenExpiredError } from '../core/errors.js'
import { type Claims, claimsReader, readClaims } from './claims.js'
import { createBreaker } from './introspection/breaker.js'
import { introspectionClient } from './introspection/client.js'
import { type IntrospectionBackendOptions, type ResolvedIntrospectionOptions, resolveIntrospectionOptions } from './introspection/options.js'
import { signedAnswers } from './introspection/signed-answers.js'
import { unverifiedIssuer } from './jwt/compact.js'
import { issuerKeys, keyLife } from './keys/key-source.js'
import { createOutage } from './outage.js'

export type { ClientAuthentication } from './introspection/client-authentication.js'
export type { IntrospectionBackendOptions } from './introspection/options.js'
export type { HttpFetch } from './introspection/post-form.js'

/**
 * Asks the authorization server about each token (RFC 7662): for opaque tokens, and for whoever wants a revocation to be seen at once.
 * Takes every opaque token, and JWTs of its own issuer; list it behind backends that verify JWTs of the same issuer themselves.
 *
 * Checked are `active`, which must be the boolean `true`, `iss` where the answer has it, `aud`, `token_type`, `exp`, `nbf`, `iat`, and the
 * client when `authorizedClients` are given. Not checked is any signature, unless with `response: 'jwt'`: the answer is believed because
 * of where it comes from.
 *
 * An endpoint that is down, slow, or refuses this client makes callers unavailable, never unauthenticated; after some failures in a row
 * it is left alone for a while.
 *
 * Its `verify` throws {InvalidTokenError}, {TokenExpiredError} and {BackendUnavailableError}.
 *
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * introspection({ endpoint: 'https://sso.example.com/oauth2/introspect', issuer: 'https://sso.example.com', audience: 'orders-api', clientId, clientSecret })
 * @see [RFC 7662 §2 – Introspection Endpoint](https://www.rfc-editor.org/rfc/rfc7662#section-2)
 */
export function introspection(options: IntrospectionBackendOptions, path = 'introspection'): TokenBackend {
  const settings = resolveIntrospectionOptions(options, path)
  const { issuer, cacheTtl, negativeCacheTtl, negativeCacheSize, now, name } = settings
  const { host, response, jwksUri } = settings
  const keys = response === 'jwt' ? issuerKeys({ issuer, jwksUri, ...keyLife(), fetch: settings.fetch, host }) : null
  const ask = introspectionClient({ ...settings, format: keys === null ? undefined : signedAnswers({ ...settings, keys }) })
  const outage = createOutage(`introspection at ${issuer}`, host)
  const breaker = createBreaker({ failures: settings.breakerFailures, pause: settings.breakerPause, outage })
  const inactive = new LRUCache<string, true>({ max: negativeCacheSize, ttl: Math.max(1, negativeCacheTtl * 1000) })
  const reader = claimsReader(settings.claims)

  return Object.freeze<TokenBackend>({
    name,
    loosened: settings.dangerouslyAcceptMissingAudience ? ['dangerouslyAcceptMissingAudience'] : [],
    readsTokenAlone: true,
    attach: host.attach,
    accepts(credentials) {
      if (!SCHEMES.includes(credentials.scheme)) return false
      const claimed = unverifiedIssuer(credentials)
      return claimed === null || claimed === issuer
    },
    async verify({ token }, signal) {
      const key = createHash('sha256').update(token).digest('base64url')
      if (inactive.has(key)) throw new InvalidTokenError({ detail: 'the authorization server calls it inactive' })
      const answer = await breaker(() => ask(token, signal))
      if (answer === null) {
        if (negativeCacheTtl > 0) inactive.set(key, true)
        throw new InvalidTokenError({ detail: 'the authorization server calls it inactive' })
      }
      const { active: _, ...said } = answer
      const claims: Claims = { ...said, iss: said.iss ?? issuer }
      checkAnswer(claims, settings)
      return { ...readClaims(claims, reader), cache: { until: cacheTtl === 0 ? null : now() / 1000 + cacheTtl } }
    },
    close: () => keys?.close(),
  })
}

/** How an access token can be presented (RFC 6750 §2.1, RFC 9449 §7.1). */
const SCHEMES: readonly string[] = ['bearer', 'dpop']
/** What servers call an access token: RFC 6749 §7.1 names, and the name that RFC 7662 §2.1 uses for the hint. */
const TOKEN_TYPES: readonly unknown[] = ['bearer', 'dpop', 'access_token']

/** RFC 7662 §4: that a token is active does not say that it is for us. */
function checkAnswer(claims: Claims, settings: ResolvedIntrospectionOptions): void {
  const { issuer, audience, dangerouslyAcceptMissingAudience, authorizedClients, clockTolerance, now } = settings
  if (claims.iss !== issuer) refuse('claim iss: not accepted')
  const { aud, token_type: type } = claims
  const isMissing = aud === undefined && dangerouslyAcceptMissingAudience
  if (!isMissing && !audience.some((ours) => [aud].flat().includes(ours))) refuse('claim aud: not accepted')
  if (type !== undefined && !(typeof type === 'string' && TOKEN_TYPES.includes(type.toLowerCase()))) refuse('not an access token')
  if (authorizedClients !== null && !authorizedClients.includes(claims.client_id as string)) refuse('claim client_id: not accepted')
  const seconds = now() / 1000
  const exp = time(claims, 'exp')
  if (exp !== undefined && seconds >= exp) throw new TokenExpiredError()
  if ((time(claims, 'nbf') ?? 0) > seconds + clockTolerance) refuse('claim nbf: in the future')
  if ((time(claims, 'iat') ?? 0) > seconds + clockTolerance) refuse('claim iat: in the future')
}

function time(claims: Claims, name: string): number | undefined {
  const value = claims[name]
  if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value))) refuse(`claim ${name}: not a finite number`)
  return value as number | undefined
}

function refuse(detail: string): never {
  throw new InvalidTokenError({ detail })
}
