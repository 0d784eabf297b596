import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ExecutionResult } from 'graphql'
import { type Servers, startServers } from '../support/transport-servers.js'
import { connectedSocket, refusalOf } from '../support/transport-socket.js'
import { WireClient } from '../support/transport-wire.js'
import { ENGINES, MODES } from './support/engines.js'

const ORIGIN = 'https://app.example.com'

/** What a browser says of the page that opens a connection, when it is not one of the application's. */
const FOREIGN: ReadonlyArray<Readonly<Record<string, string>>> = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: `${ORIGIN}.evil.example` },
  { origin: 'http://app.example.com' },
  { origin: `${ORIGIN}:8443` },
  { 'sec-fetch-site': 'cross-site' },
  {},
]

describe.each(ENGINES)('B21 with the cookie of somebody who is logged in, and %s', (engine) => {
  let servers: Servers
  let cookie: string
  beforeAll(async () => {
    servers = await startServers({ engine, settings: { credentials: { cookie: { name: 'login', allowedOrigins: [ORIGIN] } } } })
    cookie = `login=${await servers.issuer.token({ sub: 'ada', scope: 'orders:read' })}`
  })
  afterAll(() => servers.close())

  it.each(FOREIGN)('a foreign page gets no graphql-ws connection: %j', async (headers) => {
    const client = await WireClient.open(servers, { ...headers, cookie })
    client.init()
    expect(await client.closed).toEqual({ code: 4403, reason: 'MISSING_TOKEN' })
    expect(servers.ran).toEqual([])
  })

  it.each(FOREIGN)('a foreign page gets no Socket.IO connection: %j', async (headers) => {
    const { data } = await refusalOf(servers, { extraHeaders: { ...headers, cookie } })
    expect(data).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'MISSING_TOKEN' })
    expect(servers.ran).toEqual([])
  })

  it("a page of the application's own gets both", async () => {
    const client = await WireClient.open(servers, { origin: ORIGIN, cookie })
    client.init()
    await client.until(({ type }) => type === 'connection_ack')
    client.subscribe('1', '{ orders }')
    expect((await client.until(({ type }) => type === 'next')).payload).toEqual({ data: { orders: 'orders' } })
    await client.close()
    const { socket } = await connectedSocket(servers, undefined, { extraHeaders: { origin: ORIGIN, cookie } })
    const result = await new Promise<ExecutionResult>((resolve) => socket.emit('graphql:request', { query: '{ orders }' }, resolve))
    expect(result).toEqual({ data: { orders: 'orders' } })
    socket.disconnect()
    servers.ran.length = 0
  })
})

describe('B20 over connections that stay', () => {
  const query = '{ hello orders }'

  it.each(MODES)('a refused operation is an error message and a partly refused one a result, with $engine and denied: $denied', async ({ engine, denied }) => {
    const servers = await startServers({ engine, settings: { denied } })
    try {
      const token = await servers.issuer.token({ sub: 'ada' })
      const client = await WireClient.connected(servers, token)
      client.subscribe('1', query)
      const [{ type, payload }] = [await client.until(({ id }) => id === '1')]
      if (denied === 'reject') expect([type, Array.isArray(payload), payload.length]).toEqual(['error', true, 1])
      else expect([type, payload.data, payload.errors.length]).toEqual(['next', { hello: 'world', orders: null }, 1])
      // The connection stays for what may be asked.
      client.subscribe('2', '{ hello }')
      expect((await client.until(({ id }) => id === '2')).payload).toEqual({ data: { hello: 'world' } })
      await client.close()

      const { socket } = await connectedSocket(servers, token)
      const result = await new Promise<ExecutionResult>((resolve) => socket.emit('graphql:request', { query }, resolve))
      expect(['data' in result, result.errors?.length]).toEqual([denied === 'null', 1])
      expect(socket.connected).toBe(true)
      socket.disconnect()
    } finally {
      await servers.close()
    }
  })
})
