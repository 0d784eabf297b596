import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type KeycloakOptions, keycloak } from '../../src/backends/keycloak.js'
import type { TokenBackend } from '../../src/core/backend.js'
import { judge, verdict } from '../backends/bearer.js'
import { CALLERS } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { admin, claimsOf, clientToken, idOf, introspect, KEYCLOAK_INTERNAL_URL, KEYCLOAK_URL, logIn, post, type Tokens } from './support/keycloak.js'

const OFFLINE: KeycloakOptions = { url: KEYCLOAK_URL, internalUrl: KEYCLOAK_INTERNAL_URL, realm: 'shop', clientId: 'orders-api', audience: 'orders-api' }
const ONLINE: KeycloakOptions = { ...OFFLINE, tokenValidation: 'online', clientSecret: 'orders-api-secret' }

/** Something that Keycloak's administrators or users do to a token of carol's, and how it is taken back. */
interface Ending {
  readonly what: string
  readonly end: (tokens: Tokens, carol: string) => Promise<unknown>
  readonly restore?: (carol: string) => Promise<unknown>
}

const client = async (name: string, change: object): Promise<unknown> => {
  const id = await idOf('clients', name)
  const known = (await admin('GET', `/shop/clients/${id}`)) as object
  return admin('PUT', `/shop/clients/${id}`, { ...known, ...change })
}
const soon = (): number => Math.floor(Date.now() / 1000) + 1

const ENDINGS: readonly Ending[] = [
  {
    what: 'disabled the user',
    end: (_, carol) => setEnabled(carol, false),
    restore: (carol) => setEnabled(carol, true),
  },
  { what: 'logged the user out of all sessions', end: (_, carol) => admin('POST', `/shop/users/${carol}/logout`) },
  { what: 'deleted the session', end: ({ session_state: session }) => admin('DELETE', `/shop/sessions/${session}`) },
  {
    what: 'was asked to log out',
    end: ({ refresh_token: token }) =>
      post('shop', 'logout', [
        ['client_id', 'shop-web'],
        ['refresh_token', token],
      ]),
  },
  {
    what: 'was asked to revoke the token',
    end: ({ access_token: token }) =>
      post('shop', 'revoke', [
        ['client_id', 'shop-web'],
        ['token', token],
      ]),
  },
  {
    what: 'set a not-before on the realm',
    end: () => admin('PUT', '/shop', { notBefore: soon() }),
    restore: () => admin('PUT', '/shop', { notBefore: 0 }),
  },
  {
    what: 'set a not-before on the client that the user logged in with',
    end: () => client('shop-web', { notBefore: soon() }),
    restore: () => client('shop-web', { notBefore: 0 }),
  },
]

async function setEnabled(user: string, enabled: boolean): Promise<void> {
  const known = (await admin('GET', `/shop/users/${user}`)) as object
  await admin('PUT', `/shop/users/${user}`, { ...known, enabled })
}

