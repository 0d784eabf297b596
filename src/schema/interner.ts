import { ruleKey } from '../core/rules/node.js'
import { AUTHENTICATED, type Requirement } from '../core/rules/requirement.js'

/** Gives requirements that say the same one identity, so that a document's distinct requirements can be told by `===`. */
export function createInterner(): (requirement: Requirement) => Requirement {
  const known = new Map<string, Requirement>()
  const functions = new Map<object, number>()
  const idOf = (fn: object): number => {
    const id = functions.get(fn) ?? functions.size
    functions.set(fn, id)
    return id
  }
  return (requirement) => {
    const { scopes, permissions, acr, maxAge, object, tenant, rule } = requirement
    const [onObject, inTenant] = [object, tenant].map((selector) => (selector === undefined ? null : idOf(selector)))
    const key = JSON.stringify([scopes, permissions, acr, maxAge, onObject, inTenant, rule === undefined ? null : ruleKey(rule, idOf)])
    const interned = known.get(key)
    if (interned !== undefined) return interned
    const fresh = Object.keys(requirement).length === 0 ? AUTHENTICATED : requirement
    known.set(key, fresh)
    return fresh
  }
}
