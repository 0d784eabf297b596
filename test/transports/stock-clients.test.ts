import { ApolloClient, type ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { CombinedError, cacheExchange, fetchExchange, type OperationResult, subscriptionExchange, Client as UrqlClient } from '@urql/core'
import { type Client, createClient } from 'graphql-ws'
import { io } from 'socket.io-client'
import WebSocket from 'ws'
import { createSocketIoWebSocket } from '../../src/client/index.js'
import { collect } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { eventually, openLeases } from '../support/transport-wire.js'

const QUERY = 'query { me orders }'
const MUTATION = 'mutation { order }'
const SUBSCRIPTION = 'subscription { orderSteps }'
const REFUSED_QUERY = 'query { vault }'
const REFUSED_SUBSCRIPTION = 'subscription { vaultSteps }'

const DATA = { me: 'ada', orders: 'orders' }
const ORDERED = { order: 'ordered' }
const STEPS = [{ orderSteps: 1 }, { orderSteps: 2 }]
const CODES = ['FORBIDDEN', 'INSUFFICIENT_PERMISSION']

let servers: Servers
let token: string
beforeAll(async () => {
  servers = await startServers()
  token = await servers.issuer.token({ sub: 'ada', scope: 'orders:read orders:write' })
})
afterAll(() => servers.close())

const open: Array<() => unknown> = []
afterEach(async () => {
  // Last opened, first closed: a GraphQL client whose socket goes first would connect it again.
  for (const close of open.splice(0).reverse()) await close()
  await eventually(() => openLeases(servers).size === 0)
})

/** What the graphql-ws client is given for each of its transports, and nothing else. */
const WIRES: Readonly<Record<string, () => Client>> = {
  'graphql-ws': () =>
    createClient({ url: servers.webSocketUrl, webSocketImpl: WebSocket, connectionParams: () => ({ authorization: `Bearer ${token}` }), retryAttempts: 0 }),
  'Socket.IO, a socket for each connection': () =>
    createClient({ url: servers.socketIoUrl, webSocketImpl: createSocketIoWebSocket((url) => io(url, { auth: { token }, forceNew: true })), retryAttempts: 0 }),
  'Socket.IO, one socket for the page': () => {
    const socket = io(servers.socketIoUrl, { auth: (send) => send({ token }), forceNew: true })
    open.push(() => socket.disconnect())
    return createClient({ url: 'socket.io', webSocketImpl: createSocketIoWebSocket(socket), retryAttempts: 0 })
  },
}

function wired(wire: string): Client {
  const client = (WIRES[wire] as () => Client)()
  open.push(() => client.dispose())
  return client
}

function codesOf(extensions: unknown): unknown[] {
  const { code, auth } = extensions as { code: unknown; auth: { reason: unknown } }
  return [code, auth.reason]
}

describe.each(Object.keys(WIRES))('the stock graphql-ws client over %s', (wire) => {
  it('queries, mutates and subscribes', async () => {
    const client = wired(wire)
    expect(await collect(client, QUERY)).toEqual({ results: [{ data: DATA }], error: null })
    expect(await collect(client, MUTATION)).toEqual({ results: [{ data: ORDERED }], error: null })
    expect(await collect(client, SUBSCRIPTION)).toEqual({ results: STEPS.map((data) => ({ data })), error: null })
  })

  it('shows why an operation was refused, and goes on', async () => {
    const client = wired(wire)
    for (const query of [REFUSED_QUERY, REFUSED_SUBSCRIPTION]) {
      const { results, error } = await collect(client, query)
      expect([results, codesOf((error as Array<{ extensions: unknown }>)[0]?.extensions)]).toEqual([[], CODES])
    }
    expect((await collect(client, QUERY)).results).toEqual([{ data: DATA }])
  })
})

describe('Apollo Client', () => {
  // GraphQLWsLink looks at the global WebSocket of browsers, which Node 20 does not have.
  const { WebSocket: before } = globalThis as { WebSocket?: unknown }
  beforeAll(() => {
    Object.assign(globalThis, { WebSocket })
  })
  afterAll(() => {
    Object.assign(globalThis, { WebSocket: before })
  })
  const apollo = (link: ApolloLink): ApolloClient => {
    const client = new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'network-only' } } })
    open.push(() => client.stop())
    return client
  }
  const reasonOf = (error: unknown): unknown => codesOf((error as { errors: Array<{ extensions: unknown }> }).errors[0]?.extensions)

  it('queries and mutates with HttpLink', async () => {
    const client = apollo(new HttpLink({ uri: servers.url, headers: { authorization: `Bearer ${token}` } }))
    expect((await client.query({ query: gql(QUERY) })).data).toEqual(DATA)
    expect((await client.mutate({ mutation: gql(MUTATION) })).data).toEqual(ORDERED)
    const refused = new HttpLink({ uri: servers.url })
    const error = await apollo(refused)
      .query({ query: gql('query { me }') })
      .catch((problem) => problem)
    expect(reasonOf(error)).toEqual(['UNAUTHENTICATED', 'MISSING_TOKEN'])
  })

  it.each(Object.keys(WIRES))('queries, mutates and subscribes with GraphQLWsLink over %s', async (wire) => {
    const client = apollo(new GraphQLWsLink(wired(wire)))
    expect((await client.query({ query: gql(QUERY) })).data).toEqual(DATA)
    expect((await client.mutate({ mutation: gql(MUTATION) })).data).toEqual(ORDERED)
    const data: unknown[] = []
    await new Promise<void>((resolve, reject) => {
      client.subscribe({ query: gql(SUBSCRIPTION) }).subscribe({ next: (result) => void data.push(result.data), error: reject, complete: resolve })
    })
    expect(data).toEqual(STEPS)
    expect(reasonOf(await client.query({ query: gql(REFUSED_QUERY) }).catch((problem) => problem))).toEqual(CODES)
    const refused = await new Promise((resolve) => {
      client.subscribe({ query: gql(REFUSED_SUBSCRIPTION) }).subscribe({ next: ({ error }) => resolve(error), error: resolve })
    })
    expect(reasonOf(refused)).toEqual(CODES)
  })
})

