import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { callback, count, flag, hint, parseOptions, secureUrl, text, texts } from '../../core/options.js'
import { type ClaimsMapping, claimsMapping } from '../claims.js'
import { createHostSlot, type HostSlot } from '../host.js'
import { ASYMMETRIC_ALGORITHMS } from '../keys/algorithms.js'
import { asymmetricAlgorithms, audience, clientAuthentication, clockTolerance, isIssuerUrl, milliseconds, seconds, timeLimit } from '../option-shapes.js'
import type { ClientAuthentication } from './client-authentication.js'
import type { HttpFetch } from './post-form.js'

/** Options of the `introspection` backend. */
export interface IntrospectionBackendOptions {
  /** The introspection endpoint: https, or http on loopback. */
  readonly endpoint: string
  /** Who issues the tokens: the principal's issuer. An answer that names another `iss` is refused. */
  readonly issuer: string
  /** What stands for this API in `aud`; of several, one must be there. An answer without `aud` is refused. */
  readonly audience: string | readonly string[]
  /** Takes answers without `aud`, of a server that never says it. Every token of the server is then good here. @default false */
  readonly dangerouslyAcceptMissingAudience?: boolean
  /** This API as a client of the authorization server. */
  readonly clientId: string
  readonly clientSecret: string
  /** How the client shows its secret. @default 'client_secret_basic' */
  readonly clientAuthentication?: ClientAuthentication
  /**
   * The form in which answers are asked for: `jwt` takes none but those that the issuer has signed, for this client or audience
   * (RFC 9701), and a plain one then counts as an outage. The server must have been told to sign them.
   * @default 'json'
   */
  readonly response?: 'json' | 'jwt'
  /** Where the keys are that sign answers, with `response: 'jwt'`. @default found by discovery at the issuer */
  readonly jwksUri?: string
  /** Accepted `alg` values of signed answers, with `response: 'jwt'`. @default RS*, PS* and ES* with 256, 384 and 512 bits, EdDSA and Ed25519 */
  readonly algorithms?: readonly string[]
  /** Clients whose tokens are taken, by `client_id`. @default every client whose tokens have the audience */
  readonly authorizedClients?: readonly string[]
  /** Seconds for which an active token is remembered: how late a revocation can be seen. Never beyond `exp`. @default 0, each use is asked about */
  readonly cacheTtl?: number
  /** Seconds for which an inactive token is remembered; 0 for not at all. @default 10 */
  readonly negativeCacheTtl?: number
  /** Inactive tokens that are remembered. @default 1000 */
  readonly negativeCacheSize?: number
  /** Requests under way at once; ten times as many may wait. @default 50 */
  readonly concurrency?: number
  /** Failures in a row after which the endpoint is left alone. @default 5 */
  readonly breakerFailures?: number
  /** Milliseconds for which it is. @default 10000 */
  readonly breakerPause?: number
  /** Which members of the answer the principal is read from. */
  readonly claims?: ClaimsMapping
  /** Seconds that the server's clock and ours may differ, 0 to 60, for `nbf` and `iat`. @default 5 */
  readonly clockTolerance?: number
  /** Milliseconds that one answer may take. @default 5000 */
  readonly timeoutDuration?: number
  /** Sends requests to the endpoint. @default the global fetch */
  readonly fetch?: HttpFetch
  /** Names the backend in the audit log. @default 'introspection' */
  readonly name?: string
  /** The clock that times are compared with, in milliseconds since 1970. @default the settings' `now` */
  readonly now?: () => number
}

/** {@link IntrospectionBackendOptions} with the defaults filled in. */
export type ResolvedIntrospectionOptions = Required<Omit<IntrospectionBackendOptions, 'fetch' | 'claims' | 'authorizedClients' | 'audience' | 'jwksUri'>> & {
  readonly audience: readonly string[]
  readonly authorizedClients: readonly string[] | null
  readonly claims: ClaimsMapping | undefined
  readonly fetch: HttpFetch | undefined
  readonly jwksUri: string | undefined
  readonly host: HostSlot
}

const shape = z.strictObject(
  {
    endpoint: secureUrl("'https://sso.example.com/oauth2/introspect'"),
    issuer: text("'https://sso.example.com'"),
    audience: audience("'https://api.example.com'"),
    dangerouslyAcceptMissingAudience: flag().default(false),
    clientId: text("'orders-api'"),
    clientSecret: text('process.env.CLIENT_SECRET'),
    clientAuthentication: clientAuthentication().default('client_secret_basic'),
    response: z.enum(['json', 'jwt'], hint("'json' or 'jwt'", "'jwt'")).default('json'),
    jwksUri: secureUrl("'https://sso.example.com/jwks'").optional(),
    algorithms: asymmetricAlgorithms("'RS256'").optional(),
    authorizedClients: texts('a list of client ids', "['web-shop']").optional(),
    cacheTtl: seconds('30').default(0),
    negativeCacheTtl: seconds('10').default(10),
    negativeCacheSize: count('1000').default(1000),
    concurrency: count('50').default(50),
    breakerFailures: count('5').default(5),
    breakerPause: milliseconds('10000').default(10_000),
    claims: claimsMapping.optional(),
    clockTolerance: clockTolerance().default(5),
    timeoutDuration: timeLimit().default(5_000),
    fetch: callback<HttpFetch>('fetch').optional(),
    name: text("'introspection'").default('introspection'),
    now: callback<() => number>('Date.now').optional(),
  },
  hint('an object', "{ endpoint: 'https://sso.example.com/oauth2/introspect', issuer, audience, clientId, clientSecret }"),
)

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigurationError} naming the first option that is missing, malformed, unknown, or at odds with another.
 */
export function resolveIntrospectionOptions(input: IntrospectionBackendOptions, path: string): ResolvedIntrospectionOptions {
  const options = parseOptions(shape, input, path)
  checkSignedAnswers(options, path)
  const host = createHostSlot(options.now)
  return {
    ...options,
    algorithms: options.algorithms ?? ASYMMETRIC_ALGORITHMS,
    jwksUri: options.jwksUri,
    audience: [options.audience].flat(),
    authorizedClients: options.authorizedClients ?? null,
    claims: options.claims as ClaimsMapping | undefined,
    fetch: options.fetch,
    now: host.now,
    host,
  }
}

/** Who names keys believes that answers are signed. */
function checkSignedAnswers({ response, jwksUri, algorithms, issuer }: z.output<typeof shape>, path: string): void {
  if (response === 'json') {
    const idle = Object.entries({ jwksUri, algorithms }).find(([, value]) => value !== undefined)
    if (idle !== undefined) throw new ConfigurationError(`${path}.${idle[0]}`, "response: 'jwt' beside it; plain answers are not signed")
  } else if (jwksUri === undefined && !isIssuerUrl(issuer)) {
    throw new ConfigurationError(`${path}.jwksUri`, 'a URL of the keys, where they cannot be discovered at the issuer', "'https://sso.example.com/jwks'")
  }
}
