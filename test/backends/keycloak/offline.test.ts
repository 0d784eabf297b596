import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type KeycloakBackend, type KeycloakOptions, keycloak } from '../../../src/backends/keycloak.js'
import { createEngine } from '../../../src/core/auth.js'
import type { Principal } from '../../../src/core/caller/principal.js'
import { resolveSettings } from '../../../src/core/settings.js'
import type { TestClaims, TokenOptions } from '../../../src/testing/index.js'
import { bearer, judge, verdict } from '../bearer.js'
import { type FakeKeycloak, startFakeKeycloak } from './fake-keycloak.js'

let server: FakeKeycloak
const open: KeycloakBackend[] = []

function backend(options: Partial<KeycloakOptions> = {}): KeycloakBackend {
  const made = keycloak({ url: server.address, realm: 'shop', clientId: 'orders-api', audience: 'orders-api', ...options })
  open.push(made)
  return made
}

beforeAll(async () => {
  server = await startFakeKeycloak(['shop', 'outlet', 'name with space'])
})
afterAll(async () => {
  for (const each of open) await each.close?.()
  await server.close()
})

async function principalOf(claims: TestClaims, options: Partial<KeycloakOptions> = {}): Promise<Principal> {
  const judged = await judge(backend(options), await server.realm('shop').token(claims))
  if ('reason' in judged) throw new Error(`${judged.reason}: ${judged.detail}`)
  return judged
}

describe('the principal of a Keycloak token', () => {
  it('has its parts from the claims that Keycloak writes', async () => {
    expect(
      await principalOf({
        realm_access: { roles: ['customer'] },
        resource_access: { 'orders-api': { roles: ['clerk'] }, 'billing-api': { roles: ['viewer'] } },
        groups: ['/north/berlin'],
        organization: ['acme'],
        auth_time: 1_700_000_000,
      }),
    ).toMatchObject({
      issuer: server.realm('shop').issuer,
      subject: '0d7f3c1e-0001',
      kind: 'user',
      clientId: 'shop-web',
      sessionId: 'session-1',
      tenant: 'acme',
      scopes: ['openid', 'orders:read'],
      roles: ['realm:customer', 'clerk', 'billing-api:viewer'],
      groups: ['/north/berlin'],
      authenticatedAt: 1_700_000_000,
      acr: '1',
    })
  })

  it.each<[string, TestClaims, 'user' | 'client']>([
    ['a user', {}, 'user'],
    ['a service account by the built-in scope', { azp: 'job', client_id: 'job', sid: undefined }, 'client'],
    ['a service account by its name', { azp: 'Job', preferred_username: 'service-account-job', sid: undefined }, 'client'],
    ['a service account that has a session', { azp: 'job', client_id: 'job', preferred_username: 'service-account-job' }, 'client'],
    ['a user whose token says which client he uses', { azp: 'shop-web', client_id: 'shop-web' }, 'user'],
    ['a user who registered under the name of an account', { azp: 'shop-web', preferred_username: 'service-account-shop-web' }, 'user'],
    ['a user without a session', { sid: undefined }, 'user'],
    ['a user whose token names another client', { azp: 'shop-web', client_id: 'job', sid: undefined }, 'user'],
  ])('of %s is of the right kind', async (_, claims, kind) => {
    expect((await principalOf(claims)).kind).toBe(kind)
  })

  it('is not the client when a lightweight token leaves the user out', async () => {
    expect(await judge(backend(), await server.realm('shop').token({ sub: undefined }))).toMatchObject({
      reason: 'INVALID_TOKEN',
      detail: 'claim sub: missing',
    })
  })
})

