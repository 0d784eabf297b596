import {
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql'
import type { Fragments } from './fragments.js'
import { type TypeSet, TypeSets } from './type-sets.js'

/**
 * Whether an operation stays small when it is written out as a compiler does it: fragments where they are spread, a selection on an
 * abstract type once for each of its types, and the type of each variable down to its leaves, which has no end where an input type
 * contains itself. Counts fields, stops at the limit, and does not recurse.
 *
 * @param limit fields
 */
export function isSmallWhenCompiled(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments, limit: number): boolean {
  const left = leftOfVariables(schema, operation, limit)
  return left > 0 && leftOfSelections(schema, operation, fragments, left) > 0
}

/** How many fields of the limit are left; none when it is exceeded. */
function leftOfVariables(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode, limit: number): number {
  const pending: GraphQLNamedType[] = []
  for (const { type } of variableDefinitions) {
    const known = typeFromAST(schema, type)
    if (known !== undefined) pending.push(getNamedType(known))
  }
  let left = limit
  for (let type = pending.pop(); type !== undefined && left > 0; type = pending.pop()) {
    left -= 1
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) pending.push(getNamedType(field.type))
  }
  return left
}

function leftOfSelections(schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Fragments, limit: number): number {
  const root = schema.getRootType(operation.operation)
  const sets = new TypeSets(schema)
  const pending: Array<readonly [SelectionSetNode, TypeSet]> = isObjectType(root) ? [[operation.selectionSet, sets.of(root)]] : []
  let left = limit
  for (let top = pending.pop(); top !== undefined && left > 0; top = pending.pop()) {
    const [{ selections }, types] = top
    for (const selection of selections) {
      // What no type meets is written out too, and counts: a fragment that spreads itself there would never end.
      left -= Math.max(types.names.length, 1)
      if (selection.kind === Kind.FIELD) {
        const { name, selectionSet } = selection
        if (selectionSet === undefined) continue
        for (const typeName of types.names) {
          const field = (schema.getType(typeName) as GraphQLObjectType).getFields()[name.value]
          if (field !== undefined) pending.push([selectionSet, sets.of(getNamedType(field.type))])
        }
        continue
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value]
      if (fragment === undefined) continue
      const condition = fragment.typeCondition === undefined ? undefined : schema.getType(fragment.typeCondition.name.value)
      pending.push([fragment.selectionSet, condition === undefined ? types : sets.narrow(types, condition)])
    }
  }
  return left
}
