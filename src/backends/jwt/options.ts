import type { FetchImplementation } from 'jose'
import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { callback, flag, hint, parseOptions, secureUrl, text } from '../../core/options.js'
import { type ClaimsMapping, claimsMapping } from '../claims.js'
import { createHostSlot, type HostSlot } from '../host.js'
import { ASYMMETRIC_ALGORITHMS, SYMMETRIC_ALGORITHMS } from '../keys/algorithms.js'
import { keyLife } from '../keys/key-source.js'
import { audience, clockTolerance, isIssuerUrl, milliseconds, seconds, timeLimit } from '../option-shapes.js'
import type { TokenProfile } from './token-kind.js'

/** Options of the `jwt` backend. The names are those of the wire and of jose. */
export interface JwtOptions {
  /**
   * The only `iss` that is accepted, character by character. Without `jwksUri` and shared secret it is also the URL that keys are
   * discovered at: https (http on loopback), no query, no fragment.
   */
  readonly issuer: string
  /** What stands for this API in `aud`; of several, one must be there. Never a client's id: its ID tokens carry that. */
  readonly audience: string | readonly string[]
  /** Where the issuer's keys are. https, or http on loopback. @default found by discovery at the issuer */
  readonly jwksUri?: string
  /**
   * Accepted `alg` values. Symmetric ones only with `dangerouslySharedSecret`, and never together with others.
   * @default RS*, PS* and ES* with 256, 384 and 512 bits, EdDSA and Ed25519; with a shared secret HS256
   */
  readonly algorithms?: readonly string[]
  /**
   * A secret that signs and verifies, instead of the issuer's keys: whoever can check a token can then make one. At least as long as
   * the hash of the algorithm, 32 bytes for HS256 (RFC 7518 §3.2), and random: a password is none, however long.
   */
  readonly dangerouslySharedSecret?: string | Uint8Array
  /**
   * Which JWTs are access tokens. `rfc9068` takes only those with the header `typ: at+jwt` and every claim that RFC 9068 §2.2
   * requires. `any` also takes a `typ` of `JWT` or none, as many issuers send; such a token must show that it is an access token,
   * by `scope`, `scp`, `client_id`, `permissions`, a payload `typ: Bearer` or what Okta, Auth0, Entra and Cognito put there, and must
   * show nothing of an ID, refresh or logout token.
   * @default 'any'
   */
  readonly profile?: TokenProfile
  /**
   * With the profile `any`, takes a token too that shows neither. Only for an issuer that signs nothing but access tokens with its
   * keys: elsewhere an ID token may pass for one.
   * @default false
   */
  readonly dangerouslyAcceptUnmarkedTokens?: boolean
  /**
   * Seconds that the issuer's clock and ours may differ, 0 to 60, for `nbf`, `iat` and `exp`. The backend proves a token up to that long
   * after its `exp`; what relies on the principal, as every lease does, ends on `exp` itself.
   * @default 5
   */
  readonly clockTolerance?: number
  /** Claims that must be there, beside `iss`, `aud` and `exp`. @default none */
  readonly requiredClaims?: readonly string[]
  /** Seconds since `iat` after which a token is refused as expired, whatever its `exp`; `iat` is then needed. @default none */
  readonly maxTokenAge?: number
  /** Which claims the principal is read from. */
  readonly claims?: ClaimsMapping
  /** Milliseconds after which the keys are fetched anew: how long a withdrawn key still counts. @default 600000 */
  readonly cacheMaxAge?: number
  /** Milliseconds between two fetches that unknown key ids cause. @default 30000 */
  readonly cooldownDuration?: number
  /** Milliseconds that fetching the keys may take, discovery included. @default 5000 */
  readonly timeoutDuration?: number
  /** Milliseconds for which known keys go on counting while they cannot be fetched anew; 0 for not at all (RFC 5861 §4). @default 86400000 */
  readonly staleIfError?: number
  /** Fetches metadata and keys; must honour `signal` and `redirect: 'manual'`. @default the global fetch */
  readonly fetch?: FetchImplementation
  /** Names the backend in the audit log. @default 'jwt' */
  readonly name?: string
  /** The clock that times in tokens are compared with, in milliseconds since 1970. The age of keys follows `Date.now`. @default the settings' `now` */
  readonly now?: () => number
}

/** {@link JwtOptions} with the defaults filled in. */
export interface ResolvedJwtOptions extends JwtOptions {
  readonly algorithms: readonly string[]
  readonly secret: Uint8Array | null
  readonly profile: TokenProfile
  readonly dangerouslyAcceptUnmarkedTokens: boolean
  readonly clockTolerance: number
  readonly requiredClaims: readonly string[]
  readonly cacheMaxAge: number
  readonly cooldownDuration: number
  readonly timeoutDuration: number
  readonly staleIfError: number
  readonly name: string
  readonly now: () => number
  readonly host: HostSlot
}

