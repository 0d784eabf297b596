import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { auth0 } from '../../src/backends/auth0.js'
import { judge, verdict } from '../backends/bearer.js'
import { CALLERS } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { claimsIn, INVALID, principalOver, refusalOver, withClaims } from './support/caller.js'
import { fromEnvironment } from './support/environment.js'
import { tellsPrincipal } from './support/principal-field.js'
import { trustingFetch } from './support/trusting-fetch.js'

const BASE_URL = fromEnvironment('AUTH0_BASE_URL')
const AUDIENCE = fromEnvironment('AUTH0_AUDIENCE')
const CLIENT_ID = fromEnvironment('AUTH0_CLIENT_ID')
const fetchTrusting = trustingFetch(readFileSync(fromEnvironment('AUTH0_CERTIFICATE'), 'utf8'))
const OPTIONS = { issuerBaseUrl: BASE_URL, audience: AUDIENCE, namespace: 'https://shop.example.com/', fetch: fetchTrusting }

async function grant(form: Readonly<Record<string, string>>): Promise<{ readonly access_token: string; readonly id_token?: string }> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ client_id: CLIENT_ID, audience: AUDIENCE, ...form })
  const response = await fetchTrusting(`${BASE_URL}/oauth/token`, { method: 'POST', headers, body })
  if (response.status !== 200) throw new Error(`the simulator answered with status ${response.status}`)
  return (await response.json()) as { access_token: string; id_token?: string }
}

const logIn = () => grant({ grant_type: 'password', username: fromEnvironment('AUTH0_USERNAME'), password: fromEnvironment('AUTH0_PASSWORD') })

describe.each(Object.entries(CALLERS))('over %s, the Auth0 simulator', (_, call) => {
  let servers: Servers
  let token: string
  beforeAll(async () => {
    servers = await startServers({ backends: [{ type: 'auth0', ...OPTIONS }], extension: tellsPrincipal })
    token = (await logIn()).access_token
  })
  afterAll(() => servers.close())

  it('vouches for a user who logged in with his password', async () => {
    expect(await principalOver(call, servers, token)).toEqual({
      issuer: `${BASE_URL}/`,
      subject: 'auth0|ada',
      kind: 'user',
      clientId: CLIENT_ID,
      sessionId: null,
      tenant: 'org_acme',
      scopes: ['openid', 'profile', 'email', 'orders:read'],
      permissions: ['vault.open'],
      roles: ['clerk'],
      groups: [],
      authenticatedAt: null,
      acr: null,
      expiresAt: claimsIn(token).exp,
    })
  })

  it('gives him what his scopes and permissions are for, and no more', async () => {
    const ask = async (query: string) => (await call(servers, { authorization: `Bearer ${token}`, query })).reason
    expect(await ask('{ orders vault }')).toBeNull()
    expect(await ask('mutation { order }')).toBe('INSUFFICIENT_SCOPE')
  })

  it('does not vouch for a token that was changed', async () => {
    expect(await refusalOver(call, servers, withClaims(token, { sub: 'auth0|mallory' }))).toEqual(INVALID)
    expect(await refusalOver(call, servers, withClaims(token, { permissions: ['vault.open', 'admin'] }))).toEqual(INVALID)
  })

  it('does not vouch for the bearer of an ID token', async () => {
    expect(await refusalOver(call, servers, (await logIn()).id_token ?? '')).toEqual(INVALID)
  })
})

describe('the Auth0 backend at the simulator', () => {
  it('refuses a token for another API, of another organization, and one that names nobody', async () => {
    const { access_token: token } = await logIn()
    expect(await judge(auth0({ ...OPTIONS, audience: 'https://billing' }), token)).toMatchObject({ detail: 'claim aud: not accepted' })
    expect(await judge(auth0({ ...OPTIONS, organization: 'org_other' }), token)).toMatchObject({ detail: 'claim org_id: not accepted' })
    expect(await verdict(auth0({ ...OPTIONS, organization: 'org_acme' }), token)).toBe('accepted')
    // The simulator leaves `sub` and `azp` out of these, which Auth0 does not.
    const { access_token: machine } = await grant({ grant_type: 'client_credentials', client_secret: 'secret' })
    expect(await judge(auth0(OPTIONS), machine)).toMatchObject({ reason: 'INVALID_TOKEN', detail: 'claim sub: not of the expected form' })
  })

  it('is unavailable where the certificate is not trusted, and takes nobody’s word', async () => {
    const { fetch: _, ...untrusting } = OPTIONS
    expect(await verdict(auth0(untrusting), (await logIn()).access_token)).toBe('BACKEND_UNAVAILABLE')
  })
})
