import type { BackendSetting } from '../../src/backends/from-settings.js'
import type { TokenBackend } from '../../src/core/backend.js'
import { createAuth } from '../../src/create-auth.js'
import { bearer, type Line, recorder } from '../core/support.js'

/** A server's engine on one backend, seen from outside. */
export interface EngineOf {
  /** What a caller with this token is told: `accepted`, or the reason. */
  use(token: string): Promise<string>
  /** Faults and recoveries in the audit log, as `fault: what (error)`. */
  reports(): readonly string[]
  close(): Promise<void>
}

/** Makes an engine on one backend, through the settings. */
export async function engineOf(entry: TokenBackend | BackendSetting, now?: () => number, baseDirectory?: string): Promise<EngineOf> {
  const { logger, lines } = recorder()
  const auth = createAuth({
    backends: [entry],
    audit: { logger },
    ...(now === undefined ? {} : { now }),
    ...(baseDirectory === undefined ? {} : { baseDirectory }),
  })
  await auth.ready()
  return {
    use: async (token) => (await auth.authenticate(bearer(token))).refusal?.reason ?? 'accepted',
    reports: () => lines.filter(({ event }) => event.event === 'fault' || event.event === 'recovered').map(reportOf),
    close: () => auth.close(),
  }
}

function reportOf({ event }: Line): string {
  return event.event === 'fault' ? `fault: ${String(event.what)} (${String(event.error)})` : `recovered: ${String(event.what)}`
}
