import type { Engine } from '../../support/transport-servers.js'

/** How a server runs operations on its live connections: through Envelop, or on the plain schema. */
export const ENGINES: readonly Engine[] = ['getEnveloped', 'schema']

/** One of the engines, and what it makes of a refusal. */
export interface Mode {
  readonly engine: Engine
  readonly denied: 'reject' | 'null'
}

/** Every engine in both refusal modes. */
export const MODES: readonly Mode[] = ENGINES.flatMap((engine) => (['reject', 'null'] as const).map((denied) => ({ engine, denied })))
