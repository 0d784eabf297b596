import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { auth0 } from '../../src/backends/auth0.js'
import { firebase } from '../../src/backends/firebase.js'
import type { BackendSetting } from '../../src/backends/from-settings.js'
import { introspection } from '../../src/backends/introspection.js'
import { jwt } from '../../src/backends/jwt.js'
import { keycloak } from '../../src/backends/keycloak.js'
import { moduleBackend } from '../../src/backends/module.js'
import { createAuth } from '../../src/create-auth.js'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'
import { createMint } from '../../src/testing/tokens.js'
import { bearer, recorder } from '../core/support.js'
import { engineOf } from './engine-of.js'
import { type FakeGoogle, firebaseClaims, PROJECT, startFakeGoogle } from './firebase/fake-google.js'
import { type FakeKeycloak, KEYCLOAK_CLAIMS, startFakeKeycloak } from './keycloak/fake-keycloak.js'

/** In 2001: by the real clock, every token of these tests has long expired. */
const THEN = 1_000_000_000_000
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const seconds = THEN / 1000

let issuer: TestIssuer
let auth0Tenant: TestIssuer
let sso: FakeKeycloak
let google: FakeGoogle
let endpoint: string
const server = createServer((_, response) => {
  const answer = { active: true, sub: 'ada', aud: 'api', exp: seconds + 300, iat: seconds }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})

beforeAll(async () => {
  ;[issuer, auth0Tenant, sso, google] = await Promise.all([
    createTestIssuer({ algorithms: ['ES256'], now: () => THEN }),
    createTestIssuer({ path: '/', now: () => THEN }),
    startFakeKeycloak(['shop']),
    startFakeGoogle(),
    new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
  ])
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`
})
afterAll(async () => {
  server.closeAllConnections()
  await Promise.all([issuer.close(), auth0Tenant.close(), sso.close(), google.close(), new Promise((resolve) => server.close(resolve))])
})

/** Each kind of backend, as an instance with a clock of its own or none, and a token of the year 2001 for it. */
const KINDS: readonly [string, () => { readonly token: Promise<string>; readonly make: (now: { readonly now?: () => number }) => BackendSetting }][] = [
  ['jwt, by its type', () => ({ token: issuer.token(), make: (now) => ({ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience, ...now }) })],
  ['jwt, as an instance', () => ({ token: issuer.token(), make: (now) => jwt({ issuer: issuer.issuer, audience: issuer.audience, ...now }) })],
  [
    'auth0',
    () => ({
      token: auth0Tenant.token(),
      make: (now) => auth0({ issuerBaseUrl: auth0Tenant.issuer, audience: auth0Tenant.audience, ...now }),
    }),
  ],
  [
    'keycloak',
    () => ({
      token: sso.realm('shop').token({ iat: seconds, exp: seconds + 300, ...KEYCLOAK_CLAIMS }),
      make: (now) => keycloak({ url: sso.address, realm: 'shop', clientId: 'orders-api', audience: 'orders-api', ...now }),
    }),
  ],
  [
    'firebase',
    () => ({
      token: createMint({
        audience: PROJECT,
        clientId: PROJECT,
        expiresIn: 3600,
        now: () => THEN,
        issuer: `https://securetoken.google.com/${PROJECT}`,
        keys: google.keys.idToken,
      }).token(firebaseClaims({ auth_time: seconds - 60 }), { typ: 'JWT' }),
      make: (now) => firebase({ projectId: PROJECT, jwksUri: google.jwksUri, ...now }),
    }),
  ],
  [
    'introspection',
    () => ({
      token: Promise.resolve('opaque'),
      make: (now) => introspection({ endpoint, issuer: 'https://sso.example.com', audience: 'api', clientId: 'api', clientSecret: 'secret', ...now }),
    }),
  ],
]

describe.each(KINDS)('the clock of %s', (_, kind) => {
  it('is that of the settings', async () => {
    const { token, make } = kind()
    const then = await engineOf(make({}), () => THEN)
    expect(await then.use(await token)).toBe('accepted')
    const later = await engineOf(make({}), () => THEN + 7_200_000)
    expect(await later.use(await token)).toBe('TOKEN_EXPIRED')
    await Promise.all([then.close(), later.close()])
  })

  it('is the real one where the settings have none', async () => {
    const { token, make } = kind()
    const real = await engineOf(make({}))
    expect(await real.use(await token)).toBe('TOKEN_EXPIRED')
    await real.close()
  })

  it('is its own where it has one, whatever that of the settings says', async () => {
    const { token, make } = kind()
    const own = await engineOf(make({ now: () => THEN + 7_200_000 }), () => THEN)
    expect(await own.use(await token)).toBe('TOKEN_EXPIRED')
    await own.close()
  })
})

describe('a backend of one’s own', () => {
  it('gets the clock, also from a module that is still loading', async () => {
    const auth = createAuth({ backends: ['./attached.js#backend'], baseDirectory: FIXTURES, now: () => THEN, audit: { logger: recorder().logger } })
    await auth.ready()
    expect((await auth.authenticate(bearer('any'))).principal?.subject).toBe(String(THEN))
  })

  it('gets the clock from a module that has been loaded', async () => {
    const backend = moduleBackend('./attached.js#backend', FIXTURES)
    await backend.ready
    const auth = createAuth({ backends: [backend], now: () => THEN + 1, audit: { logger: recorder().logger } })
    expect((await auth.authenticate(bearer('any'))).principal?.subject).toBe(String(THEN + 1))
  })

  it('need not take it', async () => {
    const engine = await engineOf({ name: 'own', verify: async () => ({ issuer: 'own', subject: 'ada', expiresAt: seconds + 1 }) }, () => THEN)
    expect(await engine.use('any')).toBe('accepted')
  })
})
