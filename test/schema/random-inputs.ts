import type { Demand, Model, Random } from './random-model.js'

/** A type of arguments and input fields; nothing of it is required, but for what `@oneOf` requires. */
export interface InputRef {
  readonly name: string
  /** How many lists are around it. */
  readonly lists: number
}

/** What can be passed somewhere: an argument, or a field of an input type. */
export interface Slot {
  readonly name: string
  readonly type: InputRef
  readonly demand: Demand | null
  /** As JSON; `undefined` for none. */
  readonly fallback: Json | undefined
}

export interface ModelEnum {
  readonly values: ReadonlyArray<{ readonly name: string; readonly demand: Demand | null }>
  readonly demand: Demand | null
}

export interface ModelInput {
  readonly fields: readonly Slot[]
  readonly demand: Demand | null
  readonly isOneOf: boolean
}

export type Json = null | number | string | readonly Json[] | { readonly [name: string]: Json }

/** A variable of a document. */
export interface RandomVariable {
  readonly name: string
  readonly type: InputRef
  readonly fallback: Json | undefined
}

type Inputs = Pick<Model, 'enums' | 'inputs' | 'scalars'>

export function randomRef(random: Random, { enums, inputs, scalars }: Inputs): InputRef {
  const names = [...inputs.keys(), ...inputs.keys(), ...enums.keys(), ...enums.keys(), ...scalars.keys(), 'Int']
  return { name: random.pick(names), lists: random.chance(0.25) ? 1 + random.below(2) : 0 }
}

/** A value of a type. Lists of one are sometimes spelled as their item. */
export function randomJson(random: Random, model: Inputs, { name, lists }: InputRef, depth: number): Json {
  if (random.chance(0.08)) return null
  if (lists > 0) {
    const item = { name, lists: lists - 1 }
    if (random.chance(0.25)) return randomJson(random, model, item, depth)
    return Array.from({ length: random.below(3) }, () => randomJson(random, model, item, depth))
  }
  const { values } = model.enums.get(name) ?? {}
  if (values !== undefined) return random.pick(values).name
  const input = model.inputs.get(name)
  if (input === undefined) return name === 'Int' ? random.below(3) : random.pick<Json>([1, 'a', { a: 1 }, { a: [1, { b: 2 }] }])
  if (input.isOneOf) {
    // A field of an input that leads back here must end somewhere.
    const field = random.pick(input.fields)
    return { [field.name]: definite(random, model, field.type) }
  }
  if (depth <= 0) return {}
  const chosen = random.some(input.fields, 0.45)
  return Object.fromEntries(chosen.map((field) => [field.name, fallbackOr(random, field, () => randomJson(random, model, field.type, depth - 1))]))
}

/** Of a slot with a default, often that very value: it is where "passed" and "supplied" part. */
export function fallbackOr(random: Random, { fallback }: Pick<Slot, 'fallback'>, value: () => Json): Json {
  return fallback !== undefined && random.chance(0.35) ? fallback : value()
}

/** A value that is not null, of a type that holds no other inputs. */
function definite(random: Random, model: Inputs, type: InputRef): Json {
  const { values } = model.enums.get(type.name) ?? {}
  return values === undefined ? random.below(3) : random.pick(values).name
}

/** GraphQL text of a value. Enum values are told from texts by the type. */
export function literalOf(model: Inputs, { name, lists }: InputRef, value: Json | undefined, leaf?: (ref: InputRef, value: Json) => string | null): string {
  if (value === undefined) return 'null'
  const replaced = leaf?.({ name, lists }, value) ?? null
  if (replaced !== null) return replaced
  if (value === null) return 'null'
  if (lists > 0) {
    const item = { name, lists: lists - 1 }
    // A variable of the item's type may not stand for a list.
    return Array.isArray(value) ? `[${value.map((one: Json) => literalOf(model, item, one, leaf)).join(', ')}]` : literalOf(model, item, value)
  }
  if (model.enums.has(name)) return String(value)
  const input = model.inputs.get(name)
  if (input === undefined) return scalarLiteral(value)
  const fields = Object.entries(value).map(([key, set]: [string, Json]) => {
    const field = input.fields.find((candidate) => candidate.name === key) as Slot
    // What @oneOf holds must not be null, and so must not be a variable that could be.
    return `${key}: ${literalOf(model, field.type, set, input.isOneOf ? undefined : leaf)}`
  })
  return `{ ${fields.join(', ')} }`
}

