import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Lexer } from 'graphql'
import type { LimitName, LimitSettings } from '../../../src/core/limits.js'
import { type LimitCall, type LimitHouse, type LimitServer, type LimitTransport, openHouse, repeat } from './limit-house.js'

const logins = (times: number): string => `mutation { ${repeat(times, (index) => `a${index}: login(password: "pw${index}")`)} }`
const doubling = (root: string, levels: number): string =>
  `${root} { node { ...F0 } } ${repeat(levels, (index) => `fragment F${index} on Node { a: node { ...F${index + 1} } b: node { ...F${index + 1} } }`)} fragment F${levels} on Node { id }`
const nested = (levels: number): string => (levels === 0 ? '{ id }' : `{ node ${nested(levels - 1)} node ${nested(levels - 1)} }`)

interface Attack {
  readonly name: string
  /** Where the transport knows no mutations, the same attack on what it knows. */
  readonly document: (root: 'query' | 'subscription') => string
  readonly limit: LimitName
  readonly status: 400 | 413
  /** Tokens that are read at most. The text is longer by far. */
  readonly tokens: number
}

const ATTACKS: readonly Attack[] = [
  { name: 'B12: 1000 aliases of login', document: () => logins(1000), limit: 'aliases', status: 400, tokens: 8 * 501 },
  { name: 'B13: 8000 equal fields', document: (root) => `${root} { node { ${repeat(8000, () => 'id')} } }`, limit: 'overlaps', status: 400, tokens: 300 },
  {
    name: 'B13: equal fields below equal fields, the worst case of OverlappingFieldsCanBeMerged',
    document: (root) => `${root} ${`{ node ${nested(9)} }`}`,
    limit: 'overlaps',
    status: 400,
    tokens: 1000,
  },
  {
    name: 'B13: a thousand fragments to be compared with each other',
    document: (root) =>
      `${root} { node { ${repeat(900, (index) => `...F${index}`)} } } ${repeat(900, (index) => `fragment F${index} on Node { f${index}: id }`)}`,
    limit: 'overlaps',
    status: 400,
    tokens: 6000,
  },
  { name: 'B13: depth 3000', document: (root) => `${root} { ${'node { '.repeat(3000)} id ${'}'.repeat(3001)}`, limit: 'depth', status: 400, tokens: 110 },
  {
    name: 'B13: depth 3000 of a list',
    document: (root) => `${root} { value(of: ${'['.repeat(3000)}${']'.repeat(3000)}) }`,
    limit: 'depth',
    status: 400,
    tokens: 60,
  },
  {
    name: 'B13: depth 3000 of an input object',
    document: (root) => `${root} { value(filter: ${'{ and: '.repeat(3000)}1${'}'.repeat(3000)}) }`,
    limit: 'depth',
    status: 400,
    tokens: 180,
  },
  { name: 'B13: fragments that double 30 levels', document: (root) => doubling(root, 30), limit: 'depth', status: 400, tokens: 10_000 },
  { name: 'B13: fragments that double 20 levels', document: (root) => doubling(root, 20), limit: 'aliases', status: 400, tokens: 10_000 },
  {
    name: 'B13: a document of a million characters',
    document: (root) => `${root} { hello } # ${'x'.repeat(1_000_000)}`,
    limit: 'documentLength',
    status: 413,
    tokens: 0,
  },
]

const CYCLES: ReadonlyArray<readonly [string, (root: string) => string]> = [
  ['B13: a fragment that spreads itself', (root) => `${root} { node { ...F } } fragment F on Node { id node { ...F } }`],
  ['B13: fragments that spread each other', (root) => `${root} { node { ...F } } fragment F on Node { ...G } fragment G on Node { id ...F }`],
  [
    'B13: sixty fragments that all spread each other',
    (root) => `${root} { node { ...F0 } } ${repeat(60, (index) => `fragment F${index} on Node { ${repeat(60, (other) => `...F${other}`)} }`)}`,
  ],
]