describe('a Keycloak token', () => {
  const cases: readonly [string, TestClaims, TokenOptions, string][] = [
    ['with typ Bearer', {}, {}, 'accepted'],
    ['with the header of RFC 9068', {}, { typ: 'at+jwt' }, 'accepted'],
    ['without a header typ', {}, { typ: null }, 'accepted'],
    ['that is an ID token', { typ: 'ID', scope: undefined, at_hash: 'x' }, {}, 'INVALID_TOKEN'],
    ['that is an ID token with everything of an access token', { typ: 'ID' }, {}, 'INVALID_TOKEN'],
    ['that is an ID token with the header of an access token', { typ: 'ID' }, { typ: 'at+jwt' }, 'INVALID_TOKEN'],
    ['that is a refresh token', { typ: 'Refresh' }, {}, 'INVALID_TOKEN'],
    ['that is an offline token', { typ: 'Offline' }, {}, 'INVALID_TOKEN'],
    ['that is a logout token', { typ: 'Logout', events: {} }, { typ: 'logout+jwt' }, 'INVALID_TOKEN'],
    ['with a typ in another case', { typ: 'bearer' }, {}, 'INVALID_TOKEN'],
    ['with a typ of another form', { typ: ['Bearer'] }, {}, 'INVALID_TOKEN'],
    ['without a typ', { typ: undefined }, {}, 'INVALID_TOKEN'],
    ['with typ DPoP that is bound to nothing', { typ: 'DPoP' }, {}, 'INVALID_TOKEN'],
    ['for another audience', { aud: 'billing-api' }, {}, 'INVALID_TOKEN'],
    ['for several audiences, one of them ours', { aud: ['account', 'orders-api'] }, {}, 'accepted'],
    ['for no audience', { aud: undefined }, {}, 'INVALID_TOKEN'],
    ['for an audience that begins like ours', { aud: 'orders-api-2' }, {}, 'INVALID_TOKEN'],
    ['without iat', { iat: undefined }, {}, 'INVALID_TOKEN'],
    ['without azp', { azp: undefined }, {}, 'INVALID_TOKEN'],
    ['without jti', { jti: undefined }, {}, 'INVALID_TOKEN'],
    ['without exp', { exp: undefined }, {}, 'INVALID_TOKEN'],
    ['that has expired', {}, { expiresIn: -60 }, 'TOKEN_EXPIRED'],
    ['whose roles are a string', { realm_access: { roles: 'admin' } }, {}, 'INVALID_TOKEN'],
    ['whose roles are not all strings', { resource_access: { 'orders-api': { roles: ['clerk', 7] } } }, {}, 'INVALID_TOKEN'],
    ['whose realm_access is a list', { realm_access: ['admin'] }, {}, 'INVALID_TOKEN'],
    ['whose organization is a number', { organization: 7 }, {}, 'INVALID_TOKEN'],
  ]
  it.each(cases)('%s is judged right', async (_, claims, options, expected) => {
    expect(await verdict(backend(), await server.realm('shop').token(claims, options))).toBe(expected)
  })

  it('that somebody else signed is refused', async () => {
    const { mint, issuer } = server.realm('shop')
    const claims = { iss: issuer, aud: 'orders-api', typ: 'Bearer', azp: 'shop-web', scope: 'orders:read' }
    expect(await verdict(backend(), await mint.forgedToken(claims))).toBe('INVALID_TOKEN')
    expect(await verdict(backend(), mint.unsignedToken(claims))).toBe('INVALID_TOKEN')
    expect(await verdict(backend(), mint.hmacWithPublicKey(claims))).toBe('INVALID_TOKEN')
  })

  it('that is bound to a key is handed on with its binding', async () => {
    const token = await server.realm('shop').token({ typ: 'DPoP', cnf: { jkt: 'thumbprint' } })
    const verified = await backend().verify(bearer(token, 'dpop'), new AbortController().signal)
    expect(verified.confirmation).toEqual({ jkt: 'thumbprint' })
  })

  it('of a client that is not on the list of authorized parties is refused', async () => {
    const one = backend({ authorizedParties: ['shop-web', 'shop-app'] })
    expect(await verdict(one, await server.realm('shop').token({ azp: 'shop-app' }))).toBe('accepted')
    expect(await judge(one, await server.realm('shop').token({ azp: 'other-web' }))).toEqual({ reason: 'INVALID_TOKEN', detail: 'claim azp: not accepted' })
  })
})

