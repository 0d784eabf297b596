import { LRUCache } from 'lru-cache'
import type { Credentials } from './credentials.js'

/** What a verified token stays good for. */
export interface Validity {
  /** Seconds since 1970 at which the entry dies; the token's `exp`, or sooner. `null` keeps nothing. */
  readonly until: number | null
  /** Whether what the verdict rests on still stands: the key is still published, the session still there. Asked at every hit. */
  readonly isCurrent?: (() => boolean) | undefined
}

/**
 * Remembers what verified tokens turned out to be. Bounded; an entry dies at its `until`, when it is no longer current, and when it
 * is forgotten. Failures are not remembered.
 *
 * An entry is found by scheme and the end of the token, which for a signed token is its signature, and believed only when scheme and
 * token are equal to the letter. Hashing the end alone makes a hit cheap; comparing all of it makes it safe. Only canonical spellings
 * are ever verified, so a token has one text, and a respelled one finds nothing.
 */
export class TokenCache<Value> {
  readonly #entries: LRUCache<string, Entry<Value>>
  readonly #pending = new Map<string, { readonly credentials: Credentials; readonly promise: Promise<Value> }>()
  readonly #keeps: boolean
  readonly #now: () => number
  /** Moves on whenever entries are forgotten, so that a verification that began before does not bring one back. */
  #epoch = 0

  /**
   * @param max entries; 0 remembers nothing, and still lets concurrent uses share one verification.
   * @param now milliseconds since 1970
   */
  constructor(max: number, now: () => number) {
    this.#entries = new LRUCache({ max: Math.max(1, max) })
    this.#keeps = max > 0
    this.#now = now
  }

  /** What is known of a token; `undefined` when it was not seen, or is not good any more. */
  get(credentials: Credentials): Value | undefined {
    const key = keyOf(credentials)
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.token !== credentials.token || entry.scheme !== credentials.scheme) return undefined
    if (this.#now() < entry.until && stillStands(entry)) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  /**
   * Runs `verify` for a token that is not known, and remembers its value for as long as `validityOf` says. While it runs, others who
   * bring the same token wait for the same answer, also for a failure.
   */
  load(credentials: Credentials, verify: () => Promise<Value>, validityOf: (value: Value) => Validity): Promise<Value> {
    const key = keyOf(credentials)
    const running = this.#pending.get(key)
    if (running !== undefined && running.credentials.token === credentials.token && running.credentials.scheme === credentials.scheme) return running.promise
    const epoch = this.#epoch
    const promise = verify().then(
      (value) => {
        this.#settle(key, promise)
        if (epoch === this.#epoch) this.#remember(key, credentials, value, validityOf(value))
        return value
      },
      (error) => {
        this.#settle(key, promise)
        throw error
      },
    )
    if (running === undefined) this.#pending.set(key, { credentials, promise })
    return promise
  }

  /** Drops every entry that matches. What is being verified at this moment is not remembered either. */
  forget(matches: (value: Value) => boolean): void {
    this.#epoch += 1
    for (const [key, { value }] of this.#entries.entries()) if (matches(value)) this.#entries.delete(key)
    this.#pending.clear()
  }

  #settle(key: string, promise: Promise<Value>): void {
    if (this.#pending.get(key)?.promise === promise) this.#pending.delete(key)
  }

  #remember(key: string, { scheme, token }: Credentials, value: Value, { until, isCurrent }: Validity): void {
    if (!this.#keeps || until === null || until * 1000 <= this.#now()) return
    this.#entries.set(key, { scheme, token, value, until: until * 1000, isCurrent })
  }
}

interface Entry<Value> {
  readonly scheme: string
  readonly token: string
  readonly value: Value
  /** Milliseconds since 1970. */
  readonly until: number
  readonly isCurrent: (() => boolean) | undefined
}

/** A backend that cannot say whether its verdict still stands gets the token again. */
function stillStands({ isCurrent }: { readonly isCurrent: (() => boolean) | undefined }): boolean {
  try {
    return isCurrent === undefined || isCurrent() === true
  } catch {
    return false
  }
}

/** 43 characters are 32 bytes of base64url: as much of a signature as nobody finds twice. */
const TAIL = 43

function keyOf({ token }: Credentials): string {
  return token.length > TAIL ? token.slice(-TAIL) : token
}
