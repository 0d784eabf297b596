import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type FirebaseOptions, firebase } from '../../../src/backends/firebase.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import type { Principal } from '../../../src/core/caller/principal.js'
import type { TestClaims, TokenOptions } from '../../../src/testing/index.js'
import { bearer, judge, verdict } from '../bearer.js'
import { type FakeGoogle, PROJECT, startFakeGoogle } from './fake-google.js'

let google: FakeGoogle
const open: TokenBackend[] = []

beforeAll(async () => {
  google = await startFakeGoogle()
})
afterAll(async () => {
  for (const each of open) await each.close?.()
  await google.close()
})

function backend(options: Partial<FirebaseOptions> = {}): TokenBackend {
  const made = firebase({ projectId: PROJECT, jwksUri: google.jwksUri, sessionJwksUri: google.sessionJwksUri, ...options })
  open.push(made)
  return made
}

async function principalOf(claims: TestClaims, options: Partial<FirebaseOptions> = {}): Promise<Principal> {
  const judged = await judge(backend(options), await google.idToken(claims))
  if ('reason' in judged) throw new Error(`${judged.reason}: ${judged.detail}`)
  return judged
}

const now = Math.floor(Date.now() / 1000)
const inTenant = (tenant: unknown): TestClaims => ({ firebase: { sign_in_provider: 'password', tenant } })

describe('the principal of a Firebase ID token', () => {
  it('has its parts from the claims that Firebase writes, and from custom claims', async () => {
    const custom = { auth_time: now - 600, scope: 'orders:read orders:write', permissions: ['orders:cancel'], roles: ['clerk'], groups: ['north'] }
    expect(await principalOf(custom)).toMatchObject({
      issuer: `https://securetoken.google.com/${PROJECT}`,
      subject: 'uid-ada',
      kind: 'user',
      clientId: null,
      tenant: null,
      scopes: ['orders:read', 'orders:write'],
      permissions: ['orders:cancel'],
      roles: ['clerk'],
      groups: ['north'],
      authenticatedAt: now - 600,
    })
  })

  it.each<[string, TestClaims, Partial<FirebaseOptions>, Partial<Principal>]>([
    ['the tenant of Identity Platform', inTenant('acme'), { tenantId: 'acme' }, { tenant: 'acme' }],
    ['a tenant from a custom claim', { shop: 'acme' }, { claims: { tenant: 'shop' } }, { tenant: 'acme' }],
    ['roles from another claim', { rights: ['a'] }, { claims: { roles: 'rights' } }, { roles: ['a'] }],
    ['the kind of a user, also where the mapping names a client', {}, { claims: { clientId: 'user_id' } }, { kind: 'user', clientId: 'uid-ada' }],
    ['the kind of a user, whatever a custom claim says', { client_id: 'uid-ada', azp: 'uid-ada' }, {}, { kind: 'user', clientId: null }],
  ])('has %s', async (_, claims, options, expected) => {
    expect(await principalOf(claims, options)).toMatchObject(expected)
  })
})

