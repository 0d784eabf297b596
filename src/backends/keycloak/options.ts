import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { callback, hint, parseOptions, text, texts } from '../../core/options.js'
import { createHostSlot, type HostSlot } from '../host.js'
import type { ClientAuthentication } from '../introspection/client-authentication.js'
import type { HttpFetch } from '../introspection/post-form.js'
import { ASYMMETRIC_ALGORITHMS } from '../keys/algorithms.js'
import { keyLife } from '../keys/key-source.js'
import { asymmetricAlgorithms, audience, clientAuthentication, clockTolerance, milliseconds, seconds, timeLimit } from '../option-shapes.js'
import { type KeycloakLocation, locationShape, type Realm, realmsOf } from './realms.js'

/** Options of the `keycloak` backend. */
export interface KeycloakOptions extends KeycloakLocation {
  /** The client that stands for this API in Keycloak: its roles are spelled without a prefix, and it asks whether tokens are active. */
  readonly clientId: string
  /**
   * What stands for this API in `aud`; of several, one must be there. Usually the `clientId`. Keycloak puts it there only when told to,
   * by an audience mapper in the client that users log in with or in a scope of it.
   */
  readonly audience: string | readonly string[]
  /**
   * `offline` verifies tokens by the realm's keys alone: what Keycloak takes back is seen at `exp`. `online` also asks Keycloak each
   * time whether the token is still active (RFC 7662), and takes roles and groups from its answer.
   * @default 'offline'
   */
  readonly tokenValidation?: 'offline' | 'online'
  /** The secret of `clientId`, for `online`; where the realms have different ones, an object with the realms for keys. @default none */
  readonly clientSecret?: string | Readonly<Record<string, string>>
  /** How the client shows its secret. @default 'client_secret_basic' */
  readonly clientAuthentication?: ClientAuthentication
  /** Seconds for which `online` may remember that a token was active: how late a logout can be seen. @default 0, each use is asked about */
  readonly introspectionCacheTtl?: number
  /** Clients whose tokens are taken, by `azp`. @default every client of the realm whose tokens have the audience */
  readonly authorizedParties?: readonly string[]
  /** What the tenant is: the realm, or the one organization in the claim `organization`. @default 'realm' for a list of realms, else 'organization' */
  readonly tenant?: 'realm' | 'organization'
  /** Accepted `alg` values. @default RS*, PS* and ES* with 256, 384 and 512 bits, EdDSA and Ed25519 */
  readonly algorithms?: readonly string[]
  /** Seconds that Keycloak's clock and ours may differ, 0 to 60. @default 5 */
  readonly clockTolerance?: number
  /** Milliseconds after which keys are fetched anew: how long a withdrawn key still counts. @default 600000 */
  readonly cacheMaxAge?: number
  /** Milliseconds between two fetches that unknown key ids cause. @default 30000 */
  readonly cooldownDuration?: number
  /** Milliseconds that one request to Keycloak may take. @default 5000 */
  readonly timeoutDuration?: number
  /** Milliseconds for which known keys go on counting while they cannot be fetched anew. @default 86400000 */
  readonly staleIfError?: number
  /** Sends requests to Keycloak. @default the global fetch */
  readonly fetch?: HttpFetch
  /** Names the backend in the audit log. @default 'keycloak' */
  readonly name?: string
  /** The clock that times in tokens are compared with, in milliseconds since 1970. @default the settings' `now` */
  readonly now?: () => number
}

/** {@link KeycloakOptions} with the defaults filled in. */
export interface ResolvedKeycloakOptions {
  readonly realms: readonly Realm[]
  readonly clientId: string
  readonly audience: readonly string[]
  /** By realm; `null` for offline validation. */
  readonly secrets: ReadonlyMap<string, string> | null
  readonly clientAuthentication: ClientAuthentication
  readonly introspectionCacheTtl: number
  readonly authorizedParties: readonly string[] | null
  readonly tenant: 'realm' | 'organization'
  readonly algorithms: readonly string[]
  readonly clockTolerance: number
  readonly cacheMaxAge: number
  readonly cooldownDuration: number
  readonly timeoutDuration: number
  readonly staleIfError: number
  readonly fetch: HttpFetch | undefined
  readonly name: string
  readonly now: () => number
  readonly host: HostSlot
}

