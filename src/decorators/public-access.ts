import { PUBLIC } from './declaration.js'
import { dualDecorator, type ResolverDecorator } from './dual.js'

/**
 * Opens a resolver to everybody: lifts the requirement of its class, of its own type, and the default for root fields. Written
 * `@publicAccess()` on a method, or `publicAccess()(resolver)`.
 *
 * Lifts nothing that an interface or another type demands, nor requirements on the same resolver. A token that is sent and bad is
 * refused here too. On a class it is an error: open members one by one, or set `access: 'public'`.
 */
export function publicAccess(): ResolverDecorator {
  return dualDecorator('publicAccess', PUBLIC)
}
