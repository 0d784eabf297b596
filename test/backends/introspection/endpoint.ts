import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the endpoint got it. */
export interface Received {
  readonly method: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly form: Record<string, string>
}

/** An introspection endpoint on loopback that answers as it is told. */
export interface TestEndpoint {
  readonly url: string
  /** Requests in the order in which they came. */
  readonly received: Received[]
  /** Answers the next requests. @default 500 */
  respond: (response: ServerResponse) => void
  /** Answers the next requests with status 200 and this. */
  say(answer: unknown): void
  close(): Promise<void>
}

/** Starts an endpoint. */
export async function startEndpoint(): Promise<TestEndpoint> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      endpoint.received.push({ method: request.method, headers: request.headers, form: Object.fromEntries(new URLSearchParams(body)) })
      endpoint.respond(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint: TestEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`,
    received: [],
    respond: (response) => void response.writeHead(500).end(),
    say(body) {
      endpoint.respond = answer(200, body)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return endpoint
}

/** An answer with a status and a body, as JSON unless it is a text. */
export function answer(status: number, body: unknown, type = 'application/json'): TestEndpoint['respond'] {
  return (response) => void response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body))
}
