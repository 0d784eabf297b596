import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { AuthError } from '../../src/core/errors.js'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import type { AnyFunction } from '../../src/decorators/declaration.js'
import { verified } from '../core/support.js'
import { all, contextOf, type Fixtures, MINE, SYMBOL } from './fixtures.js'
import { schemaCases } from './schema-cases.js'

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
  const { Orders, Guarded, Base, Derived, misplaced, log } = fixtures

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

  schemaCases(mode, fixtures)
}

async function outcome(call: Row['call'], fixtures: Fixtures, context: unknown): Promise<unknown> {
  try {
    return { value: await call(fixtures, context) }
  } catch (error) {
    if (error instanceof AuthError) return { reason: error.reason }
    throw error
  }
}
