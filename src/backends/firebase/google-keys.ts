import type { FetchImplementation } from 'jose'
import type { BackendHost } from '../../core/backend.js'
import { issuerKeys, type KeySource } from '../keys/key-source.js'

/** Where Google publishes the keys that it signs with, and how they are kept. Durations are in milliseconds. */
export interface GoogleKeysOptions {
  /** A key set, at a secure URL. */
  readonly jwksUri: string
  /** Pause between two loads that unknown key ids cause. */
  readonly cooldownDuration: number
  /** Time that one load may take. */
  readonly timeoutDuration: number
  readonly fetch?: FetchImplementation | undefined
  /** Learns when keys go on being used that are due and cannot be renewed. */
  readonly host: Pick<BackendHost, 'audit'>
}

/** Milliseconds for which keys count whose answer did not say. */
const DEFAULT_LIFETIME = 600_000
/** Milliseconds for which keys count at most: also while they cannot be loaded anew, and whatever the answer said. */
const LONGEST_LIFETIME = 86_400_000
/** Milliseconds between two loads that fail. */
const PAUSE = 5_000

/**
 * The keys at a URL, kept for as long as the answer's `Cache-Control: max-age` says: Google names the time by which it may have
 * replaced them. Everything else is as {@link issuerKeys} does it; an unknown key id still loads them at once, and while they cannot be
 * loaded, those that are known count for a day.
 *
 * @see RFC 9111 §4.2
 */
export function googleKeys(options: GoogleKeysOptions): KeySource {
  const send = options.fetch ?? globalThis.fetch
  let offered = DEFAULT_LIFETIME
  let freshUntil = Number.NEGATIVE_INFINITY
  let failedAt: number | null = null
  let hasKeys = false

  const keys = issuerKeys({
    ...options,
    issuer: options.jwksUri,
    cacheMaxAge: LONGEST_LIFETIME,
    staleIfError: LONGEST_LIFETIME,
    isFresh: () => isFresh(),
    fetch: async (url, init) => {
      const response = await send(url, init)
      offered = lifetimeOf(response.headers)
      return response
    },
  })

  /** What an answer offers counts only when its keys were good. */
  async function load(): Promise<boolean> {
    const loaded = await keys.refresh()
    if (loaded) {
      freshUntil = Date.now() + offered
      hasKeys = true
    }
    failedAt = loaded ? null : Date.now()
    return loaded
  }

  const isFresh = (): boolean => Date.now() < freshUntil
  /** After a failed load nobody waits for the next one who has keys that may stand in. */
  const isPausing = (): boolean => failedAt !== null && Date.now() - failedAt < PAUSE

  return {
    async use(verification) {
      if (!isFresh() && !(hasKeys && isPausing())) await load()
      const { value, isCurrent } = await keys.use(verification)
      return { value, isCurrent: () => isCurrent() && (isFresh() || isPausing()) }
    },
    refresh: load,
    close: () => keys.close(),
  }
}

/** Milliseconds that an answer stays fresh. What must not be kept is asked for again, no oftener than the cooldown allows. */
function lifetimeOf(headers: Headers): number {
  const directives = (headers.get('cache-control') ?? '').toLowerCase()
  if (/(?:^|[\s,])no-(?:store|cache)\b/.test(directives)) return 0
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,9})/.exec(directives)?.[1]
  if (maxAge === undefined) return DEFAULT_LIFETIME
  const age = /^\d{1,9}$/.exec(headers.get('age') ?? '')?.[0]
  return Math.max(0, Number(maxAge) - Number(age ?? 0)) * 1000
}
