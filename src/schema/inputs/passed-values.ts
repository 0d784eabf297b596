import { type GraphQLEnumType, type GraphQLInputType, getNamedType, getNullableType, isEnumType, isInputObjectType, isListType, Kind } from 'graphql'
import type { CoordinateRule, RequirementTable } from '../requirement-table.js'
import { isDefault, type Slot } from './defaults.js'
import type { SharedValues } from './shared-values.js'
import { fieldsOf, isNull, itemsOf, type Value } from './value.js'

/** The part of the table that values are held against. */
export type InputRules = Pick<RequirementTable, 'inputRuleOf' | 'reachableFrom'>

/**
 * Collects the rules of the input fields and enum values that are passed, through lists and nested inputs, each once. What the
 * schema's own defaults supply is not passed, and neither is a value that equals them.
 *
 * Iterative, and linear in the size of the values: a value that is passed in many places is looked at once.
 */
export class PassedValues {
  readonly rules: Set<CoordinateRule> = new Set()
  readonly #table: InputRules
  readonly #shared: SharedValues | null
  readonly #seen = new Map<object, Set<GraphQLInputType>>()
  readonly #pending: Array<readonly [Value, GraphQLInputType]> = []

  /** @param shared what is known of the operation's variables, where values are those of a running operation */
  constructor(table: InputRules, shared: SharedValues | null = null) {
    this.#table = table
    this.#shared = shared
  }

  /** Looks at the content of one argument's value. */
  look(value: Value, type: GraphQLInputType): void {
    this.#enqueue(value, type)
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) this.#lookInto(...next)
  }

  #enqueue(value: Value, type: GraphQLInputType): void {
    if (this.#table.reachableFrom(getNamedType(type).name).length > 0) this.#pending.push([value, type])
  }

  #lookInto(value: Value, type: GraphQLInputType): void {
    if (isNull(value) || this.#wasSeen(value, type) || this.#isKnown(value, type)) return
    const nullable = getNullableType(type)
    if (isListType(nullable)) for (const item of itemsOf(value)) this.#pending.push([item, nullable.ofType])
    else if (isEnumType(nullable)) for (const name of namesOf(value, nullable)) this.#pass(nullable.name, name)
    else if (isInputObjectType(nullable)) {
      const fields = nullable.getFields()
      for (const [name, set] of fieldsOf(value)) {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined
        if (field !== undefined) this.#set(nullable.name, name, set, field)
      }
    }
  }

  #set(typeName: string, name: string, value: Value, slot: Slot): void {
    const isGuarded = (this.#table.inputRuleOf(typeName, name)?.requirements.length ?? 0) > 0
    if (!isGuarded && this.#table.reachableFrom(getNamedType(slot.type).name).length === 0) return
    if (isDefault(value, slot)) return
    this.#pass(typeName, name)
    this.#enqueue(value, slot.type)
  }

  #pass(typeName: string, name: string): void {
    const rule = this.#table.inputRuleOf(typeName, name)
    if (rule !== undefined && rule.requirements.length > 0) this.rules.add(rule)
  }

  #isKnown(value: Value, type: GraphQLInputType): boolean {
    if (this.#shared === null || value.form !== 'coerced') return false
    const rules = this.#shared.rulesOf(value.value, type, () => {
      const whole = new PassedValues(this.#table)
      whole.look(value, type)
      return whole.rules
    })
    for (const rule of rules ?? []) this.rules.add(rule)
    return rules !== null
  }

  /** A literal stands where it stands; what came by variables may be used in a thousand places. */
  #wasSeen(value: Value, type: GraphQLInputType): boolean {
    if (value.form === 'literal' || typeof value.value !== 'object' || value.value === null) return false
    const types = this.#seen.get(value.value)
    if (types?.has(type) === true) return true
    if (types === undefined) this.#seen.set(value.value, new Set([type]))
    else types.add(type)
    return false
  }
}

/** The names that an enum's value goes by: two may have the same inner value, and both are then passed. */
function namesOf(value: Value, type: GraphQLEnumType): readonly string[] {
  if (value.form === 'literal') return value.node.kind === Kind.ENUM ? [value.node.value] : []
  if (value.form === 'json') return typeof value.value === 'string' ? [value.value] : []
  return type
    .getValues()
    .filter((candidate) => candidate.value === value.value)
    .map(({ name }) => name)
}
