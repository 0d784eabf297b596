import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type FirebaseOptions, firebase } from '../../src/backends/firebase.js'
import { createAuth } from '../../src/create-auth.js'
import { judge, verdict } from '../backends/bearer.js'
import { CALLERS } from '../support/transport-callers.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { claimsIn, INVALID, principalOver, refusalOver, withClaims } from './support/caller.js'
import { change, createTenant, getUser, PROJECT, remove, type SignedIn, sessionCookie, signUp } from './support/firebase.js'
import { tellsPrincipal } from './support/principal-field.js'

const OPTIONS: FirebaseOptions = { projectId: PROJECT, dangerouslyAcceptEmulatorTokens: true }
const checkRevoked = { getUser }
const RIGHTS = { scope: 'orders:read', permissions: ['vault.open'], roles: ['clerk'] }

describe.each(Object.entries(CALLERS))('over %s, the Firebase emulator', (_, call) => {
  let servers: Servers
  let ada: SignedIn
  beforeAll(async () => {
    servers = await startServers({ backends: [{ type: 'firebase', ...OPTIONS, checkRevoked }], extension: tellsPrincipal })
    ada = await signUp(RIGHTS)
  })
  afterAll(() => servers.close())

  it('vouches for a user with custom claims', async () => {
    expect(await principalOver(call, servers, ada.idToken)).toEqual({
      issuer: `https://securetoken.google.com/${PROJECT}`,
      subject: ada.uid,
      kind: 'user',
      clientId: null,
      sessionId: null,
      tenant: null,
      scopes: ['orders:read'],
      permissions: ['vault.open'],
      roles: ['clerk'],
      groups: [],
      authenticatedAt: claimsIn(ada.idToken).auth_time,
      acr: null,
      expiresAt: claimsIn(ada.idToken).exp,
    })
  })

  it('gives him what his custom claims are for, and no more', async () => {
    const ask = async (query: string) => (await call(servers, { authorization: `Bearer ${ada.idToken}`, query })).reason
    expect(await ask('{ orders vault }')).toBeNull()
    expect(await ask('mutation { order }')).toBe('INSUFFICIENT_SCOPE')
  })

  it('does not vouch for a token that was changed', async () => {
    // Nothing is signed here: what a change can be seen by is the project, the times, and whether there is such a user.
    expect(await refusalOver(call, servers, withClaims(ada.idToken, { aud: 'demo-other' }))).toEqual(INVALID)
    expect(await refusalOver(call, servers, withClaims(ada.idToken, { iss: 'https://securetoken.google.com/demo-other' }))).toEqual(INVALID)
    expect(await refusalOver(call, servers, withClaims(ada.idToken, { auth_time: 4_000_000_000 }))).toEqual(INVALID)
    expect(await refusalOver(call, servers, withClaims(ada.idToken, { sub: 'nobody' }))).toEqual({ ...INVALID, reason: 'TOKEN_REVOKED' })
  })

  it('does not vouch any more for a user who was disabled, revoked or deleted', async () => {
    const afterNow = String(Math.floor(Date.now() / 1000) + 1)
    const ends: readonly ((uid: string) => Promise<void>)[] = [
      (uid) => change(uid, { disableUser: true }),
      (uid) => change(uid, { validSince: afterNow }),
      (uid) => remove(uid),
    ]
    for (const end of ends) {
      const { uid, idToken } = await signUp(RIGHTS)
      expect((await call(servers, { authorization: `Bearer ${idToken}`, query: '{ me }' })).data).toEqual([{ me: uid }])
      await end(uid)
      expect(await refusalOver(call, servers, idToken)).toEqual({ ...INVALID, reason: 'TOKEN_REVOKED' })
    }
  })
})

describe('the Firebase backend at the emulator', () => {
  let tenant: string
  let member: SignedIn
  beforeAll(async () => {
    tenant = await createTenant('acme')
    member = await signUp({}, tenant)
  })

  it('keeps tenants apart (A28)', async () => {
    const { idToken } = await signUp()
    const at = (tenantId?: FirebaseOptions['tenantId']) => firebase({ ...OPTIONS, ...(tenantId === undefined ? {} : { tenantId }) })
    expect(await judge(at(tenant), member.idToken)).toMatchObject({ subject: member.uid, tenant })
    expect(await judge(at('*'), member.idToken)).toMatchObject({ tenant })
    expect(await verdict(at(), member.idToken)).toBe('INVALID_TOKEN')
    expect(await verdict(at('another'), member.idToken)).toBe('INVALID_TOKEN')
    expect(await verdict(at(tenant), idToken)).toBe('INVALID_TOKEN')
  })

  it('asks the admin of the tenant whether its user is disabled', async () => {
    const checking = firebase({
      ...OPTIONS,
      tenantId: '*',
      checkRevoked: (tenantId) => ({ getUser: (uid) => getUser(uid, tenantId ?? undefined) }),
    })
    expect(await verdict(checking, member.idToken)).toBe('accepted')
    await change(member.uid, { disableUser: true }, tenant)
    expect(await verdict(checking, member.idToken)).toBe('TOKEN_REVOKED')
  })

  it('takes session cookies where the options say so', async () => {
    const { uid, idToken } = await signUp()
    const cookie = await sessionCookie(idToken)
    expect(await verdict(firebase(OPTIONS), cookie)).toBe('INVALID_TOKEN')
    const both = firebase({ ...OPTIONS, sessionCookies: true, checkRevoked })
    expect(await judge(both, cookie)).toMatchObject({ issuer: `https://session.firebase.google.com/${PROJECT}`, subject: uid })
    await change(uid, { disableUser: true })
    expect(await verdict(both, cookie)).toBe('TOKEN_REVOKED')
  })

  it('remembers for a while that a user was not disabled, where the options say so', async () => {
    const servers = await startServers({ backends: [{ type: 'firebase', ...OPTIONS, checkRevoked, revocationTtl: 30 }] })
    const { uid, idToken } = await signUp()
    const ask = async () => (await CALLERS.HTTP(servers, { authorization: `Bearer ${idToken}`, query: '{ me }' })).verdict
    expect(await ask()).toBe('answered')
    await change(uid, { disableUser: true })
    expect(await ask()).toBe('answered')
    servers.clock.offset = 31_000
    expect(await ask()).toBe('refused')
    await servers.close()
  })

  it('refuses the emulator’s tokens without the setting, and does not start in production (A29)', async () => {
    const { idToken } = await signUp()
    expect(await verdict(firebase({ projectId: PROJECT }), idToken)).toBe('INVALID_TOKEN')
    const { NODE_ENV } = process.env
    process.env.NODE_ENV = 'production'
    try {
      expect(() => createAuth({ backends: [{ type: 'firebase', projectId: PROJECT }] })).toThrow(/FIREBASE_AUTH_EMULATOR_HOST/)
    } finally {
      process.env.NODE_ENV = NODE_ENV
    }
  })
})
