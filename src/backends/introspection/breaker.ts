import { BackendUnavailableError } from '../../core/errors.js'
import { providerUnavailable } from '../keys/json-document.js'
import type { Outage } from '../outage.js'

/** When a {@link createBreaker} stops asking, and for how long. */
export interface BreakerOptions {
  /** Failures in a row after which nobody is let through. */
  readonly failures: number
  /** Milliseconds for which nobody is; then one is, to see. */
  readonly pause: number
  /** Milliseconds since any moment, never going back. @default performance.now */
  readonly clock?: () => number
  /** Learns when it stops asking, and when everybody is let through again. */
  readonly outage: Outage
}

/** Runs work, or refuses to. */
export type Breaker = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Makes a circuit breaker: a provider that is down is not asked again by everybody who comes, and they have their answer at once. After
 * the pause one caller tries; his success lets everybody through again, his failure starts another pause.
 *
 * Only {BackendUnavailableError} counts as a failure: a token that is refused says that the provider works.
 */
export function createBreaker({ failures, pause, outage, clock = () => performance.now() }: BreakerOptions): Breaker {
  let inARow = 0
  let closedUntil = 0
  let probing = false
  const succeed = (): void => {
    inARow = 0
    outage.end()
  }

  return async (work) => {
    const isOpen = inARow >= failures
    if (isOpen && (probing || clock() < closedUntil)) throw unavailable(Math.max(closedUntil - clock(), 0))
    probing = isOpen
    try {
      const result = await work()
      succeed()
      return result
    } catch (error) {
      if (error instanceof BackendUnavailableError) {
        inARow += 1
        closedUntil = clock() + pause
        if (inARow >= failures) outage.begin(error.cause ?? error)
      } else succeed()
      throw error
    } finally {
      if (isOpen) probing = false
    }
  }
}

function unavailable(milliseconds: number): BackendUnavailableError {
  const { refusal, cause } = providerUnavailable('the provider has failed repeatedly and is left alone for a while')
  return new BackendUnavailableError({ ...refusal, retryAfter: Math.max(1, Math.ceil(milliseconds / 1000)) }, { cause })
}