describe('urql', () => {
  const fetchOptions = (): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
  const reasonOf = ({ error }: OperationResult): unknown => codesOf((error as CombinedError).graphQLErrors[0]?.extensions)
  const subscribed = (client: UrqlClient, query: string): Promise<OperationResult[]> =>
    new Promise((resolve) => {
      const results: OperationResult[] = []
      client.subscription(query, {}).subscribe((result) => {
        results.push(result)
        if (result.error !== undefined || results.length === STEPS.length) resolve(results)
      })
    })

  it('queries, mutates and subscribes with fetchExchange', async () => {
    const client = new UrqlClient({
      url: servers.url,
      exchanges: [cacheExchange, fetchExchange],
      fetchOptions,
      fetchSubscriptions: true,
      preferGetMethod: false,
    })
    expect((await client.query(QUERY, {})).data).toEqual(DATA)
    expect((await client.mutation(MUTATION, {})).data).toEqual(ORDERED)
    expect((await subscribed(client, SUBSCRIPTION)).map(({ data }) => data)).toEqual(STEPS)
    expect(reasonOf(await client.query(REFUSED_QUERY, {}))).toEqual(CODES)
  })

  it.each(Object.keys(WIRES))('queries, mutates and subscribes with subscriptionExchange over %s', async (wire) => {
    const wireClient = wired(wire)
    const exchange = subscriptionExchange({
      enableAllOperations: true,
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: wireClient.subscribe({ query: query ?? '', variables: variables as Record<string, unknown> }, sink as never) }),
      }),
    })
    const client = new UrqlClient({ url: servers.url, exchanges: [cacheExchange, exchange], preferGetMethod: false })
    expect((await client.query(QUERY, {})).data).toEqual(DATA)
    expect((await client.mutation(MUTATION, {})).data).toEqual(ORDERED)
    expect((await subscribed(client, SUBSCRIPTION)).map(({ data }) => data)).toEqual(STEPS)
    const [refused] = await subscribed(client, REFUSED_SUBSCRIPTION)
    expect(refused?.error).toBeInstanceOf(CombinedError)
    expect(reasonOf(refused as OperationResult)).toEqual(CODES)
  })
})

