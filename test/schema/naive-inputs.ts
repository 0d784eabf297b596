import { type ArgumentNode, Kind, type ValueNode } from 'graphql'
import type { InputRef, Json, RandomVariable, Slot } from './random-inputs.js'
import type { Demand, Model } from './random-model.js'

/** What somebody passes at one coordinate, and what that demands. */
export interface Passed {
  readonly coordinate: string
  readonly demands: readonly Demand[]
}

/** What the variables of a request are worth: their values, and else their defaults. */
export function worth(variables: readonly RandomVariable[], values: Readonly<Record<string, Json>>): ReadonlyMap<string, Json> {
  const pairs = variables.map(({ name, fallback }) => [name, Object.hasOwn(values, name) ? values[name] : fallback] as const)
  return new Map(pairs.filter((pair): pair is readonly [string, Json] => pair[1] !== undefined))
}

/** The JSON that an argument passes; `undefined` when it passes nothing. */
export function jsonOf(node: ValueNode, variables: ReadonlyMap<string, Json>): Json | undefined {
  switch (node.kind) {
    case Kind.VARIABLE:
      return variables.get(node.name.value)
    case Kind.NULL:
      return null
    case Kind.LIST:
      return node.values.map((item) => jsonOf(item, variables) ?? null)
    case Kind.OBJECT: {
      const fields = node.fields.map(({ name, value }) => [name.value, jsonOf(value, variables)] as const)
      return Object.fromEntries(fields.filter((field): field is readonly [string, Json] => field[1] !== undefined))
    }
    case Kind.INT:
      return Number(node.value)
    default:
      return 'value' in node ? String(node.value) : null
  }
}

/** All that is passed by a value: to the place itself, and inside of it. Nothing when it is what the place would get anyway. */
export function passedTo(model: Model, coordinate: string, slot: Slot, demands: readonly (Demand | null)[], value: Json | undefined): readonly Passed[] {
  if (value === undefined) return []
  if (slot.fallback !== undefined && filledIn(model, slot.type, value) === filledIn(model, slot.type, slot.fallback)) return []
  const stated = [...demands, ofLeaf(model, slot.type)].filter((demand) => demand !== null)
  return [{ coordinate, demands: stated }, ...inside(model, slot.type, value)]
}

/** The demand of an enum or scalar itself, which everything that takes or returns it has. */
export function ofLeaf(model: Model, { name }: Pick<InputRef, 'name'>): Demand | null {
  return model.enums.get(name)?.demand ?? model.scalars.get(name) ?? null
}

export function argumentValue(args: readonly ArgumentNode[] | undefined, name: string, variables: ReadonlyMap<string, Json>): Json | undefined {
  const node = args?.find((argument) => argument.name.value === name)?.value
  return node === undefined ? undefined : jsonOf(node, variables)
}

function inside(model: Model, { name, lists }: InputRef, value: Json): readonly Passed[] {
  if (value === null) return []
  if (lists > 0) return asList(value).flatMap((item) => inside(model, { name, lists: lists - 1 }, item))
  const chosen = model.enums.get(name)?.values.find((candidate) => candidate.name === value)
  if (chosen !== undefined) return [{ coordinate: `${name}.${chosen.name}`, demands: chosen.demand === null ? [] : [chosen.demand] }]
  const input = model.inputs.get(name)
  if (input === undefined || typeof value !== 'object') return []
  return input.fields.flatMap((field) =>
    passedTo(model, `${name}.${field.name}`, field, [input.demand, field.demand], (value as Readonly<Record<string, Json | undefined>>)[field.name]),
  )
}

/** A value as a resolver gets it, as text: lists made of single values, and what is missing taken from the defaults. */
function filledIn(model: Model, type: InputRef, value: Json): string {
  return JSON.stringify(fill(model, type, value))
}

function fill(model: Model, { name, lists }: InputRef, value: Json): Json {
  if (value === null) return null
  if (lists > 0) return asList(value).map((item) => fill(model, { name, lists: lists - 1 }, item))
  const fields = model.inputs.get(name)?.fields
  if (fields === undefined) return value
  const given = value as Readonly<Record<string, Json | undefined>>
  const filled = fields.map((field) => [field.name, given[field.name] ?? (given[field.name] === null ? null : field.fallback), field.type] as const)
  return Object.fromEntries(filled.flatMap(([key, set, type]) => (set === undefined ? [] : [[key, fill(model, type, set)] as const])))
}

function asList(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value]
}
