import type { AnyOf } from '../core/names.js'
import type { Rule } from '../core/rules/node.js'
import type { Requirement } from '../core/rules/requirement.js'
import type { CoordinateRule, RequirementTable } from './requirement-table.js'

/**
 * Writes a table as text, one coordinate a line in the schema's order, to be kept in a file and compared in a review. Every field is
 * there, also one that asks nothing (`anyone`), so that a field that was opened shows; arguments, input fields and enum values are
 * there when they ask something. The same schema and settings give the same text.
 *
 * Functions are told by their names alone: what an `object` function or a rule does is not in the text.
 *
 * @example
 * ```
 * __schema, __type: authenticated
 * Query.orders: scopes orders:read
 * Query.orders(all:): scopes orders:read + orders:all | admin
 * Mutation.cancel: permissions order.cancel on an object; acr gold; at most 300 s old
 * ```
 */
export function printRequirements(table: RequirementTable): string {
  const lines = table.rules.filter(({ kind, requirements }) => kind === 'field' || requirements.length > 0).map(printRule)
  return [`__schema, __type: ${printAll(table.introspection)}`, ...lines, ''].join('\n')
}

function printRule({ coordinate, requirements }: CoordinateRule): string {
  return `${coordinate}: ${printAll(requirements)}`
}

function printAll(requirements: readonly Requirement[]): string {
  return requirements.length === 0 ? 'anyone' : requirements.map(printRequirement).join(', and ')
}

/** One requirement, in the words of {@link printRequirements}. */
export function printRequirement({ scopes, permissions, rule, acr, maxAge, object, tenant }: Requirement): string {
  const target = object === undefined ? '' : ' on an object'
  const parts = [
    ...(scopes === undefined ? [] : [`scopes ${printNames(scopes)}`]),
    ...(permissions === undefined ? [] : [`permissions ${printNames(permissions)}${target}`]),
    ...(rule === undefined ? [] : [`${printNode(rule)}${target}`]),
    ...(tenant === undefined ? [] : ['of the same tenant']),
    ...(acr === undefined ? [] : [`acr ${acr.join(' | ')}`]),
    ...(maxAge === undefined ? [] : [`at most ${maxAge} s old`]),
  ]
  return parts.length === 0 ? 'authenticated' : parts.join('; ')
}

function printNames(anyOf: AnyOf): string {
  return anyOf.map((all) => all.join(' + ')).join(' | ')
}

function printNode(rule: Rule): string {
  if (rule.kind === 'owner') return `owner by ${rule.owners.name || 'a function'}`
  if (rule.kind === 'function') return `rule ${rule.test.name || 'without a name'}`
  if (rule.kind === 'not') return `not (${printNode(rule.rule)})`
  if (rule.kind === 'allOf' || rule.kind === 'anyOf') return `${rule.kind} (${rule.rules.map(printNode).join(', ')})`
  return `${rule.kind} ${printNames(rule.names)}`
}
