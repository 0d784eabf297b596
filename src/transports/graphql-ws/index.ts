import type { Context, ServerOptions } from 'graphql-ws'
import type { Auth } from '../../core/auth.js'
import { type AnyRequest, carrierOf } from '../../core/caller/carrier.js'
import { type OperationSource, Operations, type SchemaSource } from './operations.js'
import { type ConnectionParams, type LiveAuth, type SessionOptions, sessionOptions, type Wire } from './session.js'

export type { Enveloped, EnvelopedSource, OperationRequest, OperationSource, SchemaSource } from './operations.js'
export type { ConnectionParams, LiveAuth, SessionOptions, Wire } from './session.js'

/**
 * What a connection carries in `ctx.extra`: the socket and the upgrade request, as `useServer` of `graphql-ws/use/ws` puts them
 * there, and from `connection_init` on who is on it. With `makeServer`, pass them to `opened(socket, { socket, request })`.
 */
export interface GraphqlWsExtra {
  readonly socket: Wire & { addEventListener?(type: 'close', listener: () => void): unknown }
  /** The upgrade request. */
  readonly request: AnyRequest
  /** Who is on the connection. Absent before `connection_init` was accepted. */
  auth?: LiveAuth
}

/** Options of {@link graphqlWs}: where operations run, what the context holds, and graphql-ws' own hooks. */
export type GraphqlWsOptions<E extends GraphqlWsExtra = GraphqlWsExtra> = OperationSource & SessionOptions<E>

/**
 * Server options for `useServer` or `makeServer` of graphql-ws: the caller is authenticated at `connection_init`, each operation is
 * authorized, and the connection ends with the token.
 *
 * The token comes from the connection parameters, the `Authorization` header of the upgrade request, or the cookie; two of them are
 * refused. A refused `connection_init` closes with 4403 and the reason, or with 1013 when a backend is out of reach; an accepted one
 * is acknowledged with `{ expiresAt }`, in seconds since 1970 or `null`. A refused operation gets an `error` message and the socket
 * stays. At the token's `exp` each live operation gets an `error`, and the socket closes with 4403 `TOKEN_EXPIRED`.
 *
 * The hooks of the options run in this order, and none lets in what was refused:
 * - `onConnect` after the caller was admitted. What it returns joins the acknowledgement; `false` refuses.
 * - `onSubscribe` before the document is parsed. Errors refuse. Of arguments only `document`, `operationName`, `variableValues` and
 *   `rootValue` are used: the document is validated and authorized like any other, on our schema and in our context.
 * - `context` when the document is valid, then authorization, then execution.
 * - `onNext` may change a result on its way. All others are graphql-ws' own.
 *
 * Does not look at the `Origin` of an upgrade that brings no cookie, and does not limit the number of connections or operations.
 *
 * @throws {ConfigurationError} when the schema cannot be protected.
 * @example
 * useServer(graphqlWs(auth, { getEnveloped: yoga.getEnveloped }), webSocketServer)
 * @see [GraphQL over WebSocket Protocol](https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md)
 */
export function graphqlWs<E extends GraphqlWsExtra = GraphqlWsExtra>(auth: Auth, options: GraphqlWsOptions<E>): ServerOptions<ConnectionParams, E> {
  const { getEnveloped, schema, parse, validate, execute, subscribe, ...rest } = options as SchemaSource & SessionOptions<E>
  const served = sessionOptions<E>(auth, new Operations(auth, options), rest, {
    authenticate: ({ extra, connectionParams }) => auth.authenticate(carrierOf(extra.request, 'graphql-ws', connectionParams)),
    lease({ extra }, authentication) {
      const lease = auth.openLease(authentication)
      extra.auth = { principal: authentication.principal, lease }
      // Before graphql-ws' own clean-up has returned the streams: one that waits for an event ends with the lease, not before.
      extra.socket.addEventListener?.('close', () => lease.end('closed'))
      return lease
    },
    wire: ({ extra }) => extra.socket,
  })
  return {
    ...served,
    async onClose(ctx: Context<ConnectionParams, E>, code?: number, reason?: string) {
      ctx.extra.auth?.lease.end('closed')
      await served.onClose?.(ctx, code, reason)
    },
  }
}
