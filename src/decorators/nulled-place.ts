import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNullableType,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import type { RefusedPlace, ResultPath } from '../core/report.js'

/**
 * Where a refused field stands in the result, and what its error makes null (GraphQL §6.4.4): the field, or the nearest thing around
 * it that may be null; an empty path is the whole of the data.
 */
export function placeOf(info: Pick<GraphQLResolveInfo, 'path' | 'returnType' | 'schema' | 'operation' | 'fragments'>): RefusedPlace {
  const path = keysOf(info.path)
  if (!isNonNullType(info.returnType)) return { path, nulled: path }
  const types = typesAlong(info)
  let length = path.length
  while (length > 0 && isNonNullType(types[length - 1])) length -= 1
  return { path, nulled: path.slice(0, length) }
}

type Path = GraphQLResolveInfo['path']

function stepsOf(path: Path): readonly Path[] {
  const steps: Path[] = []
  for (let step: Path | undefined = path; step !== undefined; step = step.prev) steps.unshift(step)
  return steps
}

function keysOf(path: Path): ResultPath {
  return stepsOf(path).map(({ key }) => key)
}

/** The type of each position on the way to a field. A path holds response names, so the selections say which fields they are. */
function typesAlong({ path, schema, operation, fragments }: Parameters<typeof placeOf>[0]): ReadonlyArray<GraphQLOutputType | undefined> {
  let sets: readonly SelectionSetNode[] = [operation.selectionSet]
  let type: GraphQLOutputType | undefined
  return stepsOf(path).map(({ key, typename }) => {
    if (typeof key === 'number') {
      const list = type === undefined ? undefined : getNullableType(type)
      type = isListType(list) ? list.ofType : undefined
      return type
    }
    const parent = typename === undefined ? undefined : schema.getType(typename)
    if (!isObjectType(parent)) return undefined
    const nodes = sets.flatMap((set) => fieldsIn(set, key, parent, { schema, fragments }))
    type = nodes[0] === undefined ? undefined : parent.getFields()[nodes[0].name.value]?.type
    sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    return type
  })
}

type Surroundings = Pick<GraphQLResolveInfo, 'schema' | 'fragments'>

/** The fields under one response name that are selected on an object of this type. */
function fieldsIn(set: SelectionSetNode, name: string, parent: GraphQLObjectType, { schema, fragments }: Surroundings): readonly FieldNode[] {
  const found: FieldNode[] = []
  const seen = new Set<SelectionSetNode>()
  const pending: SelectionSetNode[] = [set]
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    if (seen.has(current)) continue
    seen.add(current)
    for (const selection of current.selections) {
      if (selection.kind === Kind.FIELD) {
        if ((selection.alias ?? selection.name).value === name) found.push(selection)
        continue
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[(selection as NamedSpread).name.value]
      if (fragment !== undefined && applies(fragment.typeCondition?.name.value, parent, schema)) pending.push(fragment.selectionSet)
    }
  }
  return found
}

type NamedSpread = Extract<SelectionNode, { kind: Kind.FRAGMENT_SPREAD }>

function applies(condition: string | undefined, parent: GraphQLObjectType, schema: GraphQLResolveInfo['schema']): boolean {
  if (condition === undefined || condition === parent.name) return true
  const type = schema.getType(condition)
  return isAbstractType(type) && schema.isSubType(type, parent)
}
