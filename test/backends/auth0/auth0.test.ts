import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Auth0Options, auth0 } from '../../../src/backends/auth0.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import type { Principal } from '../../../src/core/caller/principal.js'
import { createTestIssuer, type TestClaims, type TestIssuer, type TokenOptions } from '../../../src/testing/index.js'
import { bearer, judge, verdict } from '../bearer.js'

const NAMESPACE = 'https://shop.example.com/'
let tenant: TestIssuer
const open: TokenBackend[] = []

beforeAll(async () => {
  tenant = await createTestIssuer({ path: '/', audience: 'https://orders', algorithms: ['RS256', 'ES256'] })
})
afterAll(async () => {
  for (const each of open) await each.close?.()
  await tenant.close()
})

function backend(options: Partial<Auth0Options> = {}): TokenBackend {
  const made = auth0({ issuerBaseUrl: tenant.issuer, audience: 'https://orders', ...options })
  open.push(made)
  return made
}

/** A token as Auth0 writes it: `typ: JWT`, and the client in `azp`. */
function token(claims: TestClaims = {}, options: TokenOptions = {}): Promise<string> {
  return tenant.token({ sub: 'auth0|5f7c8ec7', client_id: undefined, azp: 'shop-web', scope: 'openid orders:read', ...claims }, { typ: 'JWT', ...options })
}

async function principalOf(claims: TestClaims, options: Partial<Auth0Options> = {}): Promise<Principal> {
  const judged = await judge(backend(options), await token(claims))
  if ('reason' in judged) throw new Error(`${judged.reason}: ${judged.detail}`)
  return judged
}

describe('the principal of an Auth0 token', () => {
  it('has its parts from the claims that Auth0 writes, and from those of a namespace', async () => {
    const claims = { permissions: ['orders:cancel'], org_id: 'org_acme', [`${NAMESPACE}roles`]: ['clerk'], [`${NAMESPACE}groups`]: ['north'] }
    expect(await principalOf(claims, { namespace: NAMESPACE })).toMatchObject({
      issuer: tenant.issuer,
      subject: 'auth0|5f7c8ec7',
      kind: 'user',
      clientId: 'shop-web',
      tenant: 'org_acme',
      scopes: ['openid', 'orders:read'],
      permissions: ['orders:cancel'],
      roles: ['clerk'],
      groups: ['north'],
    })
  })

  it.each<[string, TestClaims, Partial<Auth0Options>, Partial<Principal>]>([
    ['the organization for its tenant', { org_id: 'org_a' }, {}, { tenant: 'org_a' }],
    ['no tenant without an organization', {}, {}, { tenant: null }],
    ['the namespaced tenant where there is no organization', { [`${NAMESPACE}tenant_id`]: 'acme' }, { namespace: NAMESPACE }, { tenant: 'acme' }],
    ['the organization before a namespaced tenant', { org_id: 'org_a', [`${NAMESPACE}tenant_id`]: 'b' }, { namespace: NAMESPACE }, { tenant: 'org_a' }],
    ['no roles of a namespace that is not its own', { 'https://evil.example.com/roles': ['admin'] }, { namespace: NAMESPACE }, { roles: [] }],
    ['no roles of a claim without the namespace', { roles: ['admin'] }, { namespace: NAMESPACE }, { roles: [] }],
    ['what the mapping says before the namespace', { 'urn:r': ['a'] }, { namespace: NAMESPACE, claims: { roles: 'urn:r' } }, { roles: ['a'] }],
    ['a tenant from the mapping', { org_id: 'org_a', org_name: 'acme' }, { claims: { tenant: 'org_name' } }, { tenant: 'acme' }],
    ['its own scopes beside permissions that are more', { scope: 'openid', permissions: ['orders:cancel'] }, {}, { scopes: ['openid'] }],
  ])('has %s', async (_, claims, options, expected) => {
    expect(await principalOf(claims, options)).toMatchObject(expected)
  })

  it.each<[string, TestClaims, 'user' | 'client']>([
    ['a user', {}, 'user'],
    ['a machine by grant and subject', { sub: 'job@clients', azp: 'job', gty: 'client-credentials' }, 'client'],
    ['a machine by its subject', { sub: 'job@clients', azp: 'job' }, 'client'],
    ['a machine by its grant', { sub: 'job', azp: 'other', gty: 'client-credentials' }, 'client'],
    ['a user whose id ends like a machine', { sub: 'auth0|job@clients' }, 'user'],
    ['a user who logged in by password grant', { gty: 'password' }, 'user'],
  ])('of %s is of the right kind', async (_, claims, kind) => {
    expect((await principalOf(claims)).kind).toBe(kind)
  })
})

