import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type FirebaseAdmin, type FirebaseOptions, firebase } from '../../../src/backends/firebase.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import type { TestClaims } from '../../../src/testing/index.js'
import { startServers } from '../../support/transport-servers.js'
import { ask } from '../../transports/support/http-client.js'
import { bearer, judge, verdict } from '../bearer.js'
import { type FakeGoogle, PROJECT, startFakeGoogle } from './fake-google.js'

let google: FakeGoogle
const open: TokenBackend[] = []
const loggedIn = Math.floor(Date.now() / 1000) - 60

beforeAll(async () => {
  google = await startFakeGoogle()
})
afterAll(async () => {
  for (const each of open) await each.close?.()
  await google.close()
})

function optionsWith(options: Partial<FirebaseOptions>): FirebaseOptions {
  return { projectId: PROJECT, jwksUri: google.jwksUri, sessionJwksUri: google.sessionJwksUri, ...options }
}

function backend(options: Partial<FirebaseOptions>): TokenBackend {
  const made = firebase(optionsWith(options))
  open.push(made)
  return made
}

const token = (claims: TestClaims = {}): Promise<string> => google.idToken({ auth_time: loggedIn, ...claims })
const at = (seconds: number): string => new Date(seconds * 1000).toUTCString()
const failing = (code: string) => async (): Promise<never> => {
  throw Object.assign(new Error('The token eyJhbGciOi was disliked'), { code })
}

describe('a login whose user is asked for (A28)', () => {
  it.each<[string, unknown, string, string | undefined]>([
    ['in good standing', { disabled: false }, 'accepted', undefined],
    ['in good standing since before the login', { disabled: false, tokensValidAfterTime: at(loggedIn - 1) }, 'accepted', undefined],
    ['in good standing since the second of the login', { disabled: false, tokensValidAfterTime: at(loggedIn) }, 'accepted', undefined],
    ['revoked after the login', { disabled: false, tokensValidAfterTime: at(loggedIn + 1) }, 'TOKEN_REVOKED', 'claim auth_time: before the logins that count'],
    ['disabled', { disabled: true }, 'TOKEN_REVOKED', 'the user is disabled'],
    ['gone', null, 'TOKEN_REVOKED', 'the user is gone'],
    ['without a word on being disabled', {}, 'BACKEND_UNAVAILABLE', 'the admin object answered with something other than a user'],
    ['disabled in a text', { disabled: 'false' }, 'BACKEND_UNAVAILABLE', 'the admin object answered with something other than a user'],
    ['undefined', undefined, 'BACKEND_UNAVAILABLE', undefined],
    [
      'revoked at no date',
      { disabled: false, tokensValidAfterTime: 'soon' },
      'BACKEND_UNAVAILABLE',
      'the admin object answered with something other than a date',
    ],
  ])('is judged when he is %s', async (_, user, reason, detail) => {
    const admin = { getUser: async () => user } as FirebaseAdmin
    expect(await verdict(backend({ checkRevoked: admin }), await token())).toBe(reason)
    if (detail !== undefined) expect(await judge(backend({ checkRevoked: admin }), await token())).toMatchObject({ detail })
  })

  it('is asked about by uid, on the object itself, and only once the token is proved', async () => {
    const asked: string[] = []
    const admin = {
      users: { 'uid-ada': { disabled: false } } as Record<string, { disabled: boolean }>,
      async getUser(uid: string) {
        asked.push(uid)
        return this.users[uid] ?? null
      },
    }
    const checking = backend({ checkRevoked: admin })
    expect(await verdict(checking, await google.forged())).toBe('INVALID_TOKEN')
    expect(await verdict(checking, await token({ firebase: { tenant: 't1' } }))).toBe('INVALID_TOKEN')
    expect(await verdict(checking, await google.idToken({}, { expiresIn: -60 }))).toBe('TOKEN_EXPIRED')
    expect(asked).toEqual([])
    expect(await verdict(checking, await token())).toBe('accepted')
    expect(asked).toEqual(['uid-ada'])
  })
})

