import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { generateKeyPair, SignJWT } from 'jose'
import { type IntrospectionBackendOptions, introspection } from '../../../src/backends/introspection.js'
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js'
import type { TestClaims, TokenOptions } from '../../../src/testing/tokens.js'
import { bearer, judge, verdict } from '../bearer.js'
import { answer, startEndpoint, type TestEndpoint } from './endpoint.js'

const NOW = 1_900_000_000
const TYPE = 'application/token-introspection+jwt'
const AUDIENCE = 'https://api.example.com'
const ACTIVE = { active: true, sub: 'ada', aud: AUDIENCE, scope: 'orders:read', client_id: 'web', exp: NOW + 60 }

let endpoint: TestEndpoint
let issuer: TestIssuer
beforeAll(async () => {
  ;[endpoint, issuer] = await Promise.all([startEndpoint(), createTestIssuer({ algorithms: ['ES256', 'RS256'], now: () => NOW * 1000 })])
})
beforeEach(() => {
  endpoint.received.length = 0
  issuer.recover()
})
afterAll(() => Promise.all([endpoint.close(), issuer.close()]))

/** What the server signs unless a test says otherwise: no `exp`, no `sub`, as RFC 9701 §5 advises. */
const SIGNED: TestClaims = { aud: 'orders-api', exp: undefined, sub: undefined, jti: undefined, client_id: undefined, token_introspection: ACTIVE }
const sign = (claims: TestClaims = {}, options: TokenOptions = {}): Promise<string> =>
  issuer.token({ ...SIGNED, ...claims }, { typ: 'token-introspection+jwt', ...options })
const say = (jwt: string, type = TYPE): void => {
  endpoint.respond = answer(200, jwt, type)
}
const options = (changes: Partial<IntrospectionBackendOptions> = {}): IntrospectionBackendOptions => ({
  endpoint: endpoint.url,
  issuer: issuer.issuer,
  audience: AUDIENCE,
  clientId: 'orders-api',
  clientSecret: 'secret',
  response: 'jwt',
  now: () => NOW * 1000,
  ...changes,
})
/** What is said of a token about which the server says this. */
async function judged(jwt: string, changes: Partial<IntrospectionBackendOptions> = {}, type = TYPE): Promise<string> {
  say(jwt, type)
  const backend = introspection(options(changes))
  const said = await judge(backend, 'opaque')
  await backend.close?.()
  return 'reason' in said ? `${said.reason}${said.detail === undefined ? '' : `: ${said.detail}`}` : 'accepted'
}
const UNTRUSTED = 'BACKEND_UNAVAILABLE: the signed introspection answer cannot be believed'

