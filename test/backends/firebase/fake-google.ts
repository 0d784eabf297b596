import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createKeyRing, type KeyRing } from '../../../src/testing/keys.js'
import { createMint, type TestClaims, type TokenOptions } from '../../../src/testing/tokens.js'

/** The project whose tokens a fake Google signs. */
export const PROJECT = 'shop-test'

type Kind = 'idToken' | 'sessionCookie'

/** Google's two key endpoints on loopback, and tokens in Firebase's form. */
export interface FakeGoogle {
  readonly jwksUri: string
  readonly sessionJwksUri: string
  readonly keys: Readonly<Record<Kind, KeyRing>>
  /** How often each endpoint was asked. */
  readonly requests: Record<Kind, number>
  /** Headers of the next answers. @default an hour of max-age */
  headers: Readonly<Record<string, string>>
  /** Whether the endpoints answer 500. */
  down: boolean
  idToken(claims?: TestClaims, options?: TokenOptions): Promise<string>
  sessionCookie(claims?: TestClaims, options?: TokenOptions): Promise<string>
  /** Tokens that nobody signed, as the emulator's are, but for `changed` members of the header. */
  unsigned(claims?: TestClaims, changed?: TestClaims): string
  /** HS256 with the public key for a secret. */
  hmac(): string
  forged(): Promise<string>
  close(): Promise<void>
}

/** The claims that a Firebase token has unless a test says otherwise. */
export function firebaseClaims(claims: TestClaims = {}): TestClaims {
  const seconds = Math.floor(Date.now() / 1000)
  return {
    client_id: undefined,
    jti: undefined,
    sub: 'uid-ada',
    user_id: 'uid-ada',
    auth_time: seconds - 60,
    email: 'ada@example.com',
    email_verified: false,
    firebase: { identities: { email: ['ada@example.com'] }, sign_in_provider: 'password' },
    ...claims,
  }
}

/** Starts a fake Google. */
export async function startFakeGoogle(): Promise<FakeGoogle> {
  const keys = { idToken: await createKeyRing(['RS256', 'PS256', 'ES256']), sessionCookie: await createKeyRing(['RS256']) }
  const common = { audience: PROJECT, clientId: PROJECT, expiresIn: 3600, now: Date.now }
  const mints = {
    idToken: createMint({ ...common, issuer: `https://securetoken.google.com/${PROJECT}`, keys: keys.idToken }),
    sessionCookie: createMint({ ...common, issuer: `https://session.firebase.google.com/${PROJECT}`, keys: keys.sessionCookie }),
  }
  const server = createServer((request, response) => {
    const kind: Kind = request.url === '/session' ? 'sessionCookie' : 'idToken'
    google.requests[kind] += 1
    if (google.down) return void response.writeHead(500).end()
    response.writeHead(200, { 'content-type': 'application/json', ...google.headers }).end(JSON.stringify(keys[kind].published()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const google: FakeGoogle = {
    jwksUri: `${address}/id`,
    sessionJwksUri: `${address}/session`,
    keys,
    requests: { idToken: 0, sessionCookie: 0 },
    headers: { 'cache-control': 'public, max-age=3600, must-revalidate, no-transform' },
    down: false,
    idToken: (claims, options) => mints.idToken.token(firebaseClaims(claims), { typ: 'JWT', ...options }),
    sessionCookie: (claims, options) => mints.sessionCookie.token(firebaseClaims(claims), { typ: 'JWT', ...options }),
    unsigned(claims, changed) {
      const seconds = Math.floor(Date.now() / 1000)
      const payload = { iss: `https://securetoken.google.com/${PROJECT}`, aud: PROJECT, iat: seconds, exp: seconds + 3600, ...firebaseClaims(claims) }
      return `${[{ alg: 'none', typ: 'JWT', ...changed }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
    },
    hmac: () => mints.idToken.hmacWithPublicKey(firebaseClaims()),
    forged: () => mints.idToken.forgedToken(firebaseClaims(), { typ: 'JWT' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return google
}