describe('several realms', () => {
  const realm = ['shop', 'outlet']

  it('are tenants, each with its own keys', async () => {
    const both = backend({ realm })
    for (const name of realm) {
      expect(await judge(both, await server.realm(name).token())).toMatchObject({ tenant: name, issuer: server.realm(name).issuer })
    }
  })

  it('do not vouch for each other', async () => {
    const both = backend({ realm })
    const { issuer } = server.realm('outlet')
    expect(await verdict(both, await server.realm('shop').token({ iss: issuer }))).toBe('INVALID_TOKEN')
    const { kid } = server.realm('outlet').keys.current()
    expect(await verdict(both, await server.realm('shop').token({ iss: issuer }, { header: { kid } }))).toBe('INVALID_TOKEN')
  })

  it('leave the tenant to the organization when told so', async () => {
    const both = backend({ realm, tenant: 'organization' })
    expect(await judge(both, await server.realm('outlet').token({ organization: ['acme'] }))).toMatchObject({ tenant: 'acme' })
  })

  it('may be one in a list', async () => {
    expect(await judge(backend({ realm: ['shop'] }), await server.realm('shop').token({ organization: ['acme'] }))).toMatchObject({ tenant: 'shop' })
  })

  it('have addresses with their names encoded', async () => {
    expect(await verdict(backend({ realm: 'name with space' }), await server.realm('name with space').token())).toBe('accepted')
  })

  it.each<[string, string | undefined]>([
    ['a realm that is not on the list', 'http://127.0.0.1:9/realms/shop'],
    ['a path below a realm', '/../shop'],
    ['a slash more', '/'],
    ['no issuer', undefined],
  ])('do not accept %s, and ask nobody about it', async (_, iss) => {
    const both = backend({ realm })
    const before = server.realm('shop').received.certs.length
    const token = await server.realm('shop').token({ iss: iss?.startsWith('/') ? server.realm('shop').issuer + iss : iss })
    expect(both.accepts?.(bearer(token))).toBe(false)
    expect(await verdict(both, token)).toBe('INVALID_TOKEN')
    expect(server.realm('shop').received.certs).toHaveLength(before)
  })
})

describe('an internal address', () => {
  it('is where keys come from, while issuers stay public', async () => {
    const inside = await startFakeKeycloak(['shop'], 'https://sso.example.com/auth')
    try {
      const one = keycloak({
        url: 'https://sso.example.com/auth/',
        internalUrl: `${inside.address}/`,
        realm: 'shop',
        clientId: 'orders-api',
        audience: 'orders-api',
      })
      expect(await judge(one, await inside.realm('shop').token())).toMatchObject({ issuer: 'https://sso.example.com/auth/realms/shop' })
      expect(await verdict(one, await inside.realm('shop').token({ iss: `${inside.address}/realms/shop` }))).toBe('INVALID_TOKEN')
    } finally {
      await inside.close()
    }
  })
})

describe('not-before', () => {
  it('refuses what was issued before it, also what is remembered, and only in its realm', async () => {
    const both = backend({ realm: ['shop', 'outlet'] })
    const auth = createEngine(resolveSettings({ audit: { logger: { debug() {}, info() {}, error() {} } } }, [both]))
    const now = Math.floor(Date.now() / 1000)
    const [old, foreign, fresh] = [
      await server.realm('shop').token({ iat: now - 10 }),
      await server.realm('outlet').token({ iat: now - 10 }),
      await server.realm('shop').token({ iat: now - 5 }),
    ]
    const reasonOf = async (token: string) => {
      const { refusal } = await auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
      return refusal?.reason ?? 'accepted'
    }
    expect([await reasonOf(old), await reasonOf(foreign), await reasonOf(fresh)]).toEqual(['accepted', 'accepted', 'accepted'])
    both.setNotBefore(now - 5, 'shop')
    expect([await reasonOf(old), await reasonOf(foreign), await reasonOf(fresh)]).toEqual(['TOKEN_REVOKED', 'accepted', 'accepted'])
    both.setNotBefore(0, 'shop')
    expect(await reasonOf(old)).toBe('accepted')
  })

  it('needs no realm where there is one', async () => {
    const one = backend()
    one.setNotBefore(Math.floor(Date.now() / 1000) + 60)
    expect(await verdict(one, await server.realm('shop').token())).toBe('TOKEN_REVOKED')
  })

  it.each<[string, (one: KeycloakBackend) => void]>([
    ['an unknown realm', (one) => one.setNotBefore(1, 'other')],
    ['no realm where there are two', (one) => one.setNotBefore(1)],
    ['milliseconds', (one) => one.setNotBefore(Date.now(), 'shop')],
    ['a negative number', (one) => one.setNotBefore(-1, 'shop')],
    ['NaN', (one) => one.setNotBefore(Number.NaN, 'shop')],
  ])('does not take %s', (_, set) => {
    expect(() => set(backend({ realm: ['shop', 'outlet'] }))).toThrow(/^keycloak\.setNotBefore: expected /)
  })
})
