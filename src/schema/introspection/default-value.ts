import * as graphql from 'graphql'
import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  Kind,
  print,
  type ValueNode,
} from 'graphql'

/** An argument or input field. */
export type InputValue = GraphQLArgument | GraphQLInputField

/**
 * The coordinates that a default value names: enum values as `Enum.VALUE`, and fields of input objects as `Input.field`. A field that
 * has in it what it would have by its own default counts as not named: graphql 16 does not keep which of the two was written.
 */
export function namedInDefault(input: InputValue): readonly string[] {
  const literal = literalOf(input)
  return literal === undefined ? NOTHING : [...namedIn(literal, input.type, (input as WithDefault).default === undefined)]
}

/** Whether whoever leaves it out is refused: it is not nullable, and has no default. */
export function hasDefault(input: InputValue): boolean {
  return input.defaultValue !== undefined || (input as WithDefault).default !== undefined
}

/** graphql 17 keeps the default as it was written, or as the value that a client would send. */
type WithDefault = InputValue & { readonly default?: { readonly literal?: ValueNode; readonly value?: unknown } }

const { valueToLiteral } = graphql as { valueToLiteral?: (value: unknown, type: GraphQLInputType) => ValueNode | undefined }

function literalOf(input: InputValue): ValueNode | undefined {
  const { default: given } = input as WithDefault
  if (given !== undefined) return given.literal ?? valueToLiteral?.(given.value, input.type)
  return input.defaultValue === undefined ? undefined : (astFromValue(input.defaultValue, input.type) ?? undefined)
}

function* namedIn(literal: ValueNode, declared: GraphQLInputType, isFilledIn: boolean): Iterable<string> {
  const type = getNullableType(declared)
  if (isListType(type)) {
    // A single value stands for a list of one (GraphQL §3.11).
    for (const item of literal.kind === Kind.LIST ? literal.values : [literal]) yield* namedIn(item, type.ofType, isFilledIn)
  } else if (isEnumType(type)) {
    if (literal.kind === Kind.ENUM) yield `${type.name}.${literal.value}`
  } else if (isInputObjectType(type) && literal.kind === Kind.OBJECT) {
    for (const { name, value } of literal.fields) {
      const field = type.getFields()[name.value]
      if (field === undefined || (isFilledIn && isItsDefault(field, value))) continue
      yield `${type.name}.${name.value}`
      yield* namedIn(value, field.type, isFilledIn)
    }
  }
}

function isItsDefault(field: GraphQLInputField, value: ValueNode): boolean {
  const own = literalOf(field)
  return own !== undefined && print(own) === print(value)
}

const NOTHING: readonly string[] = Object.freeze([])
