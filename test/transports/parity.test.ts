import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'
import { MODES } from '../attacks/support/engines.js'
import { CALLERS, type Outcome } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'

type Kind = 'query' | 'mutation' | 'subscription'
type Field = 'open' | 'authenticated' | 'scoped' | 'permitted'

/** The same four demands on each root type, and what their fields answer. */
const FIELDS: Readonly<Record<Kind, Readonly<Record<Field, readonly [name: string, answers: readonly unknown[]]>>>> = {
  query: { open: ['hello', ['world']], authenticated: ['me', ['ada']], scoped: ['orders', ['orders']], permitted: ['vault', ['gold']] },
  mutation: { open: ['greet', ['hi']], authenticated: ['ping', ['pong']], scoped: ['order', ['ordered']], permitted: ['openVault', ['opened']] },
  subscription: { open: ['steps', [1, 2]], authenticated: ['mySteps', [1, 2]], scoped: ['orderSteps', [1, 2]], permitted: ['vaultSteps', [1, 2]] },
}

const EVERYTHING = { sub: 'ada', scope: 'orders:read orders:write', permissions: ['vault.open'] }

interface Person {
  readonly name: string
  readonly authorization: (issuer: TestIssuer, foreign: TestIssuer) => Promise<string | undefined>
  /** Why he is refused, whatever he asks for. */
  readonly refused?: readonly [code: string, reason: string]
  /** Why he is refused for a demand. */
  readonly lacks?: Partial<Record<Field, readonly [code: string, reason: string]>>
}

const MISSING = ['UNAUTHENTICATED', 'MISSING_TOKEN'] as const
const INVALID = ['UNAUTHENTICATED', 'INVALID_TOKEN'] as const
const CANARY = 'CANARY7d1f3c.CANARY9b2e.CANARY5a8c'

const PEOPLE: readonly Person[] = [
  { name: 'anonymous', authorization: async () => undefined, lacks: { authenticated: MISSING, scoped: MISSING, permitted: MISSING } },
  { name: 'good', authorization: async (issuer) => `Bearer ${await issuer.token(EVERYTHING)}` },
  {
    name: 'without the scope',
    authorization: async (issuer) => `Bearer ${await issuer.token({ ...EVERYTHING, scope: 'profile' })}`,
    lacks: { scoped: ['FORBIDDEN', 'INSUFFICIENT_SCOPE'] },
  },
  {
    name: 'without the permission',
    authorization: async (issuer) => `Bearer ${await issuer.token({ ...EVERYTHING, permissions: ['vault.look'] })}`,
    lacks: { permitted: ['FORBIDDEN', 'INSUFFICIENT_PERMISSION'] },
  },
  { name: 'forged', authorization: async (issuer) => `Bearer ${await issuer.forgedToken(EVERYTHING)}`, refused: INVALID },
  {
    name: 'of another audience',
    authorization: async (issuer) => `Bearer ${await issuer.token({ ...EVERYTHING, aud: 'https://elsewhere.test' })}`,
    refused: INVALID,
  },
  { name: 'of another issuer', authorization: async (_, foreign) => `Bearer ${await foreign.token(EVERYTHING)}`, refused: INVALID },
  { name: 'expired', authorization: async (issuer) => `Bearer ${await issuer.expiredToken(EVERYTHING)}`, refused: ['UNAUTHENTICATED', 'TOKEN_EXPIRED'] },
  { name: 'malformed', authorization: async () => `Basic ${btoa(`ada:${CANARY}`)}`, refused: ['BAD_CREDENTIALS', 'MALFORMED_TOKEN'] },
  { name: 'canary', authorization: async () => `Bearer ${CANARY}`, refused: INVALID },
]

const KINDS = Object.keys(FIELDS) as Kind[]
const CASES = PEOPLE.flatMap((person) =>
  KINDS.flatMap((kind) =>
    ((person.refused === undefined ? Object.keys(FIELDS[kind]) : ['open', 'scoped']) as Field[]).map((field) => ({ person, kind, field })),
  ),
)

function expected({ refused, lacks }: Person, kind: Kind, field: Field, denied: 'reject' | 'null'): Outcome {
  const [name, answers] = FIELDS[kind][field]
  const [code, reason] = refused ?? lacks?.[field] ?? [null, null]
  if (reason === null) return { verdict: 'answered', code, reason, data: answers.map((answer) => ({ [name]: answer })) }
  // A subscription has no result that its field could be null in before its stream is there.
  const partial = denied === 'null' && refused === undefined && kind !== 'subscription'
  return { verdict: partial ? 'partial' : 'refused', code, reason, data: partial ? [{ [name]: null }] : [] }
}

const printed: string[] = []
const methods = ['log', 'info', 'warn', 'error', 'debug'] as const
let foreign: TestIssuer

beforeAll(async () => {
  for (const method of methods) jest.spyOn(console, method).mockImplementation((...words: unknown[]) => void printed.push(words.map(String).join(' ')))
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    jest.spyOn(stream, 'write').mockImplementation((...args: unknown[]) => {
      printed.push(String(args[0]))
      return write(...args)
    })
  }
  foreign = await createTestIssuer({ algorithms: ['ES256'] })
})

afterAll(async () => {
  jest.restoreAllMocks()
  await foreign.close()
})

