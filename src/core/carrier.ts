import type { IncomingMessage } from 'node:http'
import type { Carrier } from './credentials.js'

/** A request as fetch knows it, or as node:http does. */
export type AnyRequest = Pick<Request, 'headers' | 'url'> | Pick<IncomingMessage, 'headersDistinct' | 'url'>

/**
 * Shows a request to {@link extractCredentials}: every value of every header, as often as it was sent.
 *
 * @param transport names the transport in the audit log.
 */
export function carrierOf(request: AnyRequest, transport: string, params?: unknown): Carrier {
  return { transport, url: request.url, params, header: 'headersDistinct' in request ? nodeHeader(request) : fetchHeader(request) }
}

function nodeHeader(request: Pick<IncomingMessage, 'headersDistinct'>): Carrier['header'] {
  // `headers` keeps only the first of two Authorization headers; a second one must be seen to be refused.
  return (name) => request.headersDistinct[name] ?? []
}

/** Fetch joins repeated headers with a comma, which no Authorization value can hold, so that two tokens are seen as malformed. */
function fetchHeader(request: Pick<Request, 'headers'>): Carrier['header'] {
  return (name) => {
    const value = request.headers.get(name)
    return value === null ? [] : [value]
  }
}