describe('online validation', () => {
  let online: TokenBackend
  let offline: TokenBackend
  let carol: string

  beforeAll(async () => {
    carol = await idOf('users', 'carol')
  })
  beforeEach(() => {
    online = keycloak(ONLINE)
    offline = keycloak(OFFLINE)
  })

  it.each(ENDINGS)('sees at once that Keycloak $what, which offline validation does not', async ({ end, restore }) => {
    const tokens = await logIn('carol')
    try {
      expect(await verdict(online, tokens.access_token)).toBe('accepted')
      await end(tokens, carol)
      expect(await verdict(online, tokens.access_token)).toBe('TOKEN_REVOKED')
      expect(await verdict(offline, tokens.access_token)).toBe('accepted')
    } finally {
      await restore?.(carol)
    }
  })

  it('does not see a not-before on the client that the API is: Keycloak heeds only the one that the user logged in with', async () => {
    const { access_token: token } = await logIn('carol')
    try {
      await client('orders-api', { notBefore: soon() })
      expect(await verdict(online, token)).toBe('accepted')
    } finally {
      await client('orders-api', { notBefore: 0 })
    }
  })

  it('sees at once that a role was taken away', async () => {
    const { access_token: token } = await logIn('carol')
    const role = await admin('GET', '/shop/roles/customer')
    try {
      expect(await judge(online, token)).toMatchObject({ roles: ['realm:customer'] })
      await admin('DELETE', `/shop/users/${carol}/role-mappings/realm`, [role])
      expect(await judge(online, token)).toMatchObject({ roles: [] })
      expect(await judge(offline, token)).toMatchObject({ roles: ['realm:customer'] })
    } finally {
      await admin('POST', `/shop/users/${carol}/role-mappings/realm`, [role])
    }
  })

  it('fills in what a lightweight token leaves out', async () => {
    const { access_token: token } = await logIn('alice', { client: 'light-web', scope: 'openid organization orders:read' })
    expect(claimsOf(token)).not.toHaveProperty('sub')
    expect(await judge(online, token)).toMatchObject({
      subject: await idOf('users', 'alice'),
      kind: 'user',
      roles: expect.arrayContaining(['realm:customer', 'clerk']),
      groups: ['/north/berlin'],
      scopes: expect.arrayContaining(['orders:read']),
    })
  })

  it('keeps the organization, and tells service accounts from users', async () => {
    expect(await judge(online, (await logIn('alice', { scope: 'openid organization' })).access_token)).toMatchObject({ tenant: 'acme', kind: 'user' })
    expect(await judge(online, await clientToken('reporting-job'))).toMatchObject({ kind: 'client', clientId: 'reporting-job', roles: ['clerk'] })
  })

  it('refuses an ID token that Keycloak calls active, with our audience and all roles', async () => {
    const { id_token: token } = await logIn('alice', { client: 'rfc9068-web' })
    expect(await introspect(token)).toMatchObject({
      active: true,
      typ: 'ID',
      aud: expect.arrayContaining(['orders-api']),
      realm_access: { roles: ['customer'] },
    })
    expect(await verdict(online, token)).toBe('INVALID_TOKEN')
  })

  it('refuses a refresh token', async () => {
    expect(await verdict(online, (await logIn('alice')).refresh_token)).toBe('INVALID_TOKEN')
  })

  it('takes tokens for its own audience alone', async () => {
    const { access_token: token } = await logIn('alice', { client: 'other-web', scope: 'openid audience-billing-api' })
    const billing = keycloak({ ...ONLINE, clientId: 'billing-api', clientSecret: 'billing-api-secret', audience: 'billing-api' })
    expect(await verdict(billing, token)).toBe('accepted')
    expect(await verdict(online, token)).toBe('INVALID_TOKEN')
  })

  it('is unavailable when the secret is wrong', async () => {
    const { access_token: token } = await logIn('alice')
    expect(await judge(keycloak({ ...ONLINE, clientSecret: 'wrong' }), token)).toEqual({
      reason: 'BACKEND_UNAVAILABLE',
      detail: 'the introspection endpoint refuses this client',
    })
  })

  it.each(['client_secret_basic', 'client_secret_post'] as const)('shows a secret of any characters by %s', async (clientAuthentication) => {
    const secret = 'p%+ :ü&='
    const { access_token: token } = await logIn('alice', { scope: 'openid audience-billing-api' })
    try {
      await client('billing-api', { secret })
      expect(await verdict(keycloak({ ...ONLINE, clientId: 'billing-api', clientSecret: secret, clientAuthentication }), token)).toBe('accepted')
    } finally {
      await client('billing-api', { secret: 'billing-api-secret' })
    }
  })

  it('asks each realm with its own secret', async () => {
    const both = keycloak({ ...ONLINE, realm: ['shop', 'outlet'], clientSecret: { shop: 'orders-api-secret', outlet: 'outlet-orders-api-secret' } })
    expect(await judge(both, (await logIn('alice')).access_token)).toMatchObject({ tenant: 'shop' })
    expect(await judge(both, (await logIn('alice', { realm: 'outlet' })).access_token)).toMatchObject({ tenant: 'outlet' })
  })
})

describe('over every transport, online validation', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({ backends: [{ type: 'keycloak', ...ONLINE }] })
  })
  afterAll(() => servers.close())

  it('lets in who is logged in, and nobody who was logged out', async () => {
    const tokens = await logIn('carol')
    const outcome = (call: (typeof CALLERS)['HTTP']) => call(servers, { authorization: `Bearer ${tokens.access_token}`, query: '{ orders }' })
    for (const call of Object.values(CALLERS)) expect(await outcome(call)).toMatchObject({ verdict: 'answered' })
    await admin('DELETE', `/shop/sessions/${tokens.session_state}`)
    for (const call of Object.values(CALLERS))
      expect(await outcome(call)).toMatchObject({ verdict: 'refused', code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' })
  })
})

describe('setNotBefore', () => {
  it("makes offline validation heed the realm's not-before", async () => {
    const offline = keycloak(OFFLINE)
    const { access_token: old } = await logIn('carol')
    try {
      await admin('PUT', '/shop', { notBefore: soon() })
      expect(await verdict(offline, old)).toBe('accepted')
      const { notBefore } = (await admin('GET', '/shop')) as { readonly notBefore: number }
      offline.setNotBefore(notBefore)
      expect(await verdict(offline, old)).toBe('TOKEN_REVOKED')
    } finally {
      await admin('PUT', '/shop', { notBefore: 0 })
    }
  })
})
