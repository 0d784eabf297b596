import { type GraphQLSchema, isUnionType } from 'graphql'
import { ConfigurationError } from '../core/configuration-error.js'
import { type Definition, readStatement } from './directives.js'
import type { DirectiveNames } from './link.js'

/** Defined by type definitions of this package whose directives mean nothing before a transformer, which takes it out, has read them. */
export const NEEDS_TRANSFORMER = 'gatehouseNeedsTransformer'

/**
 * Refuses a schema that states a requirement where nothing enforces it. A schema of another make may define the directives for
 * those places; to ignore them would leave open what their author takes for closed.
 *
 * - On a union, since it could mean two things: the fields that return it, or the fields of its members, as an interface's
 *   requirement does. It is written on whichever is meant.
 * - On the argument of a directive, and on the schema itself: directives are not resolved, and a schema is no coordinate.
 * - By directives that still wait for their transformer.
 *
 * @throws {ConfigurationError} naming the first such place.
 */
export function refuseMisplaced(schema: GraphQLSchema, names: DirectiveNames): void {
  if (schema.getDirective(NEEDS_TRANSFORMER)) {
    throw new ConfigurationError('schema', 'one that went through the transformer of its directives', 'keycloakTransformer(makeExecutableSchema({ … }))')
  }
  for (const [coordinate, definition] of unguarded(schema)) {
    if (readStatement(coordinate, definition, names).requirements.length === 0) continue
    throw new ConfigurationError(
      coordinate,
      'no requirement here, since nothing would enforce it',
      "the requirement on the fields that return it, or on the members' own types",
    )
  }
}

function* unguarded(schema: GraphQLSchema): Iterable<readonly [string, Definition]> {
  yield ['schema', schema]
  for (const type of Object.values(schema.getTypeMap())) if (isUnionType(type)) yield [type.name, type]
  for (const directive of schema.getDirectives()) for (const arg of directive.args) yield [`@${directive.name}(${arg.name}:)`, arg]
}
