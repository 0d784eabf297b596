import { z } from 'zod'
import type { AuditLogger } from './audit.js'
import type { TokenBackend } from './backend.js'
import type { CredentialsRules } from './caller/credentials.js'
import type { TenantResolver } from './caller/principal.js'
import type { OnAuthenticated } from './caller/user-sync.js'
import { type Catalogue, catalogueShape, type ResolvedCatalogue, resolveCatalogue } from './catalogue.js'
import type { ChallengeRules } from './challenge.js'
import { ConfigurationError } from './configuration-error.js'
import { type LimitSettings, type Limits, limitSettings, resolveLimits } from './limits.js'
import { callback, count, flag, hint, origin, parseOptions, text } from './options.js'
import { adminsShape, type GrantSettings, type ResolvedGrants, resolveGrants, rolesShape } from './permissions/grants.js'
import type { PermissionSource } from './permissions/source.js'

/** Settings that do not depend on which backends there are. Every option but `backends` has a default, and the defaults are the strict ones. */
export interface CommonSettings extends GrantSettings {
  /**
   * What a root field without a requirement asks: `private` an authenticated caller, `public` nothing.
   * @default 'private'
   */
  readonly access?: 'private' | 'public'
  /**
   * Who may select `__schema` and `__type`: `private` an authenticated caller, `public` everybody. `filtered` shows each caller what he
   * may reach, and nobody anything else.
   * @default as `access`
   */
  readonly introspection?: 'private' | 'public' | 'filtered'
  /**
   * `reject` refuses the whole operation for what is known before execution; `null` lets the rest of the operation answer and nulls
   * the refused field, with an error at its path.
   * @default 'reject'
   */
  readonly denied?: 'reject' | 'null'
  /**
   * Decides, reports and refuses nothing: what would have been refused is under `extensions.authorization` of the result and in the
   * audit log, as `would-refuse`. Credentials that are not good count as none. For the days before the rules are switched on.
   * @default false
   */
  readonly dryRun?: boolean
  /** Lets {@link CommonSettings.dryRun} start where `NODE_ENV` is `production`: everybody may do everything there. @default false */
  readonly dangerouslyDryRunInProduction?: boolean
  /** Lists under `extensions.authorization` of a result what was refused while it was made. A dry run always does. @default false */
  readonly report?: boolean
  /** Every scope and permission that there is: a requirement that names another stops the start. @default not checked */
  readonly catalogue?: Catalogue
  /** The tenant of a token whose backend does not say: a claim, or a function of the verified token. @default none */
  readonly tenant?: { readonly claim: string } | TenantResolver
  /**
   * `enabled: false` leaves scopes unchecked; callers must still be authenticated. `asPermissions: true` counts each scope as a
   * permission of the same name too. @default { enabled: true, asPermissions: false }
   */
  readonly scopes?: { readonly enabled?: boolean; readonly asPermissions?: boolean }
  /** Answers requirements on objects. Needed as soon as one requirement has an `object`. @default none */
  readonly permissions?: PermissionSource
  /** How large documents, operations and batches may be; see {@link LimitSettings}. @default far above what clients write */
  readonly limits?: LimitSettings
  /** Live connections. */
  readonly connections?: {
    /** Whether a handshake without a token is let in, to have each operation judged. @default false under private access, true under public */
    readonly anonymous?: boolean
  }
  /** Where tokens are looked for, beside the `Authorization` header and the connection parameters. */
  readonly credentials?: {
    /** A cookie that carries the token, and the origins from which a browser may send it. @default none */
    readonly cookie?: { readonly name: string; readonly allowedOrigins: readonly string[] }
    /** Characters. @default 8192 */
    readonly maxTokenLength?: number
  }
  /**
   * Called when a principal is first seen, and when what his token says of him has changed: to create or refresh the application's
   * own user. What it returns is `principal.user`. Concurrent first uses share one call; a throw refuses with 503. @default none
   */
  readonly onAuthenticated?: OnAuthenticated
  /** Carries the event `user.loggedIn` whenever {@link CommonSettings.onAuthenticated} is due. @default none */
  readonly bus?: { publish(topic: string, message: unknown): Promise<void> }
  /** Verified tokens and synced users that are remembered, each; 0 remembers none. @default 10000 */
  readonly cacheSize?: number
  /** `realm` of every challenge (RFC 9110 §11.5). @default none */
  readonly realm?: string
  /** URL of the protected resource metadata that challenges point to (RFC 9728 §5.1). @default none */
  readonly resourceMetadata?: string
  /** Milliseconds that a backend, the permission source or an `object` function may take before its silence counts as unavailable. @default 10000 */
  readonly verifyTimeout?: number
  /** Where audit lines go. @default a pino logger on standard output, level `info` */
  readonly audit?: { readonly logger?: AuditLogger }
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** What settings become: complete, frozen, every default filled in. */
export interface ResolvedSettings {
  readonly access: 'private' | 'public'
  readonly introspection: 'private' | 'public' | 'filtered'
  readonly denied: 'reject' | 'null'
  readonly dryRun: boolean
  readonly report: boolean
  readonly catalogue: ResolvedCatalogue
  readonly tenantOf: TenantResolver | undefined
  readonly scopesEnabled: boolean
  readonly permissions: PermissionSource | null
  readonly grants: ResolvedGrants
  readonly limits: Limits
  readonly anonymousConnections: boolean
  readonly credentials: CredentialsRules
  readonly challenge: ChallengeRules
  readonly verifyTimeout: number
  readonly cacheSize: number
  readonly onAuthenticated: OnAuthenticated | null
  readonly bus: { publish(topic: string, message: unknown): Promise<void> } | null
  readonly logger: AuditLogger | undefined
  readonly now: () => number
  readonly backends: readonly TokenBackend[]
}

/** Milliseconds; Node fires a timer that is set for longer at once. */
const LONGEST_TIMER = 2_147_483_647

/** The shape of {@link CommonSettings}, for the composition that adds `backends`. */
export const commonSettings: z.ZodObject = z.strictObject(
  {
    access: z.enum(['private', 'public'], hint("'private' or 'public'", "'private'")).optional(),
    introspection: z.enum(['private', 'public', 'filtered'], hint("'private', 'public' or 'filtered'", "'private'")).optional(),
    denied: z.enum(['reject', 'null'], hint("'reject' or 'null'", "'reject'")).optional(),
    dryRun: flag().optional(),
    dangerouslyDryRunInProduction: flag().optional(),
    report: flag().optional(),
    catalogue: catalogueShape,
    tenant: z
      .union(
        [z.strictObject({ claim: text("'tenant_id'") }), callback<TenantResolver>('(verified) => verified.claims.tenant_id')],
        hint('a claim or a function', "{ claim: 'tenant_id' }"),
      )
      .optional(),
    scopes: z.strictObject({ enabled: flag().optional(), asPermissions: flag().optional() }, hint('an object', '{ enabled: true }')).optional(),
    permissions: z
      .custom<PermissionSource>(
        (value) => typeof (value as Partial<PermissionSource> | null)?.check === 'function',
        hint('an object with check(principal, questions)', '{ check: async (principal, questions) => questions.map(…) }'),
      )
      .optional(),
    roles: rolesShape.optional(),
    admins: adminsShape.optional(),
    limits: limitSettings.optional(),
    connections: z.strictObject({ anonymous: flag().optional() }, hint('an object', '{ anonymous: false }')).optional(),
    credentials: z
      .strictObject(
        {
          cookie: z
            .strictObject(
              {
                name: cookieName(),
                allowedOrigins: z
                  .array(origin("'https://app.example.com'"), hint('a list of origins', "['https://app.example.com']"))
                  .min(1, hint('at least one origin', "['https://app.example.com']")),
              },
              hint('a cookie with its origins', "{ name: 'access_token', allowedOrigins: ['https://app.example.com'] }"),
            )
            .optional(),
          maxTokenLength: count('8192').optional(),
        },
        hint('an object', '{ maxTokenLength: 8192 }'),
      )
      .optional(),
    onAuthenticated: callback<OnAuthenticated>('async (principal) => db.upsertUser(principal)').optional(),
    bus: z
      .custom<NonNullable<CommonSettings['bus']>>(
        (value) => typeof (value as { publish?: unknown } | null)?.publish === 'function',
        hint('an event bus', 'memoryBus()'),
      )
      .optional(),
    cacheSize: z
      .number(hint('a whole number, 0 or more', '10000'))
      .int(hint('a whole number, 0 or more', '10000'))
      .nonnegative(hint('a whole number, 0 or more', '10000'))
      .optional(),
    realm: headerText("'orders'").optional(),
    resourceMetadata: z.url({ protocol: /^https?$/, ...hint('an absolute URL', "'https://api.example.com/.well-known/oauth-protected-resource'") }).optional(),
    verifyTimeout: count('10000').max(LONGEST_TIMER, hint('a whole number above 0', '10000')).optional(),
    audit: z
      .strictObject(
        {
          logger: z.custom<AuditLogger>(isLogger, hint('a pino logger', "pino({ name: 'auth' })")).optional(),
        },
        hint('an object', '{ logger: pino() }'),
      )
      .optional(),
    now: callback<() => number>('Date.now').optional(),
  },
  hint('an object', "{ access: 'private' }"),
)

/**
 * Checks settings and fills in the defaults.
 *
 * @param backends already made: the composition knows the kinds of backend, core does not.
 * @param dpopAlgorithms algorithms of DPoP proofs that are taken, or `null` when none are
 * @throws {ConfigurationError} naming the first option that is malformed or unknown.
 */
export function resolveSettings(input: CommonSettings, backends: readonly TokenBackend[], dpopAlgorithms: readonly string[] | null = null): ResolvedSettings {
  const settings = parseOptions(commonSettings, input, '') as CommonSettings
  const access = settings.access ?? 'private'
  const cookie = settings.credentials?.cookie
  const session = backends.find((backend) => backend.session !== undefined)?.session ?? null
  return Object.freeze({
    access,
    introspection: settings.introspection ?? access,
    denied: settings.denied ?? 'reject',
    dryRun: dryRunOf(settings),
    report: settings.report ?? false,
    catalogue: resolveCatalogue(settings.catalogue),
    tenantOf: tenantResolver(settings.tenant),
    scopesEnabled: settings.scopes?.enabled ?? true,
    permissions: settings.permissions ?? null,
    grants: resolveGrants(settings, settings.scopes?.asPermissions ?? false),
    limits: resolveLimits(settings.limits),
    anonymousConnections: settings.connections?.anonymous ?? access === 'public',
    credentials: Object.freeze({
      schemes: Object.freeze(dpopAlgorithms === null ? ['bearer'] : ['bearer', 'dpop']),
      maxTokenLength: settings.credentials?.maxTokenLength ?? 8192,
      cookie: cookie === undefined ? null : Object.freeze({ name: cookie.name, allowedOrigins: Object.freeze([...cookie.allowedOrigins]) }),
      session,
    }),
    challenge: Object.freeze({ realm: settings.realm ?? null, resourceMetadata: asciiUrl(settings.resourceMetadata), dpopAlgorithms }),
    verifyTimeout: settings.verifyTimeout ?? 10_000,
    cacheSize: settings.cacheSize ?? 10_000,
    onAuthenticated: settings.onAuthenticated ?? null,
    bus: settings.bus ?? null,
    logger: settings.audit?.logger,
    now: settings.now ?? Date.now,
    backends: Object.freeze([...backends]),
  })
}

/** A dry run that somebody forgot to end lets everybody in: where people depend on it, it takes two settings. */
function dryRunOf({ dryRun = false, dangerouslyDryRunInProduction = false }: CommonSettings): boolean {
  if (dryRun && !dangerouslyDryRunInProduction && process.env.NODE_ENV?.trim().toLowerCase() === 'production') {
    throw new ConfigurationError('dryRun', 'false where NODE_ENV is production, or dangerouslyDryRunInProduction: true beside it')
  }
  return dryRun
}

function tenantResolver(tenant: CommonSettings['tenant']): TenantResolver | undefined {
  if (tenant === undefined || typeof tenant === 'function') return tenant
  const { claim } = tenant
  return ({ claims }) => {
    const value = claims !== undefined && Object.hasOwn(claims, claim) ? claims[claim] : undefined
    return typeof value === 'string' && value !== '' ? value : null
  }
}

/** What a quoted-string of a header can carry (RFC 9110 §5.6.4): anything else would be dropped from every challenge. */
function headerText(example: string): z.ZodType<string, string> {
  const told = hint('a text of printable ASCII characters', example)
  return z.string(told).regex(/^[\x20-\x7e]+$/, told)
}

/** RFC 6265 §4.1.1 cookie-name: another name would never be found. */
function cookieName(): z.ZodType<string, string> {
  const told = hint('the name of a cookie', "'access_token'")
  return z.string(told).regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, told)
}

/** A URL as a header can carry it: without the characters that would be dropped, it would point elsewhere. */
function asciiUrl(url: string | undefined): string | null {
  return url === undefined ? null : new URL(url).href
}

function isLogger(value: unknown): boolean {
  const logger = value as Partial<AuditLogger> | null | undefined
  return [logger?.debug, logger?.info, logger?.error].every((method) => typeof method === 'function')
}
