import type { FetchImplementation } from 'jose'
import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { callback, flag, hint, parseOptions, secureUrl, text, texts } from '../../core/options.js'
import { type ClaimsMapping, claimsMapping } from '../claims.js'
import { createHostSlot, type HostSlot } from '../host.js'
import { keyLife } from '../keys/key-source.js'
import { clockTolerance, milliseconds, seconds, timeLimit } from '../option-shapes.js'
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
  /** The clock that times in tokens are compared with, in milliseconds since 1970. @default the settings' `now` */
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
  readonly host: HostSlot
}

/** Keys of ID tokens. */
const JWKS_URI = 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com'
/** Keys of session cookies. */
const SESSION_JWKS_URI = 'https://identitytoolkit.googleapis.com/v1/sessionCookiePublicKeys'

const projectId = hint("a project's id", "'shop-prod'")
const tenantId = hint("the id of a tenant, a list of ids, or '*'", "'acme-x1y2z'")
const admin = hint('an object with getUser or verifyIdToken, or a function of the tenant', 'getAuth()')

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
    signInProviders: texts('a list of ways to sign in', "['password', 'google.com']").optional(),
    sessionCookies: flag().optional(),
    checkRevoked: z.custom<FirebaseAdmin | FirebaseAdminOf>(canAnswer, admin).optional(),
    revocationTtl: seconds('0').optional(),
    claims: claimsMapping.optional(),
    jwksUri: secureUrl(`'${JWKS_URI}'`).optional(),
    sessionJwksUri: secureUrl(`'${JWKS_URI}'`).optional(),
    clockTolerance: clockTolerance().optional(),
    cooldownDuration: milliseconds('30000').optional(),
    timeoutDuration: timeLimit().optional(),
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
  const host = createHostSlot(options.now)
  const { cooldownDuration, timeoutDuration } = keyLife(options)
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
    cooldownDuration,
    timeoutDuration,
    fetch: options.fetch,
    acceptEmulatorTokens: emulatorTokensCount(options.dangerouslyAcceptEmulatorTokens ?? false, path),
    name: options.name ?? 'firebase',
    now: host.now,
    host,
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
