import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { flag, hint, parseOptions, text } from '../../core/options.js'
import { isSecureUrl } from '../../core/secure-url.js'

/** What clients are told of this API (RFC 9728 §2). */
export interface ProtectedResourceOptions {
  /** The API's identifier: its https URL (http on loopback), without fragment. */
  readonly resource: string
  /** Issuers whose tokens it takes. At least one. */
  readonly authorizationServers: readonly string[]
  /** Scopes that clients may ask for. @default not told */
  readonly scopesSupported?: readonly string[]
  /** A name for people. @default not told */
  readonly resourceName?: string
  /** A page for developers. @default not told */
  readonly resourceDocumentation?: string
  /** Whether every token must be bound by DPoP. @default not told */
  readonly dpopBoundAccessTokensRequired?: boolean
}

/** The metadata, where it is, and what serves it. */
export interface ProtectedResource {
  /** For the setting `resourceMetadata`, which challenges point to. */
  readonly url: string
  /** Path of {@link ProtectedResource.url}. */
  readonly path: string
  readonly document: Readonly<Record<string, unknown>>
  /** Serves the document at its path and answers 404 elsewhere; for node:http, or as a route of Express. */
  handle(request: IncomingMessage, response: ServerResponse): void
}

const resource = hint('an https URL (http on loopback) without fragment', "'https://api.example.com/graphql'")
const servers = hint('a list of issuers, at least one', "['https://sso.example.com']")
const names = hint('a list of scopes', "['orders:read']")
const page = hint('an absolute URL', "'https://developer.example.com'")

const shape = z.strictObject(
  {
    resource: z.string(resource).refine(isResource, resource),
    authorizationServers: z.array(z.string(servers).refine(isResource, servers), servers).min(1, servers),
    scopesSupported: z.array(z.string(names), names).optional(),
    resourceName: text("'Orders'").optional(),
    resourceDocumentation: z.url(page).optional(),
    dpopBoundAccessTokensRequired: flag().optional(),
  },
  hint('an object', "{ resource: 'https://api.example.com/graphql', authorizationServers: ['https://sso.example.com'] }"),
)

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * Makes the metadata of this API as a protected resource, at the well-known place that its identifier leads to: before the path, not behind it.
 *
 * Does not check that the settings' backends take tokens of these issuers, and does not put the URL into challenges: pass it as the
 * setting `resourceMetadata`.
 *
 * @throws {ConfigurationError} naming the option that is wrong.
 * @see [RFC 9728 §3 – Obtaining Protected Resource Metadata](https://www.rfc-editor.org/rfc/rfc9728#section-3)
 */
export function protectedResource(options: ProtectedResourceOptions): ProtectedResource {
  const checked = parseOptions(shape, options, 'protectedResource')
  const { origin, pathname, search } = new URL(checked.resource)
  const path = `${WELL_KNOWN}${pathname === '/' ? '' : pathname}${search}`
  const document = Object.freeze({
    resource: checked.resource,
    authorization_servers: checked.authorizationServers,
    bearer_methods_supported: ['header'],
    ...(checked.scopesSupported === undefined ? {} : { scopes_supported: checked.scopesSupported }),
    ...(checked.resourceName === undefined ? {} : { resource_name: checked.resourceName }),
    ...(checked.resourceDocumentation === undefined ? {} : { resource_documentation: checked.resourceDocumentation }),
    ...(checked.dpopBoundAccessTokensRequired === undefined ? {} : { dpop_bound_access_tokens_required: checked.dpopBoundAccessTokensRequired }),
  })
  const body = JSON.stringify(document)
  return {
    url: origin + path,
    path,
    document,
    handle(request, response) {
      // A router may have taken the path away from `url`; Express keeps the whole in `originalUrl`.
      const asked = (request as { originalUrl?: string }).originalUrl ?? request.url
      if (asked !== path) return void response.writeHead(404).end()
      if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=3600', 'access-control-allow-origin': '*' })
      response.end(request.method === 'HEAD' ? undefined : body)
    },
  }
}

function isResource(value: string): boolean {
  return isSecureUrl(value) && !value.includes('#')
}
