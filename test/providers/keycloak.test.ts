import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose'
import { type KeycloakOptions, keycloak } from '../../src/backends/keycloak.js'
import { createAuth } from '../../src/create-auth.js'
import { judge, verdict } from '../backends/bearer.js'
import { CALLERS } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { claimsOf, clientToken, idOf, KEYCLOAK_INTERNAL_URL, KEYCLOAK_URL, logIn, tampered } from './support/keycloak.js'
import { tellsPrincipal } from './support/principal-field.js'

const OPTIONS: KeycloakOptions = {
  url: KEYCLOAK_URL,
  internalUrl: KEYCLOAK_INTERNAL_URL,
  realm: 'shop',
  clientId: 'orders-api',
  audience: 'orders-api',
}

describe.each(Object.entries(CALLERS))('over %s, Keycloak', (_, call) => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ backends: [{ type: 'keycloak', ...OPTIONS }], extension: tellsPrincipal })
  })
  afterAll(() => servers.close())

  const principalOf = async (token: string): Promise<unknown> => {
    const { data, ...rest } = await call(servers, { authorization: `Bearer ${token}`, query: '{ principal }' })
    const [result] = data as readonly { readonly principal: string }[]
    if (result === undefined) throw new Error(`no principal, but ${JSON.stringify(rest)}`)
    return JSON.parse(result.principal)
  }

  it('vouches for a user who logged in with his password', async () => {
    const { access_token: token, session_state: session } = await logIn('alice', { scope: 'openid organization orders:read' })
    expect(await principalOf(token)).toEqual({
      issuer: `${KEYCLOAK_URL}/realms/shop`,
      subject: await idOf('users', 'alice'),
      kind: 'user',
      clientId: 'shop-web',
      sessionId: session,
      tenant: 'acme',
      scopes: expect.arrayContaining(['openid', 'orders:read']),
      permissions: [],
      roles: expect.arrayContaining(['realm:customer', 'clerk', 'orders-api:reports:read', 'billing-api:viewer']),
      groups: ['/north/berlin'],
      authenticatedAt: null,
      acr: '1',
      expiresAt: claimsOf(token).exp,
    })
  })

  it('vouches for a client that acts for itself', async () => {
    expect(await principalOf(await clientToken('reporting-job'))).toMatchObject({
      kind: 'client',
      clientId: 'reporting-job',
      sessionId: null,
      scopes: ['orders:read'],
      roles: ['clerk'],
      groups: [],
    })
  })

  it('answers where its scopes allow, and is refused where they do not', async () => {
    const authorization = `Bearer ${(await logIn('alice', { scope: 'openid' })).access_token}`
    expect(await call(servers, { authorization, query: '{ orders }' })).toMatchObject({ verdict: 'refused', reason: 'INSUFFICIENT_SCOPE' })
    const reader = `Bearer ${(await logIn('alice', { scope: 'openid orders:read' })).access_token}`
    expect(await call(servers, { authorization: reader, query: '{ orders }' })).toMatchObject({ verdict: 'answered', data: [{ orders: 'orders' }] })
  })

  it.each<[string, () => Promise<string>]>([
    ['an access token whose subject was changed', async () => tampered((await logIn('alice')).access_token, { sub: await idOf('users', 'sam') })],
    ['an access token that was given a role', async () => tampered((await logIn('alice')).access_token, { realm_access: { roles: ['support'] } })],
    ['an ID token', async () => (await logIn('alice')).id_token],
    ['an ID token with our audience', async () => (await logIn('alice', { client: 'rfc9068-web' })).id_token],
    ['a refresh token', async () => (await logIn('alice')).refresh_token],
    ['a token of another realm with the same names', async () => (await logIn('alice', { realm: 'outlet' })).access_token],
    ['a token for another audience', async () => (await logIn('alice', { client: 'other-web', scope: 'openid audience-billing-api' })).access_token],
    ['a token for no audience', async () => (await logIn('alice', { client: 'other-web', scope: 'openid' })).access_token],
    ['a lightweight token', async () => (await logIn('alice', { client: 'light-web' })).access_token],
  ])('is not believed for %s', async (_, token) => {
    const { verdict, code, reason, closed } = await call(servers, { authorization: `Bearer ${await token()}`, query: '{ principal }' })
    expect({ verdict, code, reason }).toEqual({ verdict: 'refused', code: 'UNAUTHENTICATED', reason: 'INVALID_TOKEN' })
    expect([null, 4403]).toContain(closed)
  })
})

