import { ConfigurationError } from '../configuration-error.js'
import { type AnyOf, isName, type Names, normalizeNames } from '../names.js'
import { combinedRule, isRule, namesRule, type OwnerSelector, ownerRule, type Rule } from './node.js'

/**
 * Names the object that a permission is asked about. Gets the resolver's own arguments and returns an id, a list of ids, or
 * the entity itself; a promise of one is fine, and so is a list of promises. What throws, or resolves to `null`, `undefined` or an error, denies.
 */
// biome-ignore lint/suspicious/noExplicitAny: resolver arguments are the application's types, checked where the decorator is applied.
export type ObjectSelector = (source: any, args: any, context: any, info: any) => unknown

/**
 * Names the tenant that a permission is asked in. Gets the resolver's own arguments; a promise is fine. What is not exactly the
 * principal's own tenant refuses, and so does what throws.
 */
// biome-ignore lint/suspicious/noExplicitAny: resolver arguments are the application's types, checked where the decorator is applied.
export type TenantSelector = (source: any, args: any, context: any, info: any) => unknown

/**
 * What a caller must bring, as plain data. Every requirement needs an authenticated caller, also one that names nothing else;
 * what it names is needed in addition. Several requirements on one coordinate are all needed.
 */
export interface Requirement {
  /** Scopes delegated to the client by the token (RFC 6749 §3.3). */
  readonly scopes?: AnyOf
  /** Permissions: local rights of the subject. With {@link Requirement.object}, rights on that object. */
  readonly permissions?: AnyOf
  /** In place of {@link Requirement.permissions}, or in addition: what `allOf`, `anyOf`, `not` and `owner` have made. */
  readonly rule?: Rule
  /** Accepted authentication context class references; one of them is needed (RFC 9470 §3). */
  readonly acr?: readonly string[]
  /** Seconds that may have passed since the subject's last active login (RFC 9470 §3). */
  readonly maxAge?: number
  /**
   * Makes permissions, those of the rule too, questions about one object, answered by the settings' `permissions` source; and gives the
   * rule's owners their row. A rule with owners asks no source where the settings have none: permissions are then those of the caller.
   */
  readonly object?: ObjectSelector
  /** Refuses callers of another tenant, but for super admins. */
  readonly tenant?: TenantSelector
}

/** Needs an authenticated caller, and nothing else. */
export const AUTHENTICATED: Requirement = Object.freeze({})

/** Whether a requirement's answer needs more than the caller: the object that it is asked about, its tenant, or a rule's own parts. */
export function isDynamic({ object, tenant, rule }: Requirement): boolean {
  return object !== undefined || tenant !== undefined || rule?.isDynamic === true
}

/** Whether a requirement cannot be answered without a permission source in the settings. */
export function needsSource({ object, rule }: Requirement): boolean {
  return object !== undefined && rule?.readsOwners !== true
}

/** A stronger or fresher login than the token alone proves (RFC 9470). */
export interface StepUp {
  /** Accepted `acr` values; one of them is needed. */
  readonly acr?: string | readonly string[]
  /** Seconds since the last active login (`auth_time`) that are still accepted. */
  readonly maxAge?: number
}

/**
 * Builds a frozen requirement on scopes.
 *
 * @throws {ConfigurationError} when a list is empty, a name is not a scope-token of RFC 6749 §3.3, or `acr` / `maxAge` is malformed.
 */
export function scopeRequirement(names: Names, stepUp: StepUp = {}): Requirement {
  return Object.freeze({ scopes: normalizeNames('requireOAuth', names), ...normalizeStepUp('requireOAuth', stepUp) })
}

/**
 * Builds a frozen requirement on a stronger or fresher login alone.
 *
 * @throws {ConfigurationError} when `acr` or `maxAge` is malformed.
 */
export function stepUpRequirement(stepUp: StepUp): Requirement {
  const requirement = normalizeStepUp('requireOAuth', stepUp)
  return Object.keys(requirement).length === 0 ? AUTHENTICATED : Object.freeze(requirement)
}

/** What a requirement on permissions asks beside them and their object. */
export interface PermissionScope {
  /** Needs the caller to own the row too, as the rule `owner` does. */
  readonly owner?: OwnerSelector | undefined
  readonly tenant?: TenantSelector | undefined
}

/**
 * Builds a frozen requirement on permissions or on a rule, optionally on one object.
 *
 * @throws {ConfigurationError} when a list is empty, a name is malformed, or `object`, `owner` or `tenant` is not a function.
 */
export function permissionRequirement(demand: Names | Rule, object?: ObjectSelector, { owner, tenant }: PermissionScope = {}): Requirement {
  for (const [name, selector, example] of [
    ['object', object, '{ object: (_, args) => args.id }'],
    ['owner', owner, '{ owner: (row) => row.userId }'],
    ['tenant', tenant, '{ tenant: (_, args) => args.tenantId }'],
  ] as const) {
    if (selector === undefined || typeof selector === 'function') continue
    throw new ConfigurationError(`requirePerm: ${name}`, 'a function', example)
  }
  const what = demanded(demand, owner)
  if (object !== undefined && what.rule?.usesObject === false) {
    throw new ConfigurationError('requirePerm: object', 'a permission or an owner in the rule, which would be asked about it', "allOf('order.edit', …)")
  }
  return Object.freeze({
    ...what,
    ...(object === undefined ? {} : { object }),
    ...(tenant === undefined ? {} : { tenant }),
  })
}

function demanded(demand: Names | Rule, owner: OwnerSelector | undefined): Requirement {
  if (isRule(demand)) return { rule: owner === undefined ? demand : combinedRule('allOf', [demand, ownerRule(owner)]) }
  const permissions = normalizeNames('requirePerm', demand)
  return owner === undefined ? { permissions } : { rule: combinedRule('allOf', [namesRule('permissions', permissions), ownerRule(owner)]) }
}

const STEP_UP_EXAMPLE = "{ acr: 'urn:example:gold', maxAge: 300 }"

/** A member that is there and `undefined` is a mistyped constant, and a member of another name a mistyped option: neither means "no step-up". */
function normalizeStepUp(option: string, stepUp: StepUp): Requirement {
  if (typeof stepUp !== 'object' || stepUp === null || !Object.keys(stepUp).every((key) => key === 'acr' || key === 'maxAge')) {
    throw new ConfigurationError(option, 'a step-up of acr, maxAge or both', STEP_UP_EXAMPLE)
  }
  const { acr, maxAge } = stepUp
  if (Object.hasOwn(stepUp, 'maxAge') && !(Number.isSafeInteger(maxAge) && (maxAge as number) >= 0)) {
    throw new ConfigurationError(`${option}: maxAge`, 'a whole number of seconds, 0 or more', '{ maxAge: 300 }')
  }
  return {
    ...(Object.hasOwn(stepUp, 'acr') ? { acr: normalizeAcr(`${option}: acr`, acr) } : {}),
    ...(maxAge === undefined ? {} : { maxAge }),
  }
}

/** One of the values is needed, so that a text with a space in it is a mistake and not two values. */
function normalizeAcr(option: string, acr: unknown): readonly string[] {
  const values: readonly unknown[] = typeof acr === 'string' ? [acr] : Array.isArray(acr) ? [...acr] : []
  if (values.length === 0 || !values.every(isName)) {
    throw new ConfigurationError(option, 'one authentication context class reference, or a list of them', STEP_UP_EXAMPLE)
  }
  return Object.freeze([...new Set(values)])
}
