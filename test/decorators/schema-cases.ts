import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse, subscribe, version } from 'graphql'
import { classResolvers, type ResolverClass } from '../../src/decorators/class-resolvers.js'
import { declaredResolver, requirementsOf } from '../../src/decorators/declaration.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { all, type Call, callerOf, contextOf, type Fixtures, type Who } from './fixtures.js'

const ARGS = { id: 'mine' }

/** The same classes in a resolver map, and in a schema that is executed. */
export function schemaCases(mode: string, { Orders, Guarded, Derived, Redecorated, Feed }: Fixtures): void {
  describe(`${mode} decorators in classResolvers`, () => {
    const demands = (resolver: unknown): unknown =>
      requirementsOf(declaredResolver(resolver)?.declaration ?? { own: [], fromClass: [], isPublic: false }).map(
        ({ scopes, permissions }) => scopes ?? permissions,
      )

    it.each<[string, ResolverClass, string, unknown]>([
      ['a method', Orders, 'orders', [[['orders:read']]]],
      ['several', Orders, 'stacked', [[['p']], [['b']], [['a']]]],
      ['none', Orders, 'open', []],
      ['of the class', Guarded, 'member', [[['class']]]],
      ['of the class, on a field', Guarded, 'arrow', [[['class']]]],
      ['of class and member', Guarded, 'both', [[['class']], [['p']]]],
      ['lifted', Guarded, 'open', []],
      ['lifted but its own', Guarded, 'openButPerm', [[['p']]]],
      ['inherited', Derived, 'inherited', [[['base']]]],
      ['of the base, on an override', Derived, 'overridden', [[['base']]]],
      ['of the base, on a method that the base does not have', Derived, 'own', [[['base']]]],
      ['of both classes', Redecorated, 'overridden', [[['sub']], [['base']]]],
    ])('are all known: %s', (_, Class, member, expected) => {
      expect(demands(classResolvers({ Query: Class }).Query?.[member])).toEqual(expected)
    })

    it('of both classes are known on an inherited method, each once', () => {
      const known = demands(classResolvers({ Query: Redecorated }).Query?.inherited)
      expect(known).toHaveLength(2)
      expect(known).toEqual(expect.arrayContaining([[['sub']], [['base']]]))
    })

    it('take an instance, and bind it', async () => {
      const orders = Object.assign(new Orders(), { prefix: 'mine:' })
      const resolver = classResolvers({ Query: orders }).Query?.orders as Call
      expect(resolver(null, ARGS, await contextOf({ scopes: ['orders:read'] }))).toBe('mine:mine')
    })

    it('refuse a class that needs arguments', () => {
      class Needy {
        readonly db: unknown
        constructor(db: unknown) {
          this.db = db
        }
        orders(): unknown {
          return this.db
        }
      }
      expect(() => classResolvers({ Query: Needy as never })).toThrow(/classResolvers: Query: .*without constructor arguments.*new Needy/)
      expect(Object.keys(classResolvers({ Query: new Needy(1) }).Query ?? {})).toEqual(['orders'])
    })
  })

  describe(`${mode} decorators in a schema (graphql ${version})`, () => {
    const typeDefs = /* GraphQL */ `
      type Query { orders(id: ID): String, cancel(id: ID): String, stacked: String, edit(id: ID): String, later: String, open: String, public: String,
        loggedAbove: String, guarded: Guarded, derived: Derived }
      type Guarded { member: String, both: String, open: String, arrow: String }
      type Derived { inherited: String, overridden: String, narrowed: String, own: String }
      type Subscription { ticks: Int }
    `
    const run = async (query: string, who: Who): Promise<{ readonly data?: unknown; readonly reasons: readonly string[] }> => {
      const { auth, context } = await callerOf(who)
      const resolvers = classResolvers({ Query: Orders, Guarded, Derived, Subscription: Feed })
      for (const name of ['anyone', 'alternatives', 'fails', 'watch', 'loggedBelow']) delete resolvers.Query?.[name]
      delete resolvers.Guarded?.openButPerm
      delete resolvers.Guarded?.later
      const extra = { Query: { ...resolvers.Query, guarded: () => ({}), derived: () => ({}) } }
      const schema = protectSchema(makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs], resolvers: { ...resolvers, ...extra } as never }), auth)
      const document = parse(query)
      const args = { schema, document, contextValue: { auth: context } }
      if (!query.startsWith('subscription')) return answerOf((await execute(args)) as ExecutionResult)
      const stream = await subscribe(args)
      return 'next' in stream ? { data: await all(stream), reasons: [] } : answerOf(stream)
    }

    it.each<[string, Who, unknown]>([
      ['{ orders(id: "mine") }', { scopes: ['orders:read'] }, { orders: 'order:mine' }],
      ['{ stacked }', { scopes: ['a', 'b'], permissions: ['p'] }, { stacked: 'all' }],
      ['{ edit(id: "mine") }', {}, { edit: 'edited mine' }],
      ['{ later loggedAbove }', { scopes: ['a'] }, { later: 'later', loggedAbove: 'logged' }],
      ['{ public }', null, { public: 'public' }],
      ['{ open }', {}, { open: 'open' }],
      [
        '{ guarded { member both open arrow } }',
        { scopes: ['class'], permissions: ['p'] },
        { guarded: { member: 'member', both: 'both', open: 'open', arrow: 'arrow of Guarded' } },
      ],
      ['{ guarded { open } }', {}, { guarded: { open: 'open' } }],
      ['{ derived { inherited overridden own } }', { scopes: ['base'] }, { derived: { inherited: 'base', overridden: 'derived of base', own: 'own' } }],
    ])('%s for %j', async (query, who, data) => {
      expect(await run(query, who)).toEqual({ data, reasons: [] })
    })

    it.each<[string, Who, string]>([
      ['{ orders(id: "mine") }', {}, 'INSUFFICIENT_SCOPE'],
      ['{ orders(id: "mine") }', null, 'MISSING_TOKEN'],
      ['{ public }', 'bad', 'INVALID_TOKEN'],
      ['{ open }', null, 'MISSING_TOKEN'],
      ['{ stacked }', { scopes: ['a', 'b'] }, 'INSUFFICIENT_PERMISSION'],
      ['{ edit(id: "yours") }', {}, 'INSUFFICIENT_PERMISSION'],
      ['{ loggedAbove }', {}, 'INSUFFICIENT_SCOPE'],
      ['{ guarded { arrow } }', {}, 'INSUFFICIENT_SCOPE'],
      ['{ guarded { both } }', { scopes: ['class'] }, 'INSUFFICIENT_PERMISSION'],
      ['{ derived { inherited } }', {}, 'INSUFFICIENT_SCOPE'],
      ['{ derived { overridden } }', {}, 'INSUFFICIENT_SCOPE'],
      ['{ derived { own } }', {}, 'INSUFFICIENT_SCOPE'],
      ['{ derived { narrowed } }', { scopes: ['base'] }, 'INSUFFICIENT_PERMISSION'],
    ])('%s is refused for %j', async (query, who, reason) => {
      const { data, reasons } = await run(query, who)
      expect([...new Set(reasons)]).toEqual([reason])
      expect(leaves(data).every((leaf) => leaf === null)).toBe(true)
    })

    it('a subscription streams to who may, and is refused before its stream is made to who may not', async () => {
      expect(await run('subscription { ticks }', { scopes: ['feed'] })).toEqual({ data: [{ data: { ticks: 1 } }, { data: { ticks: 2 } }], reasons: [] })
      expect((await run('subscription { ticks }', {})).reasons).toEqual(['INSUFFICIENT_SCOPE'])
      expect((await run('subscription { ticks }', null)).reasons).toEqual(['MISSING_TOKEN'])
    })
  })
}

function leaves(data: unknown): readonly unknown[] {
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(leaves) : data === undefined ? [] : [data]
}

function answerOf({ data, errors = [] }: ExecutionResult): { readonly data?: unknown; readonly reasons: readonly string[] } {
  const reasons = errors.map(({ extensions, message }) => (extensions.auth as { readonly reason: string } | undefined)?.reason ?? message)
  return { ...(data === undefined ? {} : { data: JSON.parse(JSON.stringify(data)) as unknown }), reasons }
}
