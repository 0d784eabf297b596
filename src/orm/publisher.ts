import type { Audit } from '../core/audit.js'
import type { ChangeEvent, EventBus } from '../events/bus.js'
import type { Change } from './row-changes.js'

/** What a publisher needs. */
export interface PublisherOptions {
  readonly bus: EventBus
  readonly audit: Pick<Audit, 'fault'>
  /** Milliseconds that the bus may take for one event before it is reported. */
  readonly publishTimeout: number
}

/**
 * Makes the function that numbers committed changes and hands them to the bus, in order and without waiting for it: a bus that hangs
 * must hold up neither the caller's commit nor the next event. It never throws. What the bus throws, rejects or does not settle in
 * time is reported; the event's number is spent, so that readers can tell from the gap that one is missing.
 */
export function createPublisher({ bus, audit, publishTimeout }: PublisherOptions): (changes: readonly Change[]) => void {
  let sequence = 0

  const watch = (publishing: Promise<void>, report: (error: unknown) => void): void => {
    const timer = setTimeout(() => report(new PublishTimeoutError()), publishTimeout)
    timer.unref()
    publishing.catch(report).finally(() => clearTimeout(timer))
  }

  return (changes) => {
    for (const { topic, ...change } of changes) {
      sequence += 1
      const event: ChangeEvent = Object.freeze({ ...change, sequence })
      const report = once((error) => reportFault(audit, 'publishing a change event', error))
      try {
        watch(Promise.resolve(bus.publish(topic, event)), report)
      } catch (error) {
        report(error)
      }
    }
  }
}

/** Reports a fault; a sink that throws must not undo what the caller has done. */
export function reportFault(audit: Pick<Audit, 'fault'>, what: string, error: unknown): void {
  try {
    audit.fault(what, error)
  } catch {
    // There is nobody left to tell.
  }
}

/** The bus has not said in time whether it took an event. */
class PublishTimeoutError extends Error {
  override get name(): string {
    return 'PublishTimeoutError'
  }
}

function once(report: (error: unknown) => void): (error: unknown) => void {
  let done = false
  return (error) => {
    if (done) return
    done = true
    report(error)
  }
}
