import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import { CloseCode, type ConnectionInitMessage, type Context, MessageType, type ServerOptions, stringifyMessage } from 'graphql-ws'
import type { LeaseEnd } from '../../core/audit.js'
import type { Auth } from '../../core/auth.js'
import type { Authentication } from '../../core/caller/authentication.js'
import type { Principal } from '../../core/caller/principal.js'
import { type AuthError, errorOf } from '../../core/errors.js'
import type { Lease } from '../../core/lease.js'
import type { Refusal } from '../../core/refusal.js'
import { LEASE_EXPIRED } from '../../schema/stream.js'
import { formatError, formatResult, type OperationRequest, type OperationResult, type Operations, type PreparedOperation } from './operations.js'

/** What travels in `connection_init`. */
export type ConnectionParams = ConnectionInitMessage['payload']

/** Who is on a live connection, for whoever holds the connection. */
export interface LiveAuth {
  /** `null` for an anonymous caller. */
  readonly principal: Principal | null
  readonly lease: Lease
}

/** The way to the client, apart from the protocol's own messages. Sends nothing once it was closed, as a WebSocket does not. */
export interface Wire {
  send(data: string): unknown
  close(code: number, reason: string): unknown
}

/** What differs between the sockets that graphql-transport-ws runs on: who says who asks. */
export interface Gate<E> {
  /** Judges the caller at `connection_init`. */
  authenticate(ctx: Context<ConnectionParams, E>): Promise<Authentication>
  /** The lease that an admitted caller goes on under. Not asked for when the connection has closed meanwhile. */
  lease(ctx: Context<ConnectionParams, E>, authentication: Authentication): Lease
  wire(ctx: Context<ConnectionParams, E>): Wire
}

/** What an application may say about its sessions: graphql-ws' own hooks, and what it adds to the context. */
export interface SessionOptions<E> extends Omit<ServerOptions<ConnectionParams, E>, 'schema' | 'context' | 'parse' | 'validate' | 'execute' | 'subscribe'> {
  /**
   * What resolvers find in the context beside `auth`, for one operation of a connection. A plain object; asked for when the
   * document is valid. A member called `auth` in it is not used.
   */
  readonly context?: ((ctx: Context<ConnectionParams, E>, request: OperationRequest) => object | Promise<object>) | undefined
}

interface Session {
  readonly authentication: Authentication
  readonly lease: Lease
  readonly forget: () => void
}

/** What a live connection is told when its lease ends; `null` when there is nobody left to tell. */
export const ENDINGS: Readonly<Record<LeaseEnd, Refusal | null>> = { expired: LEASE_EXPIRED, closed: null }

/** For graphql-ws, which takes no empty list. Nobody gets it: the session has told its operations, and is closed. */
const AFTER_THE_END: readonly AuthError[] = Object.freeze([errorOf(LEASE_EXPIRED)])

/** RFC 6455 §7.4.1 registry: Try Again Later. The stock client does. */
const TRY_AGAIN_LATER = 1013

/**
 * graphql-ws server options for sessions that live under a lease, whatever socket they run on. At `connection_init` the gate says
 * who asks; each operation is authorized as that caller; when the lease ends, live operations are told why and the session closes.
 *
 * Does not end the lease: it belongs to the connection.
 */
