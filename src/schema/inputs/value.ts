import { Kind, type ValueNode } from 'graphql'

/**
 * A value that is passed, in one of the forms that it is met in: written in the document, as JSON in the request's variables, or as
 * graphql-js has coerced it. One set of questions for all three, so that plan and guards give one answer.
 */
export type Value =
  | { readonly form: 'literal'; readonly node: ValueNode; readonly variables: Variables }
  | { readonly form: 'json'; readonly value: unknown }
  | { readonly form: 'coerced'; readonly value: unknown }

/** What the variables of an operation are worth. */
export interface Variables {
  /** `undefined` for a variable that has neither a value nor a default in the operation: nothing is passed then. */
  read(name: string): Value | undefined
}

/** Where there are no variables: in constants. */
export const NO_VARIABLES: Variables = Object.freeze({ read: () => undefined })

/** A value written in the document. `undefined` where it is a variable that is worth nothing. */
export function literal(node: ValueNode, variables: Variables): Value | undefined {
  return node.kind === Kind.VARIABLE ? variables.read(node.name.value) : { form: 'literal', node, variables }
}

/** Whether a value is null, or stands for it. */
export function isNull(value: Value): boolean {
  return value.form === 'literal' ? value.node.kind === Kind.NULL : value.value === null || value.value === undefined
}

/** The items of a list; a value that is no list stands for the list of itself (GraphQL §3.11). A variable that is worth nothing is a null. */
export function itemsOf(value: Value): readonly Value[] {
  if (value.form === 'literal') {
    const { node, variables } = value
    return node.kind === Kind.LIST ? node.values.map((item) => literal(item, variables) ?? NULL) : [value]
  }
  const { form, value: list } = value
  if (Array.isArray(list)) return list.map((item: unknown) => ({ form, value: item }))
  // graphql-js takes every iterable object for a list.
  return isIterable(list) ? Array.from(list, (item) => ({ form, value: item })) : [value]
}

/** The fields that are set in an object, the defaults of coerced values among them. What is no object sets none. */
export function fieldsOf(value: Value): ReadonlyArray<readonly [name: string, value: Value]> {
  if (value.form === 'literal') {
    const { node, variables } = value
    if (node.kind !== Kind.OBJECT) return []
    return node.fields.flatMap(({ name, value: set }): Array<readonly [string, Value]> => {
      const given = literal(set, variables)
      return given === undefined ? [] : [[name.value, given]]
    })
  }
  const { form, value: object } = value
  if (typeof object !== 'object' || object === null) return []
  // Absent and undefined are the same in an object, and not among variables.
  return Object.entries(object).flatMap(([name, set]): Array<readonly [string, Value]> => (set === undefined ? [] : [[name, { form, value: set }]]))
}

/** One field of an object, or `undefined` where it is not set. */
export function fieldOf(value: Value, name: string): Value | undefined {
  if (value.form === 'literal') {
    const { node, variables } = value
    const field = node.kind === Kind.OBJECT ? node.fields.find((candidate) => candidate.name.value === name) : undefined
    return field === undefined ? undefined : literal(field.value, variables)
  }
  const { form, value: object } = value
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, name)) return undefined
  const set: unknown = (object as Record<string, unknown>)[name]
  return set === undefined ? undefined : { form, value: set }
}

/** The variables that a value written in the document holds. */
export function variablesIn(node: ValueNode): readonly string[] {
  const names: string[] = []
  const pending: ValueNode[] = [node]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === Kind.VARIABLE) names.push(next.name.value)
    else if (next.kind === Kind.LIST) for (const item of next.values) pending.push(item)
    else if (next.kind === Kind.OBJECT) for (const field of next.fields) pending.push(field.value)
  }
  return names
}

const NULL: Value = Object.freeze({ form: 'json', value: null })

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
}
