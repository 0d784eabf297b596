import { ConfigurationError } from '../core/configuration-error.js'
import { type Names, type ObjectSelector, permissionRequirement } from '../core/requirement.js'
import { dualDecorator, type ResolverDecorator } from './dual.js'

/** Options of {@link requirePerm}. */
export interface PermOptions {
  /**
   * Makes the permissions a question about one object, answered by the settings' `permissions` source: gets the resolver's
   * arguments, returns an id, a list of ids (all of them must be allowed) or an entity.
   */
  readonly object?: ObjectSelector
}

/**
 * Demands an authenticated caller who holds permissions: `requirePerm('order.cancel')`, `requirePerm(['a', 'b'])` for both,
 * `requirePerm({ anyOf: [['a', 'b'], ['c']] })` in general. Goes where {@link requireOAuth} goes.
 *
 * Without `object`, the permissions are those of the verified token. With it, the settings' `permissions` source is asked about
 * that object, and the token's own permissions are not enough.
 *
 * @throws {ConfigurationError} when a list is empty, a name malformed, or the options are anything but an `object` function: an
 * `object` that is there and `undefined` would otherwise ask less than what was meant.
 */
export function requirePerm(...demand: [permissions: Names] | [permissions: Names, options: PermOptions]): ResolverDecorator {
  const [permissions, options] = demand
  if (demand.length === 1) return dualDecorator('requirePerm', permissionRequirement(permissions))
  if (demand.length !== 2 || !isPermOptions(options)) {
    throw new ConfigurationError('requirePerm', 'permissions, and nothing else but options with an object', "'order.cancel', { object: (_, args) => args.id }")
  }
  return dualDecorator('requirePerm', permissionRequirement(permissions, options.object))
}

function isPermOptions(options: unknown): options is PermOptions {
  if (typeof options !== 'object' || options === null) return false
  return Object.entries(options).every(([key, value]) => key === 'object' && value !== undefined)
}