export function sessionOptions<E>(
  auth: Auth,
  operations: Operations,
  { context, ...hooks }: SessionOptions<E>,
  gate: Gate<E>,
): ServerOptions<ConnectionParams, E> {
  type Ctx = Context<ConnectionParams, E>
  const sessions = new WeakMap<Ctx, Session>()
  const closed = new WeakSet<Ctx>()
  const prepared = new WeakMap<ExecutionArgs, PreparedOperation>()

  /** Closes in our own words: graphql-ws would close with 4500, and tell the client the exception's text. */
  const shut = (ctx: Ctx, code: number, reason: string): false => {
    try {
      gate.wire(ctx).close(code, reason)
    } catch (error) {
      // Whatever `false` makes graphql-ws do is then what the client sees: 4403.
      auth.audit.fault('close', error)
    }
    return false
  }

  const admit = async (ctx: Ctx): Promise<Session | Refusal | null> => {
    const authentication = await gate.authenticate(ctx)
    const refusal = auth.admit(authentication)
    if (refusal !== null) {
      auth.refuse(auth.createContext(authentication), [refusal])
      return refusal
    }
    // The client may be gone by now: a lease that is opened then would have nobody to end it.
    if (closed.has(ctx)) return null
    const lease = gate.lease(ctx, authentication)
    const session = { authentication, lease, forget: lease.onEnd((reason) => end(ctx, authentication, reason)) }
    sessions.set(ctx, session)
    return session
  }

  /** Sends each live operation its error, then closes. What the operations still produce finds no id to be sent under. */
  const end = (ctx: Ctx, authentication: Authentication, reason: LeaseEnd): void => {
    const refusal = ENDINGS[reason]
    if (refusal === null) return
    const wire = gate.wire(ctx)
    const live = Object.entries(ctx.subscriptions)
    const errors = live.length === 0 ? [] : auth.refuse(auth.createContext(authentication), [refusal])
    for (const [id, stream] of live) {
      delete ctx.subscriptions[id]
      wire.send(stringifyMessage({ id, type: MessageType.Error, payload: errors.map(formatError) }, hooks.jsonMessageReplacer))
      if (stream !== null && 'return' in stream) void Promise.resolve(stream.return(undefined)).catch(() => undefined)
    }
    wire.close(CloseCode.Forbidden, refusal.reason)
  }

  const prepare = async (ctx: Ctx, id: string, request: OperationRequest, session: Session): Promise<PreparedOperation | readonly GraphQLError[]> => {
    const replaced = (await hooks.onSubscribe?.(ctx, id, request as Parameters<NonNullable<typeof hooks.onSubscribe>>[2])) ?? undefined
    if (isErrors(replaced)) return replaced
    const caller = { auth: auth.createContext(session.authentication, session.lease), context: () => context?.(ctx, request) ?? {} }
    return operations.prepare(request, caller, replaced)
  }

  const run = (args: ExecutionArgs): Promise<OperationResult> => {
    const operation = prepared.get(args)
    if (operation === undefined) throw new TypeError('these arguments were not authorized')
    return operation.run()
  }

  return {
    ...hooks,
    async onConnect(ctx) {
      try {
        const session = await admit(ctx)
        if (session === null) return false
        if ('reason' in session) return shut(ctx, session.reason === 'BACKEND_UNAVAILABLE' ? TRY_AGAIN_LATER : CloseCode.Forbidden, session.reason)
        if (!session.lease.isAlive()) return false
        const answer = await hooks.onConnect?.(ctx)
        if (answer === false) return false
        return { ...(typeof answer === 'object' ? answer : {}), expiresAt: session.lease.expiresAt }
      } catch (error) {
        auth.audit.fault('connection_init', error)
        return shut(ctx, CloseCode.InternalServerError, 'Internal Server Error')
      }
    },
    async onSubscribe(ctx, id, request) {
      const session = sessions.get(ctx)
      try {
        // The clock is read before and after what takes time. Finding the lease ended tells the operation and closes the session.
        if (session === undefined || !session.lease.isAlive()) return AFTER_THE_END
        const operation = await prepare(ctx, id, request, session)
        if (!session.lease.isAlive()) return AFTER_THE_END
        if (isErrors(operation)) return operation
        prepared.set(operation.args, operation)
        return operation.args
      } catch (error) {
        return operations.errorsOf(error)
      }
    },
    execute: run as NonNullable<ServerOptions['execute']>,
    subscribe: run as NonNullable<ServerOptions['subscribe']>,
    async onNext(ctx, id, request, args, result) {
      const replaced = await hooks.onNext?.(ctx, id, request, args, result)
      // Hooks and plugins take time: the last look at the clock is right before the message is sent, and an ended session sends nothing.
      sessions.get(ctx)?.lease.isAlive()
      return replaced ?? formatResult(result as ExecutionResult)
    },
    onError: async (ctx, id, request, errors) => (await hooks.onError?.(ctx, id, request, errors)) ?? errors.map(formatError),
    async onClose(ctx, code, reason) {
      closed.add(ctx)
      sessions.get(ctx)?.forget()
      await hooks.onClose?.(ctx, code, reason)
    },
  }
}

function isErrors(value: unknown): value is readonly GraphQLError[] {
  return Array.isArray(value)
}