const algorithm = hint('an algorithm with which tokens are signed', "'RS256'")
const algorithmList = hint('a list of algorithms', "['RS256']")
const secret = hint('a random secret, as a string or bytes', 'process.env.TOKEN_SECRET')
const profile = hint("'rfc9068' or 'any'", "'rfc9068'")
const requiredClaims = hint('a list of claim names', "['tenant_id']")

const jwtOptions = z.strictObject(
  {
    issuer: text("'https://issuer.example.com'"),
    audience: audience("'https://api.example.com'"),
    jwksUri: secureUrl("'https://issuer.example.com/jwks.json'").optional(),
    algorithms: z
      .array(z.enum([...ASYMMETRIC_ALGORITHMS, ...SYMMETRIC_ALGORITHMS.keys()], algorithm), algorithmList)
      .min(1, algorithmList)
      .optional(),
    dangerouslySharedSecret: z.union([z.string(secret), z.instanceof(Uint8Array, secret)], secret).optional(),
    profile: z.enum(['rfc9068', 'any'], profile).optional(),
    dangerouslyAcceptUnmarkedTokens: flag().optional(),
    clockTolerance: clockTolerance().optional(),
    requiredClaims: z.array(z.string(requiredClaims).min(1, requiredClaims), requiredClaims).optional(),
    maxTokenAge: seconds('3600').optional(),
    claims: claimsMapping.optional(),
    cacheMaxAge: milliseconds('600000').optional(),
    cooldownDuration: milliseconds('30000').optional(),
    timeoutDuration: timeLimit().optional(),
    staleIfError: milliseconds('86400000').optional(),
    fetch: callback<FetchImplementation>('fetch').optional(),
    name: text("'jwt'").optional(),
    now: callback<() => number>('Date.now').optional(),
  },
  hint('an object', "{ issuer: 'https://issuer.example.com', audience: 'https://api.example.com' }"),
)

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigurationError} naming the first option that is missing, malformed, unknown, or at odds with another.
 */
export function resolveJwtOptions(input: JwtOptions, path: string): ResolvedJwtOptions {
  const options = parseOptions(jwtOptions, input, path) as JwtOptions
  const bytes = secretBytes(options.dangerouslySharedSecret)
  const algorithms = options.algorithms ?? (bytes === null ? ASYMMETRIC_ALGORITHMS : ['HS256'])
  checkAlgorithms(algorithms, bytes, path)
  if (bytes !== null && options.jwksUri !== undefined) {
    throw new ConfigurationError(`${path}.jwksUri`, 'either keys of the issuer or a shared secret, not both')
  }
  if (bytes === null && options.jwksUri === undefined && !isIssuerUrl(options.issuer)) {
    throw new ConfigurationError(
      `${path}.issuer`,
      'an https URL (http on loopback) without query and fragment, to discover its keys, or a jwksUri beside it',
      "'https://issuer.example.com'",
    )
  }
  const host = createHostSlot(options.now)
  return {
    ...options,
    ...keyLife(options),
    algorithms,
    secret: bytes,
    profile: options.profile ?? 'any',
    dangerouslyAcceptUnmarkedTokens: options.dangerouslyAcceptUnmarkedTokens ?? false,
    clockTolerance: options.clockTolerance ?? 5,
    requiredClaims: options.requiredClaims ?? [],
    name: options.name ?? 'jwt',
    now: host.now,
    host,
  }
}

/** A copy, so that nobody can change the secret afterwards. */
function secretBytes(value: string | Uint8Array | undefined): Uint8Array | null {
  if (value === undefined) return null
  return typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value)
}

/** With both kinds on the list, a public key could be taken for a secret: the oldest forgery there is (RFC 8725 §2.1, §3.1). */
function checkAlgorithms(algorithms: readonly string[], bytes: Uint8Array | null, path: string): void {
  const symmetric = algorithms.filter((alg) => SYMMETRIC_ALGORITHMS.has(alg))
  if (bytes === null && symmetric.length > 0) {
    throw new ConfigurationError(`${path}.algorithms`, 'algorithms with a key pair; HS* need dangerouslySharedSecret', "['RS256']")
  }
  if (bytes === null) return
  if (symmetric.length < algorithms.length) {
    throw new ConfigurationError(`${path}.algorithms`, 'HS* algorithms alone, beside dangerouslySharedSecret', "['HS256']")
  }
  const least = Math.max(...symmetric.map((alg) => SYMMETRIC_ALGORITHMS.get(alg) ?? 0))
  if (bytes.length < least) throw new ConfigurationError(`${path}.dangerouslySharedSecret`, `at least ${least} bytes of a random secret for these algorithms`)
}
