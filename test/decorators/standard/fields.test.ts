import { describe, expect, it } from '@jest/globals'
import { AuthError } from '../../../src/core/errors.js'
import { classResolvers } from '../../../src/decorators/class-resolvers.js'
import { declaredResolver } from '../../../src/decorators/declaration.js'
import { publicAccess } from '../../../src/decorators/public-access.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { type Call, contextOf } from '../fixtures.js'

interface Args {
  readonly id?: unknown
}

describe('a class field that holds a resolver', () => {
  class Fields {
    readonly prefix: string = 'field:'

    @requireOAuth('a')
    orders = (_source: unknown, args: Args, ..._rest: unknown[]): string => `${this.prefix}${args.id}`

    @requireOAuth('a')
    @requirePerm('p')
    both = async (): Promise<string> => 'both'

    @publicAccess()
    open = (): string => 'open'

    @requireOAuth('a')
    static shared = (): string => 'shared'
  }

  it('is guarded on every instance, with its own this', async () => {
    const mighty = await contextOf({ scopes: ['a'], permissions: ['p'] })
    const weak = await contextOf({ scopes: ['b'] })
    const fields = new Fields()
    expect(fields.orders(null, { id: 7 }, mighty)).toBe('field:7')
    expect(() => fields.orders(null, { id: 7 }, weak)).toThrow(AuthError)
    expect(await (fields.both as Call)(null, {}, mighty)).toBe('both')
    await expect((fields.both as Call)(null, {}, weak)).rejects.toThrow(AuthError)
    expect(fields.open()).toBe('open')
    expect((Fields.shared as Call)(null, {}, mighty)).toBe('shared')
    expect(() => (Fields.shared as Call)(null, {}, weak)).toThrow(AuthError)
  })

  it('keeps its name and length', () => {
    const { orders } = new Fields()
    expect([orders.name, orders.length]).toEqual(['orders', 2])
  })

  it('is known to classResolvers, with the requirement of its class', () => {
    @requireOAuth('class')
    class Guarded extends Fields {
      readonly plain = (): string => 'plain'
    }
    const { Query } = classResolvers({ Query: Guarded })
    const demands = (name: string): unknown => declaredResolver(Query?.[name])?.declaration
    expect(demands('orders')).toMatchObject({ own: [{ scopes: [['a']] }], fromClass: [{ scopes: [['class']] }] })
    expect(demands('plain')).toMatchObject({ own: [], fromClass: [{ scopes: [['class']] }] })
    expect(demands('open')).toMatchObject({ isPublic: true })
  })
})

describe('a private method', () => {
  it('is guarded like any other', async () => {
    class Hidden {
      @requireOAuth('a')
      #secret(..._args: unknown[]): string {
        return 'secret'
      }

      reveal(context: unknown): string {
        return this.#secret(null, {}, context)
      }
    }
    const context = await contextOf({})
    expect(() => new Hidden().reveal(context)).toThrow(AuthError)
  })
})
