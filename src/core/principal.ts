import type { VerifiedToken } from './backend.js'

/**
 * Who is asking, in one shape for every backend and every transport. Frozen, with everything in it but {@link Principal.user}.
 * Its identity is (tenant, issuer, subject, kind), never the token's text.
 */
export interface Principal {
  readonly issuer: string
  readonly subject: string
  /** `client` when an OAuth client acts for itself (client credentials): its `sub` may equal some user's, and is not him. */
  readonly kind: 'user' | 'client'
  readonly clientId: string | null
  readonly sessionId: string | null
  readonly tenant: string | null
  /** Delegated to the client by the token. */
  readonly scopes: readonly string[]
  /** Local rights. */
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  /** Seconds since 1970 (`auth_time`), or `null` when unknown. */
  readonly authenticatedAt: number | null
  readonly acr: string | null
  /** Seconds since 1970 (`exp`), or `null` when the token does not expire. */
  readonly expiresAt: number | null
  /** The verified claims under their wire names. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The application's own user, or `null`. */
  readonly user: unknown
}

/** Finds the tenant of a verified token; `null` for none. A throw refuses the token. */
export type TenantResolver = (verified: VerifiedToken) => string | null

/**
 * Builds a principal from what a backend has proved.
 *
 * Does not verify anything: the backend has.
 *
 * @throws {TypeError} when issuer or subject is empty, or a time is not a finite number. The caller turns this into a refusal.
 */
export function createPrincipal(verified: VerifiedToken, tenantOf?: TenantResolver): Principal {
  if (typeof verified.issuer !== 'string' || verified.issuer === '') throw new TypeError('a verified token needs an issuer')
  if (typeof verified.subject !== 'string' || verified.subject === '') throw new TypeError('a verified token needs a subject')
  return Object.freeze({
    issuer: verified.issuer,
    subject: verified.subject,
    kind: verified.kind ?? 'user',
    clientId: verified.clientId ?? null,
    sessionId: verified.sessionId ?? null,
    tenant: (verified.tenant ?? tenantOf?.(verified)) || null,
    scopes: frozenNames(verified.scopes),
    permissions: frozenNames(verified.permissions),
    roles: frozenNames(verified.roles),
    groups: frozenNames(verified.groups),
    authenticatedAt: finite(verified.authenticatedAt),
    acr: verified.acr ?? null,
    expiresAt: finite(verified.expiresAt),
    claims: deepFreeze({ ...verified.claims }),
    user: verified.user ?? null,
  })
}

/** Whether two principals are the same one: tenant, issuer, subject and kind, compared part by part. */
export function isSamePrincipal(a: Principal, b: Principal): boolean {
  return a.issuer === b.issuer && a.subject === b.subject && a.kind === b.kind && a.tenant === b.tenant
}

const scopeSets = new WeakMap<Principal, ReadonlySet<string>>()
const permissionSets = new WeakMap<Principal, ReadonlySet<string>>()

/** The principal's scopes as a set, built on first use. */
export function scopesOf(principal: Principal): ReadonlySet<string> {
  return setOf(scopeSets, principal, principal.scopes)
}

/** The principal's permissions as a set, built on first use. */
export function permissionsOf(principal: Principal): ReadonlySet<string> {
  return setOf(permissionSets, principal, principal.permissions)
}

function setOf(cache: WeakMap<Principal, ReadonlySet<string>>, principal: Principal, names: readonly string[]): ReadonlySet<string> {
  let set = cache.get(principal)
  if (set === undefined) {
    set = new Set(names)
    cache.set(principal, set)
  }
  return set
}

function frozenNames(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined) return Object.freeze([])
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw new TypeError('scopes, permissions, roles and groups are lists of strings')
  return Object.freeze([...new Set(names)])
}

function finite(seconds: number | undefined): number | null {
  if (seconds === undefined || seconds === null) return null
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw new TypeError('times are finite numbers of seconds')
  return seconds
}

/** Freezes plain data all the way down, iteratively: a token may be nested deeper than the stack is. */
function deepFreeze<T extends object>(root: T): Readonly<T> {
  const pending: object[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Object.isFrozen(value)) continue
    Object.freeze(value)
    for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) pending.push(child)
  }
  return root
}
