import { afterEach, describe, expect, it } from '@jest/globals'
import { makeServer } from 'graphql-ws'
import type { Plugin } from 'graphql-yoga'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { graphqlWs } from '../../src/transports/graphql-ws/index.js'
import { testSchema } from '../support/transport-schema.js'
import { type Engine, type Servers, type ServersOptions, startServers } from '../support/transport-servers.js'
import { eventually, openLeases, WireClient } from '../support/transport-wire.js'

const EXPIRED = { message: 'Unauthorized', extensions: { code: 'UNAUTHENTICATED', auth: { reason: 'TOKEN_EXPIRED', decisionId: expect.any(String) } } }

let servers: Servers
afterEach(() => servers.close())

async function connected(options: ServersOptions, expiresIn = 300): Promise<WireClient> {
  servers = await startServers(options)
  return WireClient.connected(servers, await servers.issuer.token({ sub: 'ada' }, { expiresIn }))
}

/** Subscribes to the ticks under each id, and waits until each has had one. */
async function subscribed(client: WireClient, ids: readonly string[]): Promise<void> {
  for (const id of ids) client.subscribe(id, 'subscription { ticks }')
  await eventually(() => servers.events.listenerCount('tick') === ids.length)
  servers.events.emit('tick', 1)
  for (const id of ids) await client.until((message) => message.id === id)
}

