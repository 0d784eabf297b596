import { describe, expect, it } from '@jest/globals'
import { type Claims, type ClaimsMapping, claimsReader, readClaims } from '../../src/backends/claims.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import { InvalidTokenError } from '../../src/core/errors.js'

const read = (claims: Claims, mapping: ClaimsMapping = {}): VerifiedToken => readClaims({ iss: 'i', sub: 'ada', ...claims }, claimsReader(mapping))

describe('scopes', () => {
  it.each<[string, Claims, readonly string[]]>([
    ['one string, names behind single spaces', { scope: 'a b c' }, ['a', 'b', 'c']],
    ['a string with spaces too many', { scope: ' a  b ' }, ['a', 'b']],
    ['an empty string', { scope: '' }, []],
    ['a list', { scope: ['a', 'b'] }, ['a', 'b']],
    ['scp, when there is no scope', { scp: ['a'] }, ['a']],
    ['scope, when there are both', { scope: 'a', scp: 'b' }, ['a']],
    ['scp, when scope is null', { scope: null, scp: 'b' }, ['b']],
    ['nothing', {}, []],
    ['a tab, which does not separate', { scope: 'read\tadmin' }, ['read\tadmin']],
    ['a no-break space, which does not separate', { scope: 'read\u00a0admin' }, ['read\u00a0admin']],
    ['a comma, which does not separate', { scope: 'read,admin' }, ['read,admin']],
  ])('from %s', (_, claims, expected) => {
    expect(read(claims).scopes).toEqual(expected)
  })

  it('are never taken from permissions or roles', () => {
    expect(read({ permissions: ['p'], roles: ['r'], groups: ['g'] })).toMatchObject({ scopes: [], permissions: ['p'], roles: ['r'], groups: ['g'] })
  })
})

describe('a mapping', () => {
  it.each<[string, ClaimsMapping, Claims, Partial<VerifiedToken>]>([
    ['by name', { tenant: 'tenant_id' }, { tenant_id: 'acme' }, { tenant: 'acme' }],
    ['by a name that is a URL', { roles: 'https://shop.example.com/roles' }, { 'https://shop.example.com/roles': ['r'] }, { roles: ['r'] }],
    ['by a name with dots, which are no path', { roles: 'realm.roles' }, { 'realm.roles': ['r'], realm: { roles: ['x'] } }, { roles: ['r'] }],
    ['by path', { roles: ['realm_access', 'roles'] }, { realm_access: { roles: ['r'] } }, { roles: ['r'] }],
    ['by a path that ends early', { roles: ['realm_access', 'roles'] }, { realm_access: 'none' }, { roles: [] }],
    ['by function', { groups: ({ teams }) => Object.keys(teams as object) }, { teams: { a: 1, b: 2 } }, { groups: ['a', 'b'] }],
    ['by a function that finds nothing', { groups: () => undefined }, { groups: ['g'] }, { groups: [] }],
    ['of the scope, which then no longer comes from scope', { scope: 'rights' }, { scope: 'a', rights: 'b' }, { scopes: ['b'] }],
    ['of a single role with a blank in it', {}, { roles: 'Team Lead' }, { roles: ['Team Lead'] }],
    ['of the session and the client', { sessionId: 'session', clientId: 'app' }, { session: 's', app: 'web' }, { sessionId: 's', clientId: 'web' }],
  ])('%s', (_, mapping, claims, expected) => {
    expect(read(claims, mapping)).toMatchObject(expected)
  })

  it.each([[['__proto__', 'roles']], [['constructor', 'name']], [['toString']], [['name', 'toString']]])('finds own members only: %p', (path) => {
    expect(read({ name: { first: 'Ada' } }, { roles: path }).roles).toEqual([])
  })

  it('reads a claim named __proto__ like any other', () => {
    const claims = JSON.parse('{"iss":"i","sub":"ada","__proto__":{"roles":["r"]}}') as Claims
    expect(readClaims(claims, claimsReader({ roles: ['__proto__', 'roles'] })).roles).toEqual(['r'])
  })

  it('that throws is a fault of the application, not of the token', () => {
    const broken = (): never => {
      throw new RangeError('broken')
    }
    expect(() => read({}, { roles: broken })).toThrow(RangeError)
  })
})

describe('who is asking', () => {
  it.each<[string, Claims, Partial<VerifiedToken>]>([
    ['a user', { sub: 'ada', client_id: 'web' }, { subject: 'ada', kind: 'user', clientId: 'web' }],
    ['a user of a client that only azp names', { sub: 'ada', azp: 'web' }, { subject: 'ada', kind: 'user', clientId: 'web' }],
    ['a client, when there is no sub', { sub: undefined, client_id: 'batch' }, { subject: 'batch', kind: 'client' }],
    ['a client, when sub is its client_id', { sub: 'batch', client_id: 'batch' }, { subject: 'batch', kind: 'client' }],
    ['a client, when sub is its azp', { sub: 'batch', client_id: 'x', azp: 'batch' }, { subject: 'batch', kind: 'client', clientId: 'x' }],
    ['a user without any client', { sub: 'ada' }, { subject: 'ada', kind: 'user' }],
  ])('%s', (_, claims, expected) => {
    expect(read(claims)).toMatchObject(expected)
  })

  it.each<[string, Claims]>([
    ['no sub and no client', { sub: undefined }],
    ['a sub that is null and no client', { sub: null }],
    ['a client_id that is a list', { client_id: ['web'] }],
    ['an issuer that is a list', { iss: ['i'] }],
    ['a session that is a number', { sid: 1 }],
    ['an auth_time that is text', { auth_time: '5' }],
    ['an auth_time that is infinite', { auth_time: Number.POSITIVE_INFINITY }],
    ['an acr that is a number', { acr: 0 }],
    ['scopes that are objects', { scope: [{}] }],
    ['permissions in an object', { permissions: { a: true } }],
  ])('cannot be said from %s', (_, claims) => {
    expect(() => read(claims)).toThrow(InvalidTokenError)
  })

  it('cannot be said when the mapped tenant is empty', () => {
    expect(() => read({ org: '' }, { tenant: 'org' })).toThrow(InvalidTokenError)
    expect(read({}, { tenant: 'org' })).not.toHaveProperty('tenant')
  })
})
