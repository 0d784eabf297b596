import { request } from 'node:https'

/** A `fetch` that trusts one certificate more than Node does, and connects to nothing but loopback. No redirect is followed. */
export function trustingFetch(certificate: string): (url: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return (url, { method = 'GET', headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        String(url),
        { method, headers: Object.fromEntries(new Headers(headers)), ca: certificate, host: '127.0.0.1', servername: 'localhost', signal: signal ?? undefined },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => void chunks.push(chunk))
          incoming.on('error', reject)
          incoming.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 500 })))
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body instanceof URLSearchParams ? body.toString() : (body ?? undefined))
    })
}
