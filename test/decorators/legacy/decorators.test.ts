import { publicAccess } from '../../../src/decorators/public-access.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { cases } from '../cases.js'
import { type Fixtures, SYMBOL } from '../fixtures.js'
import { functionForm } from '../function-form.js'

interface Args {
  readonly id?: unknown
}

const log: string[] = []

/** A decorator that wraps a method and knows nothing of ours. */
function logged(_target: object, key: string, descriptor: PropertyDescriptor): PropertyDescriptor {
  const inner = descriptor.value as (...args: unknown[]) => unknown
  return {
    ...descriptor,
    value(this: unknown, ...args: unknown[]) {
      log.push(key)
      return inner.apply(this, args)
    },
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
const bare = (decorator: unknown): MethodDecorator => decorator as MethodDecorator
const anywhere = (decorator: unknown): PropertyDecorator & ParameterDecorator & MethodDecorator & ClassDecorator => decorator as never

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
  'on a field, where legacy decorators see no value': () => {
    class Wrong {
      @anywhere(requireOAuth('a'))
      orders = (): string => 'orders'
    }
    return Wrong
  },
  'on a static field': () => {
    class Wrong {
      @anywhere(publicAccess())
      static orders = (): string => 'orders'
      readonly other: number = 1
    }
    return Wrong
  },
  'on a parameter': () => {
    class Wrong {
      orders(@anywhere(requireOAuth('a')) _source: unknown): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'publicAccess on a class': () => {
    @anywhere(publicAccess())
    class Wrong {}
    return Wrong
  },
  'requireOAuth without parentheses': () => {
    class Wrong {
      @bare(requireOAuth)
      orders(): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'requirePerm without parentheses': () => {
    class Wrong {
      @bare(requirePerm)
      orders(): string {
        return 'orders'
      }
    }
    return Wrong
  },
  'publicAccess without parentheses': () => {
    class Wrong {
      @bare(publicAccess)
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

cases('legacy', { Orders, Guarded, Base, Derived, Redecorated, Feed, misplaced, log } as unknown as Fixtures)
functionForm('legacy')
