import { createServer } from 'node:http'
import express from 'express'
import type { ExecutionResult } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/express'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { createYoga } from 'graphql-yoga'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import WebSocket, { WebSocketServer } from 'ws'
import { createSocketIoWebSocket } from '../../src/client/index.js'
import { useAuth } from '../../src/schema/envelop.js'
import { graphqlWs } from '../../src/transports/graphql-ws/index.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { attachSocketIo } from '../../src/transports/socket-io/index.js'
import { describeBatchLimits, describeLimits } from './support/limit-cases.js'
import type { LimitCall, LimitHouse, LimitReply, LimitTransport } from './support/limit-house.js'
import { overHttp } from './support/limit-http.js'
import { listen } from './support/listen.js'

const yogaOf = ({ auth, schema }: LimitHouse): ReturnType<typeof createYoga> =>
  createYoga({ schema, plugins: [useAuth(auth)], logging: false, batching: { limit: 200 } }) as never

const yoga: LimitTransport = {
  name: 'Yoga',
  transport: 'http',
  start: async (house) => overHttp(await listen(createServer(yogaOf(house)))),
}

const yogaUncached: LimitTransport = {
  name: 'Yoga without its parser and validation cache',
  transport: 'http',
  start: async ({ auth, schema }) =>
    overHttp(await listen(createServer(createYoga({ schema, plugins: [useAuth(auth)], logging: false, parserAndValidationCache: false }) as never))),
}

const sse: LimitTransport = {
  name: 'SSE',
  transport: 'http',
  root: 'subscription',
  async start(house) {
    const running = await listen(createServer(yogaOf(house)))
    return { send: (call) => askForStream(running.url, call), close: running.close }
  },
}

const express5: LimitTransport = {
  name: 'graphql-http on Express',
  transport: 'http',
  start: async ({ auth, schema }) =>
    overHttp(
      await listen(
        createServer(
          express()
            .use(express.json({ limit: '4mb' }))
            .all('/graphql', createHandler(graphqlHttp(auth, { schema }))),
        ),
      ),
    ),
}

async function askForStream(url: string, { token, ...call }: LimitCall): Promise<LimitReply> {
  const headers = { accept: 'text/event-stream', 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(call) })
  const [first] = [...(await response.text()).matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data as string) as ExecutionResult)
  // A stream has begun before its first event is known: its status says nothing.
  return { status: null, data: first?.data, errors: (first?.errors ?? []) as unknown as LimitReply['errors'] }
}

type Source = 'getEnveloped' | 'schema'

function graphqlWsOn(source: Source): LimitTransport {
  return {
    name: `graphql-ws with ${source}`,
    transport: 'graphql-ws',
    authenticatesFirst: true,
    async start(house) {
      const http = createServer()
      const webSockets = new WebSocketServer({ server: http, path: '/graphql', maxPayload: 4_000_000 })
      const disposable = useServer(graphqlWs(house.auth, sourceOf(house, source)), webSockets)
      const running = await listen(http)
      const url = running.url.replace('http', 'ws')
      // One socket for all: a document that is refused ends the operation, and nothing else.
      const clients = new Map<string | undefined, ReturnType<typeof createClient>>()
      const clientOf = (token: string | undefined): ReturnType<typeof createClient> => {
        const client =
          clients.get(token) ??
          createClient({
            url,
            webSocketImpl: WebSocket,
            retryAttempts: 0,
            lazy: false,
            onNonLazyError: () => undefined,
            ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
          })
        clients.set(token, client)
        return client
      }
      return {
        send: (call) => overClient(clientOf(call.token), call),
        async close() {
          await Promise.all([...clients.values()].map((client) => client.dispose()))
          await disposable.dispose()
          await running.close()
        },
      }
    },
  }
}

function socketIoOn(source: Source, way: 'stream' | 'request'): LimitTransport {
  return {
    name: `a Socket.IO ${way} with ${source}`,
    transport: 'socket-io',
    authenticatesFirst: true,
    async start(house) {
      const http = createServer()
      const server = new SocketIoServer(http, { serveClient: false, maxHttpBufferSize: 4_000_000 })
      attachSocketIo(server, house.auth, sourceOf(house, source))
      const running = await listen(http, '')
      const sockets = new Map<string | undefined, ReturnType<typeof io>>()
      const socketOf = (token: string | undefined): ReturnType<typeof io> => {
        const auth = token === undefined ? {} : { authorization: `Bearer ${token}` }
        const socket = sockets.get(token) ?? io(running.url, { auth, transports: ['websocket'], forceNew: true, reconnection: false })
        sockets.set(token, socket)
        return socket
      }
      return {
        send: ({ token, ...call }) => (way === 'request' ? overRequest(socketOf(token), call) : overStream(running.url, token, call)),
        async close() {
          for (const socket of sockets.values()) socket.disconnect()
          await server.close()
          http.closeAllConnections()
        },
      }
    },
  }
}

function sourceOf(house: LimitHouse, source: Source): { readonly schema: LimitHouse['schema'] } | { readonly getEnveloped: never } {
  return source === 'schema' ? { schema: house.schema } : { getEnveloped: yogaOf(house).getEnveloped as never }
}

async function overClient(client: ReturnType<typeof createClient>, { token, ...call }: LimitCall): Promise<LimitReply> {
  const results: ExecutionResult[] = []
  const error = await new Promise<unknown>((resolve) => {
    const sink = { next: (result: unknown) => void results.push(result as ExecutionResult), error: resolve, complete: () => resolve(null) }
    client.subscribe(call, sink)
  })
  if (error !== null && !Array.isArray(error)) throw error
  return { status: null, data: results[0]?.data, errors: (error ?? results[0]?.errors ?? []) as LimitReply['errors'] }
}

async function overRequest(socket: ReturnType<typeof io>, call: LimitCall): Promise<LimitReply> {
  const { data, errors } = (await socket.emitWithAck('graphql:request', call)) as ExecutionResult
  return { status: null, data, errors: (errors ?? []) as unknown as LimitReply['errors'] }
}

async function overStream(url: string, token: string | undefined, call: LimitCall): Promise<LimitReply> {
  const auth = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const webSocketImpl = createSocketIoWebSocket(() => io(url, { auth, transports: ['websocket'], forceNew: true, reconnection: false }))
  const client = createClient({ url: 'socket.io', webSocketImpl, retryAttempts: 0 })
  try {
    return await overClient(client, call)
  } finally {
    await client.dispose()
  }
}

describeLimits(yoga)
describeLimits(yogaUncached)
describeLimits(sse)
describeLimits(express5)
for (const source of ['getEnveloped', 'schema'] as const) {
  describeLimits(graphqlWsOn(source))
  describeLimits(socketIoOn(source, 'stream'))
  describeLimits(socketIoOn(source, 'request'))
}
describeBatchLimits(yoga)
