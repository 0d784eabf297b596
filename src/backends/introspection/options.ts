import { z } from 'zod'
import { amount, callback, count, flag, hint, parseOptions, text } from '../../core/options.js'
import { isSecureUrl } from '../../core/secure-url.js'
import { type ClaimsMapping, claimsMapping } from '../claims.js'
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
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** {@link IntrospectionBackendOptions} with the defaults filled in. */
export type ResolvedIntrospectionOptions = Required<Omit<IntrospectionBackendOptions, 'fetch' | 'claims' | 'authorizedClients' | 'audience'>> & {
  readonly audience: readonly string[]
  readonly authorizedClients: readonly string[] | null
  readonly claims: ClaimsMapping | undefined
  readonly fetch: HttpFetch | undefined
}

const endpoint = hint('an https URL (http on loopback)', "'https://sso.example.com/oauth2/introspect'")
const audience = hint('what stands for this API in aud, once or in a list', "'https://api.example.com'")
const authentication = hint("'client_secret_basic' or 'client_secret_post'", "'client_secret_basic'")
const clients = hint('a list of client ids', "['web-shop']")

const shape = z.strictObject(
  {
    endpoint: z.string(endpoint).refine(isSecureUrl, endpoint),
    issuer: text("'https://sso.example.com'"),
    audience: z.union([z.string(audience).min(1, audience), z.array(z.string(audience).min(1, audience)).min(1, audience)], audience),
    dangerouslyAcceptMissingAudience: flag().default(false),
    clientId: text("'orders-api'"),
    clientSecret: text('process.env.CLIENT_SECRET'),
    clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post'], authentication).default('client_secret_basic'),
    authorizedClients: z.array(z.string(clients).min(1, clients), clients).min(1, clients).optional(),
    cacheTtl: amount('seconds, 0 or more', '30').default(0),
    negativeCacheTtl: amount('seconds, 0 or more', '10').default(10),
    negativeCacheSize: count('1000').default(1000),
    concurrency: count('50').default(50),
    breakerFailures: count('5').default(5),
    breakerPause: amount('milliseconds, 0 or more', '10000').default(10_000),
    claims: claimsMapping.optional(),
    clockTolerance: amount('seconds from 0 to 60', '5', 60).default(5),
    timeoutDuration: count('5000').default(5_000),
    fetch: callback<HttpFetch>('fetch').optional(),
    name: text("'introspection'").default('introspection'),
    now: callback<() => number>('Date.now').default(() => Date.now),
  },
  hint('an object', "{ endpoint: 'https://sso.example.com/oauth2/introspect', issuer, audience, clientId, clientSecret }"),
)

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigurationError} naming the first option that is missing, malformed or unknown.
 */
export function resolveIntrospectionOptions(input: IntrospectionBackendOptions, path: string): ResolvedIntrospectionOptions {
  const options = parseOptions(shape, input, path)
  return {
    ...options,
    audience: [options.audience].flat(),
    authorizedClients: options.authorizedClients ?? null,
    claims: options.claims as ClaimsMapping | undefined,
    fetch: options.fetch,
  }
}
