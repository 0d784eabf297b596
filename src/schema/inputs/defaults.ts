import { isDeepStrictEqual } from 'node:util'
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLLeafType,
  getArgumentValues,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  Kind,
} from 'graphql'
import { fieldOf, isNull, itemsOf, type Value, variablesIn } from './value.js'

/** What arguments and input fields have in common: the places that a value is passed to. */
export interface Slot {
  readonly name: string
  readonly type: GraphQLInputType
  readonly defaultValue?: unknown
  /** Where graphql 17 keeps it. */
  readonly default?: unknown
}

/** The default of an argument or input field, as graphql-js hands it to resolvers; `null` where there is none, and not a default of null. */
export function defaultOf(slot: Slot): { readonly value: unknown } | null {
  let found = defaults.get(slot)
  if (found === undefined) {
    found = readDefault(slot)
    defaults.set(slot, found)
  }
  return found
}

const defaults = new WeakMap<Slot, { readonly value: unknown } | null>()

/** As graphql-js itself coerces it, for an argument that was not passed: its versions keep defaults in different forms. */
function readDefault(slot: Slot): { readonly value: unknown } | null {
  if (slot.defaultValue === undefined && slot.default === undefined) return null
  const field = { args: [slot] } as unknown as GraphQLField<unknown, unknown>
  return { value: getArgumentValues(field, { kind: Kind.FIELD, name: { kind: Kind.NAME, value: slot.name }, arguments: [] })[slot.name] }
}

/**
 * Whether a value is the one that the schema would supply by itself: whoever passes it passes nothing. A scalar written with
 * variables inside counts as such, since only coercion tells; the guard looks at what came out. Costs no more than the default is large.
 */
export function isDefault(value: Value, slot: Slot): boolean {
  const found = defaultOf(slot)
  return found !== null && equals(value, slot.type, found.value)
}

function equals(value: Value, type: GraphQLInputType, expected: unknown): boolean {
  if (value.form === 'coerced' && Object.is(value.value, expected)) return true
  if (isNull(value)) return expected === null
  const nullable = getNullableType(type)
  if (isListType(nullable)) {
    if (!Array.isArray(expected) || isOtherLength(value, expected.length)) return false
    const items = itemsOf(value)
    return items.length === expected.length && items.every((item, index) => equals(item, nullable.ofType, expected[index]))
  }
  if (!isInputObjectType(nullable)) return equalsLeaf(value, nullable, expected)
  if (typeof expected !== 'object' || expected === null) return false
  return Object.values(nullable.getFields()).every((field) => {
    const given = fieldOf(value, field.name)
    const wanted = Object.hasOwn(expected, field.name) ? { value: (expected as Record<string, unknown>)[field.name] } : null
    if (given !== undefined) return wanted !== null && equals(given, field.type, wanted.value)
    const supplied = defaultOf(field)
    return supplied === null ? wanted === null : wanted !== null && sameValue(supplied.value, wanted.value)
  })
}

/** Tells a list of another length at once: a small document can hold a large one against a default a thousand times. */
function isOtherLength(value: Value, length: number): boolean {
  const list = value.form === 'literal' ? value.node.kind === Kind.LIST && value.node.values : value.value
  return Array.isArray(list) && list.length !== length
}

function equalsLeaf(value: Value, type: GraphQLLeafType, expected: unknown): boolean {
  if (value.form === 'coerced') return sameValue(value.value, expected)
  if (value.form === 'literal' && !isEnumType(type) && variablesIn(value.node).length > 0) return true
  try {
    return sameValue(value.form === 'literal' ? type.parseLiteral(value.node, {}) : type.parseValue(value.value), expected)
  } catch {
    // Execution says so, and no resolver gets it.
    return false
  }
}

/**
 * Scalars of JSON come as objects with a prototype or without one, by the way that they were passed. Of an object of a class it cannot be
 * seen what it holds, since that may be private: two of them are never the same, but for those that are known to show it.
 */
function sameValue(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((item, index) => sameValue(item, right[index]))
  if (!isPlain(left) || !isPlain(right)) return Object.is(left, right) || (isOpen(left) && isOpen(right) && isDeepStrictEqual(left, right))
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && sameValue(left[key], right[key]))
}

function isOpen(value: unknown): boolean {
  return typeof value === 'object' && value !== null && OPEN_PROTOTYPES.has(Object.getPrototypeOf(value))
}

/** Of objects whose whole content `isDeepStrictEqual` compares. */
const OPEN_PROTOTYPES: ReadonlySet<unknown> = new Set([Date.prototype, Uint8Array.prototype, Buffer.prototype])

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