describe('socket.io-client', () => {
  it.each([['websocket'], ['polling']])('queries and mutates by acknowledgement over %s', async (transport) => {
    const socket = io(servers.socketIoUrl, { auth: { token }, forceNew: true, transports: [transport] })
    open.push(() => socket.disconnect())
    expect(await socket.emitWithAck('graphql:request', { query: QUERY })).toEqual({ data: DATA })
    expect(await socket.emitWithAck('graphql:request', { query: MUTATION })).toEqual({ data: ORDERED })
    const { errors } = await socket.emitWithAck('graphql:request', { query: REFUSED_QUERY })
    expect(codesOf(errors[0].extensions)).toEqual(CODES)
  })
})

describe('fetch', () => {
  const post = (query: string, accept: string): Promise<Response> =>
    fetch(servers.url, {
      method: 'POST',
      headers: { accept, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })

  it('queries and mutates', async () => {
    expect(await (await post(QUERY, 'application/json')).json()).toEqual({ data: DATA })
    expect(await (await post(MUTATION, 'application/json')).json()).toEqual({ data: ORDERED })
    const refused = await post(REFUSED_QUERY, 'application/json')
    expect([refused.status, codesOf((await refused.json()).errors[0].extensions)]).toEqual([403, CODES])
  })

  it('subscribes by server-sent events', async () => {
    const body = await (await post(SUBSCRIPTION, 'text/event-stream')).text()
    expect([...body.matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data as string))).toEqual(STEPS.map((data) => ({ data })))
  })
})

describe('a login that ends while the page is open', () => {
  /** A token of 4 seconds at first, then tokens of 5 minutes. */
  const tokens = async (): Promise<() => Promise<string>> => {
    const short = await servers.issuer.token({ sub: 'ada' }, { expiresIn: 4 })
    let asked = 0
    return async () => {
      asked += 1
      return asked === 1 ? short : servers.issuer.token({ sub: 'ada' })
    }
  }
  const eager = { retryAttempts: 5, retryWait: () => new Promise<void>((resolve) => setTimeout(resolve, 20)), lazy: false }

  it.each<[string, (next: () => Promise<string>) => Client]>([
    [
      'graphql-ws',
      (next) => createClient({ url: servers.webSocketUrl, webSocketImpl: WebSocket, connectionParams: async () => ({ token: await next() }), ...eager }),
    ],
    [
      'Socket.IO',
      (next) => {
        const socket = io(servers.socketIoUrl, { auth: (send) => void next().then((fresh) => send({ token: fresh })), forceNew: true })
        open.push(() => socket.disconnect())
        return createClient({ url: '', webSocketImpl: createSocketIoWebSocket(socket), ...eager })
      },
    ],
  ])('is followed by another over %s, without a word from the application', async (_, connect) => {
    const client = connect(await tokens())
    open.push(() => client.dispose())
    const acknowledged: unknown[] = []
    client.on('connected', (_socket, payload) => void acknowledged.push(payload))
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      client.on('closed', (event) => resolve(event as { code: number; reason: string })),
    )
    await eventually(() => acknowledged.length === 1)
    const first = await collect(client, 'subscription { ticks }')
    expect(codesOf((first.error as Array<{ extensions: unknown }>)[0]?.extensions)).toEqual(['UNAUTHENTICATED', 'TOKEN_EXPIRED'])
    expect(await closed).toMatchObject({ code: 4403, reason: 'TOKEN_EXPIRED' })
    await eventually(() => acknowledged.length === 2)
    expect(await collect(client, '{ me }')).toEqual({ results: [{ data: { me: 'ada' } }], error: null })
  })
})
