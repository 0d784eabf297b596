import type { GraphQLError } from 'graphql'
import { AuthContext } from '../core/auth-context.js'
import type { HttpRefusal } from '../core/challenge.js'
import { AuthError } from '../core/errors.js'

/** The results of one request of Yoga's, before they are written. */
export interface YogaResults {
  readonly request: object
  /** A list where the request is a batch. */
  readonly result: unknown
}

/** A response of Yoga's, before it is sent. */
export interface YogaResponse {
  readonly request: object
  readonly response: Response
  readonly fetchAPI: { readonly Response: typeof Response; readonly Headers: typeof Headers }
  setResponse(response: Response): void
}

/**
 * The batches whose credentials are bad. Yoga takes status and headers from the errors of a single result, and from nothing in a list of
 * them: each operation of such a batch is refused by itself, and the response would still be 200 and without a challenge.
 *
 * Does nothing for a batch of which anything was answered (data is never sent under 4xx, GraphQL over HTTP §6.4), nor for what good
 * credentials are not enough for.
 */
export class RefusedBatches {
  readonly #refusals = new WeakMap<object, HttpRefusal>()

  /** To be told of each operation that is refused, with all of its errors. */
  add(contextValue: unknown, errors: readonly GraphQLError[]): void {
    const { request } = contextValue as { readonly request?: object }
    const [first] = errors
    // What exceeds a limit is not refused for its credentials.
    if (request === undefined || !(first instanceof AuthError) || (AuthContext.of(contextValue)?.refusal ?? null) === null) return
    this.#refusals.set(request, first.extensions.http as HttpRefusal)
  }

  /** To be told of all results of a request. */
  settle({ request, result }: YogaResults): void {
    if (!Array.isArray(result) || !result.every(hasNoData)) this.#refusals.delete(request)
  }

  /** Puts status and challenge into the response to a batch that is refused as a whole. */
  answer({ request, response, fetchAPI, setResponse }: YogaResponse): void {
    const refusal = this.#refusals.get(request)
    if (refusal === undefined || response?.status !== 200) return
    const headers = new fetchAPI.Headers(response.headers)
    for (const [name, value] of Object.entries(refusal.headers)) headers.set(name, value)
    setResponse(new fetchAPI.Response(response.body, { status: refusal.status, headers }))
  }
}

function hasNoData(result: { readonly data?: unknown; readonly errors?: unknown }): boolean {
  return result.errors !== undefined && result.data === undefined
}
