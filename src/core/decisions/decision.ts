import { type Principal, scopesOf } from '../caller/principal.js'
import { TOKEN_GRANTS } from '../permissions/grants.js'
import type { Refusal } from '../refusal.js'
import { evaluate, type Failure, OPEN } from '../rules/evaluation.js'
import type { Requirement } from '../rules/requirement.js'
import { type DecisionRules, holdsAny, refusalOf, Standing } from './standing.js'

/** What is known of a requirement before execution: why it is refused, that it is met whatever comes, or that guards have to ask. */
export type Verdict = Refusal | 'met' | 'open'

/**
 * Holds one requirement against a principal, as far as that can be known before execution.
 *
 * Does not answer what takes the object, its tenant, or a function of the application: it refuses only what is refused whatever these
 * say. A rule that holds whatever these say is met.
 *
 * @param now seconds since 1970
 */
export function judge(requirement: Requirement, principal: Principal | null, now: number, rules: DecisionRules): Verdict {
  if (principal === null) return { reason: 'MISSING_TOKEN' }
  if (isExpired(principal, now)) return { reason: 'TOKEN_EXPIRED' }
  const { scopes } = requirement
  if (scopes !== undefined && rules.scopesEnabled && !holdsAny(scopes, scopesOf(principal))) {
    return { reason: 'INSUFFICIENT_SCOPE', requiredScopes: scopes }
  }
  const permitted = judgePermissions(requirement, principal, rules)
  if (typeof permitted !== 'string') return permitted
  return decideStepUp(requirement, principal, now) ?? permitted
}

/** The same without the difference between what is met and what is open: `null` for both, else why not. */
export function decide(requirement: Requirement, principal: Principal | null, now: number, rules: DecisionRules): Refusal | null {
  const verdict = judge(requirement, principal, now, rules)
  return typeof verdict === 'string' ? null : verdict
}

function judgePermissions(requirement: Requirement, principal: Principal, rules: DecisionRules): Verdict {
  const { permissions, rule, object, tenant } = requirement
  if (permissions === undefined && rule === undefined && object === undefined && tenant === undefined) return 'met'
  const grants = rules.grants ?? TOKEN_GRANTS
  const rank = grants.rankOf(principal)
  if (rank === null) return { reason: 'BACKEND_UNAVAILABLE', detail: 'the administrator test failed' }
  if (rank === 'none' && permissions !== undefined && rule === undefined && object === undefined && tenant === undefined) {
    return holdsAny(permissions, grants.permissionsOf(principal)) ? 'met' : { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: permissions }
  }
  // Whoever belongs to no tenant belongs to none that could be asked about.
  if (tenant !== undefined && rank !== 'super' && principal.tenant === null) return refusalOf(requirement, WRONG_TENANT)
  const standing = new Standing(requirement, principal, rank, rules)
  const answer = evaluate(standing.rule, standing)
  if (answer === OPEN || answer instanceof Promise) return 'open'
  if (answer !== true) return refusalOf(requirement, answer)
  return tenant === undefined || rank === 'super' ? 'met' : 'open'
}

/** Of whoever is not of the tenant that is asked about. */
export const WRONG_TENANT: Failure = Object.freeze({ at: 'tenant', note: 'not the tenant of the principal' })

/** Whether the principal's `exp` has come: a token is good before `exp` and not on it (RFC 7519 §4.1.4). */
export function isExpired(principal: Principal, now: number): boolean {
  return principal.expiresAt !== null && now >= principal.expiresAt
}

/** Whether the answer for a principal can change while the principal does not. */
export function dependsOnTime(requirement: Requirement): boolean {
  return requirement.maxAge !== undefined
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
