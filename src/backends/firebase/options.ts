import type { FetchImplementation } from 'jose'
import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { callback, flag, hint, parseOptions, text } from '../../core/options.js'
import { isSecureUrl } from '../../core/secure-url.js'
import { type ClaimsMapping, claimsMapping } from '../claims.js'
import { emulatorTokensCount } from './emulator.js'
import type { FirebaseAdmin, FirebaseAdminOf } from './revocation.js'

/** Options of the `firebase` backend. */
export interface FirebaseOptions {
  /** The project's id, not its number: what its tokens have in `aud`. */
  readonly projectId: string
  /**
   * Tenants of Identity Platform whose users are let in; `'*'` for every tenant of the project. In a list, `null` stands for users who
   * are in no tenant.
   * @default users who are in no tenant, and nobody else
   */
  readonly tenantId?: string | readonly (string | null)[]
  /** Ways to sign in that are let in, by `firebase.sign_in_provider`: `password`, `google.com`, `custom` … @default all of them, `anonymous` too */
  readonly signInProviders?: readonly string[]
  /** Takes session cookies too, which have an issuer and keys of their own, and live for up to two weeks. @default false */
  readonly sessionCookies?: boolean
  /**
   * Asked at each use whether the login was revoked or the user disabled: firebase-admin's `getAuth()`, or any object with `getUser` or
   * `verifyIdToken`. A function of the tenant where several tenants are let in, since each has users of its own.
   * @default nobody: a token counts until `exp`
   */
  readonly checkRevoked?: FirebaseAdmin | FirebaseAdminOf
  /** Seconds for which it is remembered that a token was not revoked: how late a revocation can be seen. @default 0, each use is asked about */
  readonly revocationTtl?: number
  /** Which claims the principal is read from; custom claims stand beside the others. @default `scope`, `permissions`, `roles`, `groups`, and `firebase.tenant` for the tenant */
  readonly claims?: ClaimsMapping
  /** Where the keys of ID tokens are, as a key set. https, or http on loopback. @default Google's */
  readonly jwksUri?: string
  /** Where the keys of session cookies are. @default Google's */
  readonly sessionJwksUri?: string
  /** Seconds that Google's clock and ours may differ, 0 to 60. @default 5 */
  readonly clockTolerance?: number
  /** Milliseconds between two fetches that unknown key ids cause. @default 30000 */
  readonly cooldownDuration?: number
  /** Milliseconds that fetching keys may take. @default 5000 */
  readonly timeoutDuration?: number
  /** Fetches keys. @default the global fetch */
  readonly fetch?: FetchImplementation
  /**
   * Takes the unsigned tokens of the Auth emulator, which anybody can write. Only together with the environment variable
   * `FIREBASE_AUTH_EMULATOR_HOST`, and never with `NODE_ENV=production`: anything else stops the start.
   * @default false
   */
  readonly dangerouslyAcceptEmulatorTokens?: boolean
  /** Names the backend in the audit log. @default 'firebase' */
  readonly name?: string
  /** The clock that times in tokens are compared with, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** {@link FirebaseOptions} with the defaults filled in. */
export interface ResolvedFirebaseOptions {
  readonly projectId: string
  /** `null` for users who are in no tenant, `'*'` for every tenant. */
  readonly tenants: readonly (string | null)[]
  readonly signInProviders: readonly string[] | null
  readonly sessionCookies: boolean
  readonly adminOf: FirebaseAdminOf | null
  readonly revocationTtl: number
  readonly claims: ClaimsMapping
  readonly jwksUri: string
  readonly sessionJwksUri: string
  readonly clockTolerance: number
  readonly cooldownDuration: number
  readonly timeoutDuration: number
  readonly fetch: FetchImplementation | undefined
  readonly acceptEmulatorTokens: boolean
  readonly name: string
  readonly now: () => number
}

/** Keys of ID tokens. */
const JWKS_URI = 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com'
/** Keys of session cookies. */
const SESSION_JWKS_URI = 'https://identitytoolkit.googleapis.com/v1/sessionCookiePublicKeys'

const projectId = hint("a project's id", "'shop-prod'")
const tenantId = hint("the id of a tenant, a list of ids, or '*'", "'acme-x1y2z'")
const providers = hint('a list of ways to sign in', "['password', 'google.com']")
const admin = hint('an object with getUser or verifyIdToken, or a function of the tenant', 'getAuth()')
const keys = hint('an https URL (http on loopback)', `'${JWKS_URI}'`)
const tolerance = hint('seconds from 0 to 60', '5')
const ttl = hint('seconds, 0 or more', '0')
const cooldown = hint('milliseconds, 0 or more', '30000')
const timeout = hint('whole milliseconds, 1 or more', '5000')

const firebaseOptions = z.strictObject(
  {
    // Anything else, a slash above all, would make the issuer another one.
    projectId: z.string(projectId).regex(/^[a-z][a-z\d.:-]*$/, projectId),
    tenantId: z
      .union(
        [z.string(tenantId).min(1, tenantId), z.array(z.union([z.string(tenantId).min(1, tenantId), z.null()], tenantId), tenantId).min(1, tenantId)],
        tenantId,
      )
      .optional(),
    signInProviders: z.array(z.string(providers).min(1, providers), providers).min(1, providers).optional(),
    sessionCookies: flag().optional(),
    checkRevoked: z.custom<FirebaseAdmin | FirebaseAdminOf>(canAnswer, admin).optional(),
    revocationTtl: z.number(ttl).min(0, ttl).optional(),
    claims: claimsMapping.optional(),
    jwksUri: z.string(keys).refine(isSecureUrl, keys).optional(),
    sessionJwksUri: z.string(keys).refine(isSecureUrl, keys).optional(),
    clockTolerance: z.number(tolerance).min(0, tolerance).max(60, tolerance).optional(),
    cooldownDuration: z.number(cooldown).min(0, cooldown).optional(),
    timeoutDuration: z.number(timeout).int(timeout).min(1, timeout).optional(),
    fetch: callback<FetchImplementation>('fetch').optional(),
    dangerouslyAcceptEmulatorTokens: flag().optional(),
    name: text("'firebase'").optional(),
    now: callback<() => number>('Date.now').optional(),
  },
  hint('an object', "{ projectId: 'shop-prod' }"),
)

function canAnswer(value: unknown): boolean {
  if (typeof value === 'function') return true
  const { getUser, verifyIdToken } = (value ?? {}) as Partial<Record<string, unknown>>
  return typeof getUser === 'function' || (getUser === undefined && typeof verifyIdToken === 'function')
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigurationError} naming the first option that is missing, malformed, unknown, or at odds with another or the environment.
 */
export function resolveFirebaseOptions(input: FirebaseOptions, path: string): ResolvedFirebaseOptions {
  const options = parseOptions(firebaseOptions, input, path) as FirebaseOptions
  const tenants = options.tenantId === undefined ? [null] : [options.tenantId].flat()
  return {
    projectId: options.projectId,
    tenants,
    signInProviders: options.signInProviders ?? null,
    sessionCookies: options.sessionCookies ?? false,
    adminOf: adminOf(options, tenants, path),
    revocationTtl: options.revocationTtl ?? 0,
    claims: options.claims ?? {},
    jwksUri: options.jwksUri ?? JWKS_URI,
    sessionJwksUri: options.sessionJwksUri ?? SESSION_JWKS_URI,
    clockTolerance: options.clockTolerance ?? 5,
    cooldownDuration: options.cooldownDuration ?? 30_000,
    timeoutDuration: options.timeoutDuration ?? 5_000,
    fetch: options.fetch,
    acceptEmulatorTokens: emulatorTokensCount(options.dangerouslyAcceptEmulatorTokens ?? false, path),
    name: options.name ?? 'firebase',
    now: options.now ?? Date.now,
  }
}

function adminOf({ checkRevoked, revocationTtl, sessionCookies }: FirebaseOptions, tenants: readonly (string | null)[], path: string): FirebaseAdminOf | null {
  if (checkRevoked === undefined) {
    if (revocationTtl !== undefined) throw new ConfigurationError(`${path}.revocationTtl`, 'checkRevoked beside it; without it nobody is asked')
    return null
  }
  if (typeof checkRevoked === 'function') return checkRevoked
  if (tenants.length > 1 || tenants.includes('*')) {
    throw new ConfigurationError(
      `${path}.checkRevoked`,
      'a function of the tenant, where several are let in',
      '(tenant) => (tenant === null ? getAuth() : getAuth().tenantManager().authForTenant(tenant))',
    )
  }
  if (sessionCookies === true && checkRevoked.getUser === undefined && checkRevoked.verifySessionCookie === undefined) {
    throw new ConfigurationError(`${path}.checkRevoked`, 'an object with getUser or verifySessionCookie, beside sessionCookies', 'getAuth()')
  }
  return () => checkRevoked
}
