import { type GraphQLNamedType, type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql'
import { ConfigurationError } from '../core/configuration-error.js'
import { type Definition, readStatement } from './directives.js'

/**
 * Refuses a schema that states a requirement where nothing enforces it: on a scalar, enum, union or input type, on their members,
 * and on arguments. A schema of another make may define the directives for those places; to ignore them would leave open what
 * their author takes for closed.
 *
 * @throws {ConfigurationError} naming the first such place.
 */
export function refuseMisplaced(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    for (const [coordinate, definition] of unguarded(type)) {
      if (readStatement(coordinate, definition).requirements.length === 0) continue
      throw new ConfigurationError(
        coordinate,
        'no requirement here, since only object types, interfaces and their fields are guarded',
        'the requirement on the fields that use it',
      )
    }
  }
}

function* unguarded(type: GraphQLNamedType): Iterable<readonly [string, Definition]> {
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name}:)`, arg]
    return
  }
  yield [type.name, type]
  if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field]
  if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value]
}
