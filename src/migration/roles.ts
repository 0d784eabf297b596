import { ConfigurationError } from '../core/configuration-error.js'
import { isName } from '../core/names.js'
import { namesRule } from '../core/rules/node.js'
import { permissionRequirement, type Requirement } from '../core/rules/requirement.js'

/** Whether one role is enough, or all of them are needed. */
export type RoleMatching = 'any' | 'all'

/**
 * Builds a requirement on roles, compared to the letter with the principal's `roles`. Met by a super admin of the settings.
 *
 * @param option the alias, for messages
 * @throws {ConfigurationError} when there is no role, or one could not be carried by a requirement: an empty list never means "everybody".
 */
export function roleRequirement(option: string, roles: readonly unknown[], matching: RoleMatching = 'any'): Requirement {
  // A hole in a list is skipped by every(): copied, it is undefined.
  const names: readonly unknown[] = [...new Set(roles)]
  if (names.length === 0 || !names.every(isName)) {
    throw new ConfigurationError(
      option,
      'at least one role, each a text without spaces, quotes and backslashes',
      "'admin'; other roles go by a function: requirePerm(allOf((principal) => principal.roles.includes('Shop Admin')))",
    )
  }
  return permissionRequirement(namesRule('roles', Object.freeze((matching === 'all' ? [names] : names.map((name) => [name])).map((all) => Object.freeze(all)))))
}
