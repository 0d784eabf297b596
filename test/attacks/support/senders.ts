import type { ExecutionResult, GraphQLFormattedError } from 'graphql'
import type { Client } from 'graphql-ws'
import { graphqlWsClient, socketOf, streamClient } from '../../support/transport-callers.js'
import type { Servers } from '../../support/transport-servers.js'

/** One operation as an attacker spells it. */
export interface Attempt {
  /** The value of an `Authorization` header, wherever the transport puts it; none for an anonymous caller. */
  readonly authorization?: string | undefined
  readonly query: string
  readonly variables?: Record<string, unknown> | undefined
  readonly operationName?: string | undefined
  readonly extensions?: Record<string, unknown> | undefined
}

/** A result, or a part of an incremental one, as it travelled. */
export type Result = ExecutionResult & { readonly errors?: readonly GraphQLFormattedError[]; readonly hasNext?: boolean }

/** Sends an operation on one transport and answers everything that came back, in order. */
export type Sender = (servers: Servers, attempt: Attempt) => Promise<readonly Result[]>

/** A way in. */
export type Transport = 'HTTP' | 'SSE' | 'graphql-ws' | 'Socket.IO stream' | 'Socket.IO request'

/** Every way in, by name. */
export const SENDERS: Readonly<Record<Transport, Sender>> = {
  HTTP: (servers, attempt) => overHttp(servers, attempt, 'application/graphql-response+json, multipart/mixed'),
  SSE: (servers, attempt) => overHttp(servers, attempt, 'text/event-stream'),
  'graphql-ws': (servers, attempt) => overClient(attempt, graphqlWsClient(servers, attempt.authorization)),
  'Socket.IO stream': (servers, attempt) => overClient(attempt, streamClient(servers, attempt.authorization)),
  'Socket.IO request': overRequest,
}

/** The names of {@link SENDERS}. */
export const TRANSPORTS = Object.keys(SENDERS) as readonly Transport[]

/** Those that can carry more than one result. */
export const STREAMING: readonly Transport[] = ['SSE', 'graphql-ws', 'Socket.IO stream']

/** The `Authorization` header of a caller with these claims. */
export async function bearer(servers: Servers, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return `Bearer ${await servers.issuer.token({ sub: 'ada', ...claims })}`
}

/** Where and why results refuse: `path CODE REASON`, or `coordinate CODE REASON` for what was refused before execution; sorted. */
export function refusalsIn(results: readonly Result[]): readonly string[] {
  return errorsIn(results)
    .map(({ path, extensions }) => {
      const { code, auth = {} } = (extensions ?? {}) as { code?: string; auth?: { reason?: string; coordinate?: string } }
      return [path?.join('.') ?? auth.coordinate ?? '-', code ?? '-', auth.reason ?? '-'].join(' ')
    })
    .toSorted()
}

/** Every error, of incremental parts too. */
export function errorsIn(results: readonly Result[]): readonly GraphQLFormattedError[] {
  return results.flatMap((result) => {
    const { incremental = [], completed = [] } = result as { incremental?: readonly Result[]; completed?: readonly Result[] }
    return [result, ...incremental, ...completed].flatMap(({ errors }) => errors ?? [])
  })
}

async function overHttp(servers: Servers, { authorization, ...body }: Attempt, accept: string): Promise<readonly Result[]> {
  const response = await fetch(servers.url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  servers.sent.push(JSON.stringify([...response.headers]), text)
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) return [...text.matchAll(/^data: ?(\{.*\})$/gm)].map(([, data]) => JSON.parse(data as string))
  if (type.startsWith('multipart/mixed')) return [...text.matchAll(/^(\{.*\})\r?$/gm)].map(([, data]) => JSON.parse(data as string))
  return [JSON.parse(text)]
}

async function overClient({ query, variables, operationName, extensions }: Attempt, client: Client): Promise<readonly Result[]> {
  const results: Result[] = []
  const payload = {
    query,
    ...(variables === undefined ? {} : { variables }),
    ...(operationName === undefined ? {} : { operationName }),
    ...(extensions === undefined ? {} : { extensions }),
  }
  try {
    const error = await new Promise<unknown>((resolve) => {
      client.subscribe(payload, { next: (result) => void results.push(result as Result), error: resolve, complete: () => resolve(null) })
    })
    if (error !== null) results.push({ errors: Array.isArray(error) ? error : [closeError(error)] } as Result)
    return results
  } finally {
    await client.dispose()
  }
}

async function overRequest(servers: Servers, { authorization, ...request }: Attempt): Promise<readonly Result[]> {
  const socket = socketOf(servers, authorization)
  try {
    return await new Promise((resolve) => {
      socket.on('connect_error', (error) => resolve([{ errors: [closeError({ code: 'connect_error', reason: error.message })] }] as unknown as Result[]))
      socket.on('connect', () => socket.emit('graphql:request', request, (result: Result) => resolve([result])))
    })
  } finally {
    socket.disconnect()
  }
}

/** A connection that was closed, as an error of the results. */
function closeError(error: unknown): GraphQLFormattedError {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown }
  return { message: `closed: ${String(reason)}`, extensions: { closed: code } }
}
