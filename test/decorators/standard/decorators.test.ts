import { describe, expect, it } from '@jest/globals'
import { AuthError } from '../../../src/core/errors.js'
import { classResolvers } from '../../../src/decorators/class-resolvers.js'
import { declaredResolver } from '../../../src/decorators/declaration.js'
import { publicAccess } from '../../../src/decorators/public-access.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { bearer, engine, knows, verified } from '../../core/support.js'
import { type Call, cases, type Fixtures, functionForm, SYMBOL } from '../cases.js'

interface Args {
  readonly id?: unknown
}

const log: string[] = []

/** A decorator that wraps a method and knows nothing of ours. */
function logged<This, Arguments extends unknown[], Result>(
  inner: (this: This, ...args: Arguments) => Result,
  context: ClassMethodDecoratorContext<This>,
): (this: This, ...args: Arguments) => Result {
  return function (...args) {
    log.push(String(context.name))
    return inner.apply(this, args)
  }
}

class Orders {
  prefix = 'order:'

  @requireOAuth('orders:read')
  orders(_source: unknown, args: Args): string {
    return `${this.prefix}${args.id}`
  }

  @requireOAuth()
  anyone(): string {
    return 'anyone'
  }

  @requirePerm('order.cancel')
  cancel(): string {
    return 'cancelled'
  }

  @requireOAuth('a')
  @requireOAuth('b')
  @requirePerm('p')
  stacked(): string {
    return 'all'
  }

  @requireOAuth({ anyOf: [['a', 'b'], ['c']] })
  alternatives(): string {
    return 'either'
  }

  @requirePerm('order.edit', { object: (_source: unknown, args: Args) => args.id })
  async edit(_source: unknown, args: Args): Promise<string> {
    return `edited ${args.id}`
  }

  @requireOAuth('a')
  async later(): Promise<string> {
    return 'later'
  }

  @requireOAuth('a')
  fails(): never {
    throw new RangeError('own')
  }

  open(): string {
    return 'open'
  }

  @publicAccess()
  public(): string {
    return 'public'
  }

  @requireOAuth('a')
  async *watch(): AsyncGenerator<number> {
    yield 1
    yield 2
  }

  @logged
  @requireOAuth('a')
  loggedAbove(_source: unknown, _args: unknown, _context: unknown): string {
    return 'logged'
  }

  @requireOAuth('a')
  @logged
  loggedBelow(_source: unknown, _args: unknown, _context: unknown): string {
    return 'logged'
  }

  @requireOAuth('a')
  [SYMBOL](): string {
    return 'symbol'
  }

  @requireOAuth('a')
  static ofClass(): string {
    // biome-ignore lint/complexity/noThisInStatic: what is tested is that the wrapper passes it on.
    return `static of ${this.name}`
  }
}

/** A class that a resolver class holds, and does not want to be a resolver. */
class Held {}

@requireOAuth('class')
class Guarded {
  static readonly Model = Held
  readonly model = Held
  readonly label: string = 'Guarded'
  readonly arrow = (): string => `arrow of ${this.label}`

  member(): string {
    return 'member'
  }

  @requirePerm('p')
  both(): string {
    return 'both'
  }

  @publicAccess()
  open(): string {
    return 'open'
  }

  @publicAccess()
  @requirePerm('p')
  openButPerm(): string {
    return 'open'
  }

  async later(): Promise<string> {
    return 'later'
  }

  [SYMBOL](): string {
    return 'symbol'
  }

  get computed(): string {
    return 'computed'
  }

  static ofClass(): string {
    // biome-ignore lint/complexity/noThisInStatic: what is tested is that the wrapper passes it on.
    return `static of ${this.name}`
  }
}

@requireOAuth('base')
class Base {
  inherited(): string {
    return 'base'
  }

  overridden(..._args: unknown[]): string {
    return 'base'
  }

  @requirePerm('p')
  narrowed(): string {
    return 'narrowed'
  }

  [SYMBOL](): string {
    return 'symbol'
  }
}

class Derived extends Base {
  override overridden(...args: unknown[]): string {
    return `derived of ${super.overridden(...args)}`
  }

  own(): string {
    return 'own'
  }
}

@requireOAuth('sub')
class Redecorated extends Base {
  override overridden(): string {
    return 'redecorated'
  }
}

class Feed {
  @requireOAuth('feed')
  async *ticks(): AsyncGenerator<{ readonly ticks: number }> {
    yield { ticks: 1 }
    yield { ticks: 2 }
  }

  [SYMBOL](): void {}
}

/** As somebody would use it who does not hear the compiler. */
const anywhere = (decorator: unknown): ((value: unknown, context: DecoratorContext) => never) => decorator as never

const misplaced: Fixtures['misplaced'] = {
  'on a getter': () => {
    class Wrong {
      @anywhere(requireOAuth('a'))
      get orders(): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'on a setter': () => {
    class Wrong {
      @anywhere(requirePerm('a'))
      set orders(_value: string) {}
    }
    return Wrong
  },
  'on an accessor': () => {
    class Wrong {
      @anywhere(requireOAuth('a'))
      accessor orders = (): string => 'orders'
    }
    return Wrong
  },
  'on a field that holds no resolver': () => {
    class Wrong {
      @anywhere(requireOAuth('a'))
      orders = 'orders'
    }
    return new Wrong()
  },
  'on a field that holds nothing': () => {
    class Wrong {
      @anywhere(requireOAuth('a'))
      orders?: () => string
    }
    return new Wrong()
  },
  'on a field that holds an object of resolvers': () => {
    class Wrong {
      @anywhere(requireOAuth('a'))
      orders = { subscribe: (): string => 'orders' }
    }
    return new Wrong()
  },
  'publicAccess on a class': () => {
    @anywhere(publicAccess())
    class Wrong {}
    return Wrong
  },
  'requireOAuth without parentheses': () => {
    class Wrong {
      @anywhere(requireOAuth)
      orders(): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'requirePerm without parentheses': () => {
    class Wrong {
      @anywhere(requirePerm)
      orders(): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'publicAccess without parentheses': () => {
    class Wrong {
      @anywhere(publicAccess)
      orders(): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'requireOAuth without parentheses on a class': () => {
    @anywhere(requireOAuth)
    class Wrong {}
    return Wrong
  },
}

cases('standard', { Orders, Guarded, Base, Derived, Redecorated, Feed, misplaced, log } as unknown as Fixtures)
functionForm('standard')

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

  async function contextOf(parts: Parameters<typeof verified>[0]): Promise<unknown> {
    const { auth } = engine([knows({ good: verified(parts) })])
    return { auth: auth.createContext(await auth.authenticate(bearer('good'))) }
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
    const { auth } = engine([knows({ good: verified() })])
    const context = { auth: auth.createContext(await auth.authenticate(bearer('good'))) }
    expect(() => new Hidden().reveal(context)).toThrow(AuthError)
  })
})
