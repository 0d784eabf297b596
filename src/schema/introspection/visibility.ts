import {
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql'
import type { Requirement } from '../../core/rules/requirement.js'
import { hasDefault, type InputValue, namedInDefault } from './default-value.js'
import type { Demands } from './demands.js'

/** What of a schema a caller may see, by name. */
export interface Visibility {
  hasType(typeName: string): boolean
  /** Of a field, input field or enum value. */
  hasMember(typeName: string, memberName: string): boolean
  hasArgument(typeName: string, fieldName: string, argumentName: string): boolean
}

/**
 * Finds what of a schema can be shown to whoever meets some requirements and not others, so that what is shown is a valid schema,
 * and no operation on it is refused before it runs. Hidden is, until nothing more follows:
 *
 * - a field, argument, input field or enum value whose requirements refuse;
 * - an argument or input field whose type is hidden, or whose default value names something hidden;
 * - a field whose type is hidden, or that needs an argument which is hidden; an input type that needs a field which is hidden;
 * - a field of an interface, or an argument of it, that a visible type hides which implements the interface;
 * - a type without members, and an interface or union that no visible object type is.
 *
 * Does not look at whether a type can be reached.
 */
export function visibilityOf(schema: GraphQLSchema, demands: Demands, isMet: (requirement: Requirement) => boolean): Visibility {
  return new Hiding(schema, demands, isMet)
}

class Hiding implements Visibility {
  readonly #schema: GraphQLSchema
  readonly #demands: Demands
  readonly #isMet: (requirement: Requirement) => boolean
  readonly #hidden = new Set<string>()

  constructor(schema: GraphQLSchema, demands: Demands, isMet: (requirement: Requirement) => boolean) {
    this.#schema = schema
    this.#demands = demands
    this.#isMet = isMet
    const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type))
    for (const type of types) this.#hideRefused(type)
    // A type of which nothing is left hides nothing of its interfaces: that has to be known of all types before interfaces are asked.
    this.#untilSettled(() => {
      this.#untilSettled(() => this.#hideWhereVisible(types, (type) => this.#hideUnfit(type)))
      this.#hideWhereVisible(types, (type) => this.#hideUnimplemented(type))
    })
  }

  #untilSettled(pass: () => void): void {
    for (let before = -1; before !== this.#hidden.size; ) {
      before = this.#hidden.size
      pass()
    }
  }

  #hideWhereVisible(types: readonly GraphQLNamedType[], hide: (type: GraphQLNamedType) => void): void {
    for (const type of types) if (this.hasType(type.name)) hide(type)
  }

  hasType(typeName: string): boolean {
    return !this.#hidden.has(typeName)
  }

  hasMember(typeName: string, memberName: string): boolean {
    return !this.#hidden.has(`${typeName}.${memberName}`)
  }

  hasArgument(typeName: string, fieldName: string, argumentName: string): boolean {
    return !this.#hidden.has(`${typeName}.${fieldName}(${argumentName}:)`)
  }

  #hideRefused(type: GraphQLNamedType): void {
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const { name, args } of Object.values(type.getFields())) {
        this.#hideIf(this.#refuses(this.#demands.field(type.name, name)), `${type.name}.${name}`)
        for (const arg of args) this.#hideIf(this.#refuses(this.#demands.argument(type.name, name, arg.name)), `${type.name}.${name}(${arg.name}:)`)
      }
    } else if (isInputObjectType(type)) {
      for (const name of Object.keys(type.getFields())) this.#hideIf(this.#refuses(this.#demands.inputMember(type.name, name)), `${type.name}.${name}`)
    } else if (isEnumType(type)) {
      for (const { name } of type.getValues()) this.#hideIf(this.#refuses(this.#demands.inputMember(type.name, name)), `${type.name}.${name}`)
    }
  }

  /** Hides the members of a type that cannot stand with what is hidden elsewhere, and the type when it cannot stand itself. */
  #hideUnfit(type: GraphQLNamedType): void {
    if (isObjectType(type) || isInterfaceType(type)) {
      this.#hideUnfitFields(type)
      this.#hideIf(isInterfaceType(type) && !this.#implementing(type).some(isObjectType), type.name)
    } else if (isUnionType(type)) {
      this.#hideIf(!type.getTypes().some(({ name }) => this.hasType(name)), type.name)
    } else if (isEnumType(type)) {
      this.#hideIf(!type.getValues().some(({ name }) => this.hasMember(type.name, name)), type.name)
    } else if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields())
      for (const field of fields) this.#hideIf(this.#isUnfitInput(field), `${type.name}.${field.name}`)
      const hidden = fields.filter(({ name }) => !this.hasMember(type.name, name))
      this.#hideIf(hidden.length === fields.length || hidden.some(isRequired), type.name)
    }
  }

  #hideUnfitFields(type: GraphQLObjectType | GraphQLInterfaceType): void {
    const fields = Object.values(type.getFields())
    for (const field of fields) {
      for (const arg of field.args) this.#hideIf(this.#isUnfitInput(arg), `${type.name}.${field.name}(${arg.name}:)`)
      this.#hideIf(this.#isUnfitField(type, field), `${type.name}.${field.name}`)
    }
    this.#hideIf(!fields.some(({ name }) => this.hasMember(type.name, name)), type.name)
  }

  #isUnfitField(type: GraphQLNamedType, field: Field): boolean {
    return !this.hasType(getNamedType(field.type).name) || field.args.some((arg) => isRequired(arg) && !this.hasArgument(type.name, field.name, arg.name))
  }

  /** Hides what an interface has and a type that implements it has not. */
  #hideUnimplemented(type: GraphQLNamedType): void {
    if (!isInterfaceType(type)) return
    const implementing = this.#implementing(type)
    for (const { name: field, args } of Object.values(type.getFields())) {
      for (const { name: arg } of args) {
        this.#hideIf(
          implementing.some(({ name }) => !this.hasArgument(name, field, arg)),
          `${type.name}.${field}(${arg}:)`,
        )
      }
      this.#hideIf(
        implementing.some(({ name }) => !this.hasMember(name, field)),
        `${type.name}.${field}`,
      )
    }
  }

  #implementing(type: GraphQLInterfaceType): ReadonlyArray<GraphQLObjectType | GraphQLInterfaceType> {
    const { objects, interfaces } = this.#schema.getImplementations(type)
    return [...objects, ...interfaces].filter(({ name }) => this.hasType(name))
  }

  #isUnfitInput(input: InputValue): boolean {
    return !this.hasType(getNamedType(input.type).name) || namedInDefault(input).some((coordinate) => this.#hidden.has(coordinate))
  }

  #refuses(requirements: readonly Requirement[]): boolean {
    return !requirements.every(this.#isMet)
  }

  #hideIf(condition: boolean, coordinate: string): void {
    if (condition) this.#hidden.add(coordinate)
  }
}

type Field = GraphQLField<unknown, unknown>

/** Whether a client has to give it. */
function isRequired(input: InputValue): boolean {
  return isNonNullType(input.type) && !hasDefault(input)
}