describe('an Auth0 token', () => {
  it.each<[string, TestClaims, TokenOptions, string]>([
    ['with typ JWT', {}, {}, 'accepted'],
    ['with the header of RFC 9068', {}, { typ: 'at+jwt' }, 'accepted'],
    ['for the API and for user info', { aud: ['https://orders', 'https://shop.eu.auth0.com/userinfo'] }, {}, 'accepted'],
    ['for a look-alike audience (A14)', { aud: 'https://orders/' }, {}, 'INVALID_TOKEN'],
    ['for user info alone', { aud: ['https://shop.eu.auth0.com/userinfo'] }, {}, 'INVALID_TOKEN'],
    ['for nobody', { aud: undefined }, {}, 'INVALID_TOKEN'],
    ['without an issuer', { iss: undefined }, {}, 'INVALID_TOKEN'],
    ['with two issuers (A14)', { iss: ['https://evil.example.com/'] }, {}, 'INVALID_TOKEN'],
    ['that is an ID token (A15)', { aud: 'shop-web', nonce: 'n', scope: undefined, azp: undefined }, {}, 'INVALID_TOKEN'],
    ['that is an ID token with our audience (A15)', { nonce: 'n', scope: undefined, azp: undefined }, {}, 'INVALID_TOKEN'],
    ['that is a logout token (A15)', { events: {}, scope: undefined }, { typ: 'logout+jwt' }, 'INVALID_TOKEN'],
    ['signed with another algorithm than RS256', {}, { alg: 'ES256' }, 'INVALID_TOKEN'],
    ['that has expired', {}, { expiresIn: -60 }, 'TOKEN_EXPIRED'],
    ['whose permissions are not strings', { permissions: [{ name: 'orders:cancel' }] }, {}, 'INVALID_TOKEN'],
    ['whose organization is a number', { org_id: 7 }, {}, 'INVALID_TOKEN'],
  ])('%s is judged', async (_, claims, options, expected) => {
    expect(await verdict(backend(), await token(claims, options))).toBe(expected)
  })

  it('without the slash at the end of its issuer (M35) is not this backend’s', async () => {
    const bare = await token({ iss: tenant.issuer.slice(0, -1) })
    expect(backend().accepts?.(bearer(bare))).toBe(false)
    expect(await verdict(backend(), bare)).toBe('INVALID_TOKEN')
  })

  it('that somebody else signed, nobody signed, or the public key signed is refused', async () => {
    const claims = { sub: 'auth0|x', scope: 'openid' }
    for (const bad of [await tenant.forgedToken(claims), tenant.unsignedToken(claims), tenant.hmacWithPublicKey(claims)]) {
      expect(await verdict(backend(), bad)).toBe('INVALID_TOKEN')
    }
  })

  it('signed with another algorithm is accepted where the options name it', async () => {
    expect(await verdict(backend({ algorithms: ['RS256', 'ES256'] }), await token({}, { alg: 'ES256' }))).toBe('accepted')
  })

  it('in the form Auth0 uses by default is refused where the profile of RFC 9068 is asked for (A16)', async () => {
    const strict = backend({ profile: 'rfc9068' })
    expect(await verdict(strict, await token())).toBe('INVALID_TOKEN')
    expect(await verdict(strict, await token({ client_id: 'shop-web' }, { typ: 'at+jwt' }))).toBe('accepted')
  })
})

describe('organizations', () => {
  it.each<[string, TestClaims, string]>([
    ['on the list', { org_id: 'org_b' }, 'accepted'],
    ['not on the list', { org_id: 'org_c' }, 'INVALID_TOKEN'],
    ['that begins like one on the list', { org_id: 'org_b2' }, 'INVALID_TOKEN'],
    ['in a list', { org_id: ['org_b'] }, 'INVALID_TOKEN'],
    ['that is missing', {}, 'INVALID_TOKEN'],
    ['that is only named', { org_name: 'org_b' }, 'INVALID_TOKEN'],
  ])('with a list, an organization %s is judged', async (_, claims, expected) => {
    expect(await verdict(backend({ organization: ['org_a', 'org_b'] }), await token(claims))).toBe(expected)
  })

  it('can be one', async () => {
    expect(await verdict(backend({ organization: 'org_a' }), await token({ org_id: 'org_a' }))).toBe('accepted')
    expect(await judge(backend({ organization: 'org_a' }), await token())).toMatchObject({ detail: 'claim org_id: not accepted' })
  })
})

describe('an opaque token of Auth0', () => {
  const encrypted = (iss: string): string => {
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', iss })).toString('base64url')
    return `${header}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`
  }

  it.each<[string, () => string]>([
    ['of 32 characters', () => 'p5Vd-kZ_0wqR8tYbN3mXc7LfGh2sJa9E'],
    ['that is encrypted', () => encrypted(tenant.issuer)],
  ])('%s is taken and refused with the reason in the audit detail', async (_, make) => {
    expect(backend().accepts?.(bearer(make()))).toBe(true)
    expect(await judge(backend(), make())).toMatchObject({ reason: 'INVALID_TOKEN', detail: 'opaque access token: request it with an audience' })
  })

  it.each<[string, () => string]>([
    ['31 characters', () => 'p5Vd-kZ_0wqR8tYbN3mXc7LfGh2sJa9'],
    ['33 characters', () => 'p5Vd-kZ_0wqR8tYbN3mXc7LfGh2sJa9EE'],
    ['32 hexadecimal digits', () => '0123456789abcdef0123456789ABCDEF'],
    ['a dot', () => 'p5Vd-kZ_0wqR8tYbN3.Xc7LfGh2sJa9E'],
    ['an encrypted token of another issuer', () => encrypted('https://other.eu.auth0.com/')],
    ['five segments that hold nothing', () => 'a.b.c.d.e'],
    ['a header of a megabyte', () => `${'A'.repeat(1_000_000)}.b.c.d.e`],
  ])('is not what another backend’s token is taken for: %s', (_, make) => {
    expect(backend().accepts?.(bearer(make()))).toBe(false)
  })

  it('does not count under another scheme', () => {
    expect(backend().accepts?.(bearer('p5Vd-kZ_0wqR8tYbN3mXc7LfGh2sJa9E', 'session'))).toBe(false)
  })
})
