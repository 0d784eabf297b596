import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { CALLERS, type Call } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'

const engines = ['getEnveloped', 'schema'] as const

describe.each(engines)('introspection on live connections through %s, and over HTTP', (engine) => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ engine, settings: { introspection: 'filtered', connections: { anonymous: true } } })
  })
  afterAll(() => servers.close())

  /** Everything that a caller is sent for one operation. */
  const ask = async (transport: keyof typeof CALLERS, call: Call): Promise<string> => {
    const from = servers.sent.length
    const answer = await CALLERS[transport](servers, call)
    return JSON.stringify([answer, servers.sent.slice(from)])
  }

  it.each(Object.keys(CALLERS) as ReadonlyArray<keyof typeof CALLERS>)('B14: over %s, anonymous callers are shown what is public', async (transport) => {
    const { data } = await CALLERS[transport](servers, {
      query: '{ __schema { queryType { fields { name } } } vault: __type(name: "Mutation") { fields { name } } }',
    })
    expect(data).toEqual([{ __schema: { queryType: { fields: [{ name: 'hello' }, { name: 'throws' }] } }, vault: { fields: [{ name: 'greet' }] } }])
  })

  it.each(Object.keys(CALLERS) as ReadonlyArray<keyof typeof CALLERS>)('B15: over %s, no typo brings out a name that is not public', async (transport) => {
    for (const query of ['{ vaul }', '{ order }', 'mutation { openVaul }']) expect(await ask(transport, { query })).not.toMatch(/vault|orders|openVault/)
    expect(await ask(transport, { query: '{ hell }' })).toMatch(/hello/)
  })
})
