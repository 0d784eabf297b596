import { type Principal, permissionsOf, scopesOf } from './principal.js'
import type { Refusal } from './refusal.js'
import type { AnyOf, Requirement } from './requirement.js'

/** What a decision depends on beside the requirement and the principal. */
export interface DecisionRules {
  /** `false` leaves every scope unchecked; the caller must still be authenticated. */
  readonly scopesEnabled: boolean
}

/**
 * Holds one requirement against a principal. Pure: what it answers depends on its arguments alone.
 *
 * Does not answer {@link Requirement.object}: a requirement on an object passes here when the caller is authenticated, fresh and
 * strong enough, and holds the scopes; whether he may on that object is the permission source's answer.
 *
 * @param now seconds since 1970
 * @returns `null` when the requirement is met, else why not.
 */
export function decide(requirement: Requirement, principal: Principal | null, now: number, rules: DecisionRules): Refusal | null {
  if (principal === null) return { reason: 'MISSING_TOKEN' }
  if (isExpired(principal, now)) return { reason: 'TOKEN_EXPIRED' }
  const { scopes, permissions } = requirement
  if (scopes !== undefined && rules.scopesEnabled && !holdsAny(scopes, scopesOf(principal))) {
    return { reason: 'INSUFFICIENT_SCOPE', requiredScopes: scopes }
  }
  if (permissions !== undefined && requirement.object === undefined && !holdsAny(permissions, permissionsOf(principal))) {
    return { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: permissions }
  }
  return decideStepUp(requirement, principal, now)
}

/** Whether the principal's `exp` has come: a token is good before `exp` and not on it (RFC 7519 §4.1.4). */
export function isExpired(principal: Principal, now: number): boolean {
  return principal.expiresAt !== null && now >= principal.expiresAt
}

/** Whether the answer for a principal can change while the principal does not. */
export function dependsOnTime(requirement: Requirement): boolean {
  return requirement.maxAge !== undefined
}

function holdsAny(anyOf: AnyOf, held: ReadonlySet<string>): boolean {
  // Asked for every operation: loops make no functions.
  for (const all of anyOf) if (holdsAll(all, held)) return true
  return false
}

function holdsAll(names: readonly string[], held: ReadonlySet<string>): boolean {
  for (const name of names) if (!held.has(name)) return false
  return true
}

function decideStepUp({ acr, maxAge }: Requirement, principal: Principal, now: number): Refusal | null {
  const tooWeak = acr !== undefined && (principal.acr === null || !acr.includes(principal.acr))
  const tooOld = maxAge !== undefined && (principal.authenticatedAt === null || now - principal.authenticatedAt > maxAge)
  if (!tooWeak && !tooOld) return null
  return {
    reason: 'INSUFFICIENT_AUTHENTICATION',
    ...(acr === undefined ? {} : { acrValues: acr }),
    ...(maxAge === undefined ? {} : { maxAge }),
  }
}
