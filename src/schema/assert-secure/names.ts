import { isSpecial } from '../../core/permissions/special.js'
import type { Rule } from '../../core/rules/node.js'
import type { Requirement } from '../../core/rules/requirement.js'
import type { Check, Setup } from './finding.js'
import { nearest } from './nearest.js'

type Kind = 'scopes' | 'permissions'

/** A requirement, or a role of the settings, that names a scope or permission which the catalogue does not list. */
export const unknownNames: readonly Check[] = [checkOf('scopes', 'unknown-scope'), checkOf('permissions', 'unknown-permission')]

function checkOf(kind: Kind, code: string): Check {
  return {
    code,
    level: 'error',
    *find(setup) {
      const known = knownNames(setup, kind)
      if (known === null) return
      for (const [name, at] of namesIn(setup, kind)) {
        if (known.has(name) || (kind === 'permissions' && isSpecial(name))) continue
        const meant = nearest(name, known)
        yield {
          at: [...at],
          message: `the ${kind.slice(0, -1)} '${name}' is not in the catalogue`,
          fix: meant === null ? `list it under catalogue.${kind}, or name one that is listed` : `write '${meant}', or list it under catalogue.${kind}`,
        }
      }
    },
  }
}

/** Where scopes count as permissions, a scope of the catalogue is one too. */
function knownNames({ settings: { catalogue, grants } }: Setup, kind: Kind): ReadonlySet<string> | null {
  const own = catalogue[kind]
  if (own === null || kind === 'scopes' || !grants.scopesAsPermissions || catalogue.scopes === null) return own
  return new Set([...own, ...catalogue.scopes])
}

function namesIn({ settings, table }: Setup, kind: Kind): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  const add = (name: string, at: string): void => {
    const places = found.get(name)
    if (places === undefined) found.set(name, new Set([at]))
    else places.add(at)
  }
  for (const { coordinate, requirements } of table.rules) {
    for (const requirement of requirements) for (const name of namesOf(requirement, kind)) add(name, coordinate)
  }
  if (kind === 'permissions') for (const [role, permissions] of settings.grants.roles) for (const name of permissions) add(name, `roles.${role}`)
  return found
}

/** The names of one kind that a requirement asks for, those in its rule included. */
export function namesOf(requirement: Requirement, kind: Kind | 'roles'): readonly string[] {
  return [...(kind === 'roles' ? [] : (requirement[kind] ?? [])).flat(), ...(requirement.rule === undefined ? [] : namesInRule(requirement.rule, kind))]
}

function namesInRule(rule: Rule, kind: Kind | 'roles'): readonly string[] {
  if (rule.kind === 'allOf' || rule.kind === 'anyOf') return rule.rules.flatMap((part) => namesInRule(part, kind))
  if (rule.kind === 'not') return namesInRule(rule.rule, kind)
  return rule.kind === kind ? rule.names.flat() : []
}
