import {
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import type { Requirement } from '../core/requirement.js'
import { type ConditionValues, isIncluded } from './conditions.js'
import type { Fragments } from './fragments.js'
import type { RequirementTable } from './requirement-table.js'

/** A coordinate that the operation selects and that no possible concrete type leaves open. */
export interface PlannedCheck {
  /** As selected: `Type.field`, where the type may be abstract. */
  readonly coordinate: string
  /** One list for each possible concrete type; the coordinate is refused when every list refuses. */
  readonly alternatives: readonly (readonly Requirement[])[]
}

/** What one operation demands before it runs. */
export interface Plan {
  readonly checks: readonly PlannedCheck[]
  /** `__schema` and `__type`, which have no resolver to guard: checked before execution in every mode. */
  readonly introspection: readonly PlannedCheck[]
  /** Every requirement in {@link Plan.checks} once. A caller who meets all of them is refused by none. */
  readonly distinct: readonly Requirement[]
}

/**
 * Past this many (selection set, possible types) pairs a fragment is looked at once with every type it allows. That only makes the
 * plan refuse less; the guards at the resolvers still hold. It bounds what a hostile document can cost.
 */
const MAX_VISITS = 20_000

/**
 * Compiles what an operation demands, on the concrete types that each selection can meet. Iterative, and linear in the document
 * as long as fragments are not spread under ever new sets of types.
 *
 * Does not look at objects, arguments, or fields that only some of the possible types guard: those are the guards' part.
 */
export function compilePlan(
  schema: GraphQLSchema,
  table: RequirementTable,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  conditions: ConditionValues,
): Plan {
  const checks = new Map<string, PlannedCheck>()
  const introspection = new Map<string, PlannedCheck>()
  const root = schema.getRootType(operation.operation)
  if (root === undefined || root === null) return finishPlan(checks, introspection)

  const seen = new Map<SelectionSetNode, Set<string>>()
  const pending: Visit[] = []
  let visits = 0
  const enqueue = (selectionSet: SelectionSetNode, selectedOn: GraphQLNamedType, possible: readonly string[]): void => {
    if (possible.length === 0) return
    const types = visits < MAX_VISITS ? possible : possibleTypes(schema, selectedOn)
    const key = types.join(' ')
    const keys = seen.get(selectionSet)
    if (keys?.has(key) === true) return
    if (keys === undefined) seen.set(selectionSet, new Set([key]))
    else keys.add(key)
    visits += 1
    pending.push({ selectionSet, selectedOn, possible: types })
  }
  const visitFragment = (selectionSet: SelectionSetNode, condition: string | undefined, visit: Visit): void => {
    const type = condition === undefined ? visit.selectedOn : schema.getType(condition)
    if (type === undefined || !isCompositeType(type)) return
    const allowed = condition === undefined ? visit.possible : intersect(visit.possible, possibleTypes(schema, type))
    enqueue(selectionSet, type, allowed)
  }
  const visitField = (field: FieldNode, { selectedOn, possible }: Visit): void => {
    const name = field.name.value
    if (name === '__typename') return
    if (selectedOn === schema.getQueryType() && (name === '__schema' || name === '__type')) {
      addCheck(introspection, { coordinate: `${selectedOn.name}.${name}`, alternatives: [table.introspection] })
      return
    }
    const alternatives = possible.map((type) => table.ruleOf(type, name)?.requirements ?? NOTHING)
    if (alternatives.every((requirements) => requirements.length > 0))
      addCheck(checks, { coordinate: `${selectedOn.name}.${name}`, alternatives: distinctLists(alternatives) })
    if (field.selectionSet === undefined) return
    for (const returned of returnTypes(schema, possible, name)) enqueue(field.selectionSet, returned.type, returned.possible)
  }
  const visitSelection = (selection: SelectionNode, visit: Visit): void => {
    if (!isIncluded(selection, conditions)) return
    if (selection.kind === Kind.FIELD) return visitField(selection, visit)
    if (selection.kind === Kind.INLINE_FRAGMENT) return visitFragment(selection.selectionSet, selection.typeCondition?.name.value, visit)
    const fragment = Object.hasOwn(fragments, selection.name.value) ? fragments[selection.name.value] : undefined
    if (fragment !== undefined) visitFragment(fragment.selectionSet, fragment.typeCondition.name.value, visit)
  }

  enqueue(operation.selectionSet, root, [root.name])
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    for (const selection of visit.selectionSet.selections) visitSelection(selection, visit)
  }
  return finishPlan(checks, introspection)
}

interface Visit {
  readonly selectionSet: SelectionSetNode
  /** The type that the selection set is written on. */
  readonly selectedOn: GraphQLNamedType
  /** Names of the object types that the selection set can meet here, in schema order. */
  readonly possible: readonly string[]
}

const NOTHING: readonly Requirement[] = Object.freeze([])

/** The types that a field returns on the possible parents, each with the object types that it can turn out to be. */
function returnTypes(schema: GraphQLSchema, parents: readonly string[], fieldName: string): Iterable<{ type: GraphQLNamedType; possible: readonly string[] }> {
  const byType = new Map<GraphQLNamedType, { type: GraphQLNamedType; possible: readonly string[] }>()
  for (const parent of parents) {
    const type = schema.getType(parent)
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined
    if (field === undefined) continue
    const returned = getNamedType(field.type)
    if (!byType.has(returned)) byType.set(returned, { type: returned, possible: possibleTypes(schema, returned) })
  }
  // Parents that return different types meet in one selection set: what all of them refuse is refused, so they are looked at together.
  const all = [...byType.values()]
  const first = all[0]
  if (first === undefined || all.length === 1) return all
  return [{ type: first.type, possible: [...new Set(all.flatMap(({ possible }) => possible))].sort() }]
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLNamedType): readonly string[] {
  if (isAbstractType(type)) return schema.getPossibleTypes(type).map(({ name }) => name)
  return isObjectType(type) ? [type.name] : []
}

function intersect(a: readonly string[], b: readonly string[]): readonly string[] {
  const inB = new Set(b)
  return a.filter((name) => inB.has(name))
}

function distinctLists(lists: readonly (readonly Requirement[])[]): readonly (readonly Requirement[])[] {
  return lists.length === 1 ? lists : lists.filter((list, index) => lists.findIndex((other) => sameList(list, other)) === index)
}

function sameList(a: readonly Requirement[], b: readonly Requirement[]): boolean {
  return a.length === b.length && a.every((requirement, index) => requirement === b[index])
}

/** The same coordinate can be selected under different sets of types; each place is a check of its own, equal ones are one. */
function addCheck(checks: Map<string, PlannedCheck>, check: PlannedCheck): void {
  for (let copy = 0; ; copy += 1) {
    const key = `${check.coordinate} ${copy}`
    const known = checks.get(key)
    if (known === undefined) {
      checks.set(key, Object.freeze(check))
      return
    }
    if (
      known.alternatives.length === check.alternatives.length &&
      known.alternatives.every((list, index) => sameList(list, check.alternatives[index] ?? NOTHING))
    )
      return
  }
}

function finishPlan(checks: Map<string, PlannedCheck>, introspection: Map<string, PlannedCheck>): Plan {
  const all = [...checks.values()]
  return Object.freeze({
    checks: Object.freeze(all),
    introspection: Object.freeze([...introspection.values()].filter(({ alternatives }) => alternatives.some((list) => list.length > 0))),
    distinct: Object.freeze([...new Set(all.flatMap(({ alternatives }) => alternatives.flat()))]),
  })
}
