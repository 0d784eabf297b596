import type { GraphQLSchema } from 'graphql'
import type { Auth } from '../core/auth.js'
import { protectedSchemaOf } from './protected-schema.js'
import { compileRequirements, type RequirementTable } from './requirement-table.js'

/**
 * What a schema demands under the settings of an auth: the very table that enforcement works with where the schema is the one that
 * `protectSchema` returned, and the one that it would work with for any other. For printing, comparing and tests of one's own.
 *
 * Does not see decorators on resolvers that another library has wrapped: protect the schema before it is wrapped.
 *
 * @throws {ConfigurationError} naming the coordinate whose statement is malformed, or stands where nothing enforces it.
 */
export function requirementTable(schema: GraphQLSchema, auth: Auth): RequirementTable {
  return protectedSchemaOf(schema)?.table ?? compileRequirements(schema, auth.settings)
}
