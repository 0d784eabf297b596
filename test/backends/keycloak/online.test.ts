import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type KeycloakOptions, keycloak } from '../../../src/backends/keycloak.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { FAILURE_MODES } from '../../../src/testing/failures.js'
import { engine } from '../../core/support.js'
import { bearer, judge, verdict } from '../bearer.js'
import { type Answer, claimsOf, type FakeKeycloak, type FakeRealm, startFakeKeycloak } from './fake-keycloak.js'

let server: FakeKeycloak
let realm: FakeRealm
const open: TokenBackend[] = []

function backend(options: Partial<KeycloakOptions> = {}): TokenBackend {
  const made = keycloak({
    url: server.address,
    realm: 'shop',
    clientId: 'orders-api',
    audience: 'orders-api',
    tokenValidation: 'online',
    clientSecret: 'api-secret',
    timeoutDuration: 300,
    ...options,
  })
  open.push(made)
  return made
}

/** Makes introspection answer with the token's claims and these on top; `undefined` leaves a claim out. */
function says(claims: Record<string, unknown>): void {
  realm.introspection = ({ form }): Answer => ({ status: 200, body: { ...claimsOf(form.get('token') ?? ''), active: true, ...claims } })
}

beforeAll(async () => {
  server = await startFakeKeycloak(['shop', 'outlet'])
  realm = server.realm('shop')
})
beforeEach(() => says({}))
afterEach(() => {
  server.recover()
  for (const each of server.realms.values()) each.received.introspect.length = 0
})
afterAll(async () => {
  for (const each of open) await each.close?.()
  await server.close()
})

