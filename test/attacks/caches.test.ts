import { EventEmitter } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ExecutionResult } from 'graphql'
import { print } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { authCacheKey } from '../../src/core/cache-key.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { bearer, refusalsIn, SENDERS, STREAMING, TRANSPORTS } from './support/senders.js'

/** What a response cache does, and no more: it remembers results by the session that it is told, and the document. */
function responseCache(session: (context: unknown) => string, hits: string[]): Plugin {
  const entries = new Map<string, ExecutionResult>()
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const key = JSON.stringify([session(args.contextValue), print(args.document), args.variableValues ?? {}])
      const known = entries.get(key)
      if (known !== undefined) {
        hits.push(key)
        return void setResultAndStopExecution(known)
      }
      return {
        onExecuteDone: ({ result }) => {
          if (!(Symbol.asyncIterator in result) && result.errors === undefined) entries.set(key, result)
        },
      }
    },
  }
}

const PEOPLE: ReadonlyArray<{ readonly name: string; readonly claims: Readonly<Record<string, unknown>> }> = [
  { name: 'ada', claims: { scope: 'orders:read', tenant_id: 'a' } },
  { name: 'ada of another tenant', claims: { scope: 'orders:read', tenant_id: 'b' } },
  { name: 'ada with fewer scopes', claims: { scope: 'profile', tenant_id: 'a' } },
  { name: 'ada with a permission', claims: { scope: 'orders:read', tenant_id: 'a', permissions: ['vault.open'] } },
  { name: 'bob', claims: { sub: 'bob', scope: 'orders:read', tenant_id: 'a' } },
]

const extension = {
  typeDefs: 'extend type Query { whoami: String }',
  resolvers: {
    Query: {
      whoami: (_: unknown, __: unknown, { auth }: { auth: { principal: { subject: string; tenant: string } } }) =>
        `${auth.principal.tenant} ${auth.principal.subject}`,
    },
  },
}

describe('B19 a response cache that is told the key of the caller', () => {
  let servers: Servers
  const hits: string[] = []
  beforeAll(async () => {
    servers = await startServers({
      extension,
      settings: { tenant: { claim: 'tenant_id' }, connections: { anonymous: true } },
      plugins: [responseCache(authCacheKey, hits)],
    })
  })
  beforeEach(() => {
    hits.length = 0
  })
  afterAll(() => servers.close())

  it.each(TRANSPORTS)('keeps an entry for each principal, tenant and set of rights over %s', async (transport) => {
    const query = `query Q${TRANSPORTS.indexOf(transport)} { whoami orders }`
    const seen = []
    for (const { claims } of PEOPLE) {
      const results = await SENDERS[transport](servers, { query, authorization: await bearer(servers, claims) })
      seen.push(results[0]?.data?.whoami ?? refusalsIn(results)[0])
    }
    expect(seen).toEqual(['a ada', 'b ada', 'Query.orders FORBIDDEN INSUFFICIENT_SCOPE', 'a ada', 'a bob'])
    expect(hits).toEqual([])
  })

  it('answers the same caller from the cache, with another token and over another transport', async () => {
    for (const transport of TRANSPORTS) {
      const results = await SENDERS[transport](servers, { query: '{ whoami again: whoami }', authorization: await bearer(servers, PEOPLE[0]?.claims) })
      expect(results[0]?.data).toEqual({ whoami: 'a ada', again: 'a ada' })
    }
    expect(hits).toHaveLength(TRANSPORTS.length - 1)
  })

  it('answers nobody with bad credentials from the entry of nobody', async () => {
    for (const transport of ['HTTP', 'SSE'] as const) {
      expect(refusalsIn(await SENDERS[transport](servers, { query: '{ hello }' }))).toEqual([])
      expect(refusalsIn(await SENDERS[transport](servers, { query: '{ hello }', authorization: 'Bearer forged' }))).toEqual(['- UNAUTHENTICATED INVALID_TOKEN'])
    }
  })
})

describe('B19 a response cache that is told less', () => {
  it.each<[name: string, session: (context: unknown) => string]>([
    ['nothing', () => 'everybody'],
    ['the subject alone', (context) => String((context as { auth: { principal: { subject: string } | null } }).auth.principal?.subject)],
  ])('gives one caller what is another’s when it is told %s', async (_name, session) => {
    const servers = await startServers({ extension, settings: { tenant: { claim: 'tenant_id' } }, plugins: [responseCache(session, [])] })
    try {
      const ask = async (index: number) =>
        (await SENDERS.HTTP(servers, { query: '{ whoami }', authorization: await bearer(servers, PEOPLE[index]?.claims) }))[0]?.data
      expect(await ask(0)).toEqual({ whoami: 'a ada' })
      expect(await ask(1)).toEqual({ whoami: 'a ada' })
    } finally {
      await servers.close()
    }
  })
})

describe('B19 subscriptions that share one source', () => {
  it('give each subscriber what he may have, and no more', async () => {
    const source = new EventEmitter().setMaxListeners(0)
    const servers = await startServers({
      settings: { tenant: { claim: 'tenant_id' }, denied: 'null' },
      extension: {
        typeDefs: `
          type Sale { id: ID amount: Int @requiresScopes(scopes: [["orders:read"]]) tenant: String }
          extend type Subscription { sale: Sale }
        `,
        resolvers: {
          Subscription: { sale: { subscribe: () => sales(source), resolve: (value: unknown) => value } },
          Sale: { tenant: (_: unknown, __: unknown, { auth }: { auth: { principal: { tenant: string } } }) => auth.principal.tenant },
        },
      },
    })
    try {
      const query = 'subscription { sale { amount tenant } }'
      const open = STREAMING.flatMap((transport) =>
        PEOPLE.map(async ({ claims }) => SENDERS[transport](servers, { query, authorization: await bearer(servers, claims) })),
      )
      while (source.listenerCount('sale') < open.length) await new Promise((resolve) => setTimeout(resolve, 5))
      source.emit('sale')
      const results = await Promise.all(open)
      const rows = ['a', 'b', 'a', 'a', 'a'].map((tenant, index) => ({ sale: { amount: index === 2 ? null : 5, tenant } }))
      expect(results.map((parts) => parts.map(({ data }) => data))).toEqual(STREAMING.flatMap(() => rows.map((row) => [row])))
    } finally {
      await servers.close()
    }
  })
})

/** One event for every subscriber, then the end. */
async function* sales(source: EventEmitter): AsyncGenerator<{ readonly id: string; readonly amount: number }> {
  await new Promise((resolve) => source.once('sale', resolve))
  yield { id: '1', amount: 5 }
}