describe.each(MODES)('every transport gives the verdict of HTTP, with $engine and denied: $denied', ({ engine, denied }) => {
  let servers: Servers
  const used = new Set<string>()

  beforeAll(async () => {
    servers = await startServers({ engine, settings: { denied, connections: { anonymous: true } } })
  })
  afterAll(() => servers.close())

  it.each(CASES)('C11: $person.name, $kind of the $field field', async ({ person, kind, field }) => {
    const authorization = await person.authorization(servers.issuer, foreign)
    if (authorization !== undefined) used.add(authorization.slice(authorization.indexOf(' ') + 1))
    const verdict = expected(person, kind, field, denied)
    const call = { authorization, query: `${kind} { ${FIELDS[kind][field][0]} }` }
    for (const [transport, caller] of Object.entries(CALLERS)) {
      // An acknowledgement is one answer: what it says of a stream that may run has a test of its own.
      if (transport === 'Socket.IO request' && kind === 'subscription' && verdict.verdict !== 'refused') continue
      if (transport === 'Socket.IO request' && kind === 'subscription' && denied === 'null' && person.refused === undefined) continue
      const { closed, ...outcome } = await caller(servers, call)
      expect({ transport, ...outcome }).toEqual({ transport, ...verdict })
      if (closed !== null) expect({ transport, closed }).toEqual({ transport, closed: 4403 })
    }
  })

  it('runs no resolver that was refused', () => {
    const allowed = CASES.filter(({ person, field }) => person.refused === undefined && person.lacks?.[field] === undefined)
    const coordinates = new Set(allowed.map(({ kind, field }) => `${kind[0]?.toUpperCase()}${kind.slice(1)}.${FIELDS[kind][field][0]}`))
    const counts = new Map<string, number>()
    for (const coordinate of servers.ran) counts.set(coordinate, (counts.get(coordinate) ?? 0) + 1)
    for (const coordinate of coordinates) {
      if (coordinate === 'Query.me') continue
      const [type = '', name] = coordinate.split('.')
      const cases = allowed.filter(({ kind, field }) => FIELDS[kind][field][0] === name).length
      const transports = type === 'Subscription' ? 3 : 4
      expect([coordinate, counts.get(coordinate)]).toEqual([coordinate, cases * transports])
    }
  })

  it('shows no token in the log, on the console or in anything that was sent', () => {
    const everything = [servers.log(), ...servers.sent, ...printed].join('\n')
    expect(servers.sent.length).toBeGreaterThan(100)
    expect(used.size).toBeGreaterThan(5)
    for (const token of used) {
      expect(everything.includes(token)).toBe(false)
      // Of a JWT, the header and the claims are known to many; the signature is what makes it good.
      expect(everything.includes(token.split('.').at(-1) as string)).toBe(false)
    }
    expect(everything).not.toContain('CANARY')
    expect(servers.logged().some(({ event }) => event === 'refused')).toBe(true)
  })
})

describe('a connection that nobody is on', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers()
  })
  afterAll(() => servers.close())

  it('is refused at the handshake under private access', async () => {
    const verdict = { verdict: 'refused', code: 'UNAUTHENTICATED', reason: 'MISSING_TOKEN', data: [] }
    expect(await CALLERS['graphql-ws'](servers, { query: '{ hello }' })).toEqual({ ...verdict, closed: 4403 })
    expect(await CALLERS['Socket.IO stream'](servers, { query: '{ hello }' })).toEqual({ ...verdict, closed: 4403 })
    expect(await CALLERS['Socket.IO request'](servers, { query: '{ hello }' })).toEqual({ ...verdict, closed: null })
    expect(servers.ran).toEqual([])
    expect(servers.logged().filter(({ event }) => event === 'refused')).toHaveLength(3)
  })

  it('is let in under public access, and each operation is judged', async () => {
    const open = await startServers({ settings: { access: 'public' } })
    try {
      for (const caller of Object.values(CALLERS)) {
        expect(await caller(open, { query: '{ hello me }' })).toMatchObject({ verdict: 'answered', data: [{ hello: 'world', me: null }] })
        expect(await caller(open, { query: '{ orders }' })).toMatchObject({ verdict: 'refused', reason: 'MISSING_TOKEN' })
      }
    } finally {
      await open.close()
    }
  })
})

describe('an identity provider that is out of reach', () => {
  it.each(KINDS)('refuses a %s as unavailable on every transport, and never as anonymous', async (kind) => {
    const servers = await startServers({ settings: { access: 'public' } })
    try {
      servers.issuer.fail('error', ['openidConfiguration', 'oauthMetadata', 'jwks'])
      const call = { authorization: `Bearer ${await servers.issuer.token(EVERYTHING)}`, query: `${kind} { ${FIELDS[kind].open[0]} }` }
      for (const [transport, caller] of Object.entries(CALLERS)) {
        const { closed, ...outcome } = await caller(servers, call)
        expect({ transport, ...outcome }).toEqual({ transport, verdict: 'refused', code: 'SERVICE_UNAVAILABLE', reason: 'BACKEND_UNAVAILABLE', data: [] })
        expect({ transport, closed }).toEqual({ transport, closed: ['graphql-ws', 'Socket.IO stream'].includes(transport) ? 1013 : null })
      }
      expect(servers.ran).toEqual([])
    } finally {
      await servers.close()
    }
  })
})
