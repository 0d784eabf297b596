import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { hint, parseOptions, text } from '../../core/options.js'
import { type ClaimsMapping, claimsMapping } from '../claims.js'
import type { JwtOptions } from '../jwt/options.js'
import { isIssuerUrl } from '../option-shapes.js'

/** Options of the `auth0` backend. Those that it shares with `jwt` mean the same there. */
export interface Auth0Options
  extends Pick<
    JwtOptions,
    | 'audience'
    | 'jwksUri'
    | 'algorithms'
    | 'profile'
    | 'clockTolerance'
    | 'requiredClaims'
    | 'maxTokenAge'
    | 'claims'
    | 'cacheMaxAge'
    | 'cooldownDuration'
    | 'timeoutDuration'
    | 'staleIfError'
    | 'fetch'
    | 'now'
  > {
  /** The tenant's domain or its custom domain, whichever the tokens' `iss` has: `shop.eu.auth0.com`. `https://` before and `/` behind it may stand or not. */
  readonly domain?: string
  /** Instead of `domain`, the issuer's whole address, for a simulator: https, or http on loopback. A slash at its end may stand or not. */
  readonly issuerBaseUrl?: string
  /** Organizations whose tokens are taken, by `org_id`; a token of none is then refused. @default any, and none */
  readonly organization?: string | readonly string[]
  /**
   * What your Actions put before the names of their claims, with the separator at its end: `https://shop.example.com/`. Roles, groups
   * and, where there is no `org_id`, the tenant are then read from `<namespace>roles`, `<namespace>groups` and `<namespace>tenant_id`.
   * @default none
   */
  readonly namespace?: string
  /** Accepted `alg` values. @default RS256 */
  readonly algorithms?: readonly string[]
  /** Names the backend in the audit log. @default 'auth0' */
  readonly name?: string
}

/** What the options come to. */
export interface ResolvedAuth0Options {
  /** Options of the `jwt` backend below; their values are checked there. */
  readonly jwt: JwtOptions
  /** Ids of organizations; `null` where any will do. */
  readonly organizations: readonly string[] | null
}

const baseUrl = hint('an https URL (http on loopback) without query and fragment', "'https://localhost:4400'")
const organization = hint('the id of an organization, or a list of ids', "'org_9ybsU1dN2dKfDkBi'")
const namespace = hint('a prefix with its separator at the end', "'https://shop.example.com/'")
const isOrganization = /^org_\w+$/
const elsewhere = z.unknown().optional()

const auth0Options = z.strictObject(
  {
    domain: text("'shop.eu.auth0.com'").optional(),
    issuerBaseUrl: z.string(baseUrl).refine(isIssuerUrl, baseUrl).optional(),
    audience: z.unknown(),
    organization: z
      .union(
        [
          z.string(organization).regex(isOrganization, organization),
          z.array(z.string(organization).regex(isOrganization, organization), organization).min(1, organization),
        ],
        organization,
      )
      .optional(),
    namespace: z
      .string(namespace)
      .regex(/^.+[^\p{L}\p{N}]$/u, namespace)
      .optional(),
    jwksUri: elsewhere,
    algorithms: elsewhere,
    profile: elsewhere,
    clockTolerance: elsewhere,
    requiredClaims: elsewhere,
    maxTokenAge: elsewhere,
    claims: claimsMapping.optional(),
    cacheMaxAge: elsewhere,
    cooldownDuration: elsewhere,
    timeoutDuration: elsewhere,
    staleIfError: elsewhere,
    fetch: elsewhere,
    name: elsewhere,
    now: elsewhere,
  },
  hint('an object', "{ domain: 'shop.eu.auth0.com', audience: 'https://orders' }"),
)

/**
 * Checks the options that are Auth0's own, and makes those of the `jwt` backend, which checks the others.
 *
 * @throws {ConfigurationError} naming the first option that is missing, malformed, unknown, or at odds with another.
 */
export function resolveAuth0Options(input: Auth0Options, path: string): ResolvedAuth0Options {
  parseOptions(auth0Options, input, path)
  const { domain: _, issuerBaseUrl: __, organization, namespace, claims, ...shared } = input
  return {
    jwt: {
      ...shared,
      issuer: issuerOf(input, path),
      algorithms: input.algorithms ?? ['RS256'],
      claims: mapping(claims, namespace),
      name: input.name ?? 'auth0',
    },
    organizations: organization === undefined ? null : [organization].flat(),
  }
}

/** Auth0's `iss` ends in a slash, and is compared character by character. */
function issuerOf({ domain: given, issuerBaseUrl }: Auth0Options, path: string): string {
  if (given !== undefined && issuerBaseUrl !== undefined) throw new ConfigurationError(`${path}.issuerBaseUrl`, 'either it or domain, not both')
  if (issuerBaseUrl !== undefined) return issuerBaseUrl.replace(/\/?$/, '/')
  const [, host] = DOMAIN.exec(given ?? '') ?? []
  if (host === undefined) throw new ConfigurationError(`${path}.domain`, 'the domain of an Auth0 tenant, without a path', "'shop.eu.auth0.com'")
  return `https://${host.toLowerCase()}/`
}

const DOMAIN = /^(?:https:\/\/)?([a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?)\/?$/i

/** What the mapping names stands; the rest comes from Auth0's own claims and the namespace. */
function mapping(claims: ClaimsMapping | undefined, prefix: string | undefined): ClaimsMapping {
  const named = (name: string): { readonly [part: string]: string } => (prefix === undefined ? {} : { [name]: `${prefix}${name}` })
  const tenant: ClaimsMapping['tenant'] = prefix === undefined ? 'org_id' : (all) => all.org_id ?? all[`${prefix}tenant_id`]
  return { ...named('roles'), ...named('groups'), tenant, ...claims }
}
