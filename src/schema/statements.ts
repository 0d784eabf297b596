import type { GraphQLArgument, GraphQLEnumValue, GraphQLField, GraphQLInputField, GraphQLNamedType } from 'graphql'
import { type Definition, readStatement, type Statement } from './directives.js'
import type { DirectiveNames } from './link.js'

/** A field of an object type or interface. */
export type Field = GraphQLField<unknown, unknown>

/** What the definitions of one schema state, each read once. */
export class Statements {
  readonly #names: DirectiveNames
  readonly #read = new Map<Definition, Statement>()

  constructor(names: DirectiveNames) {
    this.#names = names
  }

  ofType(type: GraphQLNamedType): Statement {
    return this.#of(type.name, type)
  }

  ofField(type: GraphQLNamedType, field: Field): Statement {
    return this.#of(`${type.name}.${field.name}`, field)
  }

  /** Reads a field and its arguments for the sake of what is malformed there: no implementing type may do so. */
  ofFieldAndArguments(type: GraphQLNamedType, field: Field): void {
    this.ofField(type, field)
    for (const argument of field.args) this.ofArgument(type, field, argument)
  }

  ofArgument(type: GraphQLNamedType, field: Field, argument: GraphQLArgument): Statement {
    return this.#of(`${type.name}.${field.name}(${argument.name}:)`, argument)
  }

  /** Of a field of an input type, or a value of an enum. */
  ofMember(type: GraphQLNamedType, member: GraphQLInputField | GraphQLEnumValue): Statement {
    return this.#of(`${type.name}.${member.name}`, member)
  }

  #of(coordinate: string, definition: Definition): Statement {
    let statement = this.#read.get(definition)
    if (statement === undefined) {
      statement = readStatement(coordinate, definition, this.#names)
      this.#read.set(definition, statement)
    }
    return statement
  }
}
