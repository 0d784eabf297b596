import { randomUUID } from 'node:crypto'
import type { Audit, LeaseEnd } from './audit.js'
import type { Principal } from './caller/principal.js'
import { isExpired } from './decisions/decision.js'

/**
 * A live connection's right to go on. Whatever stays open after it was let in holds one: it ends at the token's `exp`, when the
 * connection closes, and on whatever else calls {@link Lease.end}. An ended lease stays ended.
 */
export interface Lease {
  readonly id: string
  readonly principal: Principal | null
  /** Seconds since 1970, or `null` when the token does not expire or nobody is logged in. */
  readonly expiresAt: number | null
  /** Why it ended, or `null` while it lives. */
  readonly ended: LeaseEnd | null
  /**
   * Whether the connection may still deliver. Looks at the clock, not only at the timer: after a stalled event loop the answer is
   * right before the timer has fired, and finding the lease expired ends it.
   */
  isAlive(): boolean
  /** Runs `listener` once, when the lease ends; at once when it has. Returns a function that takes the listener back. */
  onEnd(listener: (reason: LeaseEnd) => void): () => void
  /** Ends the lease; does nothing when it has ended. */
  end(reason: LeaseEnd): void
}

/** What a lease needs from its surroundings. */
export interface LeaseOptions {
  readonly principal: Principal | null
  /** Names the transport in the audit log. */
  readonly transport: string
  readonly audit: Audit
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Whether the lease ends at the token's `exp`; in a dry run it goes on. @default true */
  readonly endsAtExpiry?: boolean
}

/** Opens a lease. Its timer does not keep the process alive. */
export function openLease({ principal, transport, audit, now, endsAtExpiry = true }: LeaseOptions): Lease {
  const id = randomUUID()
  const openedAt = now()
  const listeners = new Set<(reason: LeaseEnd) => void>()
  let ended: LeaseEnd | null = null
  let timer: NodeJS.Timeout | undefined

  /** One connection's stream that cannot be ended must not keep the others from ending. */
  const tell = (listener: (reason: LeaseEnd) => void, reason: LeaseEnd): void => {
    try {
      listener(reason)
    } catch (error) {
      audit.fault('lease listener', error)
    }
  }

  const lease: Lease = {
    id,
    principal,
    expiresAt: principal?.expiresAt ?? null,
    get ended() {
      return ended
    },
    isAlive() {
      if (ended === null && endsAtExpiry && principal !== null && isExpired(principal, now() / 1000)) lease.end('expired')
      return ended === null
    },
    onEnd(listener) {
      if (ended !== null) tell(listener, ended)
      else listeners.add(listener)
      return () => listeners.delete(listener)
    },
    end(reason) {
      if (ended !== null) return
      ended = reason
      clearTimeout(timer)
      audit.leaseEnded(id, transport, principal, reason, Math.max(0, Math.round((now() - openedAt) / 1000)))
      for (const listener of listeners) tell(listener, reason)
      listeners.clear()
    },
  }

  const arm = (): void => {
    if (!endsAtExpiry || lease.expiresAt === null || !lease.isAlive()) return
    // A delay over 2^31 ms fires at once, so far expiries are reached in steps; an early wake-up arms again.
    timer = setTimeout(arm, Math.min(Math.max(lease.expiresAt * 1000 - now(), 1), LONGEST_TIMER))
    timer.unref()
  }

  audit.leaseOpened(id, transport, principal)
  arm()
  return lease
}

/** A day, in milliseconds. */
const LONGEST_TIMER = 86_400_000

/** What happens at the end of a stream. */
export interface StreamEnd<T> {
  /** Makes one final item when the lease expired, where the transport has no other way to say why the stream stops. */
  readonly last?: (reason: LeaseEnd) => T
  /** Runs once, however the stream ended. */
  readonly done?: () => void
}

/**
 * Passes a stream on for as long as its lease lives. The clock is read before every delivery, so that nothing is delivered after
 * the end, timer or not; the source is told to return as soon as the lease ends, also while it is idle or nobody reads.
 */
export function streamUnderLease<T>(source: AsyncIterable<T>, lease: Lease, end: StreamEnd<T> = {}): AsyncGenerator<T, void, void> {
  const iterator = source[Symbol.asyncIterator]()
  // One settle function for each next() that waits. A race against a promise that lives as long as the stream would keep a
  // reaction for every event ever delivered.
  const waiting = new Set<() => void>()
  let done = false
  let returned = false

  /** The source may be waiting for an event that never comes; its own return is not waited for. */
  const returnSource = (): void => {
    if (returned) return
    returned = true
    void (async () => iterator.return?.())().catch(() => undefined)
  }
  const finish = (): void => {
    if (done) return
    done = true
    forget()
    for (const settle of waiting) settle()
    waiting.clear()
    returnSource()
    end.done?.()
  }
  const farewell = (): IteratorResult<T, void> => {
    const reason = done ? null : lease.ended
    finish()
    return reason === null || reason === 'closed' || end.last === undefined ? END : { done: false, value: end.last(reason) }
  }
  const forget = lease.onEnd(() => {
    returnSource()
    for (const settle of [...waiting]) settle()
  })
  // A source written by hand may throw where it should reject, or answer without a promise.
  const pull = async (): Promise<IteratorResult<T>> => await iterator.next()

  const stream: AsyncGenerator<T, void, void> & AsyncDisposable = {
    next() {
      if (done) return Promise.resolve(END)
      if (!lease.isAlive()) return Promise.resolve(farewell())
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          waiting.delete(settle)
          resolve(done ? END : farewell())
        }
        waiting.add(settle)
        pull().then(
          (result) => {
            if (!waiting.delete(settle)) return
            if (result.done !== true && lease.isAlive()) resolve({ done: false, value: result.value })
            else resolve(farewell())
          },
          (error) => {
            if (!waiting.delete(settle)) return
            finish()
            reject(error)
          },
        )
      })
    },
    async return() {
      finish()
      return END
    },
    async throw(error) {
      finish()
      throw error
    },
    async [Symbol.asyncDispose]() {
      finish()
    },
    [Symbol.asyncIterator]() {
      return stream
    },
  }
  return stream
}

const END: { done: true; value: undefined } = Object.freeze({ done: true, value: undefined })
