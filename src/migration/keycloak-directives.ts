import { getDirective, MapperKind, mapSchema } from '@graphql-tools/utils'
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLSchema } from 'graphql'
import { AUTHENTICATED, type Requirement } from '../core/rules/requirement.js'
import type { AnyFunction } from '../decorators/declaration.js'
import { NEEDS_TRANSFORMER } from '../schema/misplaced.js'
import { permissionsRequired, rolesRequired, wrapper } from './keycloak-connect-graphql.js'

/** The directives of keycloak-connect-graphql, and what gives them their meaning. Both are needed. */
export interface KeycloakDirectives {
  /** Definitions of `@auth`, `@hasRole` and `@hasPermission`, for fields of objects and interfaces. */
  readonly keycloakTypeDefs: string
  /**
   * Returns a copy of a schema whose fields demand what their directives say. A directive on a field of an interface holds on
   * every type that implements it. Before the schema is protected.
   *
   * @throws {ConfigurationError} naming the field whose directive is empty or malformed.
   */
  keycloakTransformer(schema: GraphQLSchema): GraphQLSchema
}

const keycloakTypeDefs = /* GraphQL */ `
  "The caller must be authenticated."
  directive @auth on FIELD_DEFINITION
  "The caller must have one of the roles."
  directive @hasRole(role: [String!]!) on FIELD_DEFINITION
  "The caller must have all of the permissions, each spelled resource:scope."
  directive @hasPermission(resources: [String!]!) on FIELD_DEFINITION
  "Gone once the transformer has read the others."
  directive @${NEEDS_TRANSFORMER} on SCHEMA
`

/**
 * Stands in for `KeycloakTypeDefs` and `KeycloakSchemaDirectives` of keycloak-connect-graphql:
 *
 * ```ts
 * const { keycloakTypeDefs, keycloakTransformer } = keycloakDirectives()
 * const schema = keycloakTransformer(makeExecutableSchema({ typeDefs: [keycloakTypeDefs, typeDefs], resolvers }))
 * ```
 *
 * Without the transformer the schema cannot be protected. Does not read directives in operations, which the original defined and ignored.
 */
export function keycloakDirectives(): KeycloakDirectives {
  return { keycloakTypeDefs, keycloakTransformer }
}

function keycloakTransformer(schema: GraphQLSchema): GraphQLSchema {
  const guarded = (config: Field, fieldName: string, typeName: string): Field => {
    const requirements = requirementsOf(schema, config, `${typeName}.${fieldName}`)
    if (requirements.length === 0) return config
    const wrap = wrapper('hasRole', requirements)
    // Where there is a stream, it is what the caller needs a right to.
    if (config.subscribe !== undefined) return { ...config, subscribe: wrap(config.subscribe as AnyFunction) }
    return { ...config, resolve: wrap((config.resolve ?? defaultFieldResolver) as AnyFunction) }
  }
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: guarded,
    [MapperKind.INTERFACE_FIELD]: guarded,
    [MapperKind.DIRECTIVE]: (directive) => (directive.name === NEEDS_TRANSFORMER ? null : directive),
  })
}

type Field = GraphQLFieldConfig<unknown, unknown>

function requirementsOf(schema: GraphQLSchema, field: Field, coordinate: string): readonly Requirement[] {
  return [
    ...usesOf(schema, field, 'auth').map(() => AUTHENTICATED),
    ...usesOf(schema, field, 'hasRole').map(({ role }) => rolesRequired(`${coordinate} @hasRole`, role)),
    ...usesOf(schema, field, 'hasPermission').flatMap(({ resources }) => permissionsRequired(`${coordinate} @hasPermission`, resources)),
  ]
}

function usesOf(schema: GraphQLSchema, field: Field, name: string): ReadonlyArray<Readonly<Record<string, unknown>>> {
  return getDirective(schema, field, name) ?? []
}
