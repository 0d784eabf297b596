import { describe, expect, it } from '@jest/globals'
import { type Auth0Options, auth0 } from '../../../src/backends/auth0.js'
import { createAuth } from '../../../src/create-auth.js'
import { bearer } from '../bearer.js'

const GOOD: Auth0Options = { domain: 'shop.eu.auth0.com', audience: 'https://orders' }
const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** Unsigned: it only shows whose it says it is. */
const tokenOf = (iss: string): string => `${segment({ alg: 'RS256', kid: 'k' })}.${segment({ iss })}.c2lnbmF0dXJl`

describe('the domain', () => {
  it.each<[string, string]>([
    ['shop.eu.auth0.com', 'https://shop.eu.auth0.com/'],
    ['shop.eu.auth0.com/', 'https://shop.eu.auth0.com/'],
    ['https://shop.eu.auth0.com', 'https://shop.eu.auth0.com/'],
    ['https://shop.eu.auth0.com/', 'https://shop.eu.auth0.com/'],
    ['HTTPS://Shop.EU.auth0.com/', 'https://shop.eu.auth0.com/'],
    ['login.shop.example.com', 'https://login.shop.example.com/'],
    ['localhost:4400', 'https://localhost:4400/'],
  ])('%s stands for the issuer %s', (domain, issuer) => {
    const backend = auth0({ ...GOOD, domain })
    expect(backend.accepts?.(bearer(tokenOf(issuer)))).toBe(true)
    expect(backend.accepts?.(bearer(tokenOf(issuer.slice(0, -1))))).toBe(false)
    expect(backend.accepts?.(bearer(tokenOf(`${issuer}x`)))).toBe(false)
  })

  it.each<[string, string]>([
    ['https://localhost:4400', 'https://localhost:4400/'],
    ['http://127.0.0.1:4400/', 'http://127.0.0.1:4400/'],
  ])('gives way to the base URL %s', (issuerBaseUrl, issuer) => {
    expect(auth0({ audience: 'https://orders', issuerBaseUrl }).accepts?.(bearer(tokenOf(issuer)))).toBe(true)
  })
})

describe('options of auth0', () => {
  it.each<[string, object, RegExp]>([
    ['no domain', { domain: undefined }, /^auth0\.domain: expected the domain of an Auth0 tenant/],
    ['an empty domain', { domain: '' }, /^auth0\.domain: /],
    ['plain http', { domain: 'http://shop.eu.auth0.com' }, /^auth0\.domain: /],
    ['a domain with a path', { domain: 'shop.eu.auth0.com/api/v2' }, /^auth0\.domain: expected the domain of an Auth0 tenant, without a path/],
    ['a domain with a query', { domain: 'shop.eu.auth0.com?a' }, /^auth0\.domain: /],
    ['a domain with a user', { domain: 'a@shop.eu.auth0.com' }, /^auth0\.domain: /],
    ['a domain with a space', { domain: 'shop .eu.auth0.com' }, /^auth0\.domain: /],
    ['a domain that is a list', { domain: ['shop.eu.auth0.com'] }, /^auth0\.domain: expected a non-empty string/],
    ['a domain and a base URL', { issuerBaseUrl: 'https://localhost:4400' }, /^auth0\.issuerBaseUrl: expected either it or domain, not both/],
    ['a base URL over http', { domain: undefined, issuerBaseUrl: 'http://example.com' }, /^auth0\.issuerBaseUrl: expected an https URL/],
    ['no audience', { audience: undefined }, /^auth0\.audience: expected what stands for this API in aud/],
    ['an empty list of audiences', { audience: [] }, /^auth0\.audience: /],
    ['a symmetric algorithm', { algorithms: ['HS256'] }, /^auth0\.algorithms: expected algorithms with a key pair/],
    ['an organization by its name', { organization: 'acme' }, /^auth0\.organization: expected the id of an organization/],
    ['no organizations', { organization: [] }, /^auth0\.organization: /],
    ['a namespace without its separator', { namespace: 'https://shop.example.com' }, /^auth0\.namespace: expected a prefix with its separator/],
    ['an empty namespace', { namespace: '' }, /^auth0\.namespace: /],
    ['a mapping that is none', { claims: 'roles' }, /^auth0\.claims: expected an object/],
    ['a mapping of something else', { claims: { role: 'r' } }, /^auth0\.claims\.role: expected no such option/],
    ['a tolerance of two minutes', { clockTolerance: 120 }, /^auth0\.clockTolerance: expected seconds from 0 to 60/],
    ['an issuer', { issuer: 'https://shop.eu.auth0.com/' }, /^auth0\.issuer: expected no such option; the options here are domain, /],
    ['a shared secret', { dangerouslySharedSecret: 'x'.repeat(32) }, /^auth0\.dangerouslySharedSecret: expected no such option/],
  ])('are refused by name: %s', (_, wrong, message) => {
    expect(() => auth0({ ...GOOD, ...wrong } as Auth0Options)).toThrow(message)
  })

  it('are those of an entry of the settings, under the name of the entry', () => {
    const quiet = { logger: { debug() {}, info() {}, error() {} } }
    expect(createAuth({ audit: quiet, backends: [{ type: 'auth0', ...GOOD }] }).settings.backends[0]?.name).toBe('auth0')
    expect(() => createAuth({ backends: [{ type: 'auth0', ...GOOD, audience: '' }] })).toThrow(/^backends\[0\]\.audience: /)
  })
})
