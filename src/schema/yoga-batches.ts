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

/**
 * The batches whose credentials are bad. Yoga takes status and headers from the errors of a single result, but not from those of a list
 * of results: each operation of such a batch is refused by itself, and the response would still be 200 and without a challenge.
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

  /** To be told of all results of a request: puts status and challenge to those of a batch that is refused as a whole. */
  settle({ request, result }: YogaResults): void {
    const refusal = this.#refusals.get(request)
    if (refusal === undefined || !Array.isArray(result) || !result.every(hasNoData)) return
    // Where Yoga looks in whatever it writes; a list that is written as JSON has no such member.
    Object.defineProperty(result, 'extensions', { value: { http: refusal }, enumerable: false })
  }
}

function hasNoData(result: { readonly data?: unknown; readonly errors?: unknown }): boolean {
  return result.errors !== undefined && result.data === undefined
}
