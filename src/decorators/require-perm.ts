import { ConfigurationError } from '../core/configuration-error.js'
import type { Names } from '../core/names.js'
import type { OwnerSelector, Rule } from '../core/rules/node.js'
import { type ObjectSelector, permissionRequirement, type TenantSelector } from '../core/rules/requirement.js'
import { dualDecorator, type ResolverDecorator } from './dual.js'

/** Options of {@link requirePerm}. */
export interface PermOptions {
  /**
   * Makes the permissions a question about one object, answered by the settings' `permissions` source: gets the resolver's
   * arguments, returns an id, a list of ids (all of them must be allowed) or an entity. Owners are read from it: then it returns the
   * stored row itself, and without a source in the settings the permissions are those that the caller holds anyway.
   */
  readonly object?: ObjectSelector
  /** Needs the caller to own the row in addition, as the rule `owner(…)` does: `{ owner: (row) => row.userId }`. */
  readonly owner?: OwnerSelector
  /**
   * The tenant that is asked about: gets the resolver's arguments. Anything but exactly the principal's own tenant refuses, nothing
   * included, unless he is a super admin. A tenant admin may do to objects what he may do elsewhere only where this is given.
   */
  readonly tenant?: TenantSelector
}

/**
 * Demands an authenticated caller who holds permissions: `requirePerm('order.cancel')`, `requirePerm(['a', 'b'])` for both,
 * `requirePerm({ anyOf: [['a', 'b'], ['c']] })` in general; or for whom a rule holds that `allOf`, `anyOf`, `not` or `owner` made. Goes
 * where {@link requireOAuth} goes.
 *
 * Without `object`, the permissions are those of the verified token, of the roles that the settings know, and of scopes where the
 * settings count them. With it, the settings' `permissions` source is asked about that object, and what the caller holds is not enough.
 *
 * @throws {ConfigurationError} when a list is empty, a name malformed, or the options are anything but functions under `object`,
 * `owner` and `tenant`: one that is there and `undefined` would otherwise ask less than what was meant.
 */
export function requirePerm(...demand: [permissions: Names | Rule] | [permissions: Names | Rule, options: PermOptions]): ResolverDecorator {
  const [permissions, options] = demand
  if (demand.length === 1) return dualDecorator('requirePerm', permissionRequirement(permissions))
  if (demand.length !== 2 || !isPermOptions(options)) {
    throw new ConfigurationError(
      'requirePerm',
      'permissions or a rule, and nothing else but options with object, owner or tenant',
      "'order.cancel', { object: (_, args) => args.id }",
    )
  }
  const { object, ...rest } = options
  return dualDecorator('requirePerm', permissionRequirement(permissions, object, rest))
}

const OPTIONS = new Set(['object', 'owner', 'tenant'])

function isPermOptions(options: unknown): options is PermOptions {
  if (typeof options !== 'object' || options === null) return false
  return Object.entries(options).every(([key, value]) => OPTIONS.has(key) && value !== undefined)
}
