import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FailureMode, failWith } from './failures.js'
import { answerTokenRequest, type TokenEndpointOptions } from './token-endpoint.js'

/** The endpoints of a test issuer: two metadata documents, the keys, and tokens. */
export type Endpoint = 'openidConfiguration' | 'oauthMetadata' | 'jwks' | 'token'

/** How often each endpoint was asked. `redirected` counts requests that followed the redirect of a failing endpoint. */
export type RequestCounts = Readonly<Record<Endpoint | 'redirected', number>>

/** What the endpoints answer with. */
export interface IssuerContent {
  readonly metadata: () => object
  readonly jwks: () => object
  readonly token: TokenEndpointOptions
}

/** A listening issuer. */
export interface IssuerServer {
  readonly requests: RequestCounts
  /** Starts to answer with this content; until then every request gets 503. */
  serve(content: IssuerContent): void
  fail(mode: FailureMode, endpoints: readonly Endpoint[]): void
  recover(): void
  close(): Promise<void>
}

/** Where the endpoints of an issuer are. */
export interface IssuerUrls {
  readonly issuer: string
  readonly jwksUri: string
  readonly tokenEndpoint: string
}

/**
 * Listens on the loopback interface, on a port that is free.
 *
 * @param path of the issuer, such as `/realms/test`; may end in a slash, which is then part of the issuer
 */
export async function listen(path: string): Promise<{ readonly server: IssuerServer; readonly urls: IssuerUrls }> {
  const requests = { openidConfiguration: 0, oauthMetadata: 0, jwks: 0, token: 0, redirected: 0 }
  const failures = new Map<Endpoint, FailureMode>()
  const base = path.replace(/\/$/, '')
  const routes = new Map<string, Endpoint | 'redirected'>([
    [`${base}/.well-known/openid-configuration`, 'openidConfiguration'],
    [`/.well-known/oauth-authorization-server${base}`, 'oauthMetadata'],
    [`${base}/jwks`, 'jwks'],
    [`${base}/token`, 'token'],
    [`${base}/elsewhere`, 'redirected'],
  ])
  let content: IssuerContent | null = null

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const endpoint = routes.get(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (endpoint === undefined || content === null) return void response.writeHead(endpoint === undefined ? 404 : 503).end()
    requests[endpoint] += 1
    const failure = endpoint === 'redirected' ? undefined : failures.get(endpoint)
    if (failure !== undefined) return failWith(failure, response, `${base}/elsewhere`)
    if (endpoint === 'token') {
      const { status, headers, body } = await answerTokenRequest(request, content.token)
      return sendJson(response, status, body, { ...headers, 'cache-control': 'no-store' })
    }
    sendJson(response, 200, endpoint === 'jwks' || endpoint === 'redirected' ? content.jwks() : content.metadata())
  }

  const http = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  const origin = await listenOnLoopback(http)
  return {
    urls: { issuer: `${origin}${path}`, jwksUri: `${origin}${base}/jwks`, tokenEndpoint: `${origin}${base}/token` },
    server: {
      requests,
      serve: (answer) => {
        content = answer
      },
      fail: (mode, endpoints) => {
        for (const endpoint of endpoints) failures.set(endpoint, mode)
      },
      recover: () => failures.clear(),
      close: () =>
        new Promise((resolve) => {
          http.close(() => resolve())
          http.closeAllConnections()
        }),
    },
  }
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function listenOnLoopback(http: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}
