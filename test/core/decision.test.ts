import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { decide, dependsOnTime, isExpired } from '../../src/core/decisions/decision.js'
import { AUTHENTICATED, permissionRequirement, type Requirement, scopeRequirement, stepUpRequirement } from '../../src/core/rules/requirement.js'
import { NOW, principal } from './support.js'

const EITHER = scopeRequirement({ anyOf: [['a', 'b'], ['c']] })
const PERM = permissionRequirement({ anyOf: [['x', 'y'], ['z']] })
const GOLD = stepUpRequirement({ acr: ['gold', 'platinum'] })
const FRESH = stepUpRequirement({ maxAge: 300 })

describe('a requirement held against a principal', () => {
  it.each<[string, Requirement, Partial<VerifiedToken>, string | null]>([
    ['any caller meets "authenticated"', AUTHENTICATED, {}, null],
    ['all of the first alternative', EITHER, { scopes: ['a', 'b'] }, null],
    ['all of the second alternative', EITHER, { scopes: ['c'] }, null],
    ['more than is needed', EITHER, { scopes: ['x', 'c', 'a'] }, null],
    ['half of one alternative', EITHER, { scopes: ['a'] }, 'INSUFFICIENT_SCOPE'],
    ['no scopes at all', EITHER, {}, 'INSUFFICIENT_SCOPE'],
    ['a scope that only begins alike', EITHER, { scopes: ['c:all', 'C', 'c '] }, 'INSUFFICIENT_SCOPE'],
    ['permissions are not scopes', EITHER, { permissions: ['c'], roles: ['c'] }, 'INSUFFICIENT_SCOPE'],
    ['names that every object has are not held by everybody', scopeRequirement('toString'), { scopes: ['a'] }, 'INSUFFICIENT_SCOPE'],
    ['all of one alternative of permissions', PERM, { permissions: ['y', 'x'] }, null],
    ['half of one alternative of permissions', PERM, { permissions: ['x'] }, 'INSUFFICIENT_PERMISSION'],
    ['scopes are not permissions', PERM, { scopes: ['z'] }, 'INSUFFICIENT_PERMISSION'],
    ['one of the accepted logins', GOLD, { acr: 'platinum' }, null],
    ['another login', GOLD, { acr: 'silver' }, 'INSUFFICIENT_AUTHENTICATION'],
    ['a login that does not say', GOLD, {}, 'INSUFFICIENT_AUTHENTICATION'],
    ['a login on the last second', FRESH, { authenticatedAt: NOW - 300 }, null],
    ['a login one second too old', FRESH, { authenticatedAt: NOW - 301 }, 'INSUFFICIENT_AUTHENTICATION'],
    ['a login whose time is unknown', FRESH, {}, 'INSUFFICIENT_AUTHENTICATION'],
    ['maxAge 0 at the second of the login', stepUpRequirement({ maxAge: 0 }), { authenticatedAt: NOW }, null],
    ['maxAge 0 a second later', stepUpRequirement({ maxAge: 0 }), { authenticatedAt: NOW - 1 }, 'INSUFFICIENT_AUTHENTICATION'],
    ['scopes come before step-up', scopeRequirement('a', { maxAge: 1 }), {}, 'INSUFFICIENT_SCOPE'],
    ['scopes and step-up are both needed', scopeRequirement('a', { maxAge: 1 }), { scopes: ['a'] }, 'INSUFFICIENT_AUTHENTICATION'],
    ['rights on an object are not looked for in the token', permissionRequirement('x', () => 'id'), { permissions: [] }, null],
    ['a second before exp', AUTHENTICATED, { expiresAt: NOW + 1 }, null],
    ['exactly at exp', AUTHENTICATED, { expiresAt: NOW }, 'TOKEN_EXPIRED'],
    ['after exp', AUTHENTICATED, { expiresAt: NOW - 1 }, 'TOKEN_EXPIRED'],
    ['an expired token with every scope', EITHER, { expiresAt: NOW, scopes: ['a', 'b', 'c'] }, 'TOKEN_EXPIRED'],
  ])('%s', (_, requirement, parts, reason) => {
    expect(decide(requirement, principal(parts), NOW, { scopesEnabled: true })?.reason ?? null).toBe(reason)
  })

  it.each([AUTHENTICATED, EITHER, PERM, GOLD, FRESH, permissionRequirement('x', () => 'id')])('nobody meets requirement %#', (requirement) => {
    expect(decide(requirement, null, NOW, { scopesEnabled: true })).toEqual({ reason: 'MISSING_TOKEN' })
    expect(decide(requirement, null, NOW, { scopesEnabled: false })).toEqual({ reason: 'MISSING_TOKEN' })
  })

  it.each<[string, Requirement, object]>([
    ['scopes', EITHER, { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a', 'b'], ['c']] }],
    ['permissions', PERM, { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['x', 'y'], ['z']] }],
    ['the login', stepUpRequirement({ acr: 'gold', maxAge: 5 }), { reason: 'INSUFFICIENT_AUTHENTICATION', acrValues: ['gold'], maxAge: 5 }],
  ])('says what was missing of %s', (_, requirement, refusal) => {
    expect(decide(requirement, principal(), NOW, { scopesEnabled: true })).toEqual(refusal)
  })

  it('leaves scopes alone when they are disabled, and nothing else', () => {
    const rules = { scopesEnabled: false }
    expect(decide(EITHER, principal(), NOW, rules)).toBeNull()
    expect(decide(EITHER, principal({ expiresAt: NOW }), NOW, rules)?.reason).toBe('TOKEN_EXPIRED')
    expect(decide(PERM, principal(), NOW, rules)?.reason).toBe('INSUFFICIENT_PERMISSION')
    expect(decide(scopeRequirement('a', { acr: 'gold' }), principal(), NOW, rules)?.reason).toBe('INSUFFICIENT_AUTHENTICATION')
  })

  it('takes no alternative at all as a requirement that nobody meets', () => {
    expect(decide({ scopes: [] }, principal({ scopes: ['a'] }), NOW, { scopesEnabled: true })?.reason).toBe('INSUFFICIENT_SCOPE')
    expect(decide({ permissions: [] }, principal({ permissions: ['a'] }), NOW, { scopesEnabled: true })?.reason).toBe('INSUFFICIENT_PERMISSION')
  })
})

describe('time', () => {
  it.each<[number | undefined, number, boolean]>([
    [undefined, Number.MAX_SAFE_INTEGER, false],
    [NOW, NOW - 0.001, false],
    [NOW, NOW, true],
    [NOW, NOW + 0.001, true],
    [NOW + 0.5, NOW + 0.25, false],
    [-1, 0, true],
    [0, 0, true],
  ])('a token with exp %p is expired at %p: %p', (expiresAt, now, expected) => {
    expect(isExpired(principal(expiresAt === undefined ? {} : { expiresAt }), now)).toBe(expected)
  })

  it('only maxAge makes an answer change while the principal does not', () => {
    expect(dependsOnTime(FRESH)).toBe(true)
    expect(dependsOnTime(scopeRequirement('a', { maxAge: 0 }))).toBe(true)
    expect([AUTHENTICATED, EITHER, PERM, GOLD].map(dependsOnTime)).toEqual([false, false, false, false])
  })
})
