import { auth0 } from '../../../src/backends/auth0.js'
import { firebase } from '../../../src/backends/firebase.js'
import { introspection } from '../../../src/backends/introspection.js'
import { jwt } from '../../../src/backends/jwt.js'
import { keycloak } from '../../../src/backends/keycloak.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { createTestIssuer, type FailureMode, type TestClaims, type TestIssuer, type TestKey, type TokenMint } from '../../../src/testing/index.js'
import { firebaseClaims, PROJECT } from '../firebase/fake-google.js'
import { KEYCLOAK_CLAIMS, startFakeKeycloak } from '../keycloak/fake-keycloak.js'

/** What a test may ask of a backend, whichever it is. */
export interface BackendChanges {
  readonly timeoutDuration?: number
  readonly cooldownDuration?: number
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** A backend under test, with the provider whose tokens it takes. */
export interface Subject {
  /** What its tokens say beside what they must; `iss` and `aud` are among it. */
  readonly claims: TestClaims
  /** Header `typ` of its tokens. */
  readonly typ: string
  readonly mint: TokenMint
  readonly key: () => TestKey
  readonly backend: (changes?: BackendChanges) => TokenBackend
  /** Signs with a new key from now on; the old one stays published. */
  readonly rotate: () => Promise<unknown>
  /** How often the provider was asked for keys or, by introspection, about a token. */
  readonly asked: () => number
  /** How often it is asked when the connection is cut before the answer: keys are asked for once more, and nothing else is. */
  readonly attempts: number
  readonly fail: (mode: FailureMode) => void
  readonly recover: () => void
  readonly close: () => Promise<void>
}

/** Starts one provider for each backend that gets tokens. */
export const SUBJECTS = {
  jwt: () => fromIssuer('', {}, 'JWT', (issuer, changes) => jwt({ issuer: issuer.issuer, audience: issuer.audience, ...changes })),
  'jwt rfc9068': () =>
    fromIssuer('', {}, 'at+jwt', (issuer, changes) => jwt({ issuer: issuer.issuer, audience: issuer.audience, profile: 'rfc9068', ...changes })),
  auth0: () =>
    fromIssuer('/', { client_id: undefined, azp: 'shop-web', scope: 'openid' }, 'JWT', (issuer, changes) =>
      auth0({ issuerBaseUrl: issuer.issuer, audience: issuer.audience, ...changes }),
    ),
  firebase: () =>
    fromIssuer('', firebaseClaims({ iss: `https://securetoken.google.com/${PROJECT}`, aud: PROJECT }), 'JWT', (issuer, changes) =>
      firebase({ projectId: PROJECT, jwksUri: issuer.jwksUri, ...changes }),
    ),
  keycloak: () =>
    fromKeycloak('certs', (url, _issuer, changes) => keycloak({ url, realm: 'shop', clientId: 'orders-api', audience: 'orders-api', ...changes })),
  introspection: () =>
    fromKeycloak('introspect', (_url, issuer, { cooldownDuration: _, ...changes }) =>
      introspection({
        endpoint: `${issuer}/protocol/openid-connect/token/introspect`,
        issuer,
        audience: 'orders-api',
        clientId: 'orders-api',
        clientSecret: 'secret',
        ...changes,
      }),
    ),
} as const satisfies Readonly<Record<string, () => Promise<Subject>>>

/** The name of a backend under test. */
export type SubjectName = keyof typeof SUBJECTS

async function fromIssuer(
  path: string,
  claims: TestClaims,
  typ: string,
  open: (issuer: TestIssuer, changes: BackendChanges) => TokenBackend,
): Promise<Subject> {
  const issuer = await createTestIssuer({ path })
  return {
    claims: { iss: issuer.issuer, aud: issuer.audience, ...claims },
    typ,
    mint: issuer,
    key: () => issuer.signingKey,
    backend: (changes = {}) => open(issuer, changes),
    rotate: () => issuer.rotateKeys(),
    asked: () => issuer.requests.jwks,
    attempts: 2,
    fail: issuer.fail,
    recover: issuer.recover,
    close: issuer.close,
  }
}

async function fromKeycloak(endpoint: 'certs' | 'introspect', open: (url: string, issuer: string, changes: BackendChanges) => TokenBackend): Promise<Subject> {
  const server = await startFakeKeycloak(['shop'])
  const { issuer, mint, keys, received } = server.realm('shop')
  return {
    claims: { ...KEYCLOAK_CLAIMS, iss: issuer },
    typ: 'JWT',
    mint,
    key: () => keys.current(),
    backend: (changes = {}) => open(server.address, issuer, changes),
    rotate: () => keys.rotate(),
    asked: () => received[endpoint].length,
    attempts: endpoint === 'certs' ? 2 : 1,
    fail: (mode) => server.fail(mode, endpoint),
    recover: server.recover,
    close: server.close,
  }
}
