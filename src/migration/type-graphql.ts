import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { enforce } from '../core/decisions/enforcement.js'
import { AUTHENTICATED, type Requirement } from '../core/rules/requirement.js'
import { dualDecorator, type ResolverDecorator } from '../decorators/dual.js'
import { notWired } from '../decorators/guard.js'
import { refuseField } from '../decorators/refuse-field.js'
import { roleRequirement } from './roles.js'

/**
 * Stands in for the `Authorized` of type-graphql on methods and classes: `Authorized()` needs an authenticated caller,
 * `Authorized('ADMIN', 'MOD')` and `Authorized(['ADMIN', 'MOD'])` need one of the roles.
 *
 * Enforced as `requirePerm` is, without an `authChecker`. Does not go on properties: there use type-graphql's own with
 * {@link gatehouseAuthChecker}, or `@Extensions({ auth: … })`.
 *
 * @throws {ConfigurationError} when a list is empty or a role is no text: type-graphql passes both on to the checker.
 */
export function Authorized<RoleType extends string = string>(...roles: readonly RoleType[] | readonly [readonly RoleType[]]): ResolverDecorator {
  return dualDecorator('Authorized', roles.length === 0 ? AUTHENTICATED : roleRequirement('@Authorized', listOf(roles)))
}

function listOf(roles: readonly string[] | readonly [readonly string[]]): readonly unknown[] {
  const [first] = roles
  return roles.length === 1 && Array.isArray(first) ? first : roles
}

/** What type-graphql hands to its checker: the arguments of the resolver, under names. */
export interface CheckedResolver {
  readonly root: unknown
  readonly args: unknown
  readonly context: unknown
  readonly info: { readonly parentType: { readonly name: string }; readonly fieldName: string }
}

/**
 * The `authChecker` of `buildSchema`, so that `@Authorized(…)` of type-graphql keeps working, on properties too: without roles it
 * needs an authenticated caller, with roles one of them.
 *
 * Is asked by type-graphql when the field is reached. Refuses with our errors, also under `authMode: 'null'`, and never by `false`: an
 * `AuthError` says why. Does not see what other decorators and the schema demand; those are asked beside it.
 *
 * @throws {AuthError} when the caller may not, and {ConfigurationError} when the context carries no `auth` or a role is malformed.
 */
// An arrow: type-graphql takes any function with a prototype for a class.
export const gatehouseAuthChecker = (resolver: CheckedResolver, roles: readonly unknown[]): true | Promise<true> => {
  const { root: source, args, context, info } = resolver
  const coordinate = `${info.parentType.name}.${info.fieldName}`
  const auth = AuthContext.of(context)
  if (auth === null) throw notWired(coordinate)
  const verdict = enforce([requirementOf(coordinate, roles)], auth, { source, args, context, info })
  const answer = (refusal: Awaited<typeof verdict>): true => {
    if (refusal !== null) refuseField(auth, coordinate, refusal, context, info)
    return true
  }
  return verdict instanceof Promise ? verdict.then(answer) : answer(verdict)
}

/** type-graphql passes the same list for each call of a field. */
const requirements = new WeakMap<readonly unknown[], Requirement>()

function requirementOf(coordinate: string, roles: readonly unknown[]): Requirement {
  if (!Array.isArray(roles)) throw new ConfigurationError(`@Authorized on ${coordinate}`, 'a list of roles', "['ADMIN']")
  if (roles.length === 0) return AUTHENTICATED
  let requirement = requirements.get(roles)
  if (requirement === undefined) {
    requirement = roleRequirement(`@Authorized on ${coordinate}`, roles)
    requirements.set(roles, requirement)
  }
  return requirement
}