describe('online validation', () => {
  it('asks the realm of the token, as the API, and each time', async () => {
    const one = backend({ realm: ['shop', 'outlet'], clientSecret: { shop: 'shop-secret', outlet: 'outlet-secret' } })
    const token = await realm.token()
    expect(await verdict(one, token)).toBe('accepted')
    expect(await verdict(one, token)).toBe('accepted')
    const asked = realm.received.introspect
    expect(asked.map(({ form }) => form.get('token'))).toEqual([token, token])
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from('orders-api:shop-secret').toString('base64')}`)
    expect(server.realm('outlet').received.introspect).toEqual([])
    expect(await verdict(one, await server.realm('outlet').token())).toBe('accepted')
    expect(server.realm('outlet').received.introspect[0]?.authorization).toBe(`Basic ${Buffer.from('orders-api:outlet-secret').toString('base64')}`)
  })

  it('shows the secret in the form when told so', async () => {
    expect(await verdict(backend({ clientAuthentication: 'client_secret_post' }), await realm.token())).toBe('accepted')
    expect(realm.received.introspect[0]?.authorization).toBeUndefined()
    expect(realm.received.introspect[0]?.form.get('client_secret')).toBe('api-secret')
  })

  it('asks nobody about a token that is bad by itself', async () => {
    const one = backend()
    const bad = [
      await realm.mint.forgedToken({ typ: 'Bearer', azp: 'shop-web', scope: 'openid' }, { typ: 'JWT' }),
      await realm.token({}, { expiresIn: -60 }),
      await realm.token({ typ: 'ID' }),
      await realm.token({ typ: 'Refresh' }),
      await realm.token({ aud: 'billing-api' }),
    ]
    for (const token of bad) expect(await verdict(one, token)).not.toBe('accepted')
    expect(realm.received.introspect).toEqual([])
  })

  it('calls a token that is not active revoked', async () => {
    realm.introspection = () => ({ status: 200, body: { active: false } })
    expect(await judge(backend(), await realm.token())).toEqual({ reason: 'TOKEN_REVOKED', detail: 'Keycloak calls the token inactive' })
  })

  it.each<[string, Record<string, unknown>]>([
    ['the text true', { active: 'true' }],
    ['the number 1', { active: 1 }],
    ['nothing', { active: undefined }],
  ])('takes %s for not active', async (_, claims) => {
    says(claims)
    expect(await verdict(backend(), await realm.token())).toBe('TOKEN_REVOKED')
  })

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://evil.example.com/realms/shop' }],
    ['another token', { jti: 'another' }],
    ['another subject', { sub: 'another' }],
    ['another session', { sid: 'another' }],
    ['another client', { azp: 'other-web' }],
    ['an ID token', { typ: 'ID' }],
    ['no token in particular', { iss: undefined, jti: undefined }],
  ])('refuses an answer about %s', async (_, claims) => {
    says(claims)
    expect(await judge(backend(), await realm.token())).toEqual({ reason: 'INVALID_TOKEN', detail: 'Keycloak answered for another token' })
  })

  it.each([...FAILURE_MODES, 'refused' as const])('is unavailable while introspection is %s', async (mode) => {
    if (mode === 'refused') realm.introspection = () => ({ status: 401, body: { error: 'invalid_request' } })
    else server.fail(mode, 'introspect')
    expect(await verdict(backend(), await realm.token())).toBe('BACKEND_UNAVAILABLE')
  })
})

describe('the principal of online validation', () => {
  it('has the rights that Keycloak says now, and no other', async () => {
    const token = await realm.token({ groups: ['/north'], permissions: ['order.cancel'], scope: 'openid orders:write' })
    says({ realm_access: undefined, resource_access: { 'orders-api': { roles: ['auditor'] } }, groups: undefined, permissions: undefined, scope: 'openid' })
    const principal = await judge(backend(), token)
    expect(principal).toMatchObject({ roles: ['auditor'], groups: [], permissions: [], scopes: ['openid'] })
    expect(principal).toMatchObject({ claims: expect.not.objectContaining({ realm_access: expect.anything(), groups: expect.anything() }) })
  })

  it('has the user and the roles that a lightweight token leaves out', async () => {
    const token = await realm.token({ sub: undefined, acr: undefined, realm_access: undefined, resource_access: undefined })
    says({ sub: 'u1', acr: '1', realm_access: { roles: ['customer'] }, username: 'alice', client_id: 'shop-web' })
    expect(await judge(backend(), token)).toMatchObject({ subject: 'u1', kind: 'user', acr: '1', roles: ['realm:customer'], clientId: 'shop-web' })
  })

  it('is refused when nobody says who it is', async () => {
    const token = await realm.token({ sub: undefined })
    expect(await judge(backend(), token)).toEqual({ reason: 'INVALID_TOKEN', detail: 'claim sub: missing' })
  })

  it('keeps the organization, which Keycloak leaves out of its answer', async () => {
    says({ organization: undefined })
    expect(await judge(backend(), await realm.token({ organization: ['acme'] }))).toMatchObject({ tenant: 'acme' })
  })

  it('lives no longer and is meant for nobody else than the token says', async () => {
    says({ exp: 9_999_999_999, aud: ['orders-api', 'billing-api'] })
    const token = await realm.token()
    expect(await judge(backend(), token)).toMatchObject({ expiresAt: claimsOf(token).exp, claims: { aud: 'orders-api' } })
  })

  it('stays bound to a key when Keycloak does not repeat it', async () => {
    says({ cnf: undefined })
    const token = await realm.token({ typ: 'DPoP', cnf: { jkt: 'thumbprint' } })
    expect((await backend().verify(bearer(token, 'dpop'), new AbortController().signal)).confirmation).toEqual({ jkt: 'thumbprint' })
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>, 'user' | 'client']>([
    ['a user', {}, { username: 'alice', client_id: 'shop-web' }, 'user'],
    ['a user without a session', { sid: undefined }, { username: 'alice', client_id: 'shop-web' }, 'user'],
    ['a service account', { azp: 'job', client_id: 'job', sid: undefined }, { username: 'service-account-job' }, 'client'],
    ['a lightweight service account', { azp: 'job', sid: undefined }, { username: 'service-account-job', client_id: 'job' }, 'client'],
  ])('is of the right kind for %s, though Keycloak names a client_id for everybody', async (_, claims, answer, kind) => {
    says(answer)
    expect(await judge(backend(), await realm.token(claims))).toMatchObject({ kind })
  })
})

describe('remembering that a token was active', () => {
  const carrier = (token: string) => ({ transport: 'test', header: (name: string) => (name === 'authorization' ? [`Bearer ${token}`] : []) })

  it('does not happen by itself', async () => {
    const { auth } = engine([backend()], { now: Date.now })
    const token = await realm.token()
    expect((await auth.authenticate(carrier(token))).refusal).toBeNull()
    realm.introspection = () => ({ status: 200, body: { active: false } })
    expect((await auth.authenticate(carrier(token))).refusal).toMatchObject({ reason: 'TOKEN_REVOKED' })
  })

  it('ends after introspectionCacheTtl', async () => {
    const start = Date.now()
    let elapsed = 0
    const now = () => start + elapsed
    const { auth } = engine([backend({ introspectionCacheTtl: 10, now })], { now })
    const token = await realm.token({ iat: Math.floor(start / 1000) })
    expect((await auth.authenticate(carrier(token))).refusal).toBeNull()
    realm.introspection = () => ({ status: 200, body: { active: false } })
    elapsed = 9_999
    expect((await auth.authenticate(carrier(token))).refusal).toBeNull()
    elapsed = 10_000
    expect((await auth.authenticate(carrier(token))).refusal).toMatchObject({ reason: 'TOKEN_REVOKED' })
    expect(realm.received.introspect).toHaveLength(2)
  })

  it('does not happen for a token that was refused', async () => {
    const { auth } = engine([backend({ introspectionCacheTtl: 10 })], { now: Date.now })
    const token = await realm.token()
    realm.introspection = () => ({ status: 200, body: { active: false } })
    expect((await auth.authenticate(carrier(token))).refusal).not.toBeNull()
    says({})
    expect((await auth.authenticate(carrier(token))).refusal).toBeNull()
  })
})