describe('a signed introspection answer', () => {
  it('is asked for, and no other', async () => {
    expect(await judged(await sign())).toBe('accepted')
    expect(endpoint.received.map(({ headers }) => headers.accept)).toEqual([TYPE])
  })

  it('becomes the principal', async () => {
    say(await sign())
    expect(await judge(introspection(options()), 'opaque')).toMatchObject({
      issuer: issuer.issuer,
      subject: 'ada',
      kind: 'user',
      clientId: 'web',
      scopes: ['orders:read'],
      expiresAt: NOW + 60,
      claims: { aud: AUDIENCE, sub: 'ada', scope: 'orders:read' },
    })
  })

  it.each<[string, TestClaims, TokenOptions]>([
    ['for this client', { aud: ['orders-api', 'other'] }, {}],
    ['for this audience', { aud: AUDIENCE }, {}],
    ['with its type spelled in full', {}, { typ: TYPE }],
    ['with its type in capitals', {}, { typ: 'Token-Introspection+JWT' }],
    ['with another algorithm with a key pair', {}, { alg: 'RS256' }],
    ['signed a moment ago', { iat: NOW - 30 }, {}],
    ['with an exp of its own', { exp: NOW + 10 }, {}],
  ])('%s is believed', async (_, claims, header) => {
    expect(await judged(await sign(claims, header))).toBe('accepted')
  })

  it('may have parameters in its media type', async () => {
    expect(await judged(await sign(), {}, `${TYPE}; charset=utf-8`)).toBe('accepted')
  })

  it.each<[string, TestClaims, TokenOptions, string]>([
    ['of another type', {}, { typ: 'at+jwt' }, 'typ of another kind of token'],
    ['that calls itself some JWT', {}, { typ: 'JWT' }, 'typ of another kind of token'],
    ['for another client', { aud: 'other-api' }, {}, 'claim aud: not accepted'],
    ['for nobody', { aud: undefined }, {}, 'claim aud: missing'],
    ['of another issuer', { iss: 'https://evil.example.com' }, {}, 'claim iss: not accepted'],
    ['of no issuer', { iss: undefined }, {}, 'claim iss: missing'],
    ['without iat', { iat: undefined }, {}, 'claim iat: missing'],
    ['that is old', { iat: NOW - 3600 }, {}, 'claim iat: too far in the past'],
    ['from the future', { iat: NOW + 3600 }, {}, 'claim iat: '],
    ['that has expired', { exp: NOW - 10 }, {}, 'claim exp: too far in the past'],
    ['without token_introspection', { token_introspection: undefined, ...ACTIVE, aud: 'orders-api' }, {}, 'claim token_introspection: missing'],
  ])('%s is no verdict', async (_, claims, header, detail) => {
    expect(await judged(await sign(claims, header))).toContain(`${UNTRUSTED}: ${detail}`)
  })

  it('that an algorithm outside the list signed is no verdict', async () => {
    expect(await judged(await sign(), { algorithms: ['RS256'] })).toBe(`${UNTRUSTED}: algorithm not accepted`)
  })

  it('that nobody signed, that somebody else signed, or that was changed afterwards, is no verdict', async () => {
    const [header = '', payload = '', signature = ''] = (await sign()).split('.')
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const unsigned = `${encode({ alg: 'none', typ: 'token-introspection+jwt' })}.${payload}.`
    const changed = [header, encode({ ...claims, token_introspection: { ...ACTIVE, sub: 'eve' } }), signature].join('.')
    const { privateKey } = await generateKeyPair('ES256')
    const kid = issuer.signingKey.kid
    const foreign = await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'token-introspection+jwt', kid }).sign(privateKey)
    const symmetric = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'token-introspection+jwt' })
      .sign(new TextEncoder().encode('secret'.padEnd(32, '-')))
    expect(await judged(unsigned)).toBe(`${UNTRUSTED}: not signed`)
    expect(await judged(changed)).toBe(`${UNTRUSTED}: signature does not match`)
    expect(await judged(foreign)).toBe(`${UNTRUSTED}: signature does not match`)
    expect(await judged(symmetric)).toBe(`${UNTRUSTED}: algorithm not accepted`)
    expect(await judged('')).toBe(`${UNTRUSTED}: not a signed JWT`)
  })

  it.each<[string, () => Promise<string>, string]>([
    ['plain JSON', async () => JSON.stringify(ACTIVE), 'application/json'],
    ['a good one under another media type', () => sign(), 'application/jwt'],
    ['a good one under a media type that begins alike', () => sign(), `${TYPE}x`],
  ])('is not replaced by %s', async (_, body, type) => {
    expect(await judged(await body(), {}, type)).toBe('BACKEND_UNAVAILABLE: the introspection endpoint did not sign its answer')
  })

  it('is no verdict while the keys cannot be had, and is one afterwards', async () => {
    issuer.fail('error')
    expect(await judged(await sign())).toBe('BACKEND_UNAVAILABLE: the key server answered with status 500')
    issuer.recover()
    expect(await judged(await sign())).toBe('accepted')
    expect(await judged(await sign(), { jwksUri: issuer.jwksUri })).toBe('accepted')
  })

  it.each<[string, unknown, string]>([
    ['active is false', { active: false }, 'INVALID_TOKEN: the authorization server calls it inactive'],
    ['active is the text true', { ...ACTIVE, active: 'true' }, 'INVALID_TOKEN: the authorization server calls it inactive'],
    ['active is 1', { ...ACTIVE, active: 1 }, 'INVALID_TOKEN: the authorization server calls it inactive'],
    ['active is missing', { ...ACTIVE, active: undefined }, 'INVALID_TOKEN: the authorization server calls it inactive'],
    ['the token is for another API', { ...ACTIVE, aud: 'orders-api' }, 'INVALID_TOKEN: claim aud: not accepted'],
    ['there is a text instead of the answer', 'active', 'BACKEND_UNAVAILABLE: the introspection endpoint answered with something other than a JSON object'],
    ['there is a list instead of the answer', [ACTIVE], 'BACKEND_UNAVAILABLE: the introspection endpoint answered with something other than a JSON object'],
  ])('is judged as a plain one: %s', async (_, said, expected) => {
    expect(await judged(await sign({ token_introspection: said }))).toBe(expected)
  })

  it('is active only by its inside', async () => {
    expect(await judged(await sign({ active: true, token_introspection: { active: false } }))).toMatch(/^INVALID_TOKEN/)
  })

  it('fetches no keys once the backend is closed', async () => {
    say(await sign())
    const backend = introspection(options())
    expect(await verdict(backend, 'opaque')).toBe('accepted')
    await backend.close?.()
    await expect(backend.verify(bearer('opaque'), new AbortController().signal)).rejects.toMatchObject({ refusal: { detail: 'the backend is closed' } })
  })
})

describe('the options of signed answers', () => {
  it.each<[string, Partial<IntrospectionBackendOptions>]>([
    ['jwksUri', { response: 'json', jwksUri: 'https://sso.example.com/jwks' }],
    ['algorithms', { response: 'json', algorithms: ['RS256'] }],
    ['algorithms[0]', { algorithms: ['HS256'] }],
    ['jwksUri', { jwksUri: 'http://sso.example.com/jwks' }],
    ['jwksUri', { issuer: 'shop' }],
    ['response', { response: 'xml' as never }],
  ])('refuse the start for a wrong %s', (name, changes) => {
    expect(() => introspection(options(changes), 'backends[0]')).toThrow(`backends[0].${name}: expected`)
  })
})
