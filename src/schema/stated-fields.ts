import type { GraphQLInterfaceType, GraphQLNamedType } from 'graphql'
import type { Declaration } from '../decorators/declaration.js'
import { declarationOf } from './declared-field.js'
import { type Stated, statedBy } from './directives.js'
import type { Field, Statements } from './statements.js'

/** A decorator is named by the field whose resolver it is on. */
export function declaredOnResolver(type: GraphQLNamedType, field: Field, declared: Declaration): readonly Stated[] {
  return statedBy(declared.own, `${type.name}.${field.name}`, 'decorator')
}

export function declaredOnClass(type: GraphQLNamedType, field: Field, declared: Declaration): readonly Stated[] {
  return statedBy(declared.fromClass, `${type.name}.${field.name}`, 'class decorator')
}

/** What an interface demands of a field on every type that implements it, whether the interface has the field or not. */
export function statedByInterface(statements: Statements, type: GraphQLInterfaceType, fieldName: string): readonly Stated[] {
  const field = type.getFields()[fieldName]
  const onType = statements.ofType(type).stated
  if (field === undefined) return onType
  const onField = statements.ofField(type, field)
  // An interface's resolver is never run by graphql-js; what is declared on it holds all the same.
  const declared = declarationOf(field)
  const isPublic = onField.isPublic || declared.isPublic
  return [...(isPublic ? [] : [...onType, ...declaredOnClass(type, field, declared)]), ...onField.stated, ...declaredOnResolver(type, field, declared)]
}
