import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AuthSettings } from '../../../src/create-auth.js'
import type { SchemaExtension } from '../../support/transport-schema.js'
import { type Servers, startServers } from '../../support/transport-servers.js'
import { MODES } from './engines.js'
import { incremental } from './incremental.js'
import { type Attempt, bearer, refusalsIn, SENDERS, TRANSPORTS, type Transport } from './senders.js'

/** What no answer to somebody who may not see it ever holds. */
export const CANARY = 'CANARY'

/** One attack, and what it gets. */
export interface Attack extends Omit<Attempt, 'authorization'> {
  /** Begins with the id of its row. */
  readonly name: string
  /** The attacker's claims; `null` for nobody. @default a caller with no scope that counts */
  readonly attacker?: Readonly<Record<string, unknown>> | null
  /** The result's data under `denied: 'reject'`; absent when the whole operation is refused. */
  readonly rejected?: unknown
  /** The result's data under `denied: 'null'`. */
  readonly nulled: unknown
  /** Where and why it is refused: under `denied: 'null'`, and under `denied: 'reject'` where that lets the rest answer. */
  readonly refusals: readonly string[]
  /** The refusals under `denied: 'reject'` where they are others. */
  readonly rejections?: readonly string[]
}

/** Where a table of attacks is run. */
export interface Field {
  readonly extension: SchemaExtension
  readonly settings?: Omit<Partial<AuthSettings>, 'backends' | 'audit'>
  /** Claims of a caller who may see everything: his answer to the same request holds the canary. */
  readonly keeper: Readonly<Record<string, unknown>>
  /** @default all of them */
  readonly transports?: readonly Transport[]
}

/**
 * Runs each attack on every transport, in both refusal modes, through Envelop and on the plain schema. The control is in each test:
 * the same request of somebody who may see it brings the canary out.
 */
export function describeAttacks(attacks: readonly Attack[], { extension, settings, keeper, transports = TRANSPORTS }: Field): void {
  describe.each(MODES)('with $engine and denied: $denied', ({ engine, denied }) => {
    let servers: Servers
    beforeAll(async () => {
      servers = await startServers({ engine, extension, settings: { connections: { anonymous: true }, ...settings, denied }, ...incremental(engine) })
    })
    afterAll(() => servers.close())

    it.each(attacks)('$name', async ({ attacker = {}, rejected, nulled, refusals, rejections = refusals, name, ...attempt }) => {
      const authorization = attacker === null ? undefined : await bearer(servers, attacker)
      const allowed = await bearer(servers, keeper)
      for (const transport of transports) {
        const results = await SENDERS[transport](servers, { ...attempt, authorization })
        expect(JSON.stringify(results)).not.toContain(CANARY)
        expect({ transport, data: results[0]?.data, refusals: refusalsIn(results) }).toEqual({
          transport,
          data: denied === 'reject' ? rejected : nulled,
          refusals: [...(denied === 'reject' ? rejections : refusals)].toSorted(),
        })
        const control = await SENDERS[transport](servers, { ...attempt, authorization: allowed })
        expect({ transport, refusals: refusalsIn(control), leaks: JSON.stringify(control).includes(CANARY) }).toEqual({ transport, refusals: [], leaks: true })
      }
    })
  })
}
