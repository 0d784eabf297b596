import type { BackendHost } from '../core/backend.js'

/** Tells the audit log of an outage: once when it begins, once when it is over. */
export interface Outage {
  /** Reports the first failure; the others of the same outage are not reported. */
  begin(error: unknown): void
  /** Reports that it is over, if it had begun. */
  end(): void
}

/**
 * Makes the report of outages.
 *
 * @param what names the part that fails in the audit log. No secrets.
 */
export function createOutage(what: string, { audit }: Pick<BackendHost, 'audit'>): Outage {
  let isOut = false
  return {
    begin(error) {
      if (isOut) return
      isOut = true
      audit.fault(what, error)
    },
    end() {
      if (!isOut) return
      isOut = false
      audit.recovered(what)
    },
  }
}
