import type { Principal } from '../caller/principal.js'
import type { AnyOf } from '../names.js'

/** What a rule can look at beside the principal: the four arguments of the resolver. */
export interface RuleArguments {
  // biome-ignore-start lint/suspicious/noExplicitAny: resolver arguments are the application's types, known where the rule is written.
  readonly source: any
  readonly args: any
  readonly context: any
  readonly info: any
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

/**
 * A rule of your own. Only `true` allows and only `false` refuses: a throw, a rejection, silence, and anything that is no boolean refuse
 * the whole requirement, also under `not`. Is not called for a caller about whom the rest of the rule has decided already.
 */
export type RuleFunction = (principal: Principal, resolver: RuleArguments) => boolean | PromiseLike<boolean>

/** What a row says of its owners: an id or a list of ids, `null` for none, or whether the principal is one. */
export type Owners = string | number | bigint | boolean | null | readonly (string | number | bigint | null)[]

/** Reads the owners of a stored row. */
// biome-ignore lint/suspicious/noExplicitAny: a row is of the application's type, known where the rule is written.
export type OwnerSelector = (row: any, principal: Principal) => Owners | PromiseLike<Owners>

/** Names that are looked for among what the caller holds. */
export type NamesRule = NamesOf<'permissions'> | NamesOf<'scopes'> | NamesOf<'roles'>

interface NamesOf<Kind extends string> extends Traits {
  readonly kind: Kind
  readonly names: AnyOf
}

/** Needs the caller to own the row. */
export interface OwnerRule extends Traits {
  readonly kind: 'owner'
  readonly owners: OwnerSelector
}

/** Needs a function of the application to say `true`. */
export interface FunctionRule extends Traits {
  readonly kind: 'function'
  readonly test: RuleFunction
}

/** Needs all of its operands, or one of them. */
export type CombinedRule = Combined<'allOf'> | Combined<'anyOf'>

interface Combined<Kind extends string> extends Traits {
  readonly kind: Kind
  readonly rules: readonly Rule[]
}

/** Needs its operand to refuse. */
export interface NegatedRule extends Traits {
  readonly kind: 'not'
  readonly rule: Rule
}

/** What follows from the parts of a rule, worked out once. */
interface Traits {
  /** Whether some part is answered right before the resolver and not earlier, also where the requirement names no object. */
  readonly isDynamic: boolean
  /** Whether some part asks for the owners of a row. */
  readonly readsOwners: boolean
  /** Whether some part asks about the object that a requirement names: a permission, or an owner. */
  readonly usesObject: boolean
}

/** A part of a rule that has no parts. */
export type LeafRule = NamesRule | OwnerRule | FunctionRule

/** A rule as data: frozen, and made by `allOf`, `anyOf`, `not` and `owner` alone. */
export type Rule = LeafRule | CombinedRule | NegatedRule

const rules = new WeakSet<object>()

/** Whether a value is a rule of this package's own making: one that was checked when it was declared. */
export function isRule(value: unknown): value is Rule {
  return typeof value === 'object' && value !== null && rules.has(value)
}

/** @param names checked and frozen already */
export function namesRule(kind: NamesRule['kind'], names: AnyOf): NamesRule {
  return register({ kind, names, isDynamic: false, readsOwners: false, usesObject: kind === 'permissions' })
}

/** @param owners a function */
export function ownerRule(owners: OwnerSelector): OwnerRule {
  return register({ kind: 'owner', owners, isDynamic: true, readsOwners: true, usesObject: true })
}

/** @param test a function */
export function functionRule(test: RuleFunction): FunctionRule {
  return register({ kind: 'function', test, isDynamic: true, readsOwners: false, usesObject: false })
}

/** @param operands at least one */
export function combinedRule(kind: CombinedRule['kind'], operands: readonly Rule[]): CombinedRule {
  return register({
    kind,
    rules: Object.freeze([...operands]),
    isDynamic: operands.some(({ isDynamic }) => isDynamic),
    readsOwners: operands.some(({ readsOwners }) => readsOwners),
    usesObject: operands.some(({ usesObject }) => usesObject),
  })
}

/** The opposite of a rule. */
export function negatedRule(rule: Rule): NegatedRule {
  const { isDynamic, readsOwners, usesObject } = rule
  return register({ kind: 'not', rule, isDynamic, readsOwners, usesObject })
}

/**
 * Rules that say the same have the same key; functions count by identity.
 *
 * @param idOf a text for a function, the same for the same function
 */
export function ruleKey(rule: Rule, idOf: (fn: object) => number): string {
  switch (rule.kind) {
    case 'owner':
      return `owner ${idOf(rule.owners)}`
    case 'function':
      return `function ${idOf(rule.test)}`
    case 'not':
      return `not(${ruleKey(rule.rule, idOf)})`
    case 'allOf':
    case 'anyOf':
      return `${rule.kind}(${rule.rules.map((part) => ruleKey(part, idOf)).join(',')})`
    default:
      return `${rule.kind} ${JSON.stringify(rule.names)}`
  }
}

function register<R extends Rule>(rule: R): R {
  rules.add(rule)
  return Object.freeze(rule)
}
