import { isAsyncIterable } from '@graphql-tools/utils'
import { GraphQLError } from 'graphql'
import type { Audit } from '../../core/audit.js'
import type { Lease } from '../../core/lease.js'
import type { Refusal } from '../../core/refusal.js'
import { formatResult, type OperationRequest, type PreparedOperation } from '../graphql-ws/operations.js'
import { ENDINGS } from '../graphql-ws/session.js'
import type { AnySocket } from './handshake.js'

/** An operation's result as an acknowledgement carries it. */
export type RequestResult = ReturnType<typeof formatResult>

/** What answering requests needs of the socket that they come by. */
export interface RequestHost {
  readonly socket: AnySocket
  readonly lease: Lease
  readonly audit: Audit
  /** Makes a request into an operation that may run. Does not reject. */
  readonly prepare: (request: OperationRequest) => Promise<PreparedOperation | readonly GraphQLError[]>
  /** The audited errors for a caller whose login has ended. */
  readonly refuse: (refusal: Refusal) => readonly GraphQLError[]
}

/**
 * Answers queries and mutations that come as `{ query, variables?, operationName?, extensions? }` with an acknowledgement. The
 * acknowledgement gets `{ data, errors, extensions }`, also for a payload that is no request; a request without one is ignored, since
 * nobody waits for the result. Subscriptions and incremental results do not fit into one answer and are refused.
 *
 * When the lease ends, whoever waits is told why; what his operation still produces is not sent.
 */
export function serveRequests(names: readonly string[], host: RequestHost): void {
  for (const name of names) {
    host.socket.on(name, (...received: readonly unknown[]) => {
      const acknowledge = received.at(-1)
      if (typeof acknowledge !== 'function') return
      respond(host, received.length > 1 ? received[0] : undefined, acknowledge as (result: RequestResult) => void)
    })
  }
}

function respond(host: RequestHost, payload: unknown, acknowledge: (result: RequestResult) => void): void {
  const { lease, audit } = host
  let waiting = true
  let forget: () => void = () => undefined
  const reply = (result: RequestResult): void => {
    if (!waiting) return
    waiting = false
    forget()
    try {
      acknowledge(result)
    } catch (error) {
      // Socket.IO could not encode the result, and has sent nothing.
      audit.fault('acknowledgement', error)
      acknowledge(failure('Internal Server Error', 'INTERNAL_SERVER_ERROR'))
    }
  }
  // Also for a request that comes after the end: the clock is read first, and the listener is then called at once.
  lease.isAlive()
  forget = lease.onEnd((reason) => {
    const refusal = ENDINGS[reason]
    if (refusal !== null) reply(formatResult({ errors: host.refuse(refusal) }))
    else waiting = false
  })
  if (!waiting) return
  answer(host, payload).then(
    (result) => {
      if (lease.isAlive()) reply(result)
    },
    (error) => {
      audit.fault('request', error)
      reply(failure('Internal Server Error', 'INTERNAL_SERVER_ERROR'))
    },
  )
}

async function answer({ prepare, lease }: RequestHost, payload: unknown): Promise<RequestResult> {
  const request = readRequest(payload)
  if (request === null) return failure('Bad Request', 'BAD_REQUEST')
  const operation = await prepare(request)
  if (!('run' in operation)) return formatResult({ errors: operation })
  if (operation.type === 'subscription') return failure('Subscriptions run on the stream, not in a request', 'BAD_REQUEST')
  if (!lease.isAlive()) return {}
  const result = await operation.run()
  if (!isAsyncIterable(result)) return formatResult(result)
  await result[Symbol.asyncIterator]().return?.()
  return failure('Incremental results run on the stream, not in a request', 'BAD_REQUEST')
}

/** Reads own members only, so that nothing on a prototype can pass for a part of the request; `null` when it is none. */
function readRequest(payload: unknown): OperationRequest | null {
  if (!isRecord(payload)) return null
  const [query, operationName, variables, extensions] = ['query', 'operationName', 'variables', 'extensions'].map((name) =>
    Object.hasOwn(payload, name) ? payload[name] : undefined,
  )
  if (typeof query !== 'string') return null
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') return null
  if (!isAbsentOrRecord(variables) || !isAbsentOrRecord(extensions)) return null
  return { query, operationName, variables, extensions }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsentOrRecord(value: unknown): value is Record<string, unknown> | null | undefined {
  return value === undefined || value === null || isRecord(value)
}

function failure(message: string, code: string): RequestResult {
  return formatResult({ errors: [new GraphQLError(message, { extensions: { code } })] })
}
