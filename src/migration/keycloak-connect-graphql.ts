import { ConfigurationError } from '../core/configuration-error.js'
import { AUTHENTICATED, type Requirement } from '../core/rules/requirement.js'
import type { AnyFunction } from '../decorators/declaration.js'
import { dualDecorator } from '../decorators/dual.js'
import { resourcePermission } from './resource-permissions.js'
import { roleRequirement } from './roles.js'

/** Puts requirements around a resolver. What comes out is called as the resolver was. */
export type ResolverWrapper = <F extends AnyFunction>(resolver: F) => F

/** Puts several requirements around a resolver, all of which are needed. */
export function wrapper(name: string, requirements: readonly Requirement[]): ResolverWrapper {
  return <F extends AnyFunction>(resolver: F): F => requirements.reduce((inner, requirement) => dualDecorator(name, requirement)(inner), resolver)
}

/**
 * Stands in for the `auth` of keycloak-connect-graphql: `auth(resolver)` needs an authenticated caller.
 *
 * @throws {ConfigurationError} when it gets something else than a resolver.
 */
export function auth<F extends AnyFunction>(resolver: F): F {
  return wrapper('auth', [AUTHENTICATED])(resolver)
}

/**
 * Stands in for the `hasRole` of keycloak-connect-graphql: `hasRole('admin')(resolver)`, `hasRole(['admin', 'realm:editor'])(resolver)`
 * for one of them. Roles are compared as the Keycloak backend spells them, to the letter.
 *
 * @throws {ConfigurationError} when there is no role, or one is malformed.
 */
export function hasRole(role: string | readonly string[]): ResolverWrapper {
  return wrapper('hasRole', [rolesRequired('hasRole', role)])
}

/**
 * Stands in for the `hasPermission` of keycloak-connect-graphql: `hasPermission('Article:publish')(resolver)`, or a list of which all
 * are needed. Each is a scope of a resource, and asked of the settings' `permissions` source: `keycloakPermissions` for Keycloak.
 *
 * @throws {ConfigurationError} when there is no permission, or one is not spelled `resource:scope`.
 */
export function hasPermission(resources: string | readonly string[]): ResolverWrapper {
  return wrapper('hasPermission', permissionsRequired('hasPermission', resources))
}

/** @param option for messages */
export function rolesRequired(option: string, role: unknown): Requirement {
  return roleRequirement(option, Array.isArray(role) ? role : [role])
}

/** One requirement for each permission, since each is asked about a resource of its own. @param option for messages */
export function permissionsRequired(option: string, resources: unknown): readonly Requirement[] {
  const list: readonly unknown[] = Array.isArray(resources) ? [...new Set(resources)] : [resources]
  const parts = list.map((entry) => (typeof entry === 'string' ? entry.split(':') : []))
  if (parts.length === 0 || !parts.every(({ length }) => length === 2)) {
    throw new ConfigurationError(option, 'at least one resource with one scope', "'Article:publish' or ['Article:publish', 'Comment:delete']")
  }
  return parts.map(([resource, scope]) => resourcePermission(option, resource, scope))
}