describe('a login that verifyIdToken is asked about', () => {
  it.each<[string, string]>([
    ['auth/id-token-revoked', 'TOKEN_REVOKED'],
    ['auth/user-disabled', 'TOKEN_REVOKED'],
    ['auth/user-not-found', 'TOKEN_REVOKED'],
    ['auth/id-token-expired', 'TOKEN_EXPIRED'],
    ['auth/argument-error', 'INVALID_TOKEN'],
    ['auth/mismatching-tenant-id', 'INVALID_TOKEN'],
    ['auth/internal-error', 'BACKEND_UNAVAILABLE'],
    ['auth/insufficient-permission', 'BACKEND_UNAVAILABLE'],
    ['toString', 'BACKEND_UNAVAILABLE'],
  ])('that rejects with %s is %s', async (code, reason) => {
    const judged = await judge(backend({ checkRevoked: { verifyIdToken: failing(code) } }), await token())
    expect(judged).toMatchObject({ reason })
    expect(JSON.stringify(judged)).not.toContain('eyJ')
  })

  it('gets the token and is told to check', async () => {
    const calls: unknown[][] = []
    const good = await token()
    const admin: FirebaseAdmin = { verifyIdToken: async (...args) => calls.push(args) }
    expect(await verdict(backend({ checkRevoked: admin }), good)).toBe('accepted')
    expect(calls).toEqual([[good, true]])
  })

  it('is unavailable when it throws what is no error', async () => {
    for (const thrown of [undefined, null, 'auth/id-token-revoked']) {
      const admin = { verifyIdToken: () => Promise.reject(thrown) }
      expect(await verdict(backend({ checkRevoked: admin }), await token())).toBe('BACKEND_UNAVAILABLE')
    }
  })
})

describe('a session cookie', () => {
  it('is asked about with getUser, else with verifySessionCookie', async () => {
    const cookie = await google.sessionCookie()
    const gone = { getUser: async () => null }
    const revoked = { verifyIdToken: async () => ({}), verifySessionCookie: failing('auth/session-cookie-revoked') }
    for (const checkRevoked of [gone, revoked]) {
      expect(await verdict(backend({ sessionCookies: true, checkRevoked }), cookie)).toBe('TOKEN_REVOKED')
    }
    expect(await verdict(backend({ sessionCookies: true, checkRevoked: revoked }), await token())).toBe('accepted')
  })

  it('is not let through by a tenant’s admin that cannot say', async () => {
    const checkRevoked = () => ({ verifyIdToken: async () => ({}) })
    expect(await verdict(backend({ sessionCookies: true, checkRevoked }), await google.sessionCookie())).toBe('BACKEND_UNAVAILABLE')
  })
})

describe('an admin for each tenant', () => {
  it('is the one of the tenant in the proved token', async () => {
    const asked: (string | null)[] = []
    const checkRevoked = (tenant: string | null): FirebaseAdmin => {
      asked.push(tenant)
      return { getUser: async () => ({ disabled: tenant === 't2' }) }
    }
    const both = backend({ tenantId: ['t1', 't2', null], checkRevoked })
    expect(await verdict(both, await token({ firebase: { tenant: 't1' } }))).toBe('accepted')
    expect(await verdict(both, await token({ firebase: { tenant: 't2' } }))).toBe('TOKEN_REVOKED')
    expect(await verdict(both, await token())).toBe('accepted')
    expect(asked).toEqual(['t1', 't2', null])
  })
})

describe('how long it is remembered that a token was not revoked', () => {
  it('is not at all, unless the options say so, and never beyond what they say', async () => {
    const checkRevoked = { getUser: async () => ({ disabled: false }) }
    const cacheOf = async (options: Partial<FirebaseOptions>) =>
      (
        await backend({ checkRevoked, now: () => 1_000 * loggedIn + 5_000, ...options }).verify(
          bearer(await token({ iat: loggedIn })),
          new AbortController().signal,
        )
      ).cache
    expect((await cacheOf({}))?.until).toBeNull()
    expect((await cacheOf({ revocationTtl: 30 }))?.until).toBe(loggedIn + 35)
  })

  it('shows on a server: a user who is disabled is refused at his next request, or when the time is over', async () => {
    const user = { disabled: false }
    let calls = 0
    const getUser = async () => {
      calls += 1
      return { ...user }
    }
    for (const revocationTtl of [0, 30]) {
      Object.assign(user, { disabled: false })
      calls = 0
      const servers = await startServers({ backends: [{ type: 'firebase', ...optionsWith({ checkRevoked: { getUser }, revocationTtl }) }] })
      const bearerToken = await token()
      const me = async () => (await ask(servers.url, '{ me }', bearerToken)).status
      expect([await me(), await me()]).toEqual([200, 200])
      expect(calls).toBe(revocationTtl === 0 ? 2 : 1)
      user.disabled = true
      expect(await me()).toBe(revocationTtl === 0 ? 401 : 200)
      servers.clock.offset = 31_000
      const late = await ask(servers.url, '{ me }', bearerToken)
      expect(late.body.errors?.[0]?.extensions?.auth?.reason).toBe('TOKEN_REVOKED')
      await servers.close()
    }
  })
})
