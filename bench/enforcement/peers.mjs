import 'reflect-metadata'
import { DIRECTIVE_SDL, REQUIRES_SCOPES_DIRECTIVE_SDL, useGenericAuth } from '@envelop/generic-auth'
import authz from '@graphql-authz/core'
import authzEnvelop from '@graphql-authz/envelop-plugin'
import { makeExecutableSchema } from '@graphql-tools/schema'
import PothosSchemaBuilder from '@pothos/core'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { applyMiddleware } from 'graphql-middleware'
import { rule, shield } from 'graphql-shield'
import { Authorized, buildSchemaSync, Field, getMetadataStorage, ObjectType, Query, Resolver } from 'type-graphql'
import { CALLERS, concrete, items, leaves, resolvers, typeDefs, user } from '../support/model.mjs'
import { envelopExecutor } from './executor.mjs'

const contextOf = (caller) => ({ user: CALLERS[caller] })
const holds = (context, scope) => context.user?.scope.includes(scope) === true
const plainSchema = () => makeExecutableSchema({ typeDefs: typeDefs(), resolvers: resolvers() })
const fieldsWith = (fields, value) => Object.fromEntries(fields.map((field) => [field, value]))

const adapter = (name, base, guarded) => ({ name, asked: concrete, base: { run: base, contextOf }, guarded: { run: guarded, contextOf } })

const genericAuthSchema = () =>
  makeExecutableSchema({
    typeDefs: [
      DIRECTIVE_SDL,
      REQUIRES_SCOPES_DIRECTIVE_SDL,
      typeDefs({ root: '@authenticated @requiresScopes(scopes: [["read"]])', leaf: '@authenticated @requiresScopes(scopes: [["details"]])' }),
    ],
    resolvers: resolvers(),
  })

/** Base: the same schema, without the plugin. */
export const genericAuth = adapter(
  '@envelop/generic-auth, protect-granular',
  envelopExecutor(genericAuthSchema()),
  envelopExecutor(genericAuthSchema(), [useGenericAuth({ mode: 'protect-granular', resolveUserFn: (context) => context.user })]),
)

/** Base: the same schema, without the middleware. */
export const graphqlShield = adapter(
  'graphql-shield',
  envelopExecutor(plainSchema()),
  envelopExecutor(
    applyMiddleware(
      plainSchema(),
      shield({
        Query: fieldsWith(
          ['me', 'items'],
          rule()((_source, _args, context) => holds(context, 'read')),
        ),
        User: fieldsWith(
          leaves.User,
          rule()((_source, _args, context) => holds(context, 'details')),
        ),
        Item: fieldsWith(
          leaves.Item,
          rule()((_source, _args, context) => holds(context, 'details')),
        ),
      }),
    ),
  ),
)

function pothosSchema(settings) {
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
export const pothos = adapter(
  '@pothos/plugin-scope-auth',
  envelopExecutor(pothosSchema({})),
  envelopExecutor(
    pothosSchema({
      plugins: [ScopeAuthPlugin],
      scopeAuth: { authScopes: (context) => ({ read: holds(context, 'read'), details: holds(context, 'details') }) },
    }),
  ),
)

const authzRules = {
  MayRead: authz.preExecRule()((context) => holds(context, 'read')),
  MaySeeDetails: authz.preExecRule()((context) => holds(context, 'details')),
}

function authzSchema() {
  const schema = plainSchema()
  const demand = (typeName, fields, name) => {
    for (const field of fields)
      schema.getType(typeName).getFields()[field].extensions = { authz: { directives: [{ name: 'authz', arguments: { rules: [name] } }] } }
  }
  demand('Query', ['me', 'items'], 'MayRead')
  for (const [typeName, fields] of Object.entries(leaves)) demand(typeName, fields, 'MaySeeDetails')
  return schema
}

/** Base: the same schema, without the plugin. */
export const graphqlAuthz = adapter(
  '@graphql-authz',
  envelopExecutor(authzSchema()),
  envelopExecutor(authzSchema(), [authzEnvelop.authZEnvelopPlugin({ rules: authzRules })]),
)

/** The decorators are called as functions, since this file is not compiled. They collect in one storage, which starts anew for each schema. */
function typeGraphqlSchema(demand) {
  getMetadataStorage().clear()
  const objectOf = (name) => {
    const type = { [name]: class {} }[name]
    for (const field of leaves[name]) {
      Field(() => String, { nullable: true })(type.prototype, field)
      demand('details')(type.prototype, field)
    }
    ObjectType(name)(type)
    return type
  }
  const types = { User: objectOf('User'), Item: objectOf('Item') }
  class Root {
    me() {
      return user
    }
    items() {
      return items
    }
  }
  const decorate = (decorator, field) => decorator(Root.prototype, field, Object.getOwnPropertyDescriptor(Root.prototype, field))
  decorate(
    Query(() => types.User, { nullable: true }),
    'me',
  )
  decorate(
    Query(() => [types.Item], { nullable: true }),
    'items',
  )
  for (const field of ['me', 'items']) decorate(demand('read'), field)
  Resolver()(Root)
  return buildSchemaSync({ resolvers: [Root], validate: false, authChecker: ({ context }, scopes) => scopes.every((scope) => holds(context, scope)) })
}

/** Base: the same classes, without `@Authorized`. */
export const typeGraphql = adapter(
  'type-graphql 2 rc, @Authorized',
  envelopExecutor(typeGraphqlSchema(() => () => {})),
  envelopExecutor(typeGraphqlSchema((scope) => Authorized(scope))),
)
