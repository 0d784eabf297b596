import { getDirectiveExtensions } from '@graphql-tools/utils'
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import type { Requirement } from '../../core/rules/requirement.js'
import type { Check, Setup } from './finding.js'

/**
 * Fields that say what they read (`@requires` of federation, `@computed` of stitching) and ask less than what they read does: their
 * resolver gets the guarded value and may hand it out.
 *
 * Does not see what a resolver reads without saying so: nobody can, short of running it.
 */
export const computedFields: Check = {
  code: 'computed-field',
  level: 'warning',
  *find(setup) {
    for (const type of Object.values(setup.schema.getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith('__')) continue
      for (const field of Object.values(type.getFields())) {
        const own = new Set(setup.table.ruleOf(type.name, field.name)?.requirements)
        const read = selectionsReadBy(field).flatMap((set) => fieldsIn(set, type, setup.schema))
        const guarded = [...new Set(read)].filter((coordinate) => requirementsAt(coordinate, setup).some((requirement) => !own.has(requirement)))
        if (guarded.length === 0) continue
        yield {
          at: [`${type.name}.${field.name}`],
          message: `it reads ${guarded.join(', ')}, and does not ask for what is asked for there`,
          fix: 'state the same requirements on it, or see that its resolver gives nothing of them away',
        }
      }
    }
  },
}

function requirementsAt(coordinate: string, { table }: Setup): readonly Requirement[] {
  const [typeName = '', fieldName = ''] = coordinate.split('.')
  return table.ruleOf(typeName, fieldName)?.requirements ?? []
}

function selectionsReadBy(field: GraphQLField<unknown, unknown>): readonly SelectionSetNode[] {
  const uses: ReadonlyArray<readonly [string, readonly Record<string, unknown>[] | undefined]> = Object.entries(getDirectiveExtensions(field))
  return uses.flatMap(([name, all = []]) => {
    if (name === 'requires' || name.endsWith('__requires')) return all.flatMap(({ fields }) => selectionOf(fields))
    return name === 'computed' ? all.flatMap(({ selectionSet }) => selectionOf(selectionSet)) : []
  })
}

/** What cannot be parsed is for the library whose directive it is to refuse. */
function selectionOf(text: unknown): readonly SelectionSetNode[] {
  if (typeof text !== 'string') return []
  try {
    const [definition] = parse(text.trim().startsWith('{') ? text : `{ ${text} }`, { noLocation: true }).definitions
    return definition?.kind === Kind.OPERATION_DEFINITION ? [definition.selectionSet] : []
  } catch {
    return []
  }
}

function fieldsIn(set: SelectionSetNode, on: GraphQLNamedType, schema: GraphQLSchema): readonly string[] {
  const concrete = isObjectType(on) ? [on] : isInterfaceType(on) ? schema.getPossibleTypes(on) : []
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return []
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const type = selection.typeCondition === undefined ? on : schema.getType(selection.typeCondition.name.value)
      return type === undefined ? [] : fieldsIn(selection.selectionSet, type, schema)
    }
    const name = selection.name.value
    const own = concrete.map((type) => `${type.name}.${name}`)
    const field = isObjectType(on) || isInterfaceType(on) ? on.getFields()[name] : undefined
    const below = field === undefined || selection.selectionSet === undefined ? [] : fieldsIn(selection.selectionSet, getNamedType(field.type), schema)
    return [...own, ...below]
  })
}
