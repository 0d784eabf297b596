import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { GraphQLError } from 'graphql'
import { BackendUnavailableError, InvalidTokenError } from '../../src/core/errors.js'
import type { PermissionSource } from '../../src/core/permissions/source.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { type Servers, type ServersOptions, startServers } from '../support/transport-servers.js'
import { ENGINES } from './support/engines.js'
import { bearer, errorsIn, SENDERS, STREAMING, TRANSPORTS } from './support/senders.js'

/** What an error of a real server may hold: a statement, a stack, a token, a connection string, another tenant's name. */
const CANARIES = [
  'SELECT canary_column FROM',
  'CANARYTOKEN.eyJjYW5hcnkiOjF9.c2ln',
  'postgres://canary:hunter2@db',
  'tenant-canary-gmbh',
  '/srv/canary/secret.js:1',
]

/** The error that every part of the server throws here. */
function disaster(): Error {
  const cause = Object.assign(new Error(`${CANARIES[0]} ${CANARIES[2]}`), { sql: CANARIES[0], parameters: [CANARIES[1]] })
  const error = new Error(CANARIES.join(' '), { cause })
  return Object.assign(error, { stack: `Error: ${CANARIES.join(' ')}\n    at ${CANARIES[4]}`, sql: CANARIES[0], tenant: CANARIES[3] })
}

const fail = (): never => {
  throw disaster()
}

const printed: string[] = []
const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const

beforeAll(() => {
  for (const method of METHODS) jest.spyOn(console, method).mockImplementation((...words: unknown[]) => void printed.push(words.map(String).join(' ')))
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    jest.spyOn(stream, 'write').mockImplementation((...args: unknown[]) => {
      printed.push(String(args[0]))
      return write(...args)
    })
  }
})
afterAll(() => {
  jest.restoreAllMocks()
})

function expectNoCanary(servers: Servers, ...seen: readonly unknown[]): void {
  const everything = [servers.log(), ...servers.sent, ...printed, ...seen.map((part) => JSON.stringify(part))].join('\n')
  for (const canary of CANARIES) expect(everything).not.toContain(canary)
  expect(everything).not.toMatch(/canary_column|CANARYTOKEN|hunter2|canary-gmbh|\/srv\/canary/)
}

const guardedBy = (object: () => unknown, permissions: PermissionSource): ServersOptions => ({
  extension: { typeDefs: 'extend type Query { guarded: String }', resolvers: { Query: { guarded: requirePerm('a', { object })(() => 'in') } } },
  settings: { permissions },
})

interface Leak {
  readonly name: string
  readonly options: ServersOptions
  readonly query: string
  /** How the log tells that it happened. */
  readonly fault: string
}

const YES: PermissionSource = { check: (_, questions) => questions.map(() => true) }

/** Every part of a server that the package calls, and that may break. */
const LEAKS: readonly Leak[] = [
  { name: 'a permission source throws', options: guardedBy(() => '1', { check: fail }), query: '{ guarded }', fault: 'permission source' },
  { name: 'a permission source rejects', options: guardedBy(() => '1', { check: async () => fail() }), query: '{ guarded }', fault: 'permission source' },
  {
    name: 'a permission source is out of reach, and says why',
    options: guardedBy(() => '1', {
      check: () => {
        throw new BackendUnavailableError({}, { cause: disaster() })
      },
    }),
    query: '{ guarded }',
    fault: 'permission source',
  },
  { name: 'an object function throws', options: guardedBy(fail, YES), query: '{ guarded }', fault: 'requirement object' },
  { name: 'an object function rejects', options: guardedBy(async () => fail(), YES), query: '{ guarded }', fault: 'requirement object' },
  { name: 'a tenant function throws', options: { settings: { tenant: fail } }, query: '{ me }', fault: 'backend' },
  { name: 'onAuthenticated throws', options: { settings: { onAuthenticated: fail } }, query: '{ me }', fault: 'backend' },
  { name: 'onAuthenticated rejects', options: { settings: { onAuthenticated: async () => fail() } }, query: '{ me }', fault: 'backend' },
  {
    name: 'a backend of its own throws',
    options: { backends: [fail] },
    query: '{ me }',
    fault: 'backend',
  },
]

