import type { AnyOf } from '../../core/names.js'
import type { Rule } from '../../core/rules/node.js'
import { isDynamic, type Requirement } from '../../core/rules/requirement.js'

/** What a requirement asks, in words. */
export function describe(requirement: Requirement): string {
  const { scopes, permissions, rule, acr, maxAge, object, tenant } = requirement
  const parts = [
    ...(scopes === undefined ? [] : [`scope ${spell(scopes)}`]),
    ...(permissions === undefined ? [] : [`permission ${spell(permissions)}`]),
    ...(rule === undefined ? [] : [describeRule(rule)]),
    ...(object === undefined ? [] : ['on the object']),
    ...(tenant === undefined ? [] : ["in the caller's tenant"]),
    ...(acr === undefined ? [] : [`a login at ${acr.join(' or ')}`]),
    ...(maxAge === undefined ? [] : [`a login not older than ${maxAge} s`]),
  ]
  return parts.length === 0 ? 'an authenticated caller' : parts.join(', ')
}

/** On what the answer to a requirement depends beside the caller. */
export function dependences(requirement: Requirement): readonly ('object' | 'tenant' | 'rule')[] {
  if (!isDynamic(requirement)) return []
  const { object, tenant, rule } = requirement
  return [
    ...(object !== undefined || rule?.readsOwners === true ? (['object'] as const) : []),
    ...(tenant === undefined ? [] : (['tenant'] as const)),
    ...(rule !== undefined && hasFunction(rule) ? (['rule'] as const) : []),
  ]
}

function spell(anyOf: AnyOf): string {
  return anyOf.map((all) => all.join(' and ')).join(', or ')
}

function describeRule(rule: Rule): string {
  switch (rule.kind) {
    case 'allOf':
    case 'anyOf':
      return `${rule.kind}(${rule.rules.map(describeRule).join('; ')})`
    case 'not':
      return `not(${describeRule(rule.rule)})`
    case 'owner':
      return 'owner of the row'
    case 'function':
      return rule.test.name === '' ? 'a function' : `the function ${rule.test.name}`
    default:
      return `${rule.kind.slice(0, -1)} ${spell(rule.names)}`
  }
}

function hasFunction(rule: Rule): boolean {
  if (rule.kind === 'allOf' || rule.kind === 'anyOf') return rule.rules.some(hasFunction)
  return rule.kind === 'not' ? hasFunction(rule.rule) : rule.kind === 'function'
}
