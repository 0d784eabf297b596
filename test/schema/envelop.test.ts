import { type Plugin, useExtendContext, useSchema } from '@envelop/core'
import { MapperKind, mapSchema } from '@graphql-tools/utils'
import { describe, expect, it } from '@jest/globals'
import { defaultFieldResolver, type GraphQLSchema } from 'graphql'
import { useAuth } from '../../src/schema/envelop.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { compileRequirements } from '../../src/schema/requirement-table.js'
import { type AnyPlugin, fixture, requestOf, run } from './envelop-support.js'
import { contextOf, dataOf, demands, refusals } from './support.js'

describe('useAuth', () => {
  it.each([
    ['a fetch request under request', (token: string) => ({ request: requestOf(token) })],
    ['a fetch request under req', (token: string) => ({ req: requestOf(token) })],
    [
      'a node:http request under req, before a fetch request',
      (token: string) => ({ request: requestOf('other'), req: { url: '/', headersDistinct: { authorization: [`Bearer ${token}`] } } }),
    ],
  ])('finds %s', async (_name, contextFor) => {
    const { auth, schema } = fixture()
    expect(dataOf(await run([useSchema(schema), useAuth(auth)], '{ who }', contextFor('ada')))).toEqual({ who: 'ada' })
  })

  it('authenticates a request once, however many operations come by it', async () => {
    const { auth, schema, verified } = fixture()
    const request = requestOf('ada')
    const plugins = [useSchema(schema), useAuth(auth)]
    await Promise.all([run(plugins, '{ who }', { request }), run(plugins, '{ mine }', { request })])
    expect(verified).toEqual(['ada'])
  })

  it('keeps the auth that a transport has put into the context, and does not believe another', async () => {
    const { auth, schema, verified } = fixture()
    const plugins = [useSchema(schema), useAuth(auth)]
    const { principal } = contextOf(auth, { subject: 'socket' }).auth
    const lease = auth.openLease({ principal, transport: 'socket' })
    const held = auth.createContext({ principal, refusal: null, credentials: null, transport: 'socket' }, lease)
    expect(dataOf(await run(plugins, '{ who }', { auth: held, request: requestOf('ada') }))).toEqual({ who: 'socket' })
    expect(dataOf(await run(plugins, '{ who }', contextOf(auth, { subject: 'socket' })))).toEqual({ who: 'socket' })
    expect(verified).toEqual([])
    lease.end('closed')
    expect(dataOf(await run(plugins, '{ who }', { auth: { principal: { subject: 'root' } }, request: requestOf('ada') }))).toEqual({ who: 'ada' })
  })

  it('says what is missing when there is neither a request nor an auth', async () => {
    const { auth, schema } = fixture()
    await expect(run([useSchema(schema), useAuth(auth)], '{ open }', {})).rejects.toThrow('useAuth: expected the request in the context')
  })

  it('refuses before any resolver, and any plugin that looks at execution, gets to see the operation', async () => {
    const { auth, schema, ran } = fixture()
    const seen: string[] = []
    const later: Plugin = { onExecute: () => void seen.push('execute') }
    const result = await run([useSchema(schema), useAuth(auth), later], '{ open mine secret }', { request: requestOf() })
    expect([result.data, refusals(result), ran]).toEqual([undefined, ['Query.mine MISSING_TOKEN', 'Query.secret MISSING_TOKEN'], []])
  })

  it('refuses an operation for what a later plugin puts into its context', async () => {
    const { auth, schema } = fixture()
    const overwrite = useExtendContext(() => ({ auth: { principal: { subject: 'root' } } }))
    await expect(run([useSchema(schema), useAuth(auth), overwrite], '{ open }', { request: requestOf('ada') })).rejects.toThrow(
      'context.auth, which nothing has set on this server',
    )
  })

  describe('beside plugins that change the schema', () => {
    /** Wraps every resolver in a function that the package knows nothing of, once. */
    const wrapping = (): Plugin => {
      let mine: GraphQLSchema | undefined
      return {
        onSchemaChange({ schema, replaceSchema }) {
          if (schema === mine) return
          mine = mapSchema(schema, {
            [MapperKind.OBJECT_FIELD]: (field) => {
              const { resolve = defaultFieldResolver } = field
              return { ...field, resolve: (...args) => resolve(...args) }
            },
          })
          replaceSchema(mine)
        },
      }
    }
    /** The same, but only of what it is first given. */
    const wrappingOnce = (): Plugin => {
      let done = false
      const inner = wrapping()
      return {
        onSchemaChange(payload) {
          if (done) return
          done = true
          inner.onSchemaChange?.(payload as never)
        },
      }
    }
    const orders: ReadonlyArray<[string, (schema: GraphQLSchema, plugin: AnyPlugin) => readonly AnyPlugin[]]> = [
      ['before it', (schema, plugin) => [useSchema(schema), wrappingOnce(), plugin]],
      ['after it', (schema, plugin) => [useSchema(schema), plugin, wrappingOnce()]],
      ['on both sides', (schema, plugin) => [useSchema(schema), wrappingOnce(), plugin, wrappingOnce()]],
    ]

    it.each(orders)('%s, guards what the SDL demands', async (_name, arrange) => {
      const { auth, schema, ran } = fixture()
      const plugins = arrange(schema, useAuth(auth))
      expect(refusals(await run(plugins, '{ mine secret }', { request: requestOf('ada') }))).toEqual(['Query.secret INSUFFICIENT_SCOPE'])
      const partial = await run(plugins, '{ node { id secret } }', { request: requestOf('ada') })
      expect([dataOf(partial), refusals(partial)]).toEqual([{ node: { id: '1', secret: null } }, ['node.secret INSUFFICIENT_SCOPE']])
      expect(ran).toEqual([])
      expect(dataOf(await run(plugins, '{ open mine secret node { secret } }', { request: requestOf('keeper') }))).toEqual({
        open: 'open',
        mine: 'mine',
        secret: 'secret',
        node: { secret: 'user secret' },
      })
      expect(dataOf(await run(plugins, '{ open }', { request: requestOf() }))).toEqual({ open: 'open' })
    })

    it.each(orders)('%s, guards what decorators demand', async (_name, arrange) => {
      const { auth, schema, ran } = fixture()
      const plugins = arrange(schema, useAuth(auth))
      const refused = await run(plugins, '{ decorated }', { request: requestOf('ada') })
      expect([dataOf(refused)?.valueOf() ?? { decorated: null }, ran]).toEqual([{ decorated: null }, []])
      expect(refusals(refused)[0]).toMatch(/ INSUFFICIENT_SCOPE$/)
      expect(dataOf(await run(plugins, '{ decorated }', { request: requestOf('keeper') }))).toEqual({ decorated: 'decorated' })
    })

    it('after it, opens what decorators open', async () => {
      const { auth, schema } = fixture()
      expect(dataOf(await run([useSchema(schema), useAuth(auth), wrappingOnce()], '{ freed }', { request: requestOf() }))).toEqual({ freed: 'freed' })
    })

    it('before it, opens nothing that only a decorator opens, since it cannot be seen', async () => {
      const { auth, schema, ran } = fixture()
      const result = await run([useSchema(schema), wrappingOnce(), useAuth(auth)], '{ freed }', { request: requestOf() })
      expect([refusals(result), ran]).toEqual([['Query.freed MISSING_TOKEN'], []])
    })
  })

  it('keeps what is declared small, however often the schema is changed and protected again', () => {
    const { auth, schema } = fixture()
    const again = (given: GraphQLSchema): GraphQLSchema => mapSchema(protectSchema(given, auth), { [MapperKind.OBJECT_FIELD]: (field) => ({ ...field }) })
    const often = Array.from({ length: 20 }).reduce<GraphQLSchema>(again, schema)
    expect(demands(compileRequirements(often, auth.settings), 'Query.decorated')).toEqual(['scopes secrets'])
    expect(often.getQueryType()?.getFields().decorated?.extensions).toMatchObject({ 'gatehouse.declared': { own: [{ scopes: [['secrets']] }] } })
  })
})
