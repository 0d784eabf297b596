import { afterEach, describe, expect, it } from '@jest/globals'
import { GraphQLError, parse } from 'graphql'
import { makeServer } from 'graphql-ws'
import type { Plugin } from 'graphql-yoga'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import type { LiveAuth } from '../../src/transports/graphql-ws/index.js'
import { graphqlWs } from '../../src/transports/graphql-ws/index.js'
import { type Engine, type Servers, type ServersOptions, startServers } from '../support/transport-servers.js'
import { openLeases, WireClient } from '../support/transport-wire.js'

let servers: Servers
afterEach(() => servers.close())

async function connected(options: ServersOptions): Promise<WireClient> {
  servers = await startServers(options)
  return WireClient.connected(servers, await servers.issuer.token({ sub: 'ada', scope: 'orders:read' }))
}

const INTERNAL = { message: 'Internal Server Error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }

describe('onConnect of the application', () => {
  it('runs after the caller was admitted, sees who he is, and adds to the acknowledgement', async () => {
    const seen: Array<LiveAuth | undefined> = []
    servers = await startServers({
      graphqlWs: {
        onConnect({ extra }) {
          seen.push(extra.auth)
          return { greeting: 'hello', expiresAt: 'never' }
        },
      },
    })
    const client = await WireClient.open(servers)
    client.init({ token: await servers.issuer.token({ sub: 'ada' }) })
    const { payload } = await client.until(({ type }) => type === 'connection_ack')
    expect(payload).toEqual({ greeting: 'hello', expiresAt: seen[0]?.lease.expiresAt })
    expect(seen.map((auth) => auth?.principal?.subject)).toEqual(['ada'])
    await client.close()
  })

  it('is not asked about a caller who was refused, and cannot let him in', async () => {
    let asked = 0
    servers = await startServers({
      graphqlWs: {
        onConnect: () => {
          asked += 1
          return true
        },
      },
    })
    const client = await WireClient.open(servers)
    client.init({ token: await servers.issuer.forgedToken() })
    expect(await client.closed).toEqual({ code: 4403, reason: 'INVALID_TOKEN' })
    expect(asked).toBe(0)
  })

  it('may refuse a caller who was admitted', async () => {
    servers = await startServers({ graphqlWs: { onConnect: () => false } })
    const client = await WireClient.open(servers)
    client.init({ token: await servers.issuer.token() })
    expect(await client.closed).toEqual({ code: 4403, reason: 'Forbidden' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(openLeases(servers).size).toBe(0)
  })

  it('tells the client nothing of what it throws', async () => {
    servers = await startServers({
      graphqlWs: {
        onConnect: () => {
          throw new Error('the database at 10.0.0.5 said CANARY')
        },
      },
    })
    const client = await WireClient.open(servers)
    client.init({ token: await servers.issuer.token() })
    expect(await client.closed).toEqual({ code: 4500, reason: 'Internal Server Error' })
    expect(servers.log()).not.toContain('CANARY')
    expect(servers.logged()).toContainEqual(expect.objectContaining({ event: 'fault', what: 'connection_init' }))
  })
})

describe.each<Engine>(['getEnveloped', 'schema'])('onSubscribe of the application, with %s', (engine) => {
  it('may refuse an operation', async () => {
    const client = await connected({ engine, graphqlWs: { onSubscribe: () => [new GraphQLError('Not now', { extensions: { code: 'RATE_LIMITED' } })] } })
    client.subscribe('1', '{ me }')
    expect(await client.until(({ id }) => id === '1')).toEqual({
      id: '1',
      type: 'error',
      payload: [{ message: 'Not now', extensions: { code: 'RATE_LIMITED' } }],
    })
    expect(servers.ran).toEqual([])
    await client.close()
  })

  it('may put a document of its own in place of the text, which is judged like any other', async () => {
    const documents: Readonly<Record<string, string>> = { a: '{ me }', b: '{ vault }', c: '{ nothing }', d: 'mutation { greet }' }
    const client = await connected({
      engine,
      graphqlWs: {
        onSubscribe: (_, __, { extensions }) => ({
          document: parse(documents[String(extensions?.persisted)] as string),
          // Whoever the hook says is asking, and whatever schema it names, does not count.
          contextValue: { auth: { principal: { subject: 'root' }, decide: () => null } },
          schema: null as never,
        }),
      },
    })
    const ask = async (persisted: string): Promise<unknown> => {
      client.subscribe(persisted, '', { extensions: { persisted } })
      const { type, payload } = await client.until(({ id }) => id === persisted)
      return [type, payload.data ?? payload[0].extensions?.auth?.reason ?? payload[0].message]
    }
    expect(await ask('a')).toEqual(['next', { me: 'ada' }])
    expect(await ask('b')).toEqual(['error', 'INSUFFICIENT_PERMISSION'])
    expect(await ask('c')).toEqual(['error', expect.stringContaining('Cannot query field')])
    expect(await ask('d')).toEqual(['next', { greet: 'hi' }])
    await client.close()
  })

  it('tells the client nothing of what it throws, and the socket stays', async () => {
    const client = await connected({
      engine,
      graphqlWs: {
        onSubscribe: (_, id) => {
          if (id === '1') throw new Error('CANARY')
        },
      },
    })
    client.subscribe('1', '{ me }')
    expect(await client.until(({ id }) => id === '1')).toEqual({ id: '1', type: 'error', payload: [INTERNAL] })
    client.subscribe('2', '{ me }')
    expect((await client.until(({ id }) => id === '2')).payload).toEqual({ data: { me: 'ada' } })
    await client.close()
  })
})

describe.each<Engine>(['getEnveloped', 'schema'])('the context, with %s', (engine) => {
  it('holds what the application adds, asked for once an operation, and never another auth', async () => {
    const asked: string[] = []
    const client = await connected({
      engine,
      extension: {
        typeDefs: 'extend type Query { color: String }',
        resolvers: { Query: { color: (_: unknown, __: unknown, context: { color: string }) => context.color } },
      },
      graphqlWs: {
        context: async ({ extra }, { query }) => {
          asked.push(`${extra.auth?.principal?.subject} ${query}`)
          return { color: 'green', auth: { principal: { subject: 'root' } } }
        },
      },
    })
    client.subscribe('1', '{ color me }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ data: { color: 'green', me: 'ada' } })
    client.subscribe('2', '{ color')
    await client.until(({ id }) => id === '2')
    expect(asked).toEqual(['ada { color me }'])
    await client.close()
  })

  it('tells the client nothing of what it throws, but shows a GraphQLError', async () => {
    const client = await connected({
      engine,
      graphqlWs: {
        context: (_, { query }) => {
          throw query.includes('me') ? new Error('CANARY') : new GraphQLError('Closed on Sundays')
        },
      },
    })
    client.subscribe('1', '{ me }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual([INTERNAL])
    client.subscribe('2', '{ hello }')
    expect((await client.until(({ id }) => id === '2')).payload).toEqual([{ message: 'Closed on Sundays' }])
    expect(servers.log() + servers.sent.join()).not.toContain('CANARY')
    await client.close()
  })
})

describe('what the engine itself throws', () => {
  it('stays here, and the socket with it', async () => {
    const broken: Plugin = {
      onExecute() {
        throw new Error('CANARY')
      },
      onSubscribe() {
        throw new Error('CANARY')
      },
    }
    const client = await connected({ plugins: [broken] })
    client.subscribe('1', '{ me }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ errors: [INTERNAL] })
    client.subscribe('2', 'subscription { steps }')
    expect((await client.until(({ id }) => id === '2')).payload).toEqual({ errors: [INTERNAL] })
    await client.settled()
    expect(servers.log() + servers.sent.join()).not.toContain('CANARY')
    await client.close()
  })

  it('takes errors of another make from an executor', async () => {
    const foreign: Plugin = {
      onExecute({ setResultAndStopExecution }) {
        setResultAndStopExecution({ data: null, errors: [{ message: 'elsewhere', extensions: { code: 'DOWNSTREAM', http: { status: 502 } } }] as never })
      },
    }
    const client = await connected({ plugins: [foreign] })
    client.subscribe('1', '{ me }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ data: null, errors: [{ message: 'elsewhere', extensions: { code: 'DOWNSTREAM' } }] })
    await client.close()
  })
})

describe('the other hooks', () => {
  it('are called as graphql-ws calls them', async () => {
    const calls: string[] = []
    const client = await connected({
      graphqlWs: {
        onOperation: (_, id) => void calls.push(`operation ${id}`),
        onNext: (_, id, __, ___, result) => {
          calls.push(`next ${id}`)
          return { ...result, extensions: { stamped: true } } as never
        },
        onError: (_, id, __, errors) => {
          calls.push(`error ${id}`)
          return errors.map(({ message }) => ({ message: `${message}!` }))
        },
        onComplete: (_, id) => void calls.push(`complete ${id}`),
        onDisconnect: () => void calls.push('disconnect'),
        onClose: () => void calls.push('close'),
        onPing: () => void calls.push('ping'),
      },
    })
    client.subscribe('1', '{ me }')
    await client.until(({ id, type }) => id === '1' && type === 'complete')
    expect(client.of('1')[0]?.payload).toEqual({ data: { me: 'ada' }, extensions: { stamped: true } })
    client.subscribe('2', '{ vault }')
    expect((await client.until(({ id }) => id === '2')).payload).toEqual([{ message: 'Forbidden!' }])
    await client.settled()
    await client.close()
    expect(calls).toEqual(['operation 1', 'next 1', 'complete 1', 'error 2', 'ping', 'disconnect', 'close'])
  })
})

describe('graphqlWs', () => {
  it.each([
    ['neither getEnveloped nor a schema', {}],
    ['both', { getEnveloped: () => undefined, schema: {} }],
    ['a schema that is none', { schema: 'type Query { a: String }' }],
    ['a getEnveloped that is no function', { getEnveloped: {} }],
  ])('refuses to start with %s', async (_, options) => {
    servers = await startServers()
    expect(() => graphqlWs(servers.auth, options as never)).toThrow(ConfigurationError)
  })

  it('refuses every operation where Envelop does not know about auth', async () => {
    servers = await startServers()
    const { schema, parse: parseDocument } = await bareSchema()
    const sent: string[] = []
    const server = makeServer(
      graphqlWs(servers.auth, {
        getEnveloped: () => ({
          schema,
          parse: parseDocument,
          validate: () => [],
          contextFactory: (context) => context,
          execute: () => ({ data: { hello: 'leaked' } }),
          subscribe: () => ({ data: null }),
        }),
      }),
    )
    const socket = { protocol: 'graphql-transport-ws', send: (data: string) => void sent.push(data), close: () => undefined }
    let deliver: (text: string) => Promise<void> = async () => undefined
    const closed = server.opened(
      {
        ...socket,
        onMessage: (callback) => {
          deliver = callback
        },
      },
      { socket, request: new Request('http://localhost/graphql') },
    )
    await deliver(JSON.stringify({ type: 'connection_init', payload: { token: await servers.issuer.token() } }))
    await deliver(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ hello }' } }))
    await closed(1000, '')
    expect(sent.map((text) => JSON.parse(text)).at(-1)).toEqual({ id: '1', type: 'error', payload: [INTERNAL] })
    expect(servers.logged()).toContainEqual(expect.objectContaining({ event: 'fault', error: expect.stringContaining('ConfigurationError') }))
    expect(openLeases(servers).size).toBe(0)
  })

  it('refuses a socket that it cannot close in its own words', async () => {
    servers = await startServers()
    const closes: unknown[] = []
    const server = makeServer(graphqlWs(servers.auth, { schema: (await bareSchema()).schema }))
    let deliver: (text: string) => Promise<void> = async () => undefined
    const closed = server.opened(
      {
        protocol: 'graphql-transport-ws',
        send: () => undefined,
        close: (...how) => void closes.push(how),
        onMessage: (callback) => {
          deliver = callback
        },
      },
      {} as never,
    )
    await deliver(JSON.stringify({ type: 'connection_init', payload: { token: await servers.issuer.token() } }))
    await closed(4403, '')
    expect(closes).toEqual([[4403, 'Forbidden']])
  })
})

async function bareSchema() {
  const { buildSchema } = await import('graphql')
  return { schema: buildSchema('type Query { hello: String }'), parse }
}