/** Runs every case on a transport. */
export function describeLimits(transport: LimitTransport): void {
  const { name, root = 'query', authenticatesFirst = false } = transport
  describe(`limits over ${name}`, () => {
    const here = serving(transport)

    it.each(ATTACKS)('refuse $name before anything runs', async ({ document, limit, status, tokens }) => {
      const query = document(root)
      const advance = jest.spyOn(Lexer.prototype, 'advance')
      const reply = await here.server.send({ query })
      const read = advance.mock.calls.length
      const again = await here.server.send({ query })
      const readAgain = advance.mock.calls.length - read
      advance.mockRestore()
      for (const { status: got, data, errors } of [reply, again]) {
        expect([got, data ?? null, errors.map(({ message, extensions }) => [message, extensions?.code, extensions?.limit])]).toEqual([
          got === null ? null : status,
          null,
          [['Document Too Large', 'DOCUMENT_TOO_LARGE', { name: limit, maximum: here.house.auth.settings.limits[limit], decisionId: expect.any(String) }]],
        ])
      }
      expect(here.house.ran).toEqual([])
      // Not by the clock: so much is read of it, and nothing when it comes again.
      expect(read).toBeLessThanOrEqual(2 * tokens)
      expect(readAgain === 0 || tokens === 10_000).toBe(true)
    })

    it.each(CYCLES)('leave no way in for %s', async (_name, document) => {
      const { status, data, errors } = await here.server.send({ query: document(root) })
      expect([status ?? 400, data ?? null]).toEqual([400, null])
      expect(errors.length).toBeGreaterThan(0)
      expect(here.house.ran).toEqual([])
    })

    it('refuse variables that nest 3000 levels', async () => {
      const deep: unknown = JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`)
      const { status, data, errors } = await here.server.send({ query: `${root} ($of: [Int]) { value(of: $of) }`, variables: { of: deep } })
      const code = transport.coercesFirst === true ? undefined : 'VARIABLES_TOO_LARGE'
      expect([status ?? 400, data ?? null, errors[0]?.extensions?.code]).toEqual([400, null, code])
      expect(here.house.ran).toEqual([])
    })

    it('go on to answer, on the same server', async () => {
      const { status, data, errors } = await here.server.send({ query: `${root} { hello }` })
      expect([status ?? 200, data, errors]).toEqual([200, { hello: 'world' }, []])
    })

    it('are settled before the caller is asked who he is: 400 and not 401, with no token and, but on a handshake, with a bad one', async () => {
      const query = `${root} { mine ${repeat(600, (index) => `a${index}: hello`)} }`
      expect((await here.server.send({ query: `${root} { mine }` })).errors[0]?.extensions?.code).toBe('UNAUTHENTICATED')
      for (const token of authenticatesFirst ? [undefined] : [undefined, 'bad']) {
        const { errors } = await here.server.send({ query, ...(token === undefined ? {} : { token }) })
        expect(errors.map(({ extensions }) => [extensions?.code, extensions?.auth])).toEqual([['DOCUMENT_TOO_LARGE', undefined]])
      }
    })

    it('hold for whoever asks', async () => {
      const { errors } = await here.server.send({ query: `${root} { ${repeat(600, (index) => `a${index}: hello`)} }`, token: 'good' })
      expect(errors[0]?.extensions?.code).toBe('DOCUMENT_TOO_LARGE')
    })

    it('are audited once for each request, without the text of the document', async () => {
      const { errors } = await here.server.send({ query: `${root} { ${repeat(600, (index) => `canary${index}: hello`)} }` })
      const lines = here.house.log.filter(({ event }) => event !== 'lease.opened' && event !== 'lease.ended')
      const { decisionId } = (errors[0]?.extensions?.limit ?? {}) as { decisionId?: string }
      expect(lines).toEqual([expect.objectContaining({ event: 'limited', decisionId, transport: transport.transport, limit: 'aliases', maximum: 500 })])
      expect(JSON.stringify(here.house.log)).not.toContain('canary')
    })

    if (root === 'query') {
      it('count the selected operation, and not its neighbours in the document', async () => {
        const query = `query Small { hello } query Large { node { ...F } } ${repeat(20, (index) => `fragment ${index === 0 ? 'F' : `F${index}`} on Node { a: node { ...F${index + 1} } b: node { ...F${index + 1} } }`)} fragment F20 on Node { id }`
        const small = await here.server.send({ query, operationName: 'Small' })
        expect([small.status ?? 200, small.data]).toEqual([200, { hello: 'world' }])
        here.house.ran.length = 0
        const large = await here.server.send({ query, operationName: 'Large' })
        expect([large.status ?? 400, large.data ?? null, large.errors[0]?.extensions?.code]).toEqual([400, null, 'DOCUMENT_TOO_LARGE'])
        expect(here.house.ran).toEqual([])
      })

      it('let through what honest clients send, again and again', async () => {
        const query = `{ ${repeat(60, (index) => `a${index}: node { x: id y: name z: id }`)} }`
        for (let round = 0; round < 3; round += 1) {
          const { status, errors } = await here.server.send({ query })
          expect([status ?? 200, errors]).toEqual([200, []])
        }
        expect(here.house.ran.filter((coordinate) => coordinate === 'Query.node')).toHaveLength(180)
      })
    }
  })

  describe(`limits over ${name}, in the settings`, () => {
    const registered = `${root} { ${root === 'query' ? repeat(150, (index) => `a${index}: hello`) : `node { ${repeat(150, (index) => `a${index}: id`)} }`} }`
    const small = serving(transport, {
      aliases: 100,
      rootFields: 100,
      dangerouslyExempt: (document) => {
        if (document.includes('explode')) throw new TypeError('the store is down')
        return document === registered
      },
    })
    const large = serving(transport, { aliases: 1000, rootFields: 1000 })

    it('exempt a document that the application vouches for, and no other', async () => {
      const vouched = await small.server.send({ query: registered })
      expect([vouched.status ?? 200, vouched.errors]).toEqual([200, []])
      expect((await small.server.send({ query: `${registered} ` })).errors[0]?.extensions?.code).toBe('DOCUMENT_TOO_LARGE')
      expect((await small.server.send({ query: `${registered} # explode` })).errors[0]?.extensions?.code).toBe('DOCUMENT_TOO_LARGE')
      expect(small.house.log).toContainEqual({ event: 'fault', what: 'limits.dangerouslyExempt', error: 'TypeError' })
    })

    it('can be raised', async () => {
      const { status, errors } = await large.server.send({ query: `${root} { node { ${repeat(900, (index) => `a${index}: id`)} } }` })
      expect([status ?? 200, errors]).toEqual([200, []])
    })
  })
}

