import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode, type ValueNode } from 'graphql'
import type { Fragments } from './fragments.js'

/** Values of the variables that `@skip` and `@include` read. */
export type ConditionValues = Readonly<Record<string, boolean | undefined>>

/** A variable on which it depends what the operation selects. */
export interface ConditionVariable {
  readonly name: string
  /** Its default in the operation, or `undefined` when it has none that is a boolean. */
  readonly fallback: boolean | undefined
}

/** Whether a selection runs (GraphQL §3.13). A condition whose value is unknown counts as true: the plan may then only refuse more. */
export function isIncluded(selection: SelectionNode, values: ConditionValues): boolean {
  return conditionOf(selection, 'skip', values) !== true && conditionOf(selection, 'include', values) !== false
}

/**
 * The variables on which it depends what the operation selects. Those that a fragment has as variables of its own are left out:
 * what they are worth there is not what the operation says, so their value stays unknown.
 */
export function conditionVariables(operation: OperationDefinitionNode, fragments: Fragments): readonly ConditionVariable[] {
  const names = new Set<string>()
  const shadowed = new Set<string>()
  const seen = new Set<SelectionSetNode>()
  const pending: SelectionSetNode[] = [operation.selectionSet]
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    if (seen.has(set)) continue
    seen.add(set)
    for (const selection of set.selections) {
      for (const value of [argumentOf(selection, 'skip'), argumentOf(selection, 'include')]) if (value?.kind === Kind.VARIABLE) names.add(value.name.value)
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet !== undefined) pending.push(selection.selectionSet)
        continue
      }
      const fragment = Object.hasOwn(fragments, selection.name.value) ? fragments[selection.name.value] : undefined
      if (fragment === undefined) continue
      for (const name of ownVariables(fragment)) shadowed.add(name)
      pending.push(fragment.selectionSet)
    }
  }
  const fallbacks = new Map(operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]))
  return [...names]
    .filter((name) => !shadowed.has(name))
    .map((name) => {
      const fallback = fallbacks.get(name)
      return { name, fallback: fallback?.kind === Kind.BOOLEAN ? fallback.value : undefined }
    })
}

/** The values that those variables have, or get by default; what is neither is left out. */
export function conditionValues(conditions: readonly ConditionVariable[], variables: Readonly<Record<string, unknown>>): ConditionValues {
  const values: Record<string, boolean> = Object.create(null)
  for (const { name, fallback } of conditions) {
    const given = Object.hasOwn(variables, name) ? variables[name] : undefined
    const value = given === undefined ? fallback : given
    if (typeof value === 'boolean') values[name] = value
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

/** The names of a fragment's own variables: an experiment of graphql-js that a server may switch on. */
export function ownVariables({ variableDefinitions }: FragmentDefinitionNode): readonly string[] {
  return variableDefinitions?.map(({ variable }) => variable.name.value) ?? []
}
