import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { authCacheKey } from '../../src/core/cache-key.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { contextOf, testAuth } from '../schema/support.js'

const auth = testAuth()
const keyOf = (verified: Partial<VerifiedToken> | null): string => authCacheKey(contextOf(auth, verified))

const ADA: Partial<VerifiedToken> = { subject: 'ada', tenant: 'a', scopes: ['read', 'write'], permissions: ['x', 'y'], roles: ['r'], groups: ['g'] }

describe('the cache key of a caller', () => {
  it.each<[name: string, other: Partial<VerifiedToken>]>([
    ['subject', { subject: 'bob' }],
    ['issuer', { issuer: 'https://other.test' }],
    ['tenant', { tenant: 'b' }],
    ['kind', { kind: 'client' }],
    ['client', { clientId: 'app' }],
    ['scopes', { scopes: ['read'] }],
    ['permissions', { permissions: ['x'] }],
    ['roles', { roles: [] }],
    ['groups', { groups: ['h'] }],
    ['names that look like two', { permissions: ['x y'] }],
    ['login strength', { acr: 'gold' }],
    ['login time', { authenticatedAt: 1 }],
  ])('is another for another %s', (_name, other) => {
    expect(keyOf({ ...ADA, ...other })).not.toBe(keyOf(ADA))
  })

  it('does not confuse a name in one list with the same name in another', () => {
    expect(keyOf({ subject: 'ada', scopes: ['admin'] })).not.toBe(keyOf({ subject: 'ada', permissions: ['admin'] }))
    expect(keyOf({ subject: 'ada', roles: ['admin'] })).not.toBe(keyOf({ subject: 'ada', groups: ['admin'] }))
  })

  it('is the same for the same caller with another token, whatever the order of names', () => {
    const again = { ...ADA, scopes: ['write', 'read', 'read'], permissions: ['y', 'x'], expiresAt: 2_000_000_000, sessionId: 's', claims: { jti: '2' } }
    expect(keyOf(again)).toBe(keyOf(ADA))
  })

  it('is one for everybody who is nobody, and never that of somebody', () => {
    expect(keyOf(null)).toBe(keyOf(null))
    expect(keyOf(null)).not.toBe(keyOf({ subject: 'anonymous' }))
  })

  it('is never the same twice for bad credentials', () => {
    const refused = (): string => authCacheKey(contextOf(auth, { refusal: { reason: 'INVALID_TOKEN' } }))
    expect(new Set([refused(), refused(), keyOf(null)]).size).toBe(3)
  })

  it('shows nothing of the caller', () => {
    expect(keyOf(ADA)).toMatch(/^caller:[\w-]{43}$/)
  })

  it.each([[null], [undefined], [{}], [{ auth: {} }], ['text']])('is refused for a context without auth: %p', (context) => {
    expect(() => authCacheKey(context)).toThrow(ConfigurationError)
  })
})