const tokenValidation = hint("'offline' or 'online'", "'online'")
const secret = hint('a client secret, or one for each realm', 'process.env.KEYCLOAK_CLIENT_SECRET')
const tenant = hint("'realm' or 'organization'", "'organization'")

const keycloakOptions = z.strictObject(
  {
    ...locationShape,
    clientId: text("'orders-api'"),
    audience: audience("'orders-api'"),
    tokenValidation: z.enum(['offline', 'online'], tokenValidation).optional(),
    clientSecret: z.union([z.string(secret).min(1, secret), z.record(z.string(), z.string(secret).min(1, secret), secret)], secret).optional(),
    clientAuthentication: clientAuthentication().optional(),
    introspectionCacheTtl: seconds('0').optional(),
    authorizedParties: texts('a list of client ids', "['shop-web']").optional(),
    tenant: z.enum(['realm', 'organization'], tenant).optional(),
    algorithms: asymmetricAlgorithms("'RS256'").optional(),
    clockTolerance: clockTolerance().optional(),
    cacheMaxAge: milliseconds('600000').optional(),
    cooldownDuration: milliseconds('30000').optional(),
    timeoutDuration: timeLimit().optional(),
    staleIfError: milliseconds('86400000').optional(),
    fetch: callback<HttpFetch>('fetch').optional(),
    name: text("'keycloak'").optional(),
    now: callback<() => number>('Date.now').optional(),
  },
  hint('an object', "{ url: 'https://sso.example.com', realm: 'shop', clientId: 'orders-api', audience: 'orders-api' }"),
)

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigurationError} naming the first option that is missing, malformed, unknown, or at odds with another.
 */
export function resolveKeycloakOptions(input: KeycloakOptions, path: string): ResolvedKeycloakOptions {
  const options = parseOptions(keycloakOptions, input, path) as KeycloakOptions
  const realms = realmsOf(options, path)
  const host = createHostSlot(options.now)
  return {
    realms,
    clientId: options.clientId,
    audience: [options.audience].flat(),
    secrets: secretsOf(options, realms, path),
    clientAuthentication: options.clientAuthentication ?? 'client_secret_basic',
    introspectionCacheTtl: options.introspectionCacheTtl ?? 0,
    authorizedParties: options.authorizedParties ?? null,
    tenant: options.tenant ?? (typeof options.realm === 'string' ? 'organization' : 'realm'),
    algorithms: options.algorithms ?? ASYMMETRIC_ALGORITHMS,
    clockTolerance: options.clockTolerance ?? 5,
    ...keyLife(options),
    fetch: options.fetch,
    name: options.name ?? 'keycloak',
    now: host.now,
    host,
  }
}

/** What only `online` uses is refused beside `offline`: whoever wrote it believes that tokens are asked about. */
function secretsOf(options: KeycloakOptions, realms: readonly Realm[], path: string): ReadonlyMap<string, string> | null {
  const { clientSecret } = options
  if (options.tokenValidation !== 'online') {
    const idle = (['clientSecret', 'clientAuthentication', 'introspectionCacheTtl'] as const).find((name) => options[name] !== undefined)
    if (idle !== undefined) throw new ConfigurationError(`${path}.${idle}`, "tokenValidation: 'online' beside it; offline validation asks nobody")
    return null
  }
  const secrets = new Map<string, string>()
  for (const { name } of realms) {
    const secret = typeof clientSecret === 'object' && Object.hasOwn(clientSecret, name) ? clientSecret[name] : clientSecret
    if (typeof secret !== 'string')
      throw new ConfigurationError(`${path}.clientSecret`, 'the secret of clientId in every realm', 'process.env.KEYCLOAK_CLIENT_SECRET')
    secrets.set(name, secret)
  }
  return secrets
}
