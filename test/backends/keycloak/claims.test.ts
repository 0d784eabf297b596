import { describe, expect, it } from '@jest/globals'
import { organizationOf } from '../../../src/backends/keycloak/organization.js'
import { rolesOf } from '../../../src/backends/keycloak/roles.js'
import { InvalidTokenError } from '../../../src/core/errors.js'

describe('roles', () => {
  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['none', {}, []],
    ['null in place of a claim', { realm_access: null, resource_access: { 'orders-api': null } }, []],
    ['one of the own client', { resource_access: { 'orders-api': { roles: ['admin'] } } }, ['admin']],
    ['one of the realm', { realm_access: { roles: ['admin'] } }, ['realm:admin']],
    ['one of another client', { resource_access: { 'other-app': { roles: ['admin'] } } }, ['other-app:admin']],
    [
      'one name in all three places',
      { realm_access: { roles: ['admin'] }, resource_access: { 'orders-api': { roles: ['admin'] }, 'other-app': { roles: ['admin'] } } },
      ['realm:admin', 'admin', 'other-app:admin'],
    ],
    ["an own one that is spelled like the realm's", { resource_access: { 'orders-api': { roles: ['realm:admin'] } } }, ['orders-api:realm:admin']],
    ["an own one that is spelled like another client's", { resource_access: { 'orders-api': { roles: ['other-app:admin'] } } }, ['orders-api:other-app:admin']],
    ['those of a client called realm', { resource_access: { realm: { roles: ['admin'] } } }, []],
    ['those of a client with a colon', { resource_access: { 'a:b': { roles: ['c'] }, a: { roles: ['b:c'] } } }, ['a%3Ab:c', 'a:b:c']],
    ['those of a client with an encoded colon', { resource_access: { 'a%3Ab': { roles: ['c'] } } }, ['a%253Ab:c']],
    ['a name from Object.prototype', { realm_access: { roles: ['toString'] } }, ['realm:toString']],
    ['a claim without roles', { realm_access: {} }, []],
  ])('%s', (_, claims, expected) => {
    expect(rolesOf(claims, 'orders-api')).toEqual(expected)
  })

  it('of a client that the API itself is, and that is called realm, are not those of the realm', () => {
    expect(rolesOf({ resource_access: { realm: { roles: ['admin', 'x:y'] } } }, 'realm')).toEqual(['admin'])
  })

  it('are read from own members of the claims alone', () => {
    expect(rolesOf(Object.create({ realm_access: { roles: ['admin'] } }) as Record<string, unknown>, 'orders-api')).toEqual([])
    const claims = JSON.parse('{"resource_access":{"__proto__":{"roles":["admin"]},"constructor":{"roles":["x"]}}}') as Record<string, unknown>
    expect(rolesOf(claims, 'orders-api')).toEqual(['__proto__:admin', 'constructor:x'])
  })
})

describe('the organization', () => {
  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['that is absent', {}, undefined],
    ['that is null', { organization: null }, undefined],
    ['in a list', { organization: ['acme'] }, 'acme'],
    ['as the key of an object', { organization: { acme: {} } }, 'acme'],
    ['as the key of an object with an id', { organization: { acme: { id: '42', tier: ['gold'] } } }, 'acme'],
    ['as a string', { organization: 'acme' }, 'acme'],
    ['from two mappers', { organization: ['acme', { acme: { id: '42' } }] }, 'acme'],
    ['from two mappers that disagree', { organization: ['acme', { globex: {} }] }, undefined],
    ['that is named twice', { organization: ['acme', 'acme'] }, 'acme'],
    ['of nobody', { organization: [] }, undefined],
    ['of an empty object', { organization: {} }, undefined],
    ['that is one of several', { organization: ['acme', 'globex'] }, undefined],
    ['that is one of several keys', { organization: { acme: {}, globex: {} } }, undefined],
  ])('%s', (_, claims, expected) => {
    expect(organizationOf(claims)).toBe(expected)
  })

  it.each<[string, unknown]>([
    ['a number', 7],
    ['an empty name', ['']],
    ['a list in a list', [['acme']]],
    ['null in a list', [null]],
    ['true', true],
  ])('of another form is refused: %s', (_, organization) => {
    expect(() => organizationOf({ organization })).toThrow(InvalidTokenError)
  })
})