describe('an ID token (A27)', () => {
  it.each<[string, TestClaims, TokenOptions, string]>([
    ['in Firebase’s form', {}, {}, 'accepted'],
    ['without a header typ', {}, { typ: null }, 'accepted'],
    ['without a key id', {}, { header: { kid: undefined } }, 'INVALID_TOKEN'],
    ['with an empty key id', {}, { header: { kid: '' } }, 'INVALID_TOKEN'],
    ['with an unknown key id', {}, { header: { kid: 'unknown' } }, 'INVALID_TOKEN'],
    ['signed with PS256', {}, { alg: 'PS256' }, 'INVALID_TOKEN'],
    ['signed with ES256', {}, { alg: 'ES256' }, 'INVALID_TOKEN'],
    ['that calls itself a logout token', {}, { typ: 'logout+jwt' }, 'INVALID_TOKEN'],
    ['of another project', { aud: 'other-project' }, {}, 'INVALID_TOKEN'],
    ['of this and another project', { aud: [PROJECT, 'other-project'] }, {}, 'INVALID_TOKEN'],
    ['of this project in a list', { aud: [PROJECT] }, {}, 'INVALID_TOKEN'],
    ['of a project that begins like this', { aud: `${PROJECT}-2` }, {}, 'INVALID_TOKEN'],
    ['of another project’s issuer', { iss: 'https://securetoken.google.com/other-project' }, {}, 'INVALID_TOKEN'],
    ['of another issuer', { iss: `https://accounts.google.com/${PROJECT}` }, {}, 'INVALID_TOKEN'],
    ['whose issuer ends in a slash', { iss: `https://securetoken.google.com/${PROJECT}/` }, {}, 'INVALID_TOKEN'],
    ['without a subject', { sub: undefined }, {}, 'INVALID_TOKEN'],
    ['with an empty subject', { sub: '' }, {}, 'INVALID_TOKEN'],
    ['with a subject of 128 characters', { sub: 'u'.repeat(128) }, {}, 'accepted'],
    ['with a subject of 129 characters', { sub: 'u'.repeat(129) }, {}, 'INVALID_TOKEN'],
    ['with a subject that is a number', { sub: 7 }, {}, 'INVALID_TOKEN'],
    ['that has expired', {}, { expiresIn: -60 }, 'TOKEN_EXPIRED'],
    ['without exp', { exp: undefined }, {}, 'INVALID_TOKEN'],
    ['without iat', { iat: undefined }, {}, 'INVALID_TOKEN'],
    ['issued in the future', { iat: now + 600 }, {}, 'INVALID_TOKEN'],
    ['without auth_time', { auth_time: undefined }, {}, 'INVALID_TOKEN'],
    ['with auth_time in the future', { auth_time: now + 600 }, {}, 'INVALID_TOKEN'],
    ['with auth_time that is a text', { auth_time: String(now) }, {}, 'INVALID_TOKEN'],
    ['without the claim firebase', { firebase: undefined }, {}, 'INVALID_TOKEN'],
    ['with a claim firebase that is a text', { firebase: 'acme' }, {}, 'INVALID_TOKEN'],
    [
      'that is a custom token',
      {
        iss: 'admin@shop-test.iam.gserviceaccount.com',
        aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
        uid: 'uid-ada',
      },
      {},
      'INVALID_TOKEN',
    ],
  ])('%s is judged', async (_, claims, options, expected) => {
    expect(await verdict(backend(), await google.idToken(claims, options))).toBe(expected)
  })

  it('that is signed by nobody, by somebody else, or with the public key is refused', async () => {
    for (const bad of [google.unsigned(), google.hmac(), await google.forged()]) expect(await verdict(backend(), bad)).toBe('INVALID_TOKEN')
  })

  it('whose payload was changed is refused', async () => {
    const [header, , signature] = (await google.idToken()).split('.')
    const [, payload] = (await google.idToken({ sub: 'uid-mallory' })).split('.')
    expect(await verdict(backend(), `${header}.${payload}.${signature}`)).toBe('INVALID_TOKEN')
  })

  it('of another project is not this backend’s, nor is a key', async () => {
    expect(backend().accepts?.(bearer(await google.idToken({ iss: 'https://securetoken.google.com/other' })))).toBe(false)
    expect(backend().accepts?.(bearer(await google.idToken()))).toBe(true)
    expect(backend().accepts?.(bearer(await google.idToken(), 'session'))).toBe(false)
    expect(backend().accepts?.(bearer('an-opaque-token'))).toBe(false)
  })
})

