const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Runs a function once, when the signal aborts. Returns a function that takes it back.
 *
 * Adds one listener to a signal however many functions wait for it: a connection's signal serves all of its subscriptions, and Node
 * warns of a leak from the eleventh listener on. Does not look whether the signal has aborted before.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const waiting = listeners.get(signal) ?? listen(signal)
  waiting.add(run)
  return () => waiting.delete(run)
}

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>()
  listeners.set(signal, waiting)
  const abort = (): void => {
    for (const run of waiting) run()
    waiting.clear()
  }
  signal.addEventListener('abort', abort, { once: true })
  return waiting
}
