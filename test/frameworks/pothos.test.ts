import { describe, expect, it } from '@jest/globals'
import SchemaBuilder, { BasePlugin, type SchemaTypes } from '@pothos/core'
import type { GraphQLSchema } from 'graphql'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { openAuth, run } from '../migration/support.js'
import { asking, describeSameOverHttp } from './support/behaviour.js'
import { startPage } from './support/page.js'

describeSameOverHttp({ name: 'pothos' })

describe('extensions of Pothos', () => {
  const onType = asking({ name: 'pothos', replace: [['{ interfaces: [Item] }', "{ interfaces: [Item], extensions: { auth: { scopes: 'vip' } } }"]] })

  it('guard every field of a type that they stand on', async () => {
    expect((await onType.ask('{ orders { id } }', 'orders:read')).status).toBe(403)
    expect((await onType.ask('{ orders { id } }', 'orders:read vip')).body.data).toEqual({ orders: [{ id: 'A-1' }] })
  })

  it('do not let the server start when they are misspelled', async () => {
    const misspelled = startPage('pothos', { replace: [["auth: { scopes: 'orders:admin' }", "auth: { scope: 'orders:admin' }"]] })
    await expect(misspelled).rejects.toThrow('Item.margin extensions.auth: expected a requirement')
  })
})

describe('a plugin of Pothos that wraps resolvers', () => {
  class Wrapping<Types extends SchemaTypes> extends BasePlugin<Types> {
    override wrapResolve(resolver: Parameters<BasePlugin<Types>['wrapResolve']>[0]): ReturnType<BasePlugin<Types>['wrapResolve']> {
      return (source, args, context, info) => resolver(source, args, context, info)
    }
  }
  // Its types know plugins that are declared for every program alone.
  SchemaBuilder.registerPlugin('wrapping' as never, Wrapping as never)

  function schemaOf(plugins: readonly string[]): GraphQLSchema {
    const builder = new SchemaBuilder({ plugins: plugins as never })
    builder.queryType({
      fields: (t) => ({
        wrapped: t.string({ nullable: true, resolve: requireOAuth('orders:read')(() => 'wrapped') }),
        extended: t.string({ nullable: true, extensions: { auth: { scopes: 'orders:read' } }, resolve: () => 'extended' }),
      }),
    })
    return builder.toSchema()
  }
  const { auth } = openAuth()

  it.each<[string, readonly string[], boolean]>([
    ['wrapped', [], false],
    ['wrapped', ['wrapping'], true],
    ['extended', ['wrapping'], false],
  ])('%s, with plugins %j, is refused while it runs: %j', async (field, plugins, ran) => {
    const schema = schemaOf(plugins)
    const refused = await run(auth, schema, `{ ${field} }`, {})
    expect([refused.errors, refused.ran]).toEqual([['INSUFFICIENT_SCOPE'], ran])
    expect((await run(auth, schema, `{ ${field} }`, { scopes: ['orders:read'] })).data).toEqual({ [field]: field })
  })
})
