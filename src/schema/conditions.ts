import { Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode, type ValueNode } from 'graphql'
import type { Fragments } from './fragments.js'

/** Values of the variables that `@skip` and `@include` read. */
export type ConditionValues = Readonly<Record<string, boolean | undefined>>

/** Whether a selection runs (GraphQL §3.13). A condition whose value is unknown counts as true: the plan may then only refuse more. */
export function isIncluded(selection: SelectionNode, values: ConditionValues): boolean {
  return conditionOf(selection, 'skip', values) !== true && conditionOf(selection, 'include', values) !== false
}

/** Names of the variables on which it depends what the operation selects, in document order. */
export function conditionVariables(operation: OperationDefinitionNode, fragments: Fragments): readonly string[] {
  const names = new Set<string>()
  const seen = new Set<SelectionSetNode>()
  const pending: SelectionSetNode[] = [operation.selectionSet]
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    if (seen.has(set)) continue
    seen.add(set)
    for (const selection of set.selections) {
      for (const value of ['skip', 'include'].map((name) => argumentOf(selection, name))) if (value?.kind === Kind.VARIABLE) names.add(value.name.value)
      const next = selection.kind === Kind.FRAGMENT_SPREAD ? own(fragments, selection.name.value)?.selectionSet : selection.selectionSet
      if (next !== undefined) pending.push(next)
    }
  }
  return [...names]
}

/** The values that those variables have, or get by default; what is neither is left out. */
export function conditionValues(names: readonly string[], operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): ConditionValues {
  const values: Record<string, boolean> = Object.create(null)
  for (const name of names) {
    const given = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (typeof given === 'boolean') values[name] = given
    else if (given === undefined) {
      const fallback = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue
      if (fallback?.kind === Kind.BOOLEAN) values[name] = fallback.value
    }
  }
  return values
}

function conditionOf(selection: SelectionNode, directive: 'skip' | 'include', values: ConditionValues): boolean | undefined {
  const value = argumentOf(selection, directive)
  if (value?.kind === Kind.BOOLEAN) return value.value
  if (value?.kind === Kind.VARIABLE) return values[value.name.value]
  return undefined
}

function argumentOf(selection: SelectionNode, directive: string): ValueNode | undefined {
  return selection.directives?.find(({ name }) => name.value === directive)?.arguments?.find(({ name }) => name.value === 'if')?.value
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
