import { providerUnavailable } from '../keys/json-document.js'
import { type ConfidentialClient, proveClient } from './client-authentication.js'
import { type AnswerFormat, type HttpFetch, postForm } from './post-form.js'
import { createQueue } from './queue.js'

/** Which endpoint is asked, and as whom. The caller has checked the options. */
export interface IntrospectionOptions extends ConfidentialClient {
  /** The introspection endpoint, a secure URL. */
  readonly endpoint: string
  /** Milliseconds that one answer may take. */
  readonly timeoutDuration: number
  /** @default the global fetch */
  readonly fetch?: HttpFetch | undefined
  /** Requests under way at once. Ten times as many may wait for their turn. @default 50 */
  readonly concurrency?: number | undefined
  /** The form in which answers are wanted; what it reads must be an object. @default JSON */
  readonly format?: AnswerFormat | undefined
}

/**
 * Asks what a token is worth: its claims when it is active, `null` when it is not. Only `active: true` is active, the JSON boolean and
 * nothing that resembles it.
 */
export type Introspect = (token: string, signal: AbortSignal) => Promise<Readonly<Record<string, unknown>> | null>

/**
 * Makes the client of an introspection endpoint. It asks each time that it is called, follows no redirect, reads no more than 1 MiB,
 * and keeps nothing.
 *
 * Does not check anything in the answer but `active`: whether the token is meant for this API, an access token at all, and not
 * expired, is for whoever asks. Some servers call ID and refresh tokens active too.
 *
 * It throws {BackendUnavailableError} when the endpoint cannot be reached, does not answer in time, answers with another status than
 * 200 (401 and 403 when this client's own credentials are refused) or with something other than a JSON object, and when too many
 * requests wait.
 *
 * @see RFC 7662 §2
 */
export function introspectionClient(options: IntrospectionOptions): Introspect {
  const { endpoint, timeoutDuration, fetch, concurrency = 50, format } = options
  const { authorization, fields } = proveClient(options)
  const queue = createQueue(concurrency, concurrency * 10)

  return async (token, signal) => {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...fields })
    const { status, body } = await queue(signal, () => postForm(endpoint, { form, authorization, timeoutDuration, signal, fetch, format }))
    if (status === 401 || status === 403) throw providerUnavailable('the introspection endpoint refuses this client')
    if (status !== 200) throw providerUnavailable(`the introspection endpoint answered with status ${status}`)
    if (!isObject(body)) throw providerUnavailable('the introspection endpoint answered with something other than a JSON object')
    return Object.hasOwn(body, 'active') && body.active === true ? body : null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
