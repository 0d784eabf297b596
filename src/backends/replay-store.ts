import { Deadline } from '../core/deadline.js'

/**
 * Remembers what may be used once: DPoP proofs (RFC 9449 §11.1) and logout tokens (OpenID Connect Back-Channel Logout §2.6). Nodes that accept
 * the same ones share a store.
 */
export interface ReplayStore {
  /**
   * Takes note of a use.
   *
   * @param key names what is used
   * @param seconds for which it must be remembered
   * @returns `true` the first time, `false` when it was seen before. A rejection refuses the caller as unavailable.
   */
  claim(key: string, seconds: number): Promise<boolean> | boolean
}

/**
 * Remembers proofs in the process. For a server of one node: another node does not know what this one has seen.
 *
 * @param max proofs that are remembered at once; past it the store is full and throws, since to forget one would let it be used again.
 * @param now milliseconds since 1970
 */
export function memoryReplayStore(max = 100_000, now: () => number = Date.now): ReplayStore {
  // In the order of their first use. Proofs live for about the same time, so the oldest go first.
  const seen = new Map<string, number>()
  const dropOld = (at: number): void => {
    for (const [key, until] of seen) {
      if (until > at) return
      seen.delete(key)
    }
  }
  return {
    claim(key, seconds) {
      const at = now()
      dropOld(at)
      const until = seen.get(key)
      if (until !== undefined && until > at) return false
      if (seen.size >= max) throw new Error('the replay store is full')
      seen.delete(key)
      seen.set(key, at + seconds * 1000)
      return true
    },
  }
}

/** The one command that {@link redisReplayStore} sends, as ioredis spells it. */
export interface IoredisCommands {
  set(key: string, value: string, unit: 'PX', milliseconds: number, condition: 'NX'): Promise<string | null>
}

/** The one command that {@link redisReplayStore} sends, as node-redis spells it, the package `redis`. */
export interface NodeRedisCommands {
  SET(key: string, value: string, options: { PX: number; NX: true }): Promise<unknown>
}

/**
 * Remembers proofs in Redis, for all nodes at once. One `SET … PX … NX` for each, so that of uses at the same moment one is the first.
 *
 * Does not check that Redis keeps what it was told: one that evicts keys, or forgets them at a restart, lets a proof be used again.
 * Clients of other libraries may take the condition for something else, and then every use is the first: write a {@link ReplayStore} for those.
 *
 * @param client a client, pool or cluster of ioredis 5 and later, or of node-redis 4 and later; the caller opens and closes it
 * @param prefix begins every key @default 'gatehouse:replay:'
 * @param timeout milliseconds that Redis may take; its silence refuses the caller as unavailable @default 5000
 */
export function redisReplayStore(client: IoredisCommands | NodeRedisCommands, prefix = 'gatehouse:replay:', timeout = 5_000): ReplayStore {
  // A node-redis client has `set` as well, which would read ioredis's arguments as no options at all. Only node-redis has `SET`.
  const setOnce = (key: string, milliseconds: number): Promise<unknown> =>
    'SET' in client ? client.SET(key, '1', { PX: milliseconds, NX: true }) : client.set(key, '1', 'PX', milliseconds, 'NX')
  const deadline = new Deadline(timeout)
  return {
    claim: async (key, seconds) => (await deadline.run(() => setOnce(prefix + key, Math.max(1, Math.ceil(seconds * 1000))))) === 'OK',
  }
}
