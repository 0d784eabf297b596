import { type AuthContext, publicAccess, requireOAuth, requirePerm } from '../../../src/index.js'

/** Compiled, never run: where the decorators go when the compiler speaks TC39 ones. */

@requireOAuth('orders')
export class Orders {
  @requireOAuth('orders:read')
  orders(_source: unknown, args: { readonly first: number }, _context: { readonly auth: AuthContext }): number[] {
    return [args.first]
  }

  @requireOAuth()
  @requirePerm(['order.cancel', 'order.read'])
  @publicAccess()
  async cancel(): Promise<string> {
    return 'cancelled'
  }

  @requireOAuth({ anyOf: [['a', 'b'], ['c']], acr: 'gold', maxAge: 300 })
  @requireOAuth('a', { maxAge: 0 })
  @requireOAuth({ acr: ['gold', 'platinum'] })
  stepUp(): void {}

  @requirePerm({ anyOf: [['a'], ['b']] }, { object: (_source, args: { readonly id: string }, _context, _info) => args.id })
  generic<T>(_source: T, _args: { readonly id: string }): T | undefined {
    return undefined
  }

  @requireOAuth('a')
  async *watch(): AsyncGenerator<number> {
    yield 1
  }

  @requireOAuth('a')
  static ofClass(): string {
    return 'static'
  }

  @requireOAuth('a')
  [Symbol.iterator](): Iterator<number> {
    return [1][Symbol.iterator]()
  }

  @requireOAuth('a')
  field: (source: unknown, args: { readonly id: number }) => string = (_source, args) => `field ${args.id}`

  @publicAccess()
  static readonly shared: () => Promise<number> = async () => 1

  // @ts-expect-error: an accessor is no resolver
  @requireOAuth('a')
  accessor accessed: () => string = () => 'accessed'

  @requireOAuth('a')
  #hidden(): string {
    return 'hidden'
  }

  reveal(): string {
    return this.#hidden()
  }

  // @ts-expect-error: a getter is no resolver
  @requireOAuth('a')
  get getter(): string {
    return 'getter'
  }

  // @ts-expect-error: nor is a field that holds a text
  @requirePerm('a')
  text: string = 'text'

  // @ts-expect-error: undefined is not "any token"
  @requireOAuth(undefined)
  mistyped(): void {}

  // @ts-expect-error: two scopes are one list
  @requireOAuth('a', 'b')
  two(): void {}

  // @ts-expect-error: an option has its name
  @requireOAuth('a', { maxage: 300 })
  misspelled(): void {}

  // @ts-expect-error: an object is named by a function
  @requirePerm('a', { object: 'id' })
  object(): void {}

  // @ts-expect-error: some permission is named
  @requirePerm()
  nothing(): void {}

  // @ts-expect-error: a decorator is called
  @publicAccess
  bare(): void {}

  // @ts-expect-error: public access names nothing
  @publicAccess('a')
  named(): void {}
}

// @ts-expect-error: members are opened one by one
@publicAccess()
export class Open {}

@requirePerm('a')
export abstract class Abstract {
  readonly db: unknown
  constructor(db: unknown) {
    this.db = db
  }
}

/** What was decorated is what it was. */
export const numbers: number[] = new Orders().orders(null, { first: 1 }, {} as never)
export const later: Promise<string> = new Orders().cancel()
export const text: string = Orders.ofClass()
export const same: string | undefined = new Orders().generic('text', { id: '1' })
// @ts-expect-error: what was decorated is what it was
export const wrong: number = new Orders().cancel()
