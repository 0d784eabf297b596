import { ConfigurationError } from '../core/configuration-error.js'
import { isName } from '../core/names.js'
import { permissionRequirement, type Requirement } from '../core/rules/requirement.js'

/**
 * Builds a requirement on a scope of a resource of Keycloak's Authorization Services: the permission `order#view` on the object
 * `order`, which `keycloakPermissions` answers without further settings.
 *
 * @param option the alias, for messages
 * @throws {ConfigurationError} when the resource is no name that Keycloak could be asked about, or the scope is malformed.
 */
export function resourcePermission(option: string, resource: unknown, scope: unknown): Requirement {
  if (typeof resource !== 'string' || resource === '' || resource.includes('#')) {
    throw new ConfigurationError(option, 'the name of a resource, without #', "'order'")
  }
  if (!isName(scope) || scope.includes('#')) throw new ConfigurationError(option, 'scopes without spaces, quotes, backslashes and #', "'view'")
  return permissionRequirement([`${isName(resource) ? resource : encodeURIComponent(resource)}#${scope}`], () => resource)
}
