import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type IntrospectionBackendOptions, introspection } from '../../src/backends/introspection.js'
import { jwt } from '../../src/backends/jwt.js'
import { judge, verdict } from '../backends/bearer.js'
import { CALLERS } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { claimsIn, INVALID, principalOver, refusalOver, withClaims } from './support/caller.js'
import { fromEnvironment } from './support/environment.js'
import { tellsPrincipal } from './support/principal-field.js'

const ISSUER = fromEnvironment('OIDC_ISSUER')
const AUDIENCE = fromEnvironment('OIDC_AUDIENCE')
const OPTIONS = { issuer: ISSUER, audience: AUDIENCE, profile: 'rfc9068', claims: { tenant: 'tenant_id' } } as const
const OPAQUE_AUDIENCE = fromEnvironment('OIDC_OPAQUE_AUDIENCE')
const CALLBACK = 'http://127.0.0.1/callback'

interface Tokens {
  readonly access_token: string
  readonly id_token: string
}

async function requestToken(client: string, form: Readonly<Record<string, string>>): Promise<Tokens> {
  const authorization = `Basic ${btoa(`${client}:${client}-secret`)}`
  const response = await fetch(`${ISSUER}/token`, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) })
  if (!response.ok) throw new Error(`the token endpoint answered with ${response.status} ${await response.text()}`)
  return (await response.json()) as Tokens
}

const clientToken = async (scope: string, resource = AUDIENCE) =>
  (await requestToken('job', { grant_type: 'client_credentials', scope, resource })).access_token

/** Authorization code with PKCE (RFC 7636), the way a browser goes: redirect after redirect, with the cookies that it is given. */
async function logIn(user: string, scope = 'openid orders:read'): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const query = new URLSearchParams({
    client_id: 'shop-web',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope,
    resource: AUDIENCE,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    login_hint: user,
  })
  const cookies = new Map<string, string>()
  let url = new URL(`${ISSUER}/auth?${query}`)
  for (let left = 6; url.origin === ISSUER; left -= 1) {
    if (left === 0) throw new Error('the login goes round in circles')
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const [, name = '', value = ''] of response.headers.getSetCookie().map((line) => /^([^=]+)=([^;]*)/.exec(line) ?? [])) cookies.set(name, value)
    const location = response.headers.get('location')
    if (location === null) throw new Error(`the login stopped at ${url.pathname} with ${response.status} ${await response.text()}`)
    url = new URL(location, url)
  }
  const code = url.searchParams.get('code') ?? ''
  return requestToken('shop-web', { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier, resource: AUDIENCE })
}

describe.each(Object.entries(CALLERS))('over %s, an OpenID provider', (_, call) => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ backends: [{ type: 'jwt', ...OPTIONS }], extension: tellsPrincipal })
  })
  afterAll(() => servers.close())

  it('vouches for a user who logged in', async () => {
    const { access_token: token } = await logIn('ada')
    expect(claimsIn(token)).toMatchObject({ aud: AUDIENCE, client_id: 'shop-web' })
    expect(await principalOver(call, servers, token)).toMatchObject({
      issuer: ISSUER,
      subject: 'ada',
      kind: 'user',
      clientId: 'shop-web',
      tenant: 'acme',
      scopes: ['orders:read'],
      permissions: ['vault.open'],
      roles: ['clerk'],
      expiresAt: claimsIn(token).exp,
    })
    expect((await call(servers, { authorization: `Bearer ${token}`, query: '{ orders vault }' })).verdict).toBe('answered')
    expect((await call(servers, { authorization: `Bearer ${token}`, query: 'mutation { order }' })).reason).toBe('INSUFFICIENT_SCOPE')
  })

  it('vouches for a client that acts for itself', async () => {
    const token = await clientToken('orders:read orders:write')
    expect(await principalOver(call, servers, token)).toMatchObject({
      subject: 'job',
      kind: 'client',
      clientId: 'job',
      tenant: null,
      scopes: ['orders:read', 'orders:write'],
      permissions: [],
      roles: ['machine'],
    })
  })

  it('does not vouch for tokens that were changed, nor for ID tokens', async () => {
    const { access_token: token, id_token: idToken } = await logIn('ada')
    expect(await refusalOver(call, servers, withClaims(token, { sub: 'eve' }))).toEqual(INVALID)
    expect(await refusalOver(call, servers, withClaims(token, { scope: 'orders:read orders:write' }))).toEqual(INVALID)
    expect(await refusalOver(call, servers, idToken)).toEqual(INVALID)
  })
})

describe('the jwt backend at an OpenID provider', () => {
  it('refuses a token that is meant for another API', async () => {
    const token = await clientToken('orders:read')
    expect(await verdict(jwt({ ...OPTIONS, audience: 'https://billing' }), token)).toBe('INVALID_TOKEN')
    expect(await verdict(jwt(OPTIONS), token)).toBe('accepted')
  })
})

describe('signed introspection answers of an OpenID provider', () => {
  const backend = (changes: Partial<IntrospectionBackendOptions> = {}) =>
    introspection({
      endpoint: `${ISSUER}/token/introspection`,
      issuer: ISSUER,
      audience: OPAQUE_AUDIENCE,
      clientId: 'vault-api',
      clientSecret: 'vault-api-secret',
      response: 'jwt',
      ...changes,
    })

  it('vouch for a client with an opaque token', async () => {
    const token = await clientToken('orders:read', OPAQUE_AUDIENCE)
    expect(token).not.toContain('.')
    expect(await judge(backend(), token)).toMatchObject({ issuer: ISSUER, subject: 'job', kind: 'client', clientId: 'job', scopes: ['orders:read'] })
    expect(await judge(backend({ response: 'json' }), token)).toMatchObject({ issuer: ISSUER, subject: 'job', kind: 'client' })
  })

  it('see a revocation at once, and know no token that was never issued', async () => {
    const token = await clientToken('orders:read', OPAQUE_AUDIENCE)
    expect(await verdict(backend(), token)).toBe('accepted')
    const authorization = `Basic ${btoa('job:job-secret')}`
    const revoked = await fetch(`${ISSUER}/token/revocation`, { method: 'POST', headers: { authorization }, body: new URLSearchParams({ token }) })
    expect(revoked.status).toBe(200)
    expect(await verdict(backend(), token)).toBe('INVALID_TOKEN')
    expect(await verdict(backend(), 'never-issued')).toBe('INVALID_TOKEN')
  })

  it('are no verdict when they are meant for somebody else, or signed in another way', async () => {
    const token = await clientToken('orders:read', OPAQUE_AUDIENCE)
    expect(await judge(backend({ algorithms: ['ES256'] }), token)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
    expect(await judge(backend({ issuer: 'https://sso.example.com', jwksUri: `${ISSUER}/jwks` }), token)).toMatchObject({
      reason: 'BACKEND_UNAVAILABLE',
      detail: expect.stringContaining('claim iss'),
    })
    expect(await verdict(backend({ audience: 'https://billing' }), token)).toBe('INVALID_TOKEN')
  })

  it('are demanded: a plain answer is no verdict', async () => {
    const token = await clientToken('orders:read', OPAQUE_AUDIENCE)
    const plain = backend({
      fetch: (url, init) => fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), accept: 'application/json' } }),
    })
    expect(await judge(plain, token)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE', detail: 'the introspection endpoint did not sign its answer' })
  })
})
