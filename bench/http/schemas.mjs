import { DIRECTIVE_SDL, REQUIRES_SCOPES_DIRECTIVE_SDL } from '@envelop/generic-auth'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { applyMiddleware } from 'graphql-middleware'
import { rule, shield } from 'graphql-shield'
import { authTypeDefs } from '../../dist/index.js'
import { leaves, resolvers, typeDefs } from '../support/model.mjs'

/** No requirement. */
export const plain = () => makeExecutableSchema({ typeDefs: typeDefs(), resolvers: resolvers() })

/** Scopes on every field, in the words of gatehouse. */
export const forGatehouse = () =>
  makeExecutableSchema({
    typeDefs: [authTypeDefs, typeDefs({ root: '@requiresScopes(scopes: [["read"]])', leaf: '@requiresScopes(scopes: [["details"]])' })],
    resolvers: resolvers(),
  })

/** The same for generic-auth. */
export const forGenericAuth = () =>
  makeExecutableSchema({
    typeDefs: [
      DIRECTIVE_SDL,
      REQUIRES_SCOPES_DIRECTIVE_SDL,
      typeDefs({ root: '@authenticated @requiresScopes(scopes: [["read"]])', leaf: '@authenticated @requiresScopes(scopes: [["details"]])' }),
    ],
    resolvers: resolvers(),
  })

/**
 * The same for graphql-shield.
 *
 * @param holds (context, scope) → whether the caller holds it
 */
export function withShield(schema, holds) {
  const demand = (scope) => rule()((_source, _args, context) => holds(context, scope))
  const all = (fields, demanded) => Object.fromEntries(fields.map((field) => [field, demanded]))
  const details = demand('details')
  return applyMiddleware(schema, shield({ Query: all(['me', 'items'], demand('read')), User: all(leaves.User, details), Item: all(leaves.Item, details) }))
}