describe('tenants (A28)', () => {
  it.each<[string, FirebaseOptions['tenantId'], TestClaims, string]>([
    ['a tenant’s token at the project', undefined, inTenant('t1'), 'INVALID_TOKEN'],
    ['a project’s token at the project', undefined, {}, 'accepted'],
    ['a tenant’s token at the tenant', 't1', inTenant('t1'), 'accepted'],
    ['another tenant’s token at the tenant', 't1', inTenant('t2'), 'INVALID_TOKEN'],
    ['a look-alike tenant’s token at the tenant', 't1', inTenant('t12'), 'INVALID_TOKEN'],
    ['a project’s token at the tenant', 't1', {}, 'INVALID_TOKEN'],
    ['a token of one of several', ['t1', 't2'], inTenant('t2'), 'accepted'],
    ['a token of none of several', ['t1', 't2'], inTenant('t3'), 'INVALID_TOKEN'],
    ['a project’s token at several', ['t1', 't2'], {}, 'INVALID_TOKEN'],
    ['a project’s token where that is let in too', ['t1', null], {}, 'accepted'],
    ['any tenant’s token at *', '*', inTenant('t9'), 'accepted'],
    ['a project’s token at *', '*', {}, 'INVALID_TOKEN'],
    ['a token whose tenant is called *', ['t1'], inTenant('*'), 'INVALID_TOKEN'],
    ['a token whose tenant is a list', ['t1', null], inTenant(['t1']), 'INVALID_TOKEN'],
    ['a token whose tenant is empty', ['t1', null], inTenant(''), 'INVALID_TOKEN'],
    ['a token whose tenant is null', ['t1', null], inTenant(null), 'INVALID_TOKEN'],
  ])('%s is judged', async (_, tenantId, claims, expected) => {
    expect(await verdict(backend(tenantId === undefined ? {} : { tenantId }), await google.idToken(claims))).toBe(expected)
  })
})

describe('ways to sign in', () => {
  it.each<[string, unknown, string]>([
    ['on the list', 'google.com', 'accepted'],
    ['not on the list', 'anonymous', 'INVALID_TOKEN'],
    ['that is missing', undefined, 'INVALID_TOKEN'],
    ['that is a list', ['google.com'], 'INVALID_TOKEN'],
  ])('with a list, one %s is judged', async (_, provider, expected) => {
    const limited = backend({ signInProviders: ['google.com', 'password'] })
    expect(await verdict(limited, await google.idToken({ firebase: { sign_in_provider: provider } }))).toBe(expected)
  })

  it('are all let in without a list, anonymous ones too', async () => {
    expect(await verdict(backend(), await google.idToken({ firebase: { sign_in_provider: 'anonymous' } }))).toBe('accepted')
  })
})

describe('a session cookie (A28)', () => {
  it('is not taken unless the options say so', async () => {
    const cookie = await google.sessionCookie()
    expect(backend().accepts?.(bearer(cookie))).toBe(false)
    expect(await verdict(backend(), cookie)).toBe('INVALID_TOKEN')
    expect(await verdict(backend({ sessionCookies: true }), cookie)).toBe('accepted')
  })

  it('is verified with the keys of cookies, and ID tokens with theirs', async () => {
    const both = backend({ sessionCookies: true })
    const iss = `https://session.firebase.google.com/${PROJECT}`
    expect(await verdict(both, await google.idToken({ iss }))).toBe('INVALID_TOKEN')
    expect(await verdict(both, await google.sessionCookie({ iss: `https://securetoken.google.com/${PROJECT}` }))).toBe('INVALID_TOKEN')
    expect(await verdict(both, await google.idToken())).toBe('accepted')
  })

  it('is held against the same rules as an ID token', async () => {
    const both = backend({ sessionCookies: true })
    expect(await verdict(both, await google.sessionCookie({ aud: 'other-project' }))).toBe('INVALID_TOKEN')
    expect(await verdict(both, await google.sessionCookie(inTenant('t1')))).toBe('INVALID_TOKEN')
    expect(await verdict(both, await google.sessionCookie({}, { expiresIn: -60 }))).toBe('TOKEN_EXPIRED')
  })
})
