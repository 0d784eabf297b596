import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse, subscribe, version } from 'graphql'
import type { Auth } from '../../src/core/auth.js'
import type { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { AuthError } from '../../src/core/errors.js'
import { classResolvers, type ResolverClass } from '../../src/decorators/class-resolvers.js'
import { type AnyFunction, declaredResolver, requirementsOf } from '../../src/decorators/declaration.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { bearer, carrier, engine, knows, verified } from '../core/support.js'

/** A resolver as the fixtures write it. */
export type Call = (source: unknown, args: Record<string, unknown>, context: unknown, info?: unknown) => unknown

/** Names a member that has no name. */
export const SYMBOL: unique symbol = Symbol('member')

/** What `order.edit` is allowed on. */
export const MINE = 'mine'

type Members<Names extends string> = { [Name in Names]: Call } & { [SYMBOL]: Call }
type Decorated<Names extends string, Statics extends string = never> = (new () => Members<Names>) & { [Name in Statics]: Call }

/** The same classes, decorated in one mode. What each member demands is said in {@link ROWS}. */
export interface Fixtures {
  readonly Orders: Decorated<
    'orders' | 'anyone' | 'cancel' | 'stacked' | 'alternatives' | 'edit' | 'later' | 'fails' | 'open' | 'public' | 'watch' | 'loggedAbove' | 'loggedBelow',
    'ofClass'
  >
  readonly Guarded: Decorated<'member' | 'both' | 'open' | 'openButPerm' | 'arrow' | 'later', 'ofClass'>
  readonly Base: Decorated<'inherited' | 'overridden' | 'narrowed'>
  readonly Derived: Decorated<'inherited' | 'overridden' | 'narrowed' | 'own'>
  readonly Redecorated: Decorated<'inherited' | 'overridden' | 'narrowed'>
  readonly Feed: Decorated<'ticks'>
  /** Classes that cannot be made, each with a decorator where none belongs. */
  readonly misplaced: Readonly<Record<string, () => unknown>>
  /** What `@logged` saw, in order. */
  readonly log: string[]
}

interface Row {
  readonly name: string
  readonly call: (fixtures: Fixtures, context: unknown) => unknown
  readonly needs: Partial<VerifiedToken>
  readonly short: Partial<VerifiedToken>
  readonly reason: string
  readonly value: unknown
}

const ARGS = { id: MINE }
const row = (
  name: string,
  call: Row['call'],
  needs: Partial<VerifiedToken>,
  short: Partial<VerifiedToken>,
  value: unknown,
  reason = 'INSUFFICIENT_SCOPE',
): Row => ({
  name,
  call,
  needs,
  short,
  reason,
  value,
})

/** Each guarded member, who may call it, who not quite, and what he gets. */
const ROWS: readonly Row[] = [
  row('a method', ({ Orders }, context) => new Orders().orders(null, ARGS, context), { scopes: ['orders:read'] }, { scopes: ['orders'] }, 'order:mine'),
  row(
    'a permission',
    ({ Orders }, context) => new Orders().cancel(null, ARGS, context),
    { permissions: ['order.cancel'] },
    { scopes: ['order.cancel'] },
    'cancelled',
    'INSUFFICIENT_PERMISSION',
  ),
  row(
    'several decorators, without the first',
    ({ Orders }, context) => new Orders().stacked(null, ARGS, context),
    { scopes: ['a', 'b'], permissions: ['p'] },
    { scopes: ['b'], permissions: ['p'] },
    'all',
  ),
  row(
    'several decorators, without the second',
    ({ Orders }, context) => new Orders().stacked(null, ARGS, context),
    { scopes: ['a', 'b'], permissions: ['p'] },
    { scopes: ['a'], permissions: ['p'] },
    'all',
  ),
  row(
    'several decorators, without the third',
    ({ Orders }, context) => new Orders().stacked(null, ARGS, context),
    { scopes: ['a', 'b'], permissions: ['p'] },
    { scopes: ['a', 'b'] },
    'all',
    'INSUFFICIENT_PERMISSION',
  ),
  row('alternatives', ({ Orders }, context) => new Orders().alternatives(null, ARGS, context), { scopes: ['c'] }, { scopes: ['a'] }, 'either'),
  row('an async method', ({ Orders }, context) => new Orders().later(null, ARGS, context), { scopes: ['a'] }, {}, 'later'),
  row('a static method', ({ Orders }, context) => Orders.ofClass(null, ARGS, context), { scopes: ['a'] }, {}, 'static of Orders'),
  row('a method without a name', ({ Orders }, context) => new Orders()[SYMBOL](null, ARGS, context), { scopes: ['a'] }, {}, 'symbol'),
  row('a subscription', async ({ Orders }, context) => all(new Orders().watch(null, ARGS, context)), { scopes: ['a'] }, {}, [1, 2]),
  row('a decorator of somebody else above ours', ({ Orders }, context) => new Orders().loggedAbove(null, ARGS, context), { scopes: ['a'] }, {}, 'logged'),
  row('a decorator of somebody else below ours', ({ Orders }, context) => new Orders().loggedBelow(null, ARGS, context), { scopes: ['a'] }, {}, 'logged'),
  row('a member of a decorated class', ({ Guarded }, context) => new Guarded().member(null, ARGS, context), { scopes: ['class'] }, {}, 'member'),
  row('an async member of a decorated class', ({ Guarded }, context) => new Guarded().later(null, ARGS, context), { scopes: ['class'] }, {}, 'later'),
  row(
    'a decorated member of a decorated class, without the class’s',
    ({ Guarded }, context) => new Guarded().both(null, ARGS, context),
    { scopes: ['class'], permissions: ['p'] },
    { permissions: ['p'] },
    'both',
  ),
  row(
    'a decorated member of a decorated class, without its own',
    ({ Guarded }, context) => new Guarded().both(null, ARGS, context),
    { scopes: ['class'], permissions: ['p'] },
    { scopes: ['class'] },
    'both',
    'INSUFFICIENT_PERMISSION',
  ),
  row(
    'a member that is open but for a permission',
    ({ Guarded }, context) => new Guarded().openButPerm(null, ARGS, context),
    { permissions: ['p'] },
    {},
    'open',
    'INSUFFICIENT_PERMISSION',
  ),
  row('a static member of a decorated class', ({ Guarded }, context) => Guarded.ofClass(null, ARGS, context), { scopes: ['class'] }, {}, 'static of Guarded'),
  row(
    'a member without a name of a decorated class',
    ({ Guarded }, context) => new Guarded()[SYMBOL](null, ARGS, context),
    { scopes: ['class'] },
    {},
    'symbol',
  ),
  row('a method inherited from a decorated class', ({ Derived }, context) => new Derived().inherited(null, ARGS, context), { scopes: ['base'] }, {}, 'base'),
  row(
    'a decorated method inherited from a decorated class',
    ({ Derived }, context) => new Derived().narrowed(null, ARGS, context),
    { scopes: ['base'], permissions: ['p'] },
    { scopes: ['base'] },
    'narrowed',
    'INSUFFICIENT_PERMISSION',
  ),
  row(
    'an override in a class decorated again, without the base’s',
    ({ Redecorated }, context) => new Redecorated().overridden(null, ARGS, context),
    { scopes: ['base', 'sub'] },
    { scopes: ['sub'] },
    'redecorated',
  ),
  row(
    'an override in a class decorated again, without its own',
    ({ Redecorated }, context) => new Redecorated().overridden(null, ARGS, context),
    { scopes: ['base', 'sub'] },
    { scopes: ['base'] },
    'redecorated',
  ),
]

/** Runs every case on classes that were decorated in one mode. */
export function cases(mode: string, fixtures: Fixtures): void {
  const { Orders, Guarded, Base, Derived, Redecorated, Feed, misplaced, log } = fixtures

  describe(`${mode} decorators, called as methods`, () => {
    it.each(ROWS)('$name: who may gets the answer', async ({ call, needs, value }) => {
      expect(await outcome(call, fixtures, await contextOf(needs))).toEqual({ value })
    })

    it.each(ROWS)('$name: who may not quite is refused', async ({ call, short, reason }) => {
      expect(await outcome(call, fixtures, await contextOf(short))).toEqual({ reason })
    })

    it.each(ROWS)('$name: nobody is refused', async ({ call }) => {
      expect(await outcome(call, fixtures, await contextOf(null))).toEqual({ reason: 'MISSING_TOKEN' })
    })

    it.each(ROWS)('$name: a bad token is refused', async ({ call }) => {
      expect(await outcome(call, fixtures, await contextOf('bad'))).toEqual({ reason: 'INVALID_TOKEN' })
    })

    it.each(ROWS)('$name: a context that nothing was wired to is refused, also one that looks the part', async ({ call, needs }) => {
      const forged = { auth: { principal: verified(needs), ...needs, decide: () => null, refusal: null } }
      for (const context of [undefined, null, {}, forged]) {
        const thrown = await Promise.resolve()
          .then(() => call(fixtures, context))
          .catch((error: unknown) => error)
        expect(thrown).toBeInstanceOf(ConfigurationError)
        expect((thrown as Error).message).toContain('context.auth')
      }
    })

    it('requireOAuth() needs somebody, whoever he is', async () => {
      const call: Row['call'] = (_, context) => new Orders().anyone(null, ARGS, context)
      expect(await outcome(call, fixtures, await contextOf({}))).toEqual({ value: 'anyone' })
      expect(await outcome(call, fixtures, await contextOf(null))).toEqual({ reason: 'MISSING_TOKEN' })
    })

    it.each<[string, Row['call'], unknown]>([
      ['an undecorated method', (_, context) => new Orders().open(null, ARGS, context), 'open'],
      ['publicAccess', (_, context) => new Orders().public(null, ARGS, context), 'public'],
      ['publicAccess in a decorated class', (_, context) => new Guarded().open(null, ARGS, context), 'open'],
    ])('%s asks for nothing, not even a context', async (_, call, value) => {
      expect(await outcome(call, fixtures, undefined)).toEqual({ value })
    })

    it.each<[string, string]>([
      [MINE, MINE],
      ['yours', 'INSUFFICIENT_PERMISSION'],
    ])('an object is asked about: %s', async (id, expected) => {
      const call: Row['call'] = (_, context) => new Orders().edit(null, { id }, context)
      expect(await outcome(call, fixtures, await contextOf({}))).toEqual(expected === MINE ? { value: `edited ${MINE}` } : { reason: expected })
    })

    it('a decorator of somebody else below ours sees nobody who was refused', async () => {
      log.length = 0
      await outcome((_, context) => new Orders().loggedBelow(null, ARGS, context), fixtures, await contextOf(null))
      expect(log).toEqual([])
      await outcome((_, context) => new Orders().loggedBelow(null, ARGS, context), fixtures, await contextOf({ scopes: ['a'] }))
      expect(log).toEqual(['loggedBelow'])
    })

    it('an error of the resolver’s own is what it was', async () => {
      const context = await contextOf({ scopes: ['a'] })
      expect(() => new Orders().fails(null, ARGS, context)).toThrow(new RangeError('own'))
    })
  })

  describe(`${mode} decorators keep what they wrap`, () => {
    it('its name and length', () => {
      const { prototype } = Orders as unknown as { readonly prototype: Record<string, AnyFunction> }
      expect([prototype.orders?.name, prototype.orders?.length]).toEqual(['orders', 2])
      expect([prototype.edit?.name, prototype.edit?.length]).toEqual(['edit', 2])
      expect([prototype.stacked?.name, prototype.stacked?.length]).toEqual(['stacked', 0])
      expect([Orders.ofClass.name, Orders.ofClass.length]).toEqual(['ofClass', 0])
      const { prototype: guarded } = Guarded as unknown as { readonly prototype: Record<string, AnyFunction> }
      expect([guarded.both?.name, guarded.both?.length]).toEqual(['both', 0])
    })

    it('that it is a member that can be replaced, and does not enumerate', () => {
      for (const holder of [Orders.prototype, Guarded.prototype]) expect(Object.keys(holder)).toEqual([])
      expect(Object.getOwnPropertyDescriptor(Orders.prototype, 'orders')).toMatchObject({ writable: true, enumerable: false, configurable: true })
      expect(Object.getOwnPropertyDescriptor(Guarded.prototype, 'member')).toMatchObject({ writable: true, enumerable: false, configurable: true })
    })

    it('that a synchronous one answers and refuses at once', async () => {
      const orders = new Orders()
      const context = await contextOf({ scopes: ['orders:read'] })
      expect(orders.orders(null, ARGS, context)).toBe('order:mine')
      expect(() => orders.cancel(null, ARGS, context)).toThrow(AuthError)
    })

    it('that an async one answers and refuses with a promise, also where nothing is wired', async () => {
      for (const later of [(context: unknown) => new Orders().later(null, ARGS, context), (context: unknown) => new Guarded().later(null, ARGS, context)]) {
        expect(later(await contextOf({ scopes: ['a', 'class'] }))).toBeInstanceOf(Promise)
        for (const context of [await contextOf({}), undefined]) {
          const refused = later(context)
          expect(refused).toBeInstanceOf(Promise)
          await expect(refused).rejects.toThrow()
        }
      }
    })

    it('that a subscription is refused before a stream is made', async () => {
      const context = await contextOf({})
      expect(() => new Orders().watch(null, ARGS, context)).toThrow(AuthError)
    })

    it('that a class held by a member is a class', () => {
      const { Model } = Guarded as unknown as { readonly Model: new () => object }
      expect(new Model()).toBeInstanceOf(Model)
      expect(Object.keys(classResolvers({ Guarded }).Guarded ?? {})).not.toContain('model')
    })

    it('that the class is the same class', () => {
      expect(Orders.name).toBe('Orders')
      expect(Guarded.name).toBe('Guarded')
      expect(new Guarded()).toBeInstanceOf(Guarded)
      expect(new Derived()).toBeInstanceOf(Base)
    })
  })

  describe(`${mode} decorators where none belongs`, () => {
    it.each(Object.entries(misplaced))('%s', (_, make) => {
      expect(make).toThrow(ConfigurationError)
    })
  })

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

/** The decorators as functions, and what they refuse to be told: the same in every mode. */
export function functionForm(mode: string): void {
  describe(`the function form, compiled as ${mode}`, () => {
    it('wraps a resolver, and says so', async () => {
      const resolver = requireOAuth('a')((source: string, args: { id: number }) => `${source}${args.id}`)
      const call = resolver as unknown as Call
      expect(call('s', { id: 1 }, await contextOf({ scopes: ['a'] }))).toBe('s1')
      const context = await contextOf({})
      expect(() => call('s', { id: 1 }, context)).toThrow(AuthError)
      expect(resolver.length).toBe(2)
    })

    it('wraps once, however often it is applied, and all are needed', async () => {
      const resolver = requireOAuth('a')(requirePerm('p')(requireOAuth('b')(() => 'all'))) as unknown as Call
      expect(declaredResolver(resolver)?.declaration.own).toHaveLength(3)
      expect(declaredResolver(resolver)?.inner()).toBe('all')
      expect(resolver(null, {}, await contextOf({ scopes: ['a', 'b'], permissions: ['p'] }))).toBe('all')
    })

    it('keeps this, own members and the declaration through bind', async () => {
      const plain = Object.assign(
        function (this: { readonly name: string }): string {
          return this.name
        },
        { complexity: 5 },
      )
      const resolver = requireOAuth('a')(plain)
      expect(resolver.complexity).toBe(5)
      const bound = resolver.bind({ name: 'bound' }) as unknown as Call
      expect(declaredResolver(bound)?.declaration.own).toEqual([{ scopes: [['a']] }])
      expect(bound(null, {}, await contextOf({ scopes: ['a'] }))).toBe('bound')
      const context = await contextOf({})
      expect(() => bound(null, {}, context)).toThrow(AuthError)
    })

    it('opens a resolver without wrapping anything around it that asks', () => {
      const resolver = publicAccess()(() => 'open')
      expect(resolver()).toBe('open')
      expect(declaredResolver(resolver)?.declaration.isPublic).toBe(true)
    })

    it('publicAccess lifts nothing that stands on the same resolver', async () => {
      for (const resolver of [publicAccess()(requireOAuth('a')(() => 'x')), requireOAuth('a')(publicAccess()(() => 'x'))]) {
        const context = await contextOf(null)
        expect(() => (resolver as unknown as Call)(null, {}, context)).toThrow(AuthError)
      }
    })

    it('takes a context that stands somewhere else than a resolver has it', async () => {
      const resolver = requireOAuth('a')((id: string, _context: unknown) => id) as (...args: unknown[]) => unknown
      expect(resolver('7', { auth: await contextOf({ scopes: ['a'] }).then(({ auth }) => auth) })).toBe('7')
      expect(() => resolver('7', { auth: { scopes: ['a'] } })).toThrow(ConfigurationError)
    })

    it('believes the context before anything that stands among the arguments', async () => {
      const mighty = await contextOf({ scopes: ['a'] })
      const weak = await contextOf({})
      const resolver = requireOAuth('a')(() => 'x') as unknown as Call
      expect(() => resolver(mighty, mighty as unknown as Record<string, unknown>, weak)).toThrow(AuthError)
    })
  })

  describe(`what a decorator refuses to be told, compiled as ${mode}`, () => {
    const use = (decorator: unknown, ...args: unknown[]): unknown => (decorator as (...args: unknown[]) => unknown)(...args)

    it.each<[string, () => unknown]>([
      ['undefined scopes', () => use(requireOAuth, undefined)],
      ['null scopes', () => use(requireOAuth, null)],
      ['no scopes in a list', () => use(requireOAuth, [])],
      ['empty scopes', () => use(requireOAuth, '')],
      ['an empty demand', () => use(requireOAuth, {})],
      ['a mistyped demand', () => use(requireOAuth, { scopes: ['a'] })],
      ['a mistyped step-up', () => use(requireOAuth, { maxage: 300 })],
      ['a demand whose alternatives are undefined', () => use(requireOAuth, { anyOf: undefined, maxAge: 5 })],
      ['a demand whose maxAge is undefined', () => use(requireOAuth, { anyOf: [['a']], maxAge: undefined })],
      ['an undefined step-up', () => use(requireOAuth, 'a', undefined)],
      ['a second scope in place of the step-up', () => use(requireOAuth, 'a', 'b')],
      ['a step-up with an undefined acr', () => use(requireOAuth, 'a', { acr: undefined })],
      ['a step-up of its own beside one in the demand', () => use(requireOAuth, { anyOf: [['a']], maxAge: 5 }, { acr: 'gold' })],
      ['a third argument', () => use(requireOAuth, 'a', { maxAge: 5 }, 'b')],
      ['undefined permissions', () => use(requirePerm, undefined)],
      ['no permissions at all', () => use(requirePerm)],
      ['no permissions in a list', () => use(requirePerm, [])],
      ['a second permission in place of the options', () => use(requirePerm, 'a', 'b')],
      ['undefined options', () => use(requirePerm, 'a', undefined)],
      ['mistyped options', () => use(requirePerm, 'a', { objct: () => 1 })],
      ['an undefined object', () => use(requirePerm, 'a', { object: undefined })],
      ['an object that is no function', () => use(requirePerm, 'a', { object: 'id' })],
      ['public access to something', () => use(publicAccess, 'a')],
      ['a resolver map', () => use(requireOAuth('a'), { subscribe: () => 1 })],
      ['nothing to guard', () => use(requireOAuth('a'), undefined)],
      ['a resolver and its place in a list', () => [() => 1].map(requireOAuth('a') as unknown as () => unknown)],
      ['a class to open', () => use(publicAccess(), class {})],
    ])('%s', (_, run) => {
      expect(run).toThrow(ConfigurationError)
    })
  })
}

type Who = Partial<VerifiedToken> | 'bad' | null

async function callerOf(who: Who): Promise<{ readonly auth: Auth; readonly context: AuthContext }> {
  const permissions = { check: (_: unknown, questions: readonly { readonly object: unknown }[]) => questions.map(({ object }) => object === MINE) }
  const { auth } = engine([knows({ good: verified(who === null || who === 'bad' ? {} : who) })], { permissions })
  return { auth, context: auth.createContext(await auth.authenticate(who === null ? carrier() : bearer(who === 'bad' ? 'bad' : 'good'))) }
}

async function contextOf(who: Who): Promise<{ readonly auth: AuthContext }> {
  return { auth: (await callerOf(who)).context }
}

async function outcome(call: Row['call'], fixtures: Fixtures, context: unknown): Promise<unknown> {
  try {
    return { value: await call(fixtures, context) }
  } catch (error) {
    if (error instanceof AuthError) return { reason: error.reason }
    throw error
  }
}

async function all(stream: unknown): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const value of stream as AsyncIterable<unknown>) items.push(value)
  return items
}

function leaves(data: unknown): readonly unknown[] {
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(leaves) : data === undefined ? [] : [data]
}

function answerOf({ data, errors = [] }: ExecutionResult): { readonly data?: unknown; readonly reasons: readonly string[] } {
  const reasons = errors.map(({ extensions, message }) => (extensions.auth as { readonly reason: string } | undefined)?.reason ?? message)
  return { ...(data === undefined ? {} : { data: JSON.parse(JSON.stringify(data)) as unknown }), reasons }
}
