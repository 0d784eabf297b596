import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { BEINGS, KEEPER } from './support/beings.js'
import { ENGINES, MODES } from './support/engines.js'
import { canDeferItself, incremental } from './support/incremental.js'
import { bearer, errorsIn, refusalsIn, SENDERS, STREAMING, type Transport } from './support/senders.js'

const SCOPE = 'FORBIDDEN INSUFFICIENT_SCOPE'

describe.each(MODES)('with $engine and denied: $denied', ({ engine, denied }) => {
  let servers: Servers
  let user: string
  let keeper: string
  beforeAll(async () => {
    servers = await startServers({ engine, extension: BEINGS, settings: { connections: { anonymous: true }, denied }, ...incremental(engine) })
    user = await bearer(servers)
    keeper = await bearer(servers, KEEPER)
  })
  afterAll(() => servers.close())

  it.each(STREAMING)('B2 through an interface in the events of a subscription over %s', async (transport) => {
    const query = 'subscription { named { secret } }'
    const results = await SENDERS[transport](servers, { query, authorization: user })
    expect(results.map(({ data }) => data)).toEqual([{ named: { secret: 'no secret' } }, { named: { secret: null } }])
    expect(refusalsIn(results)).toEqual([`named.secret ${SCOPE}`])
    expect(JSON.stringify(await SENDERS[transport](servers, { query, authorization: keeper }))).toContain('CANARY-secret')
  })

  it.each(STREAMING)('B3 a guard on an interface in the events of a subscription over %s', async (transport) => {
    const query = 'subscription { users { name ... on User { hidden } } }'
    const results = await SENDERS[transport](servers, { query, authorization: user })
    expect(results.map(({ data }) => data)).toEqual([denied === 'null' ? { users: { name: 'Ada', hidden: null } } : undefined])
    expect(refusalsIn(results)).toEqual([`${denied === 'null' ? 'users.hidden' : 'User.hidden'} ${SCOPE}`])
    expect(JSON.stringify(await SENDERS[transport](servers, { query, authorization: keeper }))).toContain('CANARY-hidden')
  })

  const canDefer = (transport: Transport): boolean => engine === 'getEnveloped' || canDeferItself || transport === 'SSE' || transport === 'HTTP'

  /** `rejected` says whether the whole operation is refused under `denied: 'reject'`; `nulls` how many errors come otherwise. */
  const DEFERRED: ReadonlyArray<{ name: string; query: string; rejected: boolean; nulls: number }> = [
    { name: 'a deferred field', query: '{ user { name ... @defer { secret } } }', rejected: true, nulls: 1 },
    { name: 'a deferred field of an interface', query: '{ named { name ... on Named @defer { secret } } }', rejected: false, nulls: 1 },
    {
      name: 'a deferred fragment that is used undeferred too',
      query: 'fragment F on Named { secret } { bot { ...F } user { name ...F @defer } }',
      rejected: true,
      nulls: 1,
    },
    { name: 'deferred within deferred', query: '{ user { name ... @defer { id ... @defer { hidden } } } }', rejected: true, nulls: 1 },
    { name: 'a streamed list', query: '{ named @stream { name secret } }', rejected: false, nulls: 1 },
    {
      name: 'a streamed list with a deferred field',
      query: '{ named @stream(initialCount: 1) { name ... on Named @defer { secret } } }',
      rejected: false,
      nulls: 1,
    },
    {
      name: 'a defer that is switched off',
      query: 'query ($if: Boolean! = false) { named { name ... on Named @defer(if: $if) { secret } } }',
      rejected: false,
      nulls: 1,
    },
  ]

  describe.each(DEFERRED)('B7 $name', ({ name, query, rejected, nulls }) => {
    it.each([...STREAMING, 'HTTP' as const].filter(canDefer))('shows no payload with it over %s', async (transport) => {
      const results = await SENDERS[transport](servers, { query, authorization: user })
      expect(JSON.stringify(results)).not.toContain('CANARY')
      const errors = errorsIn(results)
      expect(errors.map(({ extensions }) => extensions?.code)).toEqual(Array.from({ length: nulls }, () => 'FORBIDDEN'))
      if (denied === 'reject' && rejected) expect(results.map(({ data }) => data)).toEqual([undefined])
      else expect(JSON.stringify(results)).toContain('Ada')
      const control = await SENDERS[transport](servers, { query, authorization: keeper })
      expect(JSON.stringify(control)).toContain('CANARY')
      expect(errorsIn(control)).toEqual([])
      // Otherwise nothing was deferred, and the test proved nothing.
      expect(control.length > 1).toBe(!name.includes('switched off'))
    })

    it('shows nothing in the one answer of a Socket.IO request', async () => {
      const results = await SENDERS['Socket.IO request'](servers, { query, authorization: user })
      expect(JSON.stringify(results)).not.toContain('CANARY')
      expect(errorsIn(results).length).toBeGreaterThan(0)
    })
  })
})

describe.each(ENGINES)('B25 permissions that change while a subscription runs, with %s', (engine) => {
  it.each(STREAMING)('are asked about anew for each event over %s', async (transport) => {
    let may = true
    const item = requirePerm('item.read', { object: () => '1' })(() => 'CANARY')
    const servers = await startServers({
      engine,
      settings: { permissions: { check: (_, questions) => questions.map(() => may) } },
      extension: {
        typeDefs: 'type Item { id: ID secret: String } extend type Subscription { items: Item }',
        resolvers: {
          Item: { secret: item },
          Subscription: {
            items: {
              subscribe: async function* () {
                yield { id: '1' }
                may = false
                yield { id: '2' }
                may = true
                yield { id: '3' }
              },
              resolve: (value: unknown) => value,
            },
          },
        },
      },
    })
    try {
      const results = await SENDERS[transport](servers, { query: 'subscription { items { id secret } }', authorization: await bearer(servers) })
      expect(results.map(({ data }) => data?.items)).toEqual([
        { id: '1', secret: 'CANARY' },
        { id: '2', secret: null },
        { id: '3', secret: 'CANARY' },
      ])
      expect(refusalsIn(results)).toEqual(['items.secret FORBIDDEN INSUFFICIENT_PERMISSION'])
    } finally {
      await servers.close()
    }
  })
})
