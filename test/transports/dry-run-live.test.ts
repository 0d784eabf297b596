import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ExecutionResult } from 'graphql'
import type { AuthorizationReport } from '../../src/core/report.js'
import { collect, graphqlWsClient, socketOf, streamClient } from '../support/transport-callers.js'
import { type Engine, type Servers, startServers } from '../support/transport-servers.js'
import { connectedSocket } from '../support/transport-socket.js'
import { eventually, WireClient } from '../support/transport-wire.js'

const reportOf = ({ extensions }: Pick<ExecutionResult, 'extensions'>): AuthorizationReport | undefined =>
  extensions?.authorization as AuthorizationReport | undefined
const refusedIn = (result: Pick<ExecutionResult, 'extensions'>): readonly string[] =>
  (reportOf(result)?.refused ?? []).map(({ path, coordinate, reason }) => `${path?.join('.') ?? '-'} ${coordinate ?? '-'} ${reason}`)

describe.each<Engine>(['getEnveloped', 'schema'])('a dry run on live connections, run with %s', (engine) => {
  let servers: Servers
  const wouldRefuse = (): readonly Readonly<Record<string, unknown>>[] => servers.logged().filter(({ event }) => event === 'would-refuse')

  beforeAll(async () => {
    servers = await startServers({ engine, settings: { dryRun: true } })
  })
  afterAll(() => servers.close())

  it('says so in one line when the server is made', () => {
    expect(servers.logged().filter(({ code }) => code === 'dry-run')).toEqual([expect.objectContaining({ level: 40, event: 'warning', code: 'dry-run' })])
  })

  const clients = { 'graphql-ws': graphqlWsClient, 'Socket.IO': streamClient }

  it.each(Object.entries(clients))('lets a handshake without a token in over %s, and reports each operation', async (_, clientOf) => {
    const client = clientOf(servers)
    const { results, error } = await collect(client, '{ me orders hello }')
    await client.dispose()
    expect(error).toBeNull()
    expect(results.map(({ data }) => data)).toEqual([{ me: null, orders: 'orders', hello: 'world' }])
    expect(results.map(refusedIn)).toEqual([['- Query.me MISSING_TOKEN', '- Query.orders MISSING_TOKEN']])
    expect(wouldRefuse().map(({ decisionId }) => decisionId)).toContain(reportOf(results[0] as ExecutionResult)?.decisionId)
  })

  it.each(Object.entries(clients))('lets a handshake with a bad token in as nobody over %s, and says why in every result', async (_, clientOf) => {
    const client = clientOf(servers, 'Bearer nonsense')
    const { results, error } = await collect(client, '{ hello token }')
    await client.dispose()
    expect(error).toBeNull()
    expect(results.map(({ data }) => data)).toEqual([{ hello: 'world', token: null }])
    expect(results.map(refusedIn)).toEqual([['- - INVALID_TOKEN']])
  })

  it.each(Object.entries(clients))('streams a refused subscription over %s, and reports in each event', async (_, clientOf) => {
    const token = await servers.issuer.token({ sub: 'ada', scope: 'orders:read' })
    const client = clientOf(servers, `Bearer ${token}`)
    const refused = await collect(client, 'subscription { vaultSteps }')
    expect(refused.results.map(({ data }) => data)).toEqual([{ vaultSteps: 1 }, { vaultSteps: 2 }])
    expect(refused.results.map(refusedIn)).toEqual([
      ['- Subscription.vaultSteps INSUFFICIENT_PERMISSION'],
      ['- Subscription.vaultSteps INSUFFICIENT_PERMISSION'],
    ])
    const allowed = await collect(client, 'subscription { orderSteps }')
    await client.dispose()
    expect(allowed.results).toEqual([{ data: { orderSteps: 1 } }, { data: { orderSteps: 2 } }])
  })

  it('acknowledges a refused request with data and report', async () => {
    const socket = socketOf(servers)
    const result = await new Promise<ExecutionResult>((resolve) => {
      socket.on('connect', () => socket.emit('graphql:request', { query: 'mutation { openVault }' }, resolve))
    })
    socket.disconnect()
    expect(result.data).toEqual({ openVault: 'opened' })
    expect(refusedIn(result)).toEqual(['- Mutation.openVault MISSING_TOKEN'])
  })

  it('goes on after the token has expired, and reports what comes then', async () => {
    const token = await servers.issuer.token({ sub: 'ada', scope: 'orders:read' })
    const client = await WireClient.connected(servers, token)
    const { socket } = await connectedSocket(servers, token)
    servers.clock.offset = 7_200_000
    try {
      client.subscribe('1', '{ me hello }')
      const { payload } = await client.until(({ id, type }) => id === '1' && type === 'next')
      expect(payload.data).toEqual({ me: 'ada', hello: 'world' })
      expect(refusedIn(payload)).toEqual(['- Query.me TOKEN_EXPIRED'])
      const answer: ExecutionResult = await socket.timeout(10_000).emitWithAck('graphql:request', { query: '{ orders }' })
      expect(answer.data).toEqual({ orders: 'orders' })
      expect(refusedIn(answer)).toEqual(['- Query.orders TOKEN_EXPIRED'])
    } finally {
      servers.clock.offset = 0
      socket.disconnect()
      await client.close()
    }
  })

  it('ends streams when the connection closes, like any other', async () => {
    const client = await WireClient.connected(servers, await servers.issuer.token({ sub: 'ada' }))
    client.subscribe('1', 'subscription { ticks }')
    await client.settled()
    await eventually(() => servers.events.listenerCount('tick') === 1)
    client.terminate()
    await eventually(() => servers.events.listenerCount('tick') === 0)
  })

  it('writes no line that says somebody was refused', () => {
    expect(servers.logged().filter(({ event }) => event === 'refused')).toEqual([])
    expect(wouldRefuse().length).toBeGreaterThan(0)
  })
})
