import { LRUCache } from 'lru-cache'
import { Deadline } from '../deadline.js'
import type { Principal } from './principal.js'

/** Creates or refreshes the application's own user; see the setting `onAuthenticated`. */
export type OnAuthenticated = (principal: Principal, context: { readonly transport: string }) => unknown

/** What {@link UserSync} takes from the settings. */
export interface UserSyncOptions {
  readonly onAuthenticated: OnAuthenticated | null
  readonly bus: { publish(topic: string, message: unknown): Promise<void> } | null
  readonly cacheSize: number
  /** Milliseconds that the call and the event may take together. */
  readonly verifyTimeout: number
}

/** The event on topic `user.loggedIn`: who was first seen, or seen with other rights than before. Taken from the verified token alone. */
export interface UserLoggedIn {
  readonly issuer: string
  readonly subject: string
  readonly kind: 'user' | 'client'
  readonly tenant: string | null
  readonly roles: readonly string[]
}

/** Keeps the application's users in step with what verified tokens say, once for each principal and change. */
export class UserSync {
  readonly #options: UserSyncOptions
  readonly #known: LRUCache<string, Known>
  readonly #deadline: Deadline

  constructor(options: UserSyncOptions) {
    this.#options = options
    this.#deadline = new Deadline(options.verifyTimeout)
    this.#known = new LRUCache({ max: Math.max(1, options.cacheSize) })
  }

  /**
   * The principal with the application's user in it. Those who come with the same news at once share one call; a failed call is not
   * remembered, so that the next token tries again.
   */
  sync(principal: Principal, transport: string): Principal | Promise<Principal> {
    const { onAuthenticated, bus } = this.#options
    return onAuthenticated === null && bus === null ? principal : this.#sync(principal, transport)
  }

  async #sync(principal: Principal, transport: string): Promise<Principal> {
    const { onAuthenticated } = this.#options
    const key = identityOf(principal)
    const version = versionOf(principal)
    let known = this.#known.get(key)
    if (known?.version !== version) {
      known = { version, principal, user: this.#deadline.run(() => this.#announce(principal, transport)) }
      this.#known.set(key, known)
    }
    try {
      const user = await known.user
      return onAuthenticated === null ? principal : Object.freeze({ ...principal, user: user ?? null })
    } catch (error) {
      if (this.#known.get(key) === known) this.#known.delete(key)
      throw error
    }
  }

  /** Makes the next token of these principals count as first seen. */
  forget(matches: (principal: Principal) => boolean): void {
    for (const [key, { principal }] of this.#known.entries()) if (matches(principal)) this.#known.delete(key)
  }

  async #announce(principal: Principal, transport: string): Promise<unknown> {
    const { onAuthenticated, bus } = this.#options
    const user = await onAuthenticated?.(principal, { transport })
    const { issuer, subject, kind, tenant, roles } = principal
    await bus?.publish('user.loggedIn', { issuer, subject, kind, tenant, roles } satisfies UserLoggedIn)
    return user
  }
}

interface Known {
  readonly version: string
  readonly principal: Principal
  readonly user: Promise<unknown>
}

/** Length-prefixed, so that no two identities share a key whatever characters they hold. */
function identityOf({ tenant, issuer, subject, kind }: Principal): string {
  return [tenant ?? '', issuer, subject, kind].map((part) => `${part.length}:${part}`).join('')
}

/** Claims that differ from token to token and say nothing about the person. */
const PER_TOKEN = new Set(['exp', 'iat', 'nbf', 'jti', 'auth_time', 'at_hash', 'nonce', 'uti', 'rh', 'sid', 'session_state', 'aio'])

/** Changes when something changes that the application may have copied. */
function versionOf({ claims, roles, groups, permissions, scopes }: Principal): string {
  return JSON.stringify([
    roles,
    groups,
    permissions,
    scopes,
    Object.entries(claims)
      .filter(([name]) => !PER_TOKEN.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ])
}
