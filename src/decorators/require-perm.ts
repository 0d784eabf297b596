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
 * @throws {ConfigurationError} when a list is empty or a name malformed.
 */
export function requirePerm(permissions: Names, options: PermOptions = {}): ResolverDecorator {
  return dualDecorator('requirePerm', permissionRequirement(permissions, options.object))
}
