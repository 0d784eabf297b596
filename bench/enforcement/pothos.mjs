import PothosSchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { items, leaves, user } from '../support/model.mjs'
import { executor } from './executor.mjs'
import { compared, holds } from './schema.mjs'

function schemaOf(settings) {
  const builder = new PothosSchemaBuilder(settings)
  const objectOf = (name) =>
    builder.objectRef(name).implement({
      fields: (t) => Object.fromEntries(leaves[name].map((field) => [field, t.exposeString(field, { nullable: true, authScopes: { details: true } })])),
    })
  const types = { User: objectOf('User'), Item: objectOf('Item') }
  builder.queryType({
    fields: (t) => ({
      me: t.field({ type: types.User, nullable: true, authScopes: { read: true }, resolve: () => user }),
      items: t.field({ type: [types.Item], nullable: true, authScopes: { read: true }, resolve: () => items }),
    }),
  })
  return builder.toSchema()
}

/** Base: the same builder, without the plugin. */
export const scopeAuth = compared(
  executor(schemaOf({})),
  executor(
    schemaOf({
      plugins: [ScopeAuthPlugin],
      scopeAuth: { authScopes: (context) => ({ read: holds(context, 'read'), details: holds(context, 'details') }) },
    }),
  ),
)
