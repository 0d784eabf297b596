import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { createPrincipal, isSamePrincipal, permissionsOf, scopesOf } from '../../src/core/caller/principal.js'
import { principal, verified } from './support.js'

const FULL: Required<Omit<VerifiedToken, 'cache' | 'confirmation'>> = {
  issuer: 'https://issuer.test',
  subject: 'ada',
  kind: 'client',
  clientId: 'orders-web',
  sessionId: 's1',
  tenant: 't1',
  scopes: ['a', 'b'],
  permissions: ['x'],
  roles: ['admin'],
  groups: ['/staff'],
  authenticatedAt: 1_700_000_000,
  acr: 'gold',
  expiresAt: 1_900_000_000,
  claims: { sub: 'ada', realm_access: { roles: ['admin'] } },
  user: { id: 7 },
}

describe('a principal', () => {
  it('says what was verified', () => {
    expect(createPrincipal(FULL)).toEqual(FULL)
  })

  it('has every member, also for a token that says little', () => {
    expect(principal()).toEqual({
      issuer: 'https://issuer.test',
      subject: 'ada',
      kind: 'user',
      clientId: null,
      sessionId: null,
      tenant: null,
      scopes: [],
      permissions: [],
      roles: [],
      groups: [],
      authenticatedAt: null,
      acr: null,
      expiresAt: null,
      claims: {},
      user: null,
    })
  })

  it('is frozen with everything in it but the application’s user', () => {
    const made = createPrincipal(FULL)
    const { claims } = made as unknown as { claims: typeof FULL.claims & { realm_access: { roles: string[] } } }
    for (const part of [made, made.scopes, made.permissions, made.roles, made.groups, claims, claims.realm_access, claims.realm_access.roles]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(() => claims.realm_access.roles.push('root')).toThrow(TypeError)
    expect(made.user).toBe(FULL.user)
    expect(Object.isFrozen(FULL.user)).toBe(false)
  })

  it('leaves the backend’s own objects as they were, and does not follow their changes', () => {
    const shared = { roles: ['reader'] }
    const scopes = ['a']
    const made = principal({ claims: { shared }, scopes })
    shared.roles.push('root')
    scopes.push('b')
    expect(made.claims).toEqual({ shared: { roles: ['reader'] } })
    expect(made.scopes).toEqual(['a'])
  })

  it('takes claims nested 100 000 levels deep', () => {
    let nested: Record<string, unknown> = {}
    for (let level = 0; level < 100_000; level += 1) nested = { nested }
    let claims: unknown = principal({ claims: nested }).claims
    let depth = 0
    let allFrozen = true
    for (; typeof claims === 'object' && claims !== null && 'nested' in claims; claims = claims.nested) {
      allFrozen &&= Object.isFrozen(claims)
      depth += 1
    }
    expect(depth).toBe(100_000)
    expect(allFrozen).toBe(true)
  })

  it('takes claims that hold themselves, and one object in two places', () => {
    const loop: Record<string, unknown> = {}
    loop.self = loop
    const { claims } = principal({ claims: { loop, again: loop } })
    const copy = claims.loop as Record<string, unknown>
    expect(copy.self).toBe(copy)
    expect(claims.again).toBe(copy)
  })

  it('keeps names that mean something to JavaScript as plain names', () => {
    const claims = JSON.parse('{"__proto__":{"admin":true},"constructor":"x","toString":"y"}') as Record<string, unknown>
    const made = principal({ claims })
    expect((made.claims as { admin?: unknown }).admin).toBeUndefined()
    expect(Object.keys(made.claims)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it('keeps what is not plain data as it is', () => {
    const since = new Date(0)
    expect(principal({ claims: { since } }).claims.since).toBe(since)
    expect(Object.isFrozen(since)).toBe(false)
  })

  it('names each scope once', () => {
    expect(principal({ scopes: ['a', 'b', 'a'] }).scopes).toEqual(['a', 'b'])
  })

  it.each<[string, unknown]>([
    ['no token', undefined],
    ['null', null],
    ['no issuer', { subject: 'ada' }],
    ['an empty issuer', { issuer: '', subject: 'ada' }],
    ['an issuer that is a list', { issuer: ['https://issuer.test'], subject: 'ada' }],
    ['no subject', { issuer: 'i' }],
    ['an empty subject', { issuer: 'i', subject: '' }],
    ['a subject that is a number', { issuer: 'i', subject: 7 }],
    ['a kind of its own', verified({ kind: 'admin' as never })],
    ['a client id that is a number', verified({ clientId: 7 as never })],
    ['a session id that is an object', verified({ sessionId: {} as never })],
    ['a tenant that is a promise', verified({ tenant: Promise.resolve('t1') as never })],
    ['an acr that is a list', verified({ acr: ['gold'] as never })],
    ['scopes that are a text', verified({ scopes: 'a b' as never })],
    ['scopes with a number', verified({ scopes: ['a', 5] as never })],
    ['roles that are an object', verified({ roles: { admin: true } as never })],
    ['permissions that are a set', verified({ permissions: new Set(['a']) as never })],
    ['groups that are null', verified({ groups: null as never })],
    ['an exp that is a text', verified({ expiresAt: '9999999999' as never })],
    ['an exp that is not a number', verified({ expiresAt: Number.NaN })],
    ['an exp without end', verified({ expiresAt: Number.POSITIVE_INFINITY })],
    ['an auth_time that is a date', verified({ authenticatedAt: new Date() as never })],
  ])('is not made of %s', (_, token) => {
    expect(() => createPrincipal(token as VerifiedToken)).toThrow(TypeError)
  })
})

describe('the tenant', () => {
  it.each<[string, string | undefined, (() => unknown) | undefined, string | null]>([
    ['is what the backend says', 't1', () => 't2', 't1'],
    ['is what the settings find when the backend does not say', undefined, () => 't2', 't2'],
    ['is none when nobody says', undefined, () => null, null],
    ['is none for an empty text', undefined, () => '', null],
    ['is none without settings', undefined, undefined, null],
  ])('%s', (_, tenant, tenantOf, expected) => {
    expect(createPrincipal(verified(tenant === undefined ? {} : { tenant }), tenantOf as never).tenant).toBe(expected)
  })

  it.each([5, {}, true, Promise.resolve('t1')])('that a function answers as %p refuses the token', (answer) => {
    expect(() => createPrincipal(verified(), (() => answer) as never)).toThrow(TypeError)
  })
})

describe('identity', () => {
  const base = { issuer: 'i', subject: 's', tenant: 't' } as const
  it.each<[string, Partial<VerifiedToken>, boolean]>([
    ['another token of the same one', { expiresAt: 5, scopes: ['a'], claims: { jti: '2' } }, true],
    ['another issuer', { issuer: 'j' }, false],
    ['another subject', { subject: 'S' }, false],
    ['another tenant', { tenant: 'u' }, false],
    ['a client whose sub is the user’s', { kind: 'client' }, false],
  ])('%s', (_, parts, expected) => {
    const a = createPrincipal(base)
    const b = createPrincipal({ ...base, ...parts })
    expect(isSamePrincipal(a, b)).toBe(expected)
    expect(isSamePrincipal(b, a)).toBe(expected)
  })

  it('is compared part by part: no two parts can meet', () => {
    expect(isSamePrincipal(principal({ issuer: 'a:b', subject: 'c' }), principal({ issuer: 'a', subject: 'b:c' }))).toBe(false)
  })

  it('of a principal without tenant is not that of one with', () => {
    expect(isSamePrincipal(principal(), principal({ tenant: 'null' }))).toBe(false)
  })
})

describe('names as sets', () => {
  it('are built once for a principal', () => {
    const made = principal({ scopes: ['a'], permissions: ['x'] })
    expect(scopesOf(made)).toEqual(new Set(['a']))
    expect(permissionsOf(made)).toEqual(new Set(['x']))
    expect(scopesOf(made)).toBe(scopesOf(made))
    expect(permissionsOf(made)).toBe(permissionsOf(made))
  })

  it('with 10 000 names are made in no time', () => {
    const scopes = Array.from({ length: 10_000 }, (_, index) => `scope:${index}`)
    const before = performance.now()
    expect(scopesOf(principal({ scopes })).size).toBe(10_000)
    expect(performance.now() - before).toBeLessThan(500)
  })
})
