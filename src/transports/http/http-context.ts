import type { Auth } from '../../core/auth.js'
import type { AuthContext } from '../../core/auth-context.js'
import { authenticateRequest } from '../../core/authenticate-request.js'
import { type AnyRequest, isNodeRequest } from '../../core/caller/carrier.js'
import { ConfigurationError } from '../../core/configuration-error.js'

/** A request of fetch or node:http, Express included, or an object that holds one under `raw`, as Fastify's does. */
export type HttpRequest = AnyRequest | { readonly raw: AnyRequest }

/** What {@link httpContext} gives to a context. */
export type HttpContext = {
  /** Who is asking. */
  readonly auth: AuthContext
}

/** A context with the application's own members beside `auth`. */
export type ContextWithAuth = HttpContext & Record<PropertyKey, unknown>

/**
 * Makes the `auth` of one operation's context from the request that it came by: `context: ({ req }) => httpContext(auth, req)`.
 * The request is authenticated once, however often it is asked; each call makes an `auth` of its own.
 *
 * Does not refuse anything: credentials that are not good refuse every operation that runs with this context.
 *
 * @throws {ConfigurationError} when it is given something else than a request.
 */
export async function httpContext(auth: Auth, request: HttpRequest): Promise<HttpContext> {
  return { auth: auth.createContext(await authenticateRequest(auth, requestIn(request))) }
}

/**
 * Adds `auth` to a copy of the application's own context: one object that serves all requests must not carry the `auth` of one.
 *
 * @throws {ConfigurationError} when the context is something else than an object.
 */
export function withAuth(own: unknown, { auth }: HttpContext): ContextWithAuth {
  if (own === undefined || own === null) return { auth }
  if (typeof own !== 'object') throw new ConfigurationError('context', 'an object, or a function that returns one', 'context: () => ({ db })')
  return Object.assign(Object.create(Object.getPrototypeOf(own)), own, { auth })
}

function requestIn(given: unknown): AnyRequest {
  const found = [given, (given as { raw?: unknown } | null | undefined)?.raw].find(isRequest)
  if (found === undefined) throw new ConfigurationError('httpContext', 'a request of node:http or fetch', 'httpContext(auth, req)')
  return found
}

function isRequest(value: unknown): value is AnyRequest {
  return isNodeRequest(value) || typeof (value as { headers?: { get?: unknown } } | null | undefined)?.headers?.get === 'function'
}
