import { getDirectiveExtensions } from '@graphql-tools/utils'
import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isIntrospectionType, isObjectType } from 'graphql'
import type { Definition } from '../directives.js'

/** Everything in a schema that a directive can be written on, with its coordinate. */
export function* definitionsOf(schema: GraphQLSchema): Iterable<readonly [coordinate: string, definition: Definition]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type)) continue
    yield [type.name, type]
    if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value]
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field]
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const field of Object.values(type.getFields())) {
      yield [`${type.name}.${field.name}`, field]
      for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name}:)`, arg]
    }
  }
}

/** The coordinates on which each directive is used, by the directive's name in the schema. */
export function directiveUses(schema: GraphQLSchema): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>()
  for (const [coordinate, definition] of definitionsOf(schema)) {
    for (const name of Object.keys(getDirectiveExtensions(definition))) {
      const known = uses.get(name)
      if (known === undefined) uses.set(name, [coordinate])
      else known.push(coordinate)
    }
  }
  return uses
}
