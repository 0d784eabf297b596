import type { BackendHost } from '../core/backend.js'

/** The place of a backend's engine, which comes after the backend was made. */
export interface HostSlot extends BackendHost {
  /** As {@link TokenBackend.attach}. Needs no `this`. */
  readonly attach: (host: BackendHost) => void
}

/**
 * Makes the place of a backend's engine. Until there is one, the clock is `Date.now` and nothing is reported.
 *
 * @param now the backend's own clock, which comes before that of the engine: milliseconds since 1970
 */
export function createHostSlot(now?: () => number): HostSlot {
  let host = NOBODY
  return Object.freeze<HostSlot>({
    now: now ?? (() => host.now()),
    audit: {
      fault: (what, error) => host.audit.fault(what, error),
      recovered: (what) => host.audit.recovered(what),
    },
    attach: (given) => {
      host = given
    },
  })
}

const NOBODY: BackendHost = { now: () => Date.now(), audit: { fault: () => undefined, recovered: () => undefined } }
