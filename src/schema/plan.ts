import {
  type ArgumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import type { Requirement } from '../core/rules/requirement.js'
import { type ConditionValues, isIncluded, ownVariables } from './conditions.js'
import type { Fragments } from './fragments.js'
import { checksOfValues, type PlannedArgument, type PlannedInputs, type PlannedValue, planArgument } from './inputs/planned-values.js'
import { NO_VARIABLES, variablesIn } from './inputs/value.js'
import { serviceCoordinate } from './introspection/demands.js'
import type { PlannedCheck } from './planned-check.js'
import type { CoordinateRule, RequirementTable } from './requirement-table.js'
import { type TypeSet, TypeSets } from './type-sets.js'

/** What one operation demands before it runs. */
export interface Plan {
  readonly checks: readonly PlannedCheck[]
  /** `__schema` and `__type`, and federation's `_service`, which the setting `introspection` is about: checked before execution in every mode. */
  readonly introspection: readonly PlannedCheck[]
  /** What is passed by variables, which each request brings anew; see `checksOfVariables`. */
  readonly inputs: PlannedInputs
  /** Every requirement of {@link Plan.checks} and {@link Plan.inputs} once. A caller who meets all of them is refused by none. */
  readonly distinct: readonly Requirement[]
  /** Every requirement of every field and input that the operation can come by, and of every enum value that it can be answered, on whatever concrete type, and of introspection, once. */
  readonly reachable: readonly Requirement[]
}

/**
 * Under this many sets of types a selection set is looked at; past them, once more with every type that it can meet anywhere. That
 * only makes the plan refuse less, and the guards at the resolvers still hold. It bounds what a hostile document can cost.
 */
const MAX_TYPE_SETS = 32

/** The same bound for the document as a whole. */
const MAX_VISITS = 20_000

/**
 * Compiles what an operation demands, on the concrete types that each selection can meet. Iterative, and linear in the document.
 *
 * Literal arguments are looked at once; what variables bring is left to `checksOfVariables`. Does not look at objects, or fields
 * that only some of the possible types guard: those are the guards' part.
 */
export function compilePlan(
  schema: GraphQLSchema,
  table: RequirementTable,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  conditions: ConditionValues,
  observe: PlanObserver | null = null,
): Plan {
  const root = schema.getRootType(operation.operation)
  const compiler = new PlanCompiler(schema, table, operation, fragments, conditions, observe)
  if (root !== undefined && root !== null) compiler.visit(operation.selectionSet, root)
  return compiler.finish()
}

/**
 * Is told of every field that an operation selects and every argument that it passes and that demands something: as selected, and with
 * the rules of the coordinates that this can turn out to be.
 */
export type PlanObserver = (coordinate: string, kind: 'field' | 'argument', rules: () => readonly CoordinateRule[]) => void

/** A selection set, with the object types that it can meet where it stands. */
interface Visit {
  readonly selectionSet: SelectionSetNode
  /** The type that the selection set is written on. */
  readonly selectedOn: GraphQLNamedType
  readonly possible: TypeSet
  /** What is known of the fields there, by name. */
  readonly places: Map<string, Place | null>
}

/** A field, under one set of possible parents: what it leads to. Looked at once, however often it is selected there. */
interface Place {
  readonly type: GraphQLNamedType
  readonly possible: TypeSet
  /** What is known of the arguments there, by name. */
  readonly arguments: Map<string, PlannedArgument | null>
}

class PlanCompiler {
  readonly #schema: GraphQLSchema
  readonly #service: string | null
  readonly #table: RequirementTable
  readonly #operation: OperationDefinitionNode
  readonly #fragments: Fragments
  readonly #conditions: ConditionValues
  readonly #ownVariables: ReadonlySet<string>
  readonly #observe: PlanObserver | null
  readonly #typeSets: TypeSets
  readonly #checks = new Map<string, PlannedCheck>()
  readonly #introspection = new Map<string, PlannedCheck>()
  readonly #ids = new Map<Requirement, number>()
  readonly #reachable = new Set<Requirement>()
  readonly #seen = new Map<SelectionSetNode, Set<TypeSet>>()
  readonly #places = new Map<GraphQLNamedType, Map<TypeSet, Visit['places']>>()
  readonly #pending: Visit[] = []
  readonly #literals: PlannedValue[] = []
  readonly #variables: PlannedValue[] = []
  #visits = 0

  constructor(
    schema: GraphQLSchema,
    table: RequirementTable,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    conditions: ConditionValues,
    observe: PlanObserver | null,
  ) {
    this.#observe = observe
    this.#schema = schema
    this.#service = serviceCoordinate(schema)
    this.#table = table
    this.#operation = operation
    this.#fragments = fragments
    this.#conditions = conditions
    this.#typeSets = new TypeSets(schema)
    this.#ownVariables = new Set(Object.values(fragments).flatMap((fragment) => (fragment === undefined ? [] : ownVariables(fragment))))
  }

  visit(selectionSet: SelectionSetNode, root: GraphQLNamedType): void {
    this.#enqueue(selectionSet, root, this.#typeSets.of(root))
    for (let visit = this.#pending.pop(); visit !== undefined; visit = this.#pending.pop()) {
      for (const selection of visit.selectionSet.selections) if (isIncluded(selection, this.#conditions)) this.#visitSelection(selection, visit)
    }
  }

  finish(): Plan {
    for (const { coordinate, alternatives } of checksOfValues(this.#literals, NO_VARIABLES, this.#table)) this.#addCheck(this.#checks, coordinate, alternatives)
    const checks = [...this.#checks.values()]
    const byVariables = this.#variables.flatMap(({ argument }) => argument.reachable)
    return Object.freeze({
      checks: Object.freeze(checks),
      introspection: Object.freeze([...this.#introspection.values()]),
      inputs: Object.freeze({ operation: this.#operation, values: Object.freeze(this.#variables), rules: this.#table }),
      distinct: Object.freeze([...new Set([...checks.flatMap(({ alternatives }) => alternatives.flat()), ...byVariables])]),
      reachable: Object.freeze([...this.#reachable]),
    })
  }

  #enqueue(selectionSet: SelectionSetNode, selectedOn: GraphQLNamedType, possible: TypeSet): void {
    if (possible.names.length === 0) return
    const sets = this.#seen.get(selectionSet)
    const types = this.#visits < MAX_VISITS && (sets?.size ?? 0) < MAX_TYPE_SETS ? possible : this.#typeSets.of(selectedOn)
    if (sets?.has(types) === true) return
    if (sets === undefined) this.#seen.set(selectionSet, new Set([types]))
    else sets.add(types)
    this.#visits += 1
    this.#pending.push({ selectionSet, selectedOn, possible: types, places: this.#placesOn(selectedOn, types) })
  }

  #placesOn(selectedOn: GraphQLNamedType, possible: TypeSet): Visit['places'] {
    let bySet = this.#places.get(selectedOn)
    if (bySet === undefined) {
      bySet = new Map()
      this.#places.set(selectedOn, bySet)
    }
    let places = bySet.get(possible)
    if (places === undefined) {
      places = new Map()
      bySet.set(possible, places)
    }
    return places
  }

  #visitSelection(selection: SelectionNode, visit: Visit): void {
    if (selection.kind === Kind.FIELD) {
      this.#visitField(selection, visit)
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      this.#visitFragment(selection.selectionSet, selection.typeCondition?.name.value, visit)
    } else {
      const fragment = Object.hasOwn(this.#fragments, selection.name.value) ? this.#fragments[selection.name.value] : undefined
      if (fragment !== undefined) this.#visitFragment(fragment.selectionSet, fragment.typeCondition.name.value, visit)
    }
  }

  #visitFragment(selectionSet: SelectionSetNode, condition: string | undefined, { selectedOn, possible }: Visit): void {
    const type = condition === undefined ? selectedOn : this.#schema.getType(condition)
    if (type === undefined || !isCompositeType(type)) return
    this.#enqueue(selectionSet, type, condition === undefined ? possible : this.#typeSets.narrow(possible, type))
  }

  #visitField({ name: { value: name }, selectionSet, arguments: passed }: FieldNode, { selectedOn, possible, places }: Visit): void {
    if (name === '__typename') return
    if (selectedOn === this.#schema.getQueryType() && (name === '__schema' || name === '__type')) {
      for (const requirement of this.#table.introspection) this.#reachable.add(requirement)
      this.#addCheck(this.#introspection, `${selectedOn.name}.${name}`, [this.#table.introspection])
      return
    }
    if (`${selectedOn.name}.${name}` === this.#service) this.#addCheck(this.#introspection, this.#service, [this.#table.introspection])
    let place = places.get(name)
    if (place === undefined) {
      place = this.#lookAt(name, selectedOn, possible)
      places.set(name, place)
    }
    if (place === null) return
    for (const argument of passed ?? []) this.#visitArgument(argument, { selectedOn: selectedOn.name, field: name }, possible, place)
    if (selectionSet !== undefined) this.#enqueue(selectionSet, place.type, place.possible)
  }

  /** Adds the check of a field, and says where its selection set stands; `null` for a field that no possible parent has. */
  #lookAt(name: string, selectedOn: GraphQLNamedType, possible: TypeSet): Place | null {
    const alternatives = possible.names.map((type) => this.#table.ruleOf(type, name)?.requirements ?? NOTHING)
    for (const requirements of alternatives) for (const requirement of requirements) this.#reachable.add(requirement)
    if (alternatives.every((requirements) => requirements.length > 0)) this.#addCheck(this.#checks, `${selectedOn.name}.${name}`, alternatives)
    this.#observe?.(`${selectedOn.name}.${name}`, 'field', () => possible.names.flatMap((type) => this.#table.ruleOf(type, name) ?? []))
    // Parents that return different types meet in one selection set: what all of them refuse is refused, so they are looked at together.
    const returned = new Set(possible.names.flatMap((parent) => returnType(this.#schema.getType(parent), name) ?? []))
    for (const { name: enumName } of returned) for (const requirement of this.#table.reachableFrom(enumName)) this.#reachable.add(requirement)
    const [first] = returned
    if (first === undefined) return null
    return { type: returnType(selectedOn, name) ?? first, possible: this.#typeSets.union(returned), arguments: new Map() }
  }

  #visitArgument({ name: { value: name }, value: node }: ArgumentNode, at: { selectedOn: string; field: string }, possible: TypeSet, place: Place): void {
    let argument = place.arguments.get(name)
    if (argument === undefined) {
      argument = planArgument(this.#schema, this.#table, { ...at, name }, possible.names)
      place.arguments.set(name, argument)
    }
    if (argument === null) return
    this.#observe?.(argument.coordinate, 'argument', () => possible.names.flatMap((type) => this.#table.argumentRuleOf(type, at.field, name) ?? []))
    for (const requirement of argument.reachable) this.#reachable.add(requirement)
    const variables = variablesIn(node)
    if (variables.length === 0) this.#literals.push({ argument, node })
    // What a fragment's own variables are worth is not what the operation says.
    else if (!variables.some((variable) => this.#ownVariables.has(variable))) this.#variables.push({ argument, node })
  }

  /** The same coordinate can be selected under different sets of types; each place is a check of its own, equal ones are one. */
  #addCheck(checks: Map<string, PlannedCheck>, coordinate: string, lists: readonly (readonly Requirement[])[]): void {
    const distinct = new Map(lists.map((list) => [list.map((requirement) => this.#idOf(requirement)).join(), list]))
    const key = `${coordinate} ${[...distinct.keys()].join(' ')}`
    if (!checks.has(key)) checks.set(key, Object.freeze({ coordinate, alternatives: Object.freeze([...distinct.values()]) }))
  }

  #idOf(requirement: Requirement): number {
    let id = this.#ids.get(requirement)
    if (id === undefined) {
      id = this.#ids.size
      this.#ids.set(requirement, id)
    }
    return id
  }
}

const NOTHING: readonly Requirement[] = Object.freeze([])

function returnType(type: GraphQLNamedType | undefined, fieldName: string): GraphQLNamedType | undefined {
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined
  return field === undefined ? undefined : getNamedType(field.type)
}
