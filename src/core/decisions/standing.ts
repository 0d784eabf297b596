import { type Principal, rolesOf, scopesOf } from '../caller/principal.js'
import type { AnyOf } from '../names.js'
import { type Grants, TOKEN_GRANTS } from '../permissions/grants.js'
import type { PermissionSource } from '../permissions/source.js'
import { answerByRank, type NameQuestion, type Rank } from '../permissions/special.js'
import type { Refusal } from '../refusal.js'
import { type Answer, type Failure, type Leaves, OPEN } from '../rules/evaluation.js'
import { combinedRule, type LeafRule, type NamesRule, namesRule, type Rule } from '../rules/node.js'
import type { Requirement } from '../rules/requirement.js'

/** What a decision depends on beside the requirement and the principal. */
export interface DecisionRules {
  /** `false` leaves every scope unchecked; the caller must still be authenticated. */
  readonly scopesEnabled: boolean
  /** What principals hold beside what their tokens say. @default nothing */
  readonly grants?: Grants
  /** The settings' source; `null` when there is none, left out when that is not known. @default not known */
  readonly permissions?: PermissionSource | null
}

/** Answers the leaves of one requirement from what is known of the principal. What takes more than him stays open. */
export class Standing implements Leaves {
  readonly principal: Principal
  /** All that the requirement asks of permissions. */
  readonly rule: Rule
  readonly #scopesEnabled: boolean
  readonly #held: ReadonlySet<string>
  readonly #rank: Rank
  readonly #question: NameQuestion
  readonly #asksSource: boolean

  constructor(requirement: Requirement, principal: Principal, rank: Rank, { scopesEnabled, grants = TOKEN_GRANTS, permissions }: DecisionRules) {
    this.principal = principal
    this.#scopesEnabled = scopesEnabled
    this.rule = wholeRule(requirement)
    this.#held = grants.permissionsOf(principal)
    this.#rank = rank
    const isOnObject = requirement.object !== undefined
    // Another tenant refuses before anything else is asked: whoever gets this far is where he belongs.
    this.#question = { isOnObject, isInOwnTenant: requirement.tenant !== undefined }
    this.#asksSource = isOnObject && !(requirement.rule?.readsOwners === true && permissions === null)
  }

  answer(leaf: LeafRule, favours: boolean): Answer | Promise<Answer> {
    if (leaf.kind === 'permissions') return this.#answerPermissions(leaf, favours)
    if (leaf.kind === 'scopes') return this.#answerScopes(leaf, favours)
    // Below a `not` a super admin is asked about like everybody: his rank must not be what refuses him.
    if (favours && this.#rank === 'super') return true
    if (leaf.kind === 'roles') return holdsAny(leaf.names, rolesOf(this.principal)) || failureOf(leaf)
    return OPEN
  }

  /** Whether the principal holds a permission, or `null` where the source has to say. */
  holds(name: string, favours: boolean): boolean | null {
    const byRank = answerByRank(name, this.#rank, this.#question, favours)
    if (byRank !== null) return byRank
    return this.#asksSource ? null : this.#held.has(name)
  }

  #answerPermissions(leaf: NamesRule, favours: boolean): Answer {
    let isOpen = false
    for (const all of leaf.names) {
      const answer = this.#holdsAll(all, favours)
      if (answer === true) return true
      if (answer === null) isOpen = true
    }
    return isOpen ? OPEN : failureOf(leaf)
  }

  /** `null` when only the source can say. */
  #holdsAll(all: readonly string[], favours: boolean): boolean | null {
    let answer: boolean | null = all.length > 0
    for (const name of all) {
      const held = this.holds(name, favours)
      if (held === false) return false
      if (held === null) answer = null
    }
    return answer
  }

  #answerScopes(leaf: NamesRule, favours: boolean): Answer {
    if (favours && !this.#scopesEnabled) return true
    return holdsAny(leaf.names, scopesOf(this.principal)) || failureOf(leaf)
  }
}

/** Whether one alternative is held in full. No alternatives, and an empty one, are held by nobody. */
export function holdsAny(anyOf: AnyOf, held: ReadonlySet<string>): boolean {
  for (const all of anyOf) if (all.length > 0 && holdsAll(all, held)) return true
  return false
}

function holdsAll(all: readonly string[], held: ReadonlySet<string>): boolean {
  for (const name of all) if (!held.has(name)) return false
  return true
}

/** The failure of a list of names; only permissions are told to the client. */
export function failureOf({ kind, names }: NamesRule): Failure {
  return kind === 'permissions' ? { at: kind, missing: names } : { at: kind }
}

const wholeRules = new WeakMap<Requirement, Rule>()

/** All that a requirement asks of permissions, as one rule. */
function wholeRule(requirement: Requirement): Rule {
  let whole = wholeRules.get(requirement)
  if (whole === undefined) {
    const { permissions, rule } = requirement
    const names = permissions === undefined && rule !== undefined ? [] : [namesRule('permissions', permissions ?? [])]
    const parts = [...names, ...(rule === undefined ? [] : [rule])]
    whole = parts.length === 1 ? (parts[0] as Rule) : combinedRule('allOf', parts)
    wholeRules.set(requirement, whole)
  }
  return whole
}

/**
 * A failure as a refusal. What was missing is told where only the caller decides it. What depends on an object says of a rule nothing more:
 * a row of somebody else and a row that does not exist look alike.
 */
export function refusalOf(requirement: Requirement, { at, note, missing, final, retryAfter }: Failure): Refusal {
  const isPlain = requirement.rule === undefined
  const required = isPlain ? requirement.permissions : missing
  const detail = isPlain ? note : note === undefined ? at : `${at}: ${note}`
  const reason = final ?? 'INSUFFICIENT_PERMISSION'
  return {
    reason,
    ...(required === undefined || reason !== 'INSUFFICIENT_PERMISSION' ? {} : { requiredPermissions: required }),
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  }
}
