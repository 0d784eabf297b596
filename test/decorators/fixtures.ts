import type { Auth } from '../../src/core/auth.js'
import type { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
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

/** Somebody with these rights, somebody with a bad token, or nobody. */
export type Who = Partial<VerifiedToken> | 'bad' | null

/** A server, and the context of one operation of a caller. */
export async function callerOf(who: Who): Promise<{ readonly auth: Auth; readonly context: AuthContext }> {
  const permissions = { check: (_: unknown, questions: readonly { readonly object: unknown }[]) => questions.map(({ object }) => object === MINE) }
  const { auth } = engine([knows({ good: verified(who === null || who === 'bad' ? {} : who) })], { permissions })
  return { auth, context: auth.createContext(await auth.authenticate(who === null ? carrier() : bearer(who === 'bad' ? 'bad' : 'good'))) }
}

/** The context that a resolver gets. */
export async function contextOf(who: Who): Promise<{ readonly auth: AuthContext }> {
  return { auth: (await callerOf(who)).context }
}

/** Everything that a stream gives. */
export async function all(stream: unknown): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const value of stream as AsyncIterable<unknown>) items.push(value)
  return items
}
