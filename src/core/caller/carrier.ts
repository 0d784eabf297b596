import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Carrier } from './credentials.js'

/** A request as fetch knows it. */
export type FetchRequest = Pick<Request, 'headers' | 'url'> & Partial<Pick<Request, 'method'>>

/** A request as node:http knows it; `session` is there when express-session ran before. */
export type NodeRequest = Pick<IncomingMessage, 'headersDistinct' | 'url'> &
  Partial<Pick<IncomingMessage, 'method' | 'socket'>> & { readonly session?: unknown }

/** A request as fetch knows it, or as node:http does. */
export type AnyRequest = FetchRequest | NodeRequest

/**
 * Shows a request to {@link extractCredentials}: every value of every header, as often as it was sent.
 *
 * @param transport names the transport in the audit log.
 */
export function carrierOf(request: AnyRequest, transport: string, params?: unknown): Carrier {
  const { method } = request
  // A router that is mounted on a path takes it off `url`, and keeps the whole here.
  const { originalUrl } = request as { readonly originalUrl?: unknown }
  const url = typeof originalUrl === 'string' ? originalUrl : request.url
  if (!isNodeRequest(request)) return { transport, url, method, params, header: fetchHeader(request) }
  return { transport, url, method, params, header: nodeHeader(request), certificate: () => certificateOf(request), session: request.session }
}

/** Whether this is a request of node:http, which knows more of the connection than fetch does. */
export function isNodeRequest(request: unknown): request is NodeRequest {
  return typeof request === 'object' && request !== null && 'headersDistinct' in request
}

function nodeHeader(request: NodeRequest): Carrier['header'] {
  // `headers` keeps only the first of two Authorization headers; a second one must be seen to be refused.
  return (name) => request.headersDistinct[name] ?? []
}

/** Fetch joins repeated headers with a comma, which no Authorization value can hold, so that two tokens are seen as malformed. */
function fetchHeader(request: FetchRequest): Carrier['header'] {
  return (name) => {
    const value = request.headers.get(name)
    return value === null ? [] : [value]
  }
}

/** Of a TLS connection that ends here; whether it was verified is for the TLS server's own settings. */
function certificateOf({ socket }: NodeRequest): Uint8Array | null {
  const certificate = (socket as Partial<TLSSocket> | undefined)?.getPeerCertificate?.()
  return certificate?.raw ?? null
}