/** Runs the cases of servers that take several operations in one request. */
export function describeBatchLimits(transport: LimitTransport): void {
  describe(`limits of a batch over ${transport.name}`, () => {
    const here = serving(transport)
    const batch = (calls: readonly LimitCall[]): ReturnType<NonNullable<LimitServer['batch']>> => {
      if (here.server.batch === undefined) throw new Error('it takes no batches')
      return here.server.batch(calls)
    }

    it.each([
      ['B12: an array batch of 100 logins', Array.from({ length: 100 }, (_, index) => ({ query: logins(1).replace('pw0', `pw${index}`) }))],
      ['B12: an array batch of 100 with 1000 aliases of login each', Array.from({ length: 100 }, () => ({ query: logins(1000) }))],
      ['B12: an array batch of 11', Array.from({ length: 11 }, () => ({ query: '{ hello }' }))],
    ])('refuse %s as a whole, once, before anything runs', async (_name, calls) => {
      const { status, replies } = await batch(calls)
      expect(status).toBe(413)
      for (const { data, errors } of replies) {
        expect([data ?? null, errors.map(({ message, extensions }) => [message, extensions?.code])]).toEqual([null, [['Batch Too Large', 'BATCH_TOO_LARGE']]])
        expect(errors[0]?.extensions?.limit).toEqual({ name: 'batch', maximum: 10, decisionId: expect.any(String) })
      }
      expect(here.house.ran).toEqual([])
      expect(here.house.log).toEqual([expect.objectContaining({ event: 'limited', transport: 'http', limit: 'batch', maximum: 10 })])
    })

    it('let ten operations through', async () => {
      const { status, replies } = await batch(Array.from({ length: 10 }, () => ({ query: '{ hello }' })))
      expect([status, replies.map(({ data }) => data)]).toEqual([200, Array.from({ length: 10 }, () => ({ hello: 'world' }))])
    })

    it('refuse an operation that is too large by itself, and none of its neighbours', async () => {
      const { replies } = await batch([{ query: '{ hello }' }, { query: logins(1000) }, { query: doubling('query', 20) }, { query: '{ node { id } }' }])
      expect(replies.map(({ data, errors }) => [data ?? null, errors[0]?.extensions?.code])).toEqual([
        [{ hello: 'world' }, undefined],
        [null, 'DOCUMENT_TOO_LARGE'],
        [null, 'DOCUMENT_TOO_LARGE'],
        [{ node: { id: '1' } }, undefined],
      ])
      expect(here.house.ran).not.toContain('Mutation.login')
      expect(here.house.log.filter(({ event }) => event === 'limited')).toHaveLength(2)
    })
  })
}

function serving(transport: LimitTransport, limits?: LimitSettings): { readonly house: LimitHouse; readonly server: LimitServer } {
  let house: LimitHouse
  let server: LimitServer
  beforeAll(async () => {
    house = openHouse(limits)
    server = await transport.start(house)
  })
  beforeEach(() => {
    house.ran.length = 0
    house.verified.length = 0
    house.log.length = 0
  })
  afterAll(() => server.close())
  return {
    get house() {
      return house
    },
    get server() {
      return server
    },
  }
}