describe.each<Engine>(['getEnveloped', 'schema'])('the end of a token, operations run with %s', (engine) => {
  it('C6: gives three live subscriptions an error each, then closes with 4403, and delivers nothing afterwards', async () => {
    const client = await connected({ engine }, 3)
    await subscribed(client, ['a', 'b', 'c'])
    const { code, reason } = await client.closed
    expect({ code, reason }).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    servers.events.emit('tick', 2)
    for (const id of ['a', 'b', 'c']) {
      expect(client.of(id)).toEqual([
        { id, type: 'next', payload: { data: { ticks: 1 } } },
        { id, type: 'error', payload: [EXPIRED] },
      ])
    }
    expect(servers.events.listenerCount('tick')).toBe(0)
    expect(openLeases(servers).size).toBe(0)
    expect(servers.logged().filter(({ event }) => event === 'lease.ended')).toEqual([expect.objectContaining({ reason: 'expired', subject: 'ada' })])
  })

  it('C6: delivers no event at or after exp, although no timer has fired', async () => {
    const client = await connected({ engine })
    await subscribed(client, ['a', 'b'])
    servers.clock.offset = 300_000
    servers.events.emit('tick', 2)
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    for (const id of ['a', 'b']) expect(client.of(id).map(({ type }) => type)).toEqual(['next', 'error'])
    expect(servers.sent.join('\n')).not.toContain('"ticks":2')
  })

  it('gives an operation that comes after exp the error, and then closes, although no timer has fired', async () => {
    let asked = 0
    const client = await connected({
      engine,
      graphqlWs: {
        onSubscribe() {
          asked += 1
        },
      },
    })
    servers.clock.offset = 300_000
    client.subscribe('late', 'mutation { greet }')
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(client.of('late')).toEqual([{ id: 'late', type: 'error', payload: [EXPIRED] }])
    expect([servers.ran, asked]).toEqual([[], 0])
  })

  it('gives a query that is still running the error, and keeps its result back', async () => {
    const client = await connected({ engine })
    const waiting = servers.waiting()
    client.subscribe('slow', '{ slow }')
    await waiting
    servers.clock.offset = 300_000
    servers.release()
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(client.of('slow')).toEqual([{ id: 'slow', type: 'error', payload: [EXPIRED] }])
    expect(servers.sent.join('\n')).not.toContain('late')
  })

  it('reads the clock once more right before it sends, after hooks that take their time', async () => {
    const client = await connected({
      engine,
      graphqlWs: {
        onNext: async () => {
          await new Promise((resolve) => setImmediate(resolve))
          servers.clock.offset = 300_000
        },
      },
    })
    client.subscribe('q', '{ me }')
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(client.of('q')).toEqual([{ id: 'q', type: 'error', payload: [EXPIRED] }])
  })

  it('runs no operation whose token ends while it is being prepared', async () => {
    const client = await connected({
      engine,
      graphqlWs: {
        context: () => {
          servers.clock.offset = 300_000
          return {}
        },
      },
    })
    client.subscribe('m', 'mutation { greet }')
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(client.of('m').map(({ type }) => type)).toEqual(['error'])
    expect(servers.ran).toEqual([])
  })

  it('closes for a token whose end comes while the application says whether it lets him in', async () => {
    servers = await startServers({
      engine,
      graphqlWs: {
        onConnect: async ({ extra }) => {
          servers.clock.offset = 300_000
          extra.auth?.lease.isAlive()
        },
      },
    })
    const client = await WireClient.open(servers)
    client.init({ token: await servers.issuer.token() })
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(client.messages).toEqual([])
    expect(openLeases(servers).size).toBe(0)
  })

  it('sends nothing after the close, whatever the socket would still take', async () => {
    servers = await startServers({ engine })
    const sent: string[] = []
    const socket = { send: (data: string) => void sent.push(data), close: (code: number, reason: string) => void sent.push(`close ${code} ${reason}`) }
    const schema = testSchema({ events: servers.events, wait: async () => undefined, ran: () => undefined })
    let deliver: (text: string) => Promise<void> = async () => undefined
    const closed = makeServer(graphqlWs(servers.auth, { schema })).opened(
      {
        ...socket,
        protocol: 'graphql-transport-ws',
        onMessage(callback) {
          deliver = callback
        },
      },
      { socket, request: new Request('http://localhost/graphql', { headers: { authorization: `Bearer ${await servers.issuer.token()}` } }) },
    )
    await deliver(JSON.stringify({ type: 'connection_init' }))
    const done = deliver(JSON.stringify({ type: 'subscribe', id: 'a', payload: { query: 'subscription { ticks }' } }))
    await eventually(() => servers.events.listenerCount('tick') === 1)
    servers.clock.offset = 300_000
    servers.events.emit('tick', 1)
    await done
    await closed(4403, '')
    expect(sent.slice(1)).toEqual([expect.stringContaining('TOKEN_EXPIRED'), 'close 4403 TOKEN_EXPIRED'])
  })

  it('never ends a connection that nobody is logged in on', async () => {
    servers = await startServers({ engine, settings: { access: 'public' } })
    const client = await WireClient.open(servers)
    client.init()
    expect((await client.until(({ type }) => type === 'connection_ack')).payload).toEqual({ expiresAt: null })
    servers.clock.offset = 10 ** 12
    client.subscribe('1', '{ hello }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ data: { hello: 'world' } })
    await client.close()
  })
})

describe('the end of a token, on a connection where nothing happens', () => {
  it('closes an idle connection', async () => {
    const client = await connected({}, 3)
    expect(await client.closed).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(client.messages.map(({ type }) => type)).toEqual(['connection_ack'])
  })
})

describe('the end of a connection', () => {
  it.each<[string, (client: WireClient) => unknown]>([
    ['is closed', (client) => client.close()],
    ['is lost', (client) => client.terminate()],
  ])('C22: ends the lease and the streams when it %s', async (_, go) => {
    const client = await connected({})
    await subscribed(client, ['a', 'b', 'c'])
    expect(openLeases(servers).size).toBe(1)
    await go(client)
    await eventually(() => openLeases(servers).size === 0)
    expect(servers.events.listenerCount('tick')).toBe(0)
  })

  it('C22: ends the lease also where a plugin has put a generator around the stream, which waits for the next event', async () => {
    const generator: Plugin = {
      onSubscribe: () => ({
        onSubscribeResult({ result, setResult }) {
          setResult(
            (async function* () {
              for await (const item of result as AsyncIterable<never>) yield item
            })(),
          )
        },
      }),
    }
    const client = await connected({ plugins: [generator] })
    await subscribed(client, ['a'])
    client.terminate()
    await eventually(() => openLeases(servers).size === 0)
    await eventually(() => servers.events.listenerCount('tick') === 0)
  })

  it('C22: sends nothing for an operation that the client has completed, with events in flight', async () => {
    const client = await connected({})
    await subscribed(client, ['a'])
    client.complete('a')
    for (let tick = 2; tick < 50; tick += 1) servers.events.emit('tick', tick)
    await client.settled()
    const heard = client.of('a').length
    for (let tick = 50; tick < 100; tick += 1) servers.events.emit('tick', tick)
    await client.settled()
    expect(client.of('a')).toHaveLength(heard)
    expect(client.of('a').some(({ type }) => type === 'complete')).toBe(false)
    expect(servers.events.listenerCount('tick')).toBe(0)
    await client.close()
  })

  it.each<[number, Engine]>([
    [10_000, 'getEnveloped'],
    [1000, 'schema'],
  ])(
    'C22: leaves no listener behind after %i subscriptions and completions, with %s',
    async (count, engine) => {
      let ended = 0
      const client = await connected({
        engine,
        graphqlWs: {
          onComplete() {
            ended += 1
          },
        },
      })
      await subscribed(client, ['stays'])
      for (let batch = 0; batch < count / 100; batch += 1) {
        for (let index = 0; index < 100; index += 1) client.subscribe(`${batch}-${index}`, 'subscription { ticks }')
        await eventually(() => servers.events.listenerCount('tick') === 101)
        for (let index = 0; index < 100; index += 1) client.complete(`${batch}-${index}`)
        await eventually(() => servers.events.listenerCount('tick') === 1)
      }
      expect(ended).toBe(count)
      expect(servers.events.listenerCount('error')).toBe(1)
      expect(servers.leaseListeners()).toBe(2)
      servers.events.emit('tick', 7)
      await client.until(({ payload }) => payload?.data?.ticks === 7)
      expect(client.messages.filter(({ payload }) => payload?.data?.ticks === 7)).toHaveLength(1)
      const before = servers.logged().length
      await client.close()
      await eventually(() => openLeases(servers).size === 0)
      expect(servers.logged()).toHaveLength(before + 1)
    },
    60_000,
  )
})

describe('C12: an operation over an old connection', () => {
  it('is judged by what the permission source says now', async () => {
    const allowed = new Set(['vault-1'])
    servers = await startServers({
      settings: { permissions: { check: async (_, questions) => questions.map(({ object }) => allowed.has(String(object))) } },
      extension: {
        typeDefs: 'extend type Query { box(id: String!): String }',
        resolvers: { Query: { box: requirePerm('vault.open', { object: (_, args) => (args as { id: string }).id })(() => 'gold') } },
      },
    })
    const client = await WireClient.connected(servers, await servers.issuer.token({ sub: 'ada' }))
    client.subscribe('1', '{ box(id: "vault-1") }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ data: { box: 'gold' } })
    allowed.clear()
    client.subscribe('2', '{ box(id: "vault-1") }')
    const { payload } = await client.until(({ id }) => id === '2')
    expect(payload.data).toEqual({ box: null })
    expect(payload.errors[0].extensions.auth.reason).toBe('INSUFFICIENT_PERMISSION')
    await client.close()
  })

  it('is judged by the age that the login has now', async () => {
    servers = await startServers({
      extension: {
        typeDefs: 'extend type Mutation { pay: String }',
        resolvers: { Mutation: { pay: requireOAuth({ maxAge: 60 })(() => 'paid') } },
      },
    })
    const client = await WireClient.connected(servers, await servers.issuer.token({ sub: 'ada', auth_time: Math.floor(Date.now() / 1000) }))
    client.subscribe('1', 'mutation { pay }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ data: { pay: 'paid' } })
    servers.clock.offset = 90_000
    client.subscribe('2', 'mutation { pay }')
    const { type, payload } = await client.until(({ id }) => id === '2')
    expect(type).toBe('error')
    expect(payload[0].extensions).toMatchObject({ code: 'UNAUTHENTICATED', auth: { reason: 'INSUFFICIENT_AUTHENTICATION', maxAge: 60 } })
    await client.settled()
    await client.close()
  })
})
