import { DIRECTIVE_SDL, REQUIRES_SCOPES_DIRECTIVE_SDL, useGenericAuth } from '@envelop/generic-auth'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { resolvers, typeDefs } from '../support/model.mjs'
import { executor } from './executor.mjs'
import { compared } from './schema.mjs'

const demanding = typeDefs({ root: '@authenticated @requiresScopes(scopes: [["read"]])', leaf: '@authenticated @requiresScopes(scopes: [["details"]])' })
const schemaOf = () => makeExecutableSchema({ typeDefs: [DIRECTIVE_SDL, REQUIRES_SCOPES_DIRECTIVE_SDL, demanding], resolvers: resolvers() })

/** Base: the same schema, without the plugin. */
export const granular = compared(
  executor(schemaOf()),
  executor(schemaOf(), [useGenericAuth({ mode: 'protect-granular', resolveUserFn: (context) => context.user })]),
)
