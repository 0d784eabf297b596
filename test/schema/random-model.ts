import type { IResolvers } from '@graphql-tools/utils'
import type { GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import {
  argumentsOf,
  type Json,
  literalOf,
  type ModelEnum,
  type ModelInput,
  printRef,
  type RandomVariable,
  randomInputs,
  randomSlot,
  type Slot,
} from './random-inputs.js'
import { schemaOf } from './support.js'

/** Numbers that look random and are the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, and without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  some<T>(items: readonly T[], probability: number): readonly T[] {
    return items.filter(() => this.chance(probability))
  }
}

/** Alternatives of scopes. */
export type Demand = readonly (readonly string[])[]

export interface ModelField {
  readonly name: string
  /** The named type that it returns; `null` for a string. */
  readonly returns: string | null
  readonly isList: boolean
  readonly isRequired: boolean
  readonly demand: Demand | null
  readonly isPublic: boolean
  /** Whether demand and public access are stated by decorators, and not in the SDL. */
  readonly isDecorated: boolean
  /** The enum or scalar that it returns where it returns no other type; `null` for a string. */
  readonly leaf: string | null
  readonly args: readonly Slot[]
}

export interface ModelType {
  readonly name: string
  readonly kind: 'type' | 'interface'
  /** All of them, those of interfaces included. */
  readonly interfaces: readonly string[]
  readonly fields: readonly ModelField[]
  readonly demand: Demand | null
  readonly isPublic: boolean
}

/** A schema as its parts, which is what the oracle reads. */
export interface Model {
  readonly types: ReadonlyMap<string, ModelType>
  readonly unions: ReadonlyMap<string, readonly string[]>
  readonly access: 'private' | 'public'
  readonly enums: ReadonlyMap<string, ModelEnum>
  readonly inputs: ReadonlyMap<string, ModelInput>
  /** Scalars of its own, with what they demand. */
  readonly scalars: ReadonlyMap<string, Demand | null>
}

const SCOPES = ['a', 'b', 'c']

export function randomDemand(random: Random): Demand {
  const alternatives = Array.from({ length: 1 + random.below(2) }, () => {
    const all = random.some(SCOPES, 0.4)
    return all.length === 0 ? [random.pick(SCOPES)] : all
  })
  return alternatives
}

/** @param withInputs whether fields take arguments, and return enums and scalars */
export function randomModel(random: Random, withInputs: boolean = false): Model {
  const sometimes = (probability: number): Demand | null => (random.chance(probability) ? randomDemand(random) : null)
  const inputs = withInputs ? randomInputs(random, sometimes) : NO_INPUTS
  const randomArguments = (): readonly Slot[] =>
    withInputs ? Array.from({ length: random.below(3) }, (_, index) => randomSlot(random, inputs, `a${index}`, sometimes(0.08))) : []
  const interfaceNames = Array.from({ length: 1 + random.below(3) }, (_, index) => `I${index}`)
  const objectNames = Array.from({ length: 3 + random.below(4) }, (_, index) => `T${index}`)
  const unions = new Map(random.chance(0.6) ? [['U', objectNames.slice(0, 1 + random.below(objectNames.length))]] : [])
  // Mostly interfaces: what only some types guard is what plan and guards have to share between them.
  const composite = [...interfaceNames, ...interfaceNames, ...interfaceNames, ...objectNames, ...unions.keys()]
  const field = (name: string, returns: string | null, onInterface: boolean): ModelField => ({
    name,
    returns,
    isList: returns !== null && random.chance(0.3),
    isRequired: returns === null && random.chance(0.15),
    demand: random.chance(onInterface ? 0.04 : 0.15) ? randomDemand(random) : null,
    isPublic: random.chance(0.12),
    isDecorated: !onInterface && random.chance(0.4),
    leaf: null,
    args: [],
  })
  /** The same, with arguments, and a list of enum values in place of a string. */
  const dressed = (bare: ModelField): ModelField => {
    if (!withInputs) return bare
    const leaf = bare.returns === null && !bare.isRequired && random.chance(0.5) ? random.pick([...inputs.enums.keys(), ...inputs.scalars.keys()]) : null
    return { ...bare, leaf, isList: bare.isList || (leaf !== null && random.chance(0.4)), args: randomArguments() }
  }
  /** What a field that is implemented may not choose; what it demands, and its defaults, it chooses. */
  const implementing = (above: ModelField, onInterface: boolean): ModelField => ({
    ...field(above.name, above.returns, onInterface),
    isList: above.isList,
    isRequired: above.isRequired,
    leaf: above.leaf,
    args: above.args.map((arg) => ({ ...randomSlot(random, inputs, arg.name, sometimes(0.08), arg.type) })),
  })
  const types = new Map<string, ModelType>()
  for (const [index, name] of interfaceNames.entries()) {
    const parent = index > 0 && random.chance(0.4) ? types.get(interfaceNames[index - 1] as string) : undefined
    const own = [
      dressed(field(`${name.toLowerCase()}s`, null, true)),
      ...(random.chance(0.6) ? [dressed(field(`${name.toLowerCase()}l`, random.pick(composite), true))] : []),
    ]
    const inherited = (parent?.fields ?? []).map((above) => implementing(above, true))
    const interfaces = parent === undefined ? [] : [parent.name, ...parent.interfaces]
    types.set(name, {
      name,
      kind: 'interface',
      interfaces,
      fields: [...inherited, ...own],
      demand: random.chance(0.05) ? randomDemand(random) : null,
      isPublic: false,
    })
  }
  for (const name of objectNames) {
    const interfaces = new Set(random.some(interfaceNames, 0.6).flatMap((chosen) => [chosen, ...(types.get(chosen)?.interfaces ?? [])]))
    const implemented = new Map([...interfaces].flatMap((chosen) => (types.get(chosen)?.fields ?? []).map((above) => [above.name, above] as const)))
    const fields = [...implemented.values()].map((above) => implementing(above, false))
    const own = ['s', 'l', 'm'].map((kind) => dressed(field(`${name.toLowerCase()}${kind}`, kind === 's' ? null : random.pick(composite), false)))
    types.set(name, {
      name,
      kind: 'type',
      interfaces: [...interfaces],
      fields: [...fields, ...own],
      demand: random.chance(0.12) ? randomDemand(random) : null,
      isPublic: false,
    })
  }
  types.set('Query', {
    name: 'Query',
    kind: 'type',
    interfaces: [],
    fields: ['s', 'l', 'm', 'n'].map((kind) =>
      dressed({ ...field(`q${kind}`, kind === 's' ? null : random.pick([...composite, 'Query']), false), isRequired: false }),
    ),
    demand: random.chance(0.1) ? randomDemand(random) : null,
    isPublic: random.chance(0.4),
  })
  return { types, unions, access: random.chance(0.5) ? 'private' : 'public', ...inputs }
}

const NO_INPUTS = { enums: new Map(), inputs: new Map(), scalars: new Map() }

/** The object types that a type can turn out to be. */
export function possibleTypes({ types, unions }: Model, name: string): readonly string[] {
  const members = unions.get(name)
  if (members !== undefined) return members
  if (types.get(name)?.kind === 'type') return [name]
  return [...types.values()].filter(({ kind, interfaces }) => kind === 'type' && interfaces.includes(name)).map((type) => type.name)
}

export function sdlOf(model: Model): string {
  const { types, unions, enums, inputs, scalars } = model
  const demand = (stated: Demand | null): string => (stated === null ? '' : ` @requiresScopes(scopes: ${JSON.stringify(stated)})`)
  const slot = ({ name, type, fallback, ...stated }: Slot): string =>
    `${name}: ${printRef(type)}${fallback === undefined ? '' : ` = ${literalOf(model, type, fallback)}`}${demand(stated.demand)}`
  const field = ({ name, returns, leaf, args, isList, isRequired, isDecorated, isPublic, ...stated }: ModelField): string => {
    const type = returns ?? leaf ?? 'String'
    return `${name}${args.length === 0 ? '' : `(${args.map(slot).join(', ')})`}: ${isList ? `[${type}]` : type}${isRequired ? '!' : ''}${isDecorated ? '' : `${demand(stated.demand)}${isPublic ? ' @public' : ''}`}`
  }
  // The definition of @public in the package leaves interfaces out; their fields it allows.
  const definitions = [...types.values()].map(
    (type) =>
      `${type.kind} ${type.name}${type.interfaces.length > 0 ? ` implements ${type.interfaces.join(' & ')}` : ''}${demand(type.demand)}${type.isPublic ? ' @public' : ''} { ${type.fields.map(field).join(' ')} }`,
  )
  return [
    ...definitions,
    ...[...unions].map(([name, members]) => `union ${name} = ${members.join(' | ')}`),
    ...[...enums].map(
      ([name, { values, ...stated }]) => `enum ${name}${demand(stated.demand)} { ${values.map((value) => `${value.name}${demand(value.demand)}`).join(' ')} }`,
    ),
    ...[...scalars].map(([name, stated]) => `scalar ${name}${demand(stated)}`),
    ...[...inputs].map(
      ([name, { fields, isOneOf, ...stated }]) => `input ${name}${isOneOf ? ' @oneOf' : ''}${demand(stated.demand)} { ${fields.map(slot).join(' ')} }`,
    ),
  ].join('\n')
}

/** What a field that returns an object gives at a path: a type name, several, or nothing; the same whenever it is asked. */
export function valueAt(model: Model, seed: number, path: string, returns: string, isList: boolean): string | null | ReadonlyArray<string | null> {
  const random = new Random(seed + [...path].reduce((hash, character) => Math.imul(hash, 31) + character.charCodeAt(0), 7))
  const possible = possibleTypes(model, returns)
  const one = (): string | null => (possible.length === 0 || random.chance(0.1) ? null : random.pick(possible))
  return isList ? [one(), one()] : one()
}

/** What a field that returns an enum or scalar gives at a path, before anybody looks at it. */
export function leafAt(model: Model, seed: number, path: string, { leaf, isList }: ModelField): Json {
  const random = new Random(seed + [...path].reduce((hash, character) => Math.imul(hash, 31) + character.charCodeAt(0), 11))
  const { values } = model.enums.get(leaf ?? '') ?? {}
  const one = (): Json => (random.chance(0.1) ? null : values === undefined ? path : random.pick(values).name)
  return isList ? [one(), one()] : one()
}

/** The schema of a model, with resolvers that answer as {@link valueAt} says, and count. */
export function executable(model: Model, seed: number, ran: () => void): GraphQLSchema {
  const resolverOf = (type: ModelType, field: ModelField): ((...args: never[]) => unknown) => {
    const { name, returns, leaf, isList, demand, isPublic, isDecorated } = field
    const read = (_source: unknown, _args: unknown, _context: unknown, info: GraphQLResolveInfo): unknown => {
      ran()
      if (leaf !== null) {
        const value = leafAt(model, seed, pathOf(info.path), field)
        // Some of them come late, and some of their items.
        if (name.length % 2 === 0 || !Array.isArray(value)) return name.length % 3 === 0 ? Promise.resolve(value) : value
        return value.map((item: Json, index) => (index === 0 ? Promise.resolve(item) : item))
      }
      if (returns === null) return `${type.name}.${name}`
      const value = valueAt(model, seed, pathOf(info.path), returns, isList)
      return Array.isArray(value) ? value.map(asObject) : asObject(value as string | null)
    }
    const demanded = isDecorated && demand !== null ? requireOAuth({ anyOf: demand })(read) : read
    return (isDecorated && isPublic ? publicAccess()(demanded) : demanded) as (...args: never[]) => unknown
  }
  const objects = [...model.types.values()].filter(({ kind }) => kind === 'type')
  const abstract = [...[...model.types.values()].filter(({ kind }) => kind === 'interface').map(({ name }) => name), ...model.unions.keys()]
  const resolvers = {
    ...Object.fromEntries(objects.map((type) => [type.name, Object.fromEntries(type.fields.map((field) => [field.name, resolverOf(type, field)]))])),
    ...Object.fromEntries(abstract.map((name) => [name, { __resolveType: ({ __typename }: { __typename: string }) => __typename }])),
  }
  return schemaOf(sdlOf(model), resolvers as IResolvers)
}

const asObject = (name: string | null): { __typename: string } | null => (name === null ? null : { __typename: name })

function pathOf(path: GraphQLResolveInfo['path'] | undefined): string {
  const keys: Array<string | number> = []
  for (let step = path; step !== undefined; step = step.prev) keys.unshift(step.key)
  return keys.join('.')
}

/** A document, and the variables that it declares beside those of its conditions. */
export interface RandomRequest {
  readonly source: string
  readonly variables: readonly RandomVariable[]
}

/** A document that asks a model without inputs for something; most are valid. */
export function randomDocument(random: Random, model: Model): string {
  return randomRequest(random, model).source
}

/**
 * A document that asks the model for something; most are valid.
 *
 * @param limit of fields: no more than a reader can follow when two answers differ
 */
export function randomRequest(random: Random, model: Model, limit: number = 24): RandomRequest {
  const declared: RandomVariable[] = []
  let aliases = 0
  const isFull = (): boolean => aliases >= limit
  const fragments: string[] = []
  const named = [...model.types.keys(), ...model.unions.keys()]
  const condition = (): string => {
    if (random.chance(0.75)) return ''
    const value = random.pick(['true', 'false', '$yes', '$no', '$byDefault', '$notByDefault'])
    return ` @${random.pick(['skip', 'include'])}(if: ${value})`
  }
  const overlapping = (on: string): string => {
    const possible = new Set(possibleTypes(model, on))
    const candidates = named.filter((name) => possibleTypes(model, name).some((type) => possible.has(type)))
    return candidates.length === 0 ? on : random.pick(candidates)
  }
  const selections = (on: string, depth: number): string => {
    const fields = model.types.get(on)?.fields ?? []
    const chosen = random.some(fields, depth > 0 ? 0.5 : 0.7).flatMap(({ name, returns, args }) => {
      if (isFull()) return []
      aliases += 1
      const head = `x${aliases}: ${name}${argumentsOf(random, model, args, declared)}${condition()}`
      if (returns === null) return [head]
      return depth > 0 ? [`${head} { ${selections(returns, depth - 1)} }`] : []
    })
    const spreads = depth === 0 || isFull() ? [] : Array.from({ length: random.below(3) }, () => spread(on, depth - 1))
    return ['__typename', ...chosen, ...spreads].join(' ')
  }
  const spread = (on: string, depth: number): string => {
    const type = overlapping(on)
    if (random.chance(0.2)) return `...${condition()} { ${selections(on, depth)} }`
    if (random.chance(0.5)) return `... on ${type}${condition()} { ${selections(type, depth)} }`
    const name = `F${fragments.length}`
    fragments.push('')
    fragments[Number(name.slice(1))] = `fragment ${name} on ${type} { ${selections(type, depth)} }`
    return random.chance(0.3) ? `...${name}${condition()} ...${name}` : `...${name}${condition()}`
  }
  const body = selections('Query', 3)
  const variables = '($yes: Boolean!, $no: Boolean!, $byDefault: Boolean = true, $notByDefault: Boolean = false)'
  const text = [body, ...fragments].join(' ')
  // A field whose selections were too many is left out again, and its arguments with it.
  const passed = declared.filter(({ name }) => new RegExp(`\\$${name}\\b`).test(text))
  const used = ['yes', 'no', 'byDefault', 'notByDefault'].filter((name) => new RegExp(`\\$${name}\\b`).test(text))
  const definitions = [
    ...variables
      .slice(1, -1)
      .split(', ')
      .filter((definition) => used.some((name) => definition.startsWith(`$${name}:`))),
    ...passed.map(({ name, type, fallback }) => {
      const byDefault = fallback === undefined ? '' : ` = ${literalOf(model, type, fallback)}`
      return `$${name}: ${printRef(type)}${byDefault}`
    }),
  ].join(', ')
  return { source: `query${definitions === '' ? '' : ` (${definitions})`} { ${body} } ${fragments.join(' ')}`, variables: passed }
}