function scalarLiteral(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(scalarLiteral).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, set]: [string, Json]) => `${key}: ${scalarLiteral(set)}`)
    .join(', ')} }`
}

export function printRef({ name, lists }: InputRef): string {
  return '['.repeat(lists) + name + ']'.repeat(lists)
}

/** Enums, scalars and input types that hold one another. */
export function randomInputs(random: Random, demand: (probability: number) => Demand | null): Inputs {
  const enums = new Map<string, ModelEnum>(
    ['E0', 'E1'].map((name) => [name, { demand: demand(0.03), values: ['A', 'B', 'C'].map((value) => ({ name: `${name}${value}`, demand: demand(0.12) })) }]),
  )
  const scalars = new Map([['S0', demand(0.06)]])
  const inputs = new Map<string, ModelInput>(['N0', 'N1', 'N2', 'O0'].map((name) => [name, { fields: [], demand: null, isOneOf: name === 'O0' }]))
  const model = { enums, inputs, scalars }
  for (const name of ['N0', 'N1', 'N2']) {
    const fields = Array.from({ length: 2 + random.below(3) }, (_, index): Slot => {
      const type = randomRef(random, model)
      // A default of an input type could lead to itself.
      const hasFallback = !inputs.has(type.name) && random.chance(0.35)
      return {
        name: `${name.toLowerCase()}f${index}`,
        type,
        demand: demand(0.1),
        fallback: hasFallback ? randomJson(random, model, type, 0) : undefined,
      }
    })
    inputs.set(name, { fields, demand: demand(0.04), isOneOf: false })
  }
  const choices = ['Int', 'E0', 'E1'].map(
    (type, index): Slot => ({ name: `o${index}`, type: { name: type, lists: 0 }, demand: demand(0.3), fallback: undefined }),
  )
  inputs.set('O0', { fields: choices, demand: null, isOneOf: true })
  return model
}

/** An argument. A default that is an object is what nested requirements are not asked for. */
export function randomSlot(random: Random, model: Inputs, name: string, demand: Demand | null, type: InputRef = randomRef(random, model)): Slot {
  return { name, type, demand, fallback: random.chance(0.3) ? randomJson(random, model, type, 1) : undefined }
}

/** What a document passes to a field, with variables anywhere in it; those that it needs are added to what it declares. */
export function argumentsOf(random: Random, model: Inputs, args: readonly Slot[], declared: RandomVariable[]): string {
  const variable = (type: InputRef): string => {
    const known = declared.filter((candidate) => candidate.type.name === type.name && candidate.type.lists === type.lists)
    if (known.length > 0 && random.chance(0.6)) return `$${random.pick(known).name}`
    const name = `v${declared.length}`
    declared.push({ name, type, fallback: random.chance(0.3) ? randomJson(random, model, type, 1) : undefined })
    return `$${name}`
  }
  const leaf = (type: InputRef): string | null => (random.chance(0.15) ? variable(type) : null)
  const passed = random.some(args, 0.6).map((slot) => {
    const { name, type } = slot
    if (random.chance(0.3)) return `${name}: ${variable(type)}`
    return `${name}: ${literalOf(
      model,
      type,
      fallbackOr(random, slot, () => randomJson(random, model, type, 2)),
      leaf,
    )}`
  })
  return passed.length === 0 ? '' : `(${passed.join(', ')})`
}

/** Values for a document's variables; some have none. */
export function randomValues(random: Random, model: Inputs, variables: readonly RandomVariable[]): Record<string, Json> {
  return Object.fromEntries(random.some(variables, 0.75).map(({ name, type }) => [name, randomJson(random, model, type, 2)]))
}
