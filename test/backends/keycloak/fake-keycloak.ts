import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FailureMode, failWith } from '../../../src/testing/failures.js'
import { createKeyRing, type KeyRing } from '../../../src/testing/keys.js'
import { createMint, type TestClaims, type TokenMint, type TokenOptions } from '../../../src/testing/tokens.js'

/** A request as an endpoint got it. */
export interface Received {
  readonly authorization: string | undefined
  readonly form: URLSearchParams
}

/** What an endpoint answers. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

type Endpoint = 'certs' | 'introspect' | 'token'

/** One realm of a fake Keycloak. */
export interface FakeRealm {
  readonly issuer: string
  readonly keys: KeyRing
  /** Makes tokens of any kind. */
  readonly mint: TokenMint
  /** Requests to each endpoint, in order. */
  readonly received: Record<Endpoint, Received[]>
  /** Answers introspection. @default the token's own claims, active */
  introspection: (received: Received) => Answer
  /** Answers the token endpoint. @default 403 access_denied */
  tokenEndpoint: (received: Received) => Answer | Promise<Answer>
  /** An access token in Keycloak's form. */
  token(claims?: TestClaims, options?: TokenOptions): Promise<string>
}

/** A loopback server with Keycloak's paths, and tokens in its form. */
export interface FakeKeycloak {
  /** Where it listens. */
  readonly address: string
  readonly realms: ReadonlyMap<string, FakeRealm>
  realm(name: string): FakeRealm
  fail(mode: FailureMode, endpoint: Endpoint): void
  recover(): void
  close(): Promise<void>
}

/** The claims that a token has unless a test says otherwise. */
export const KEYCLOAK_CLAIMS: TestClaims = {
  aud: 'orders-api',
  client_id: undefined,
  sub: '0d7f3c1e-0001',
  typ: 'Bearer',
  azp: 'shop-web',
  sid: 'session-1',
  acr: '1',
  scope: 'openid orders:read',
  realm_access: { roles: ['customer'] },
  resource_access: { 'orders-api': { roles: ['clerk'] } },
}

/**
 * Starts a fake Keycloak.
 *
 * @param names of its realms
 * @param publicUrl the address in its tokens' `iss`; the one it listens on unless given
 */
export async function startFakeKeycloak(names: readonly string[], publicUrl?: string): Promise<FakeKeycloak> {
  const realms = new Map<string, FakeRealm>()
  const failures = new Map<Endpoint, FailureMode>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', path = ''] = /^\/realms\/([^/]+)\/protocol\/openid-connect\/(.+)$/.exec(request.url ?? '') ?? []
    const realm = realms.get(decodeURIComponent(name))
    const endpoint = ENDPOINTS.get(path)
    if (realm === undefined || endpoint === undefined) return void response.writeHead(404).end()
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const received = { authorization: request.headers.authorization, form: new URLSearchParams(body) }
    realm.received[endpoint].push(received)
    const failure = failures.get(endpoint)
    if (failure !== undefined) return failWith(failure, response, request.url ?? '')
    const answer = await answerOf(realm, endpoint, received)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const name of names) realms.set(name, await createRealm(`${publicUrl ?? address}/realms/${encodeURIComponent(name)}`))
  return {
    address,
    realms,
    realm(name) {
      const realm = realms.get(name)
      if (realm === undefined) throw new Error(`no realm ${name}`)
      return realm
    },
    fail: (mode, endpoint) => void failures.set(endpoint, mode),
    recover: () => failures.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['certs', 'certs'],
  ['token', 'token'],
  ['token/introspect', 'introspect'],
])

async function createRealm(issuer: string): Promise<FakeRealm> {
  const keys = await createKeyRing(['ES256'])
  const mint = createMint({ issuer, audience: 'orders-api', clientId: 'shop-web', expiresIn: 300, keys, now: Date.now })
  return {
    issuer,
    keys,
    mint,
    received: { certs: [], introspect: [], token: [] },
    introspection: ({ form }) => ({ status: 200, body: { ...claimsOf(form.get('token') ?? ''), active: true } }),
    tokenEndpoint: () => ({ status: 403, body: { error: 'access_denied', error_description: 'not_authorized' } }),
    token: (claims, options) => mint.token({ ...KEYCLOAK_CLAIMS, ...claims }, { typ: 'JWT', ...options }),
  }
}

function answerOf(realm: FakeRealm, endpoint: Endpoint, received: Received): Answer | Promise<Answer> {
  if (endpoint === 'certs') return { status: 200, body: realm.keys.published() }
  return endpoint === 'introspect' ? realm.introspection(received) : realm.tokenEndpoint(received)
}

/** The payload of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}
