import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql'
import type { Fragments } from './fragments.js'

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
    const known = typeFromAST(schema, type as never) as GraphQLNamedType | undefined
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
  const pending: Array<readonly [SelectionSetNode, readonly GraphQLObjectType[]]> = isObjectType(root) ? [[operation.selectionSet, [root]]] : []
  let left = limit
  for (let top = pending.pop(); top !== undefined && left > 0; top = pending.pop()) {
    const [{ selections }, types] = top
    for (const selection of selections) {
      // What no type meets is written out too, and counts: a fragment that spreads itself there would never end.
      left -= Math.max(types.length, 1)
      if (selection.kind === Kind.FIELD) pending.push(...below(schema, selection, types))
      else {
        const { selectionSet, typeCondition } = (selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value]) ?? NO_FRAGMENT
        if (selectionSet !== undefined) pending.push([selectionSet, ofCondition(schema, typeCondition, types)])
      }
    }
  }
  return left
}

const NO_FRAGMENT: Partial<FragmentDefinitionNode> = {}

/** What a field's own selections are written out on, once for each type that has the field. */
function below(
  schema: GraphQLSchema,
  { name, selectionSet }: FieldNode,
  types: readonly GraphQLObjectType[],
): Array<readonly [SelectionSetNode, readonly GraphQLObjectType[]]> {
  if (selectionSet === undefined) return []
  return types.flatMap((type) => {
    const field = type.getFields()[name.value]
    return field === undefined ? [] : [[selectionSet, possibleTypes(schema, getNamedType(field.type))] as const]
  })
}

function ofCondition(
  schema: GraphQLSchema,
  condition: FragmentDefinitionNode['typeCondition'] | undefined,
  types: readonly GraphQLObjectType[],
): readonly GraphQLObjectType[] {
  const type = condition === undefined ? undefined : schema.getType(condition.name.value)
  if (type === undefined) return types
  return types.filter((candidate) => candidate === type || (isAbstractType(type) && schema.isSubType(type, candidate)))
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLObjectType[] {
  if (isObjectType(type)) return [type]
  return isAbstractType(type) ? schema.getPossibleTypes(type) : []
}
