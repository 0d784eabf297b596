import type { ExecutionResult, GraphQLFormattedError } from 'graphql'
import { type Client, createClient } from 'graphql-ws'
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client'
import WebSocket from 'ws'
import { createSocketIoWebSocket } from '../../src/client/index.js'
import { errorOf } from '../../src/core/errors.js'
import type { Reason } from '../../src/core/refusal.js'
import type { Servers } from './transport-servers.js'

/** One operation of one caller. */
export interface Call {
  /** The value of an `Authorization` header, wherever the transport puts it; none for an anonymous caller. */
  readonly authorization?: string | undefined
  readonly query: string
}

/** What a caller saw, in words that every transport has. */
export interface Outcome {
  readonly verdict: 'answered' | 'partial' | 'refused'
  readonly code: unknown
  readonly reason: unknown
  /** The data of each result, in order. */
  readonly data: readonly unknown[]
}

/** An outcome, and what this transport alone says. */
export interface Answer extends Outcome {
  /** The websocket's close code when the connection itself was refused. */
  readonly closed: number | null
}

/** Sends an operation as one transport's clients do. */
export type Caller = (servers: Servers, call: Call) => Promise<Answer>

/** Every transport by name. */
export const CALLERS: Readonly<Record<'HTTP' | 'graphql-ws' | 'Socket.IO stream' | 'Socket.IO request', Caller>> = {
  HTTP: overHttp,
  'graphql-ws': (servers, call) => overClient(call, graphqlWsClient(servers, call.authorization)),
  'Socket.IO stream': (servers, call) => overClient(call, streamClient(servers, call.authorization)),
  'Socket.IO request': overRequest,
}

/** The stock graphql-ws client on a websocket. */
export function graphqlWsClient({ webSocketUrl }: Servers, authorization?: string): Client {
  return createClient({
    url: webSocketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(authorization === undefined ? {} : { connectionParams: { authorization } }),
  })
}

/** The stock graphql-ws client on a Socket.IO socket. */
export function streamClient(servers: Servers, authorization?: string): Client {
  return createClient({ url: 'socket.io', webSocketImpl: createSocketIoWebSocket(() => socketOf(servers, authorization)), retryAttempts: 0 })
}

/** A plain Socket.IO socket that does not try again by itself. */
export function socketOf({ socketIoUrl }: Servers, authorization?: string, options: Partial<ManagerOptions & SocketOptions> = {}): ReturnType<typeof io> {
  return io(socketIoUrl, { auth: { authorization }, transports: ['websocket'], forceNew: true, reconnection: false, ...options })
}

/** Everything that an operation gives on a stock client, and how it ended. */
export async function collect(client: Client, query: string): Promise<{ readonly results: readonly ExecutionResult[]; readonly error: unknown }> {
  const results: ExecutionResult[] = []
  const error = await new Promise<unknown>((resolve) => {
    client.subscribe({ query }, { next: (result) => void results.push(result as ExecutionResult), error: resolve, complete: () => resolve(null) })
  })
  return { results, error }
}

async function overClient({ query }: Call, client: Client): Promise<Answer> {
  try {
    const { results, error } = await collect(client, query)
    if (isClose(error)) return { ...refusedAs(error.reason as Reason), closed: error.code }
    if (Array.isArray(error)) return outcomeOf([{ errors: error }])
    if (error !== null) throw error
    return outcomeOf(results)
  } finally {
    await client.dispose()
  }
}

async function overHttp(servers: Servers, { authorization, query }: Call): Promise<Answer> {
  const response = await fetch(servers.url, {
    method: 'POST',
    headers: {
      accept: query.startsWith('subscription') ? 'text/event-stream' : 'application/graphql-response+json',
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify({ query }),
  })
  const body = await response.text()
  servers.sent.push(JSON.stringify([...response.headers]), body)
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return outcomeOf([JSON.parse(body)])
  return outcomeOf([...body.matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data as string)))
}

async function overRequest(servers: Servers, { authorization, query }: Call): Promise<Answer> {
  const socket = socketOf(servers, authorization)
  try {
    return await new Promise((resolve) => {
      socket.on('connect_error', (error) => {
        const { reason, code } = (error as Error & { data: { reason: string; code: string } }).data
        resolve({ verdict: 'refused', reason, code, data: [], closed: null })
      })
      socket.on('connect', () => socket.emit('graphql:request', { query }, (result: ExecutionResult) => resolve(outcomeOf([result]))))
    })
  } finally {
    socket.disconnect()
  }
}

function outcomeOf(results: ReadonlyArray<{ readonly data?: unknown; readonly errors?: readonly unknown[] }>): Answer {
  const error = results.flatMap(({ errors }) => errors ?? [])[0] as GraphQLFormattedError | undefined
  const data = results.flatMap((result) => (result.data === undefined || result.data === null ? [] : [result.data]))
  const extensions = error?.extensions as { code?: unknown; auth?: { reason?: unknown } } | undefined
  const verdict = error === undefined ? 'answered' : data.length > 0 ? 'partial' : 'refused'
  return { verdict, code: extensions?.code ?? null, reason: extensions?.auth?.reason ?? null, data, closed: null }
}

/** A close frame has room for the reason alone; the code follows from it. */
function refusedAs(reason: Reason): Outcome {
  return { verdict: 'refused', reason, code: errorOf({ reason }).code, data: [] }
}

function isClose(error: unknown): error is { readonly code: number; readonly reason: string } {
  return typeof error === 'object' && error !== null && 'code' in error && 'reason' in error
}
