import 'reflect-metadata'
import { Authorized, buildSchemaSync, Field, getMetadataStorage, ObjectType, Query, Resolver } from 'type-graphql'
import { items, leaves, user } from '../support/model.mjs'
import { executor } from './executor.mjs'
import { compared, holds } from './schema.mjs'

/** The decorators are called as functions, since this file is not compiled. They collect in one storage, which starts anew for each schema. */
function schemaOf(demand) {
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
export const authorized = compared(executor(schemaOf(() => () => {})), executor(schemaOf((scope) => Authorized(scope))))
