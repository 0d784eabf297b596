import { describe, expect, it } from '@jest/globals'
import { type KeycloakOptions, type KeycloakPermissionsOptions, keycloak, keycloakPermissions } from '../../../src/backends/keycloak.js'
import { createAuth } from '../../../src/create-auth.js'

const GOOD: KeycloakOptions = { url: 'https://sso.example.com', realm: 'shop', clientId: 'orders-api', audience: 'orders-api' }
const SECRET = 'a-secret-that-no-message-shows'

describe('options of keycloak', () => {
  it.each<[string, object, RegExp]>([
    ['no url', { url: undefined }, /^keycloak\.url: expected the address of Keycloak/],
    ['a url that is none', { url: 'sso.example.com' }, /^keycloak\.url: expected the address of Keycloak/],
    ['a url with a realm', { url: 'https://sso.example.com/realms/shop' }, /^keycloak\.url: expected the address of Keycloak, .*without \/realms/],
    ['a url with a query', { url: 'https://sso.example.com?a=b' }, /^keycloak\.url: /],
    ['a url with a fragment', { url: 'https://sso.example.com#a' }, /^keycloak\.url: /],
    ['a url with a password', { url: 'https://a:b@sso.example.com' }, /^keycloak\.url: /],
    ['a url of another scheme', { url: 'ftp://sso.example.com' }, /^keycloak\.url: /],
    ['plain http to another machine', { url: 'http://sso.example.com' }, /^keycloak\.url: expected https, http on loopback, or dangerouslyAllowHttp/],
    ['plain http inside', { internalUrl: 'http://keycloak:8080' }, /^keycloak\.internalUrl: expected https, http on loopback, or dangerouslyAllowHttp/],
    ['no realm', { realm: undefined }, /^keycloak\.realm: expected the name of a realm/],
    ['an empty realm', { realm: '' }, /^keycloak\.realm: /],
    ['no realms', { realm: [] }, /^keycloak\.realm: /],
    ['a realm twice', { realm: ['shop', 'shop'] }, /^keycloak\.realm: expected each realm once/],
    ['no clientId', { clientId: undefined }, /^keycloak\.clientId: expected a non-empty string/],
    ['no audience', { audience: undefined }, /^keycloak\.audience: expected what stands for this API in aud/],
    ['no audiences', { audience: [] }, /^keycloak\.audience: /],
    ['an audience that is a pattern', { audience: /orders/ }, /^keycloak\.audience: /],
    ['another validation', { tokenValidation: 'ONLINE' }, /^keycloak\.tokenValidation: expected 'offline' or 'online'/],
    ['online without a secret', { tokenValidation: 'online' }, /^keycloak\.clientSecret: expected the secret of clientId in every realm/],
    [
      'online without the secret of one realm',
      { tokenValidation: 'online', realm: ['shop', 'outlet'], clientSecret: { shop: SECRET } },
      /^keycloak\.clientSecret: expected the secret of clientId in every realm/,
    ],
    [
      'the secret of a realm called like a member of Object',
      { tokenValidation: 'online', realm: 'toString', clientSecret: { shop: SECRET } },
      /^keycloak\.clientSecret: /,
    ],
    ['a secret for nothing', { clientSecret: SECRET }, /^keycloak\.clientSecret: expected tokenValidation: 'online' beside it/],
    ['a cache for nothing', { introspectionCacheTtl: 5 }, /^keycloak\.introspectionCacheTtl: expected tokenValidation: 'online' beside it/],
    ['a way to show no secret', { clientAuthentication: 'client_secret_post' }, /^keycloak\.clientAuthentication: expected tokenValidation/],
    [
      'a negative cache',
      { tokenValidation: 'online', clientSecret: SECRET, introspectionCacheTtl: -1 },
      /^keycloak\.introspectionCacheTtl: expected seconds, 0 or more/,
    ],
    ['no authorized parties', { authorizedParties: [] }, /^keycloak\.authorizedParties: expected a list of client ids/],
    ['another tenant', { tenant: 'group' }, /^keycloak\.tenant: expected 'realm' or 'organization'/],
    ['a symmetric algorithm', { algorithms: ['HS256'] }, /^keycloak\.algorithms\[0\]: expected an algorithm with a key pair/],
    ['the algorithm none', { algorithms: ['none'] }, /^keycloak\.algorithms\[0\]: /],
    ['no algorithms', { algorithms: [] }, /^keycloak\.algorithms: expected a list of algorithms/],
    ['a tolerance of two minutes', { clockTolerance: 120 }, /^keycloak\.clockTolerance: expected seconds from 0 to 60/],
    ['no time to answer', { timeoutDuration: 0 }, /^keycloak\.timeoutDuration: expected whole milliseconds, 1 or more/],
    [
      'an option that does not exist',
      { authServerUrl: 'https://sso.example.com' },
      /^keycloak\.authServerUrl: expected no such option; the options here are url, realm/,
    ],
  ])('are refused by name: %s', (_, wrong, message) => {
    const make = (): unknown => keycloak({ ...GOOD, ...wrong } as KeycloakOptions)
    expect(make).toThrow(message)
    expect(make).not.toThrow(SECRET)
  })

  it('may name plain http when that is called dangerous', () => {
    expect(() => keycloak({ ...GOOD, internalUrl: 'http://keycloak:8080', dangerouslyAllowHttp: true })).not.toThrow()
  })

  it('may name several realms, with one secret or with one for each', () => {
    const online = { ...GOOD, realm: ['shop', 'outlet'], tokenValidation: 'online' } as const
    expect(() => keycloak({ ...online, clientSecret: SECRET })).not.toThrow()
    expect(() => keycloak({ ...online, clientSecret: { shop: SECRET, outlet: 'another' } })).not.toThrow()
  })

  it('are those of an entry of the settings, under the name of the entry', () => {
    const quiet = { logger: { debug() {}, info() {}, error() {} } }
    expect(createAuth({ audit: quiet, backends: [{ type: 'keycloak', ...GOOD }] }).settings.backends[0]?.name).toBe('keycloak')
    expect(() => createAuth({ backends: [{ type: 'keycloak', ...GOOD, realm: '' }] })).toThrow(/^backends\[0\]\.realm: /)
  })
})

describe('options of keycloakPermissions', () => {
  it.each<[string, object, RegExp]>([
    ['no url', { url: undefined }, /^keycloakPermissions\.url: /],
    ['no clientId', { clientId: undefined }, /^keycloakPermissions\.clientId: /],
    ['plain http', { url: 'http://sso.example.com' }, /^keycloakPermissions\.url: expected https/],
    ['a mapping that is no function', { toPermission: 'order' }, /^keycloakPermissions\.toPermission: expected a function/],
    ['an empty anchor', { anchorResource: '' }, /^keycloakPermissions\.anchorResource: /],
    ['an option of the backend', { audience: 'orders-api' }, /^keycloakPermissions\.audience: expected no such option/],
  ])('are refused by name: %s', (_, wrong, message) => {
    const { url, realm, clientId } = GOOD
    expect(() => keycloakPermissions({ url, realm, clientId, ...wrong } as KeycloakPermissionsOptions)).toThrow(message)
  })
})
