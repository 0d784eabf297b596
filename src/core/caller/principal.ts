import type { VerifiedToken } from './verified-token.js'

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
 * @throws {TypeError} when issuer or subject is empty, a time is not a finite number, or another member is not of its type: backends
 * and tenant functions written in JavaScript answer what they like. The caller turns this into a refusal.
 */
export function createPrincipal(verified: VerifiedToken, tenantOf?: TenantResolver): Principal {
  if (typeof verified.issuer !== 'string' || verified.issuer === '') throw new TypeError('a verified token needs an issuer')
  if (typeof verified.subject !== 'string' || verified.subject === '') throw new TypeError('a verified token needs a subject')
  return Object.freeze({
    issuer: verified.issuer,
    subject: verified.subject,
    kind: kindOf(verified.kind ?? 'user'),
    clientId: textOrNull(verified.clientId),
    sessionId: textOrNull(verified.sessionId),
    tenant: textOrNull(verified.tenant ?? tenantOf?.(verified)) || null,
    scopes: frozenNames(verified.scopes),
    permissions: frozenNames(verified.permissions),
    roles: frozenNames(verified.roles),
    groups: frozenNames(verified.groups),
    authenticatedAt: finite(verified.authenticatedAt),
    acr: textOrNull(verified.acr),
    expiresAt: finite(verified.expiresAt),
    claims: frozenCopy(verified.claims ?? {}),
    user: verified.user ?? null,
  })
}

/** Whether two principals are the same one: tenant, issuer, subject and kind, compared part by part. */
export function isSamePrincipal(a: Principal, b: Principal): boolean {
  return a.issuer === b.issuer && a.subject === b.subject && a.kind === b.kind && a.tenant === b.tenant
}

const scopeSets = new WeakMap<Principal, ReadonlySet<string>>()
const permissionSets = new WeakMap<Principal, ReadonlySet<string>>()
const roleSets = new WeakMap<Principal, ReadonlySet<string>>()

/** The principal's scopes as a set, built on first use. */
export function scopesOf(principal: Principal): ReadonlySet<string> {
  return setOf(scopeSets, principal, principal.scopes)
}

/** The principal's permissions as a set, built on first use. */
export function permissionsOf(principal: Principal): ReadonlySet<string> {
  return setOf(permissionSets, principal, principal.permissions)
}

/** The principal's roles as a set, built on first use. */
export function rolesOf(principal: Principal): ReadonlySet<string> {
  return setOf(roleSets, principal, principal.roles)
}

function setOf(cache: WeakMap<Principal, ReadonlySet<string>>, principal: Principal, names: readonly string[]): ReadonlySet<string> {
  let set = cache.get(principal)
  if (set === undefined) {
    set = new Set(names)
    cache.set(principal, set)
  }
  return set
}

function kindOf(kind: unknown): 'user' | 'client' {
  if (kind !== 'user' && kind !== 'client') throw new TypeError('kind is user or client')
  return kind
}

function textOrNull(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw new TypeError('clientId, sessionId, tenant and acr are strings')
  return value
}

const NONE: readonly string[] = Object.freeze([])

function frozenNames(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined || names.length === 0) return NONE
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw new TypeError('scopes, permissions, roles and groups are lists of strings')
  return Object.isFrozen(names) ? names : Object.freeze([...new Set(names)])
}

function finite(seconds: number | undefined): number | null {
  if (seconds === undefined || seconds === null) return null
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw new TypeError('times are finite numbers of seconds')
  return seconds
}

/**
 * A frozen copy of plain data, all the way down, or the data itself when it is frozen already; the backend's own objects are left
 * alone, and what is not plain is kept as it is. Objects in it have no prototype: a claim that is not there is `undefined`, whatever
 * its name. Iterative: a token may be nested deeper than the stack is.
 */
function frozenCopy(root: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (isFrozenThroughout(root)) return root
  const copies = new Map<object, object>()
  const pending: object[] = []
  const copyOf = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !isPlain(value)) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const copy = Array.isArray(value) ? [] : Object.create(null)
    copies.set(value, copy)
    pending.push(value)
    return copy
  }
  const copy = copyOf({ ...root }) as Record<string, unknown>
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const source = value as Readonly<Record<string, unknown>>
    const target = copies.get(value) as Record<string, unknown>
    for (const name of Object.keys(source)) target[name] = copyOf(source[name])
    Object.freeze(target)
  }
  return copy
}

/** What is larger is copied: a bound that also ends on what contains itself. */
const MOST_OBJECTS = 1_000

/** Whether nothing plain in it can be changed, or has a prototype. */
function isFrozenThroughout(root: object): boolean {
  const pending: object[] = [root]
  let count = 0
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    count += 1
    if (count > MOST_OBJECTS || !Object.isFrozen(value) || !(Array.isArray(value) || Object.getPrototypeOf(value) === null)) return false
    for (const child of Array.isArray(value) ? value : Object.values(value)) {
      if (typeof child === 'object' && child !== null && isPlain(child)) pending.push(child)
    }
  }
  return true
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Array.isArray(value) || Object.getPrototypeOf(prototype) === null
}
