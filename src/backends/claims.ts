import { z } from 'zod'
import type { VerifiedToken } from '../core/backend.js'
import { InvalidTokenError } from '../core/errors.js'
import { callback, hint } from '../core/options.js'

/** Verified claims under their wire names. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * Where a value stands: a claim's name, taken as it is (dots and slashes mean nothing); the path to a nested one, such as
 * `['realm_access', 'roles']`; or a function of the claims. Names and paths find own members only. A function that throws makes
 * the backend unavailable.
 */
export type ClaimSelector = string | readonly string[] | ((claims: Claims) => unknown)

/** Which claims the parts of a principal are read from. */
export interface ClaimsMapping {
  /** Names in one string, each behind a single space (RFC 6749 §3.3), or a list of strings. @default `scope`, else `scp` */
  readonly scope?: ClaimSelector
  /** A list of strings, or one string that is one name. @default `permissions` */
  readonly permissions?: ClaimSelector
  /** As `permissions`. @default `roles` */
  readonly roles?: ClaimSelector
  /** As `permissions`. @default `groups` */
  readonly groups?: ClaimSelector
  /** A string. @default none: the settings' `tenant` decides */
  readonly tenant?: ClaimSelector
  /** A string. @default `sid` */
  readonly sessionId?: ClaimSelector
  /** A string. @default `client_id`, else `azp` */
  readonly clientId?: ClaimSelector
}

/** The shape of {@link ClaimsMapping} in a backend's options. */
export const claimsMapping: z.ZodType<{ [Part in keyof ClaimsMapping]?: ClaimSelector | undefined }> = z.strictObject(
  {
    scope: selector("'scp'").optional(),
    permissions: selector("['authorization', 'permissions']").optional(),
    roles: selector("['realm_access', 'roles']").optional(),
    groups: selector("'groups'").optional(),
    tenant: selector("'tenant_id'").optional(),
    sessionId: selector("'sid'").optional(),
    clientId: selector("'client_id'").optional(),
  },
  hint('an object', "{ roles: ['realm_access', 'roles'] }"),
)

function selector(example: string): z.ZodType<ClaimSelector> {
  const told = hint('a claim name, a path of names, or a function of the claims', example)
  const name = z.string(told).min(1, told)
  return z.union([name, z.array(name, told).min(1, told), callback<(claims: Claims) => unknown>(example)], told)
}

/** Reads one part of a principal: the first of its places that has a value counts; `null` counts as absent. */
export type ClaimReader = (claims: Claims) => unknown

/** How each part of a principal is read. */
export interface ClaimsReader {
  readonly scope: ClaimReader
  readonly permissions: ClaimReader
  readonly roles: ClaimReader
  readonly groups: ClaimReader
  readonly tenant: ClaimReader
  readonly sessionId: ClaimReader
  /** Every place is read: a subject that is in any of them is a client. */
  readonly clientId: readonly ClaimReader[]
}

/** Fills a mapping up with the defaults. */
export function claimsReader(mapping: { [Part in keyof ClaimsMapping]?: ClaimSelector | undefined } = {}): ClaimsReader {
  const { scope, permissions, roles, groups, tenant, sessionId, clientId } = mapping
  return {
    scope: scope === undefined ? firstOf(readerOf('scope'), readerOf('scp')) : readerOf(scope),
    permissions: readerOf(permissions ?? 'permissions'),
    roles: readerOf(roles ?? 'roles'),
    groups: readerOf(groups ?? 'groups'),
    tenant: tenant === undefined ? () => undefined : readerOf(tenant),
    sessionId: readerOf(sessionId ?? 'sid'),
    clientId: clientId === undefined ? [readerOf('client_id'), readerOf('azp')] : [readerOf(clientId)],
  }
}

function readerOf(where: ClaimSelector): ClaimReader {
  if (typeof where === 'function') return (claims) => where(claims) ?? undefined
  if (typeof where === 'string') return (claims) => own(claims, where)
  return (claims) => where.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? own(value, name) : undefined), claims)
}

function firstOf(one: ClaimReader, other: ClaimReader): ClaimReader {
  return (claims) => one(claims) ?? other(claims)
}

function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? ((object as Claims)[name] ?? undefined) : undefined
}

/**
 * Turns verified claims into what a backend has proved. The subject is `sub`, or the client's id when there is none; a subject that
 * is a client's id makes it a client that acts for itself (RFC 9068 §5).
 *
 * Does not verify anything: the claims must have been.
 *
 * @throws {InvalidTokenError} when a claim that is there has the wrong form, or nobody is named: half a principal is none.
 */
export function readClaims(claims: Claims, reader: ClaimsReader): VerifiedToken {
  const clientIds = reader.clientId.map((read) => text('client_id', read(claims))).filter((id) => id !== undefined)
  const [clientId] = clientIds
  const sub = text('sub', own(claims, 'sub'))
  const subject = sub ?? clientId
  const issuer = text('iss', own(claims, 'iss'))
  if (issuer === undefined) return malformed('iss')
  if (subject === undefined) return malformed('sub')
  const expiresAt = seconds('exp', own(claims, 'exp'))
  const authenticatedAt = seconds('auth_time', own(claims, 'auth_time'))
  const acr = text('acr', own(claims, 'acr'))
  const tenant = text('tenant', reader.tenant(claims))
  const sessionId = text('sid', reader.sessionId(claims))
  const verified: { -readonly [Part in keyof VerifiedToken]: VerifiedToken[Part] } = {
    issuer,
    subject,
    kind: sub === undefined || clientIds.includes(sub) ? 'client' : 'user',
    scopes: scopeNames(reader.scope(claims)),
    permissions: names('permissions', reader.permissions(claims)),
    roles: names('roles', reader.roles(claims)),
    groups: names('groups', reader.groups(claims)),
    claims,
  }
  if (clientId !== undefined) verified.clientId = clientId
  if (sessionId !== undefined) verified.sessionId = sessionId
  if (tenant !== undefined) verified.tenant = tenant
  if (authenticatedAt !== undefined) verified.authenticatedAt = authenticatedAt
  if (acr !== undefined) verified.acr = acr
  if (expiresAt !== undefined) verified.expiresAt = expiresAt
  if (Object.hasOwn(claims, 'cnf')) verified.confirmation = confirmation(claims.cnf)
  return verified
}

/**
 * Splits a scope string at its spaces, or takes a list as it is. Tabs and other blanks do not separate: what holds one is a single
 * name that no requirement can ask for.
 */
export function scopeNames(value: unknown): readonly string[] {
  if (typeof value !== 'string') return names('scope', value)
  const scopes = value.split(' ')
  return scopes.includes('') ? scopes.filter((name) => name !== '') : scopes
}

const NONE: readonly string[] = Object.freeze([])

function names(what: string, value: unknown): readonly string[] {
  if (value === undefined) return NONE
  if (typeof value === 'string') return value === '' ? [] : [value]
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : malformed(what)
}

function text(what: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  return malformed(what)
}

function seconds(what: string, value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
  return malformed(what)
}

/** RFC 7800 §3.1. What says that it is bound, in whatever way, is not passed on as unbound. */
function confirmation(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : malformed('cnf')
}

function malformed(what: string): never {
  throw new InvalidTokenError({ detail: `claim ${what}: not of the expected form` })
}
