import { ConfigurationError } from '../core/configuration-error.js'
import { PUBLIC } from './declaration.js'
import { dualDecorator, type MemberDecorator } from './dual.js'

/**
 * Opens a resolver to everybody: lifts the requirement of its class, of its own type, and the default for root fields. Written
 * `@publicAccess()` on a method, or `publicAccess()(resolver)`.
 *
 * Lifts nothing that an interface or another type demands, nor requirements on the same resolver. A token that is sent and bad is
 * refused here too. On a class it is an error: open members one by one, or set `access: 'public'`.
 *
 * @throws {ConfigurationError} when it gets an argument, as it does where its parentheses are forgotten.
 */
export function publicAccess(...nothing: []): MemberDecorator {
  if (nothing.length > 0) throw new ConfigurationError('publicAccess', 'no arguments, and parentheses where it decorates', '@publicAccess() version() {}')
  return dualDecorator('publicAccess', PUBLIC)
}
