import { describe, expect, it } from '@jest/globals'
import { execute, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { contextOf, dataOf, Protected, refusals, schemaOf, testAuth } from './support.js'

describe('decorated resolvers', () => {
  class Orders {
    readonly log: string[] = []
    @requireOAuth('read')
    orders(): string {
      return this.#note('orders')
    }
    @requirePerm({ anyOf: [['a', 'b'], ['c']] })
    async cancel(): Promise<string> {
      return this.#note('cancel')
    }
    @publicAccess()
    open(): string {
      return this.#note('open')
    }
    plain(): string {
      return this.#note('plain')
    }
    #note(name: string): string {
      this.log.push(name)
      return name
    }
  }
  const sdl = 'type Query { orders: String cancel: String open: String plain: String }'

  const expectHouseRules = async (schema: GraphQLSchema, log: readonly string[]): Promise<void> => {
    const served = new Protected(schema)
    expect(refusals(await served.ask('{ orders cancel plain open }'))).toEqual([
      'Query.orders MISSING_TOKEN',
      'Query.cancel MISSING_TOKEN',
      'Query.plain MISSING_TOKEN',
    ])
    expect(refusals(await served.ask('{ orders cancel plain open }', { permissions: ['a'] }))).toEqual([
      'Query.orders INSUFFICIENT_SCOPE',
      'Query.cancel INSUFFICIENT_PERMISSION',
    ])
    expect(log).toEqual([])
    expect(dataOf(await served.ask('{ open }'))).toEqual({ open: 'open' })
    const allowed = await served.ask('{ orders cancel plain open }', { scopes: ['read'], permissions: ['c'] })
    expect(dataOf(allowed)).toEqual({ orders: 'orders', cancel: 'cancel', plain: 'plain', open: 'open' })
    expect(log).toEqual(['open', 'orders', 'cancel', 'plain', 'open'])
  }

  it('hold through classResolvers and makeExecutableSchema', async () => {
    const orders = new Orders()
    await expectHouseRules(schemaOf(sdl, classResolvers({ Query: orders })), orders.log)
  })

  it('hold as functions in a resolver map', async () => {
    const log: string[] = []
    const note = (name: string) => (): string => {
      log.push(name)
      return name
    }
    const resolvers = {
      orders: requireOAuth('read')(note('orders')),
      cancel: requirePerm({ anyOf: [['a', 'b'], ['c']] })(note('cancel')),
      open: publicAccess()(note('open')),
      plain: note('plain'),
    }
    await expectHouseRules(schemaOf(sdl, { Query: resolvers }), log)
  })

  it('hold on a plain graphql-js schema', async () => {
    const orders = new Orders()
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: Object.fromEntries(
        Object.entries({ orders: orders.orders, cancel: orders.cancel, open: orders.open, plain: orders.plain }).map(([name, method]) => [
          name,
          { type: GraphQLString, resolve: method.bind(orders) },
        ]),
      ),
    })
    await expectHouseRules(new GraphQLSchema({ query }), orders.log)
  })
})

describe('protectSchema', () => {
  it('leaves the schema that it was given as it was', async () => {
    const schema = schemaOf('type Query { me: String }', { Query: { me: () => 'me' } })
    const copy = protectSchema(schema, testAuth())
    expect(copy).not.toBe(schema)
    expect(dataOf(await execute({ schema, document: parse('{ me }') }))).toEqual({ me: 'me' })
  })

  it('returns a protected schema as it is', () => {
    const auth = testAuth()
    const copy = protectSchema(schemaOf('type Query { me: String }'), auth)
    expect(protectSchema(copy, auth)).toBe(copy)
  })

  it('asks for a permission source when a requirement has an object', () => {
    const schema = schemaOf('type Query { a(id: ID): String }', { Query: { a: requirePerm('p', { object: () => 1 })(() => 'a') } })
    expect(() => protectSchema(schema, testAuth())).toThrow('permissions: expected a permission source, since Query.a asks about an object')
    expect(() => protectSchema(schema, testAuth({ permissions: { check: () => [] } }))).not.toThrow()
  })

  it.each([
    ['no context', undefined],
    ['null', null],
    ['a context without auth', { user: 'root' }],
    ['an auth of another make', { auth: { principal: { subject: 'root' }, decide: () => null, refusal: null } }],
    ['a copy of an auth', { auth: { ...contextOf(testAuth(), {}).auth } }],
    ['what inherits from an auth', { auth: Object.create(contextOf(testAuth(), {}).auth) }],
  ])('refuses, with how to wire the server, on %s', async (_name, contextValue) => {
    let ran = 0
    const schema = schemaOf('type Query { me: String open: String @public }', { Query: { me: () => (ran += 1), open: () => (ran += 1) } })
    const copy = protectSchema(schema, testAuth())
    const result = await execute({ schema: copy, document: parse('{ me open }'), contextValue })
    expect(dataOf(result)).toEqual({ me: null, open: null })
    expect(result.errors?.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the requirement on Query\.me: expected context\.auth, which nothing has set on this server.*useAuth\(auth\)/),
      expect.stringMatching(/^the requirement on Query\.open: expected context\.auth/),
    ])
    expect(ran).toBe(0)
  })

  it('is not needed for a decorated resolver to refuse on a server that nothing wires', async () => {
    let ran = 0
    const schema = schemaOf('type Query { me: String }', { Query: { me: requireOAuth()(() => (ran += 1)) } })
    const result = await execute({ schema, document: parse('{ me }'), contextValue: {} })
    expect([dataOf(result), result.errors?.[0]?.message, ran]).toEqual([
      { me: null },
      expect.stringMatching(/^the requirement on .+: expected context\.auth, which nothing has set on this server/),
      0,
    ])
  })
})