describe('tokens of Keycloak', () => {
  it('can be ID tokens with our audience, which the payload alone tells apart', async () => {
    const { id_token: token } = await logIn('alice', { client: 'rfc9068-web' })
    expect(claimsOf(token)).toMatchObject({ typ: 'ID', aud: expect.arrayContaining(['orders-api']) })
    expect(await judge(keycloak(OPTIONS), token)).toMatchObject({ reason: 'INVALID_TOKEN', detail: expect.stringMatching(/kind of token$/) })
  })

  it('may say in their header that they are access tokens', async () => {
    const { access_token: token } = await logIn('alice', { client: 'rfc9068-web' })
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({ typ: 'at+jwt' })
    expect(await verdict(keycloak(OPTIONS), token)).toBe('accepted')
  })

  it('that are bound to a key need the proof that it is held', async () => {
    const key = await generateKeyPair('ES256')
    const token = await boundToken(key)
    expect(claimsOf(token)).toMatchObject({ typ: 'DPoP', cnf: { jkt: expect.any(String) } })
    const auth = createAuth({
      backends: [{ type: 'keycloak', ...OPTIONS }],
      dpop: { origin: 'https://api.example.com' },
      audit: { logger: { debug() {}, info() {}, error() {} } },
    })
    const reason = async (headers: Readonly<Record<string, string>>) => {
      const { refusal } = await auth.authenticate({ transport: 'test', method: 'POST', url: '/graphql', header: (name) => [headers[name] ?? []].flat() })
      return refusal?.reason ?? 'accepted'
    }
    const claims = { htm: 'POST', htu: 'https://api.example.com/graphql', ath: createHash('sha256').update(token).digest('base64url') }
    expect(await reason({ authorization: `DPoP ${token}`, dpop: await proofOf(key, claims) })).toBe('accepted')
    expect(await reason({ authorization: `DPoP ${token}`, dpop: await proofOf(await generateKeyPair('ES256'), claims) })).toBe('INVALID_TOKEN')
    expect(await reason({ authorization: `DPoP ${token}` })).toBe('INVALID_TOKEN')
    expect(await reason({ authorization: `Bearer ${token}` })).toBe('INVALID_TOKEN')
    await auth.close()
  })

  it('of clients that are no authorized parties are refused', async () => {
    const one = keycloak({ ...OPTIONS, authorizedParties: ['shop-web'] })
    expect(await verdict(one, (await logIn('alice')).access_token)).toBe('accepted')
    expect(await verdict(one, await clientToken('reporting-job'))).toBe('INVALID_TOKEN')
  })

  it('of several realms are tenants of their own', async () => {
    const both = keycloak({ ...OPTIONS, realm: ['shop', 'outlet'] })
    const [shop, outlet] = [(await logIn('alice')).access_token, (await logIn('alice', { realm: 'outlet' })).access_token]
    expect(await judge(both, shop)).toMatchObject({ tenant: 'shop', roles: expect.arrayContaining(['realm:customer', 'clerk']) })
    expect(await judge(both, outlet)).toMatchObject({ tenant: 'outlet', roles: expect.arrayContaining(['realm:support', 'owner']) })
    expect(await verdict(both, tampered(shop, { iss: `${KEYCLOAK_URL}/realms/outlet` }))).toBe('INVALID_TOKEN')
    expect(await verdict(both, tampered(shop, { iss: `${KEYCLOAK_URL}/realms/master` }))).toBe('INVALID_TOKEN')
  })

  it.each<[string, string, string, string | null]>([
    ['alice', 'the only one there is', 'openid organization', 'acme'],
    ['sam', 'the one that was asked for', 'openid organization:globex', 'globex'],
    ['sam', 'none of several', 'openid organization:*', null],
  ])("name %s's organization: %s", async (user, _, scope, tenant) => {
    expect(await judge(keycloak(OPTIONS), (await logIn(user, { scope })).access_token)).toMatchObject({ tenant })
  })

  it('are unavailable, and nobody anonymous, while Keycloak is out of reach', async () => {
    const servers = await startServers({ backends: [{ type: 'keycloak', ...OPTIONS, internalUrl: 'http://127.0.0.1:1' }] })
    try {
      const { access_token: token } = await logIn('alice')
      for (const call of Object.values(CALLERS)) {
        expect(await call(servers, { authorization: `Bearer ${token}`, query: '{ hello }' })).toMatchObject({
          verdict: 'refused',
          reason: 'BACKEND_UNAVAILABLE',
        })
      }
    } finally {
      await servers.close()
    }
  })
})

/** A token that Keycloak bound to a key (RFC 9449 §5). */
async function boundToken(key: GenerateKeyPairResult): Promise<string> {
  const dpop = await proofOf(key, { htm: 'POST', htu: `${KEYCLOAK_INTERNAL_URL}/realms/shop/protocol/openid-connect/token` })
  return (await logIn('alice', { client: 'dpop-web', headers: { dpop } })).access_token
}

async function proofOf({ privateKey, publicKey }: GenerateKeyPairResult, claims: Readonly<Record<string, string>>): Promise<string> {
  return new SignJWT({ ...claims, jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey)
}
