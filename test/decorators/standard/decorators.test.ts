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
