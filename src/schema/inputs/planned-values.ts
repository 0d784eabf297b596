import { type GraphQLInputType, type GraphQLSchema, getNamedType, isObjectType, type OperationDefinitionNode, type ValueNode } from 'graphql'
import type { Requirement } from '../../core/rules/requirement.js'
import type { PlannedCheck } from '../planned-check.js'
import type { CoordinateRule, RequirementTable } from '../requirement-table.js'
import { defaultOf, isDefault, type Slot } from './defaults.js'
import { operationVariables } from './operation-variables.js'
import { type InputRules, PassedValues } from './passed-values.js'
import { literal, type Variables } from './value.js'

/** An argument of a field, on every type that the field's parent can turn out to be. */
export interface PlannedArgument {
  /** As selected: `Type.field(arg:)`, where the type may be abstract. */
  readonly coordinate: string
  readonly type: GraphQLInputType
  /** One for each possible parent; those that say the same are one. */
  readonly parents: ReadonlyArray<{ readonly slot: Slot; readonly rule: CoordinateRule }>
  /** Whether its value is looked into. */
  readonly isDeep: boolean
  /** Every requirement that a value of it can come by, on whatever parent. */
  readonly reachable: readonly Requirement[]
}

/** A value that the operation passes. */
export interface PlannedValue {
  readonly argument: PlannedArgument
  readonly node: ValueNode
}

/** The values that depend on variables, to be looked at for each request. */
export interface PlannedInputs {
  readonly operation: OperationDefinitionNode
  readonly values: readonly PlannedValue[]
  readonly rules: InputRules
}

/** What there is to say of an argument before execution; `null` when nothing that is passed there can be refused. */
export function planArgument(
  schema: GraphQLSchema,
  table: RequirementTable,
  { selectedOn, field, name }: { readonly selectedOn: string; readonly field: string; readonly name: string },
  possible: readonly string[],
): PlannedArgument | null {
  const parents = possible.flatMap((typeName) => {
    const type = schema.getType(typeName)
    const slot = isObjectType(type) ? type.getFields()[field]?.args.find((argument) => argument.name === name) : undefined
    const rule = table.argumentRuleOf(typeName, field, name)
    return slot === undefined || rule === undefined ? [] : [{ slot, rule }]
  })
  const [first] = parents
  if (first === undefined) return null
  const below = table.reachableFrom(getNamedType(first.slot.type).name)
  const reachable = [...new Set([...parents.flatMap(({ rule }) => rule.requirements), ...below])]
  if (reachable.length === 0) return null
  // A document that was not validated may pass what not every parent takes: none is refused for that.
  const distinct = parents.length < possible.length ? [] : distinctParents(parents)
  return { coordinate: `${selectedOn}.${field}(${name}:)`, type: first.slot.type, parents: distinct, isDeep: below.length > 0, reachable }
}

/** Parents without a default differ by what they demand alone. */
function distinctParents(parents: PlannedArgument['parents']): PlannedArgument['parents'] {
  return [...new Map(parents.map((parent) => [defaultOf(parent.slot) === null ? parent.rule : parent.slot, parent])).values()]
}

/**
 * What the values demand before execution, as far as every possible parent demands it. A field or enum value inside of them is
 * one check, however often it is passed.
 */
export function checksOfValues(values: readonly PlannedValue[], variables: Variables, rules: InputRules): readonly PlannedCheck[] {
  const passed = new PassedValues(rules)
  const checks: PlannedCheck[] = []
  for (const { argument, node } of values) {
    const { coordinate, parents, type, isDeep } = argument
    const value = literal(node, variables)
    if (value === undefined || parents.length === 0 || parents.some(({ slot }) => isDefault(value, slot))) continue
    const alternatives = parents.map(({ rule }) => rule.requirements)
    if (alternatives.every((requirements) => requirements.length > 0)) checks.push({ coordinate, alternatives })
    if (isDeep) passed.look(value, type)
  }
  return [...checks, ...[...passed.rules].map(({ coordinate, requirements }) => ({ coordinate, alternatives: [requirements] }))]
}

/**
 * What an operation's variables demand, beside what its document does. Variables that are not known demand nothing here, since the
 * guards ask the same of what comes out of them.
 *
 * @param form whether graphql-js has coerced them
 */
export function checksOfVariables(
  { operation, values, rules }: PlannedInputs,
  variables: Readonly<Record<string, unknown>> | null,
  form: 'json' | 'coerced',
): readonly PlannedCheck[] {
  return values.length === 0 || variables === null ? NO_CHECKS : checksOfValues(values, operationVariables(operation, variables, form), rules)
}

const NO_CHECKS: readonly PlannedCheck[] = Object.freeze([])