describe.each(ENGINES)('B24 with %s', (engine) => {
  it.each(LEAKS)('shows nothing of an error to a client or the log when $name', async ({ options, query, fault }) => {
    const servers = await startServers({ ...options, engine })
    try {
      const authorization = await bearer(servers)
      const seen = []
      for (const transport of TRANSPORTS) {
        const results = await SENDERS[transport](servers, { query, authorization })
        expect({ transport, refused: errorsIn(results).length > 0 }).toEqual({ transport, refused: true })
        seen.push(results)
      }
      expectNoCanary(servers, seen)
      expect(servers.logged().some(({ event, what }) => event === 'fault' && String(what).includes(fault))).toBe(true)
    } finally {
      await servers.close()
    }
  })

  const HOOKS: ReadonlyArray<{ name: string; graphqlWs: NonNullable<ServersOptions['graphqlWs']> }> = [
    { name: 'onConnect', graphqlWs: { onConnect: fail } },
    { name: 'onSubscribe', graphqlWs: { onSubscribe: fail } },
    { name: 'context', graphqlWs: { context: fail } },
    { name: 'context that rejects', graphqlWs: { context: async () => fail() } },
  ]

  it.each(HOOKS)('closes or refuses without a word of what the hook $name threw', async ({ graphqlWs }) => {
    const servers = await startServers({ engine, graphqlWs })
    try {
      const results = await SENDERS['graphql-ws'](servers, { query: '{ me }', authorization: await bearer(servers) })
      expect(errorsIn(results)).toHaveLength(1)
      expectNoCanary(servers, results)
    } finally {
      await servers.close()
    }
  })

  it('refuses without a word of what the context of Socket.IO threw', async () => {
    const servers = await startServers({ engine, socketIo: { context: fail } })
    try {
      for (const transport of ['Socket.IO stream', 'Socket.IO request'] as const) {
        const results = await SENDERS[transport](servers, { query: '{ me }', authorization: await bearer(servers) })
        expect(errorsIn(results)).toHaveLength(1)
        expectNoCanary(servers, results)
      }
    } finally {
      await servers.close()
    }
  })

  it('tells what a backend has against a token to the log alone, and what was underneath to nobody', async () => {
    const backend = (_token: string): never => {
      throw new InvalidTokenError({ detail: 'words for the log' }, { cause: disaster() })
    }
    const servers = await startServers({ engine, backends: [backend] })
    try {
      const seen = []
      for (const transport of TRANSPORTS) seen.push(await SENDERS[transport](servers, { query: '{ me }', authorization: `Bearer ${CANARIES[1]}` }))
      expectNoCanary(servers, seen)
      expect(JSON.stringify([seen, servers.sent])).not.toContain('words for the log')
      expect(servers.log()).toContain('words for the log')
    } finally {
      await servers.close()
    }
  })
})

/** Resolvers are the application's: their errors are masked where the server does that for every transport, as Yoga and Envelop do. */
const RESOLVERS = {
  typeDefs: /* GraphQL */ `
    extend type Query { broken: String @public rejected: String @public wrapped: String @public }
    extend type Subscription { brokenSource: Int @public brokenEvents: Int @public brokenResolver: Int @public }
  `,
  resolvers: {
    Query: {
      broken: fail,
      rejected: async () => fail(),
      wrapped: () => {
        throw new GraphQLError(CANARIES.join(' '), { originalError: disaster() })
      },
    },
    Subscription: {
      brokenSource: { subscribe: fail },
      brokenEvents: {
        subscribe: async function* () {
          yield { brokenEvents: 1 }
          fail()
        },
      },
      brokenResolver: {
        subscribe: async function* () {
          yield 1
        },
        resolve: fail,
      },
    },
  },
}

describe("B24 what an application's resolvers throw", () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ extension: RESOLVERS })
  })
  afterAll(() => servers.close())

  it.each(TRANSPORTS)('is masked over %s, where Yoga serves it', async (transport) => {
    for (const field of ['broken', 'rejected', 'wrapped']) {
      const results = await SENDERS[transport](servers, { query: `{ hello ${field} }`, authorization: await bearer(servers) })
      expect(errorsIn(results)).toHaveLength(1)
      expectNoCanary(servers, results)
    }
  })

  it.each(STREAMING)('is masked in a stream over %s, where Yoga serves it', async (transport) => {
    for (const field of ['brokenSource', 'brokenEvents', 'brokenResolver']) {
      const results = await SENDERS[transport](servers, { query: `subscription { ${field} }`, authorization: await bearer(servers) })
      expect({ field, errors: errorsIn(results).length }).toEqual({ field, errors: 1 })
      expectNoCanary(servers, results)
    }
  })
})
