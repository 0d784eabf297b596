import { createSign, generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { type CredentialsRules, checkSpelling, createCredentials, extractCredentials, isCanonicalBase64url } from '../../src/core/caller/credentials.js'
import { carrier, RULES } from './support.js'

const APP = 'https://app.example.com'
const COOKIE: CredentialsRules = { ...RULES, cookie: { name: 'access_token', allowedOrigins: [APP] } }
const SESSION: CredentialsRules = { ...RULES, session: { member: 'login', allowedOrigins: [APP] } }

/** What came out, in a few words: the scheme and the token, or the reason. */
function outcome(parts: Parameters<typeof carrier>[0], rules: CredentialsRules = RULES): string {
  const { credentials, refusal } = extractCredentials(carrier(parts), rules)
  if (refusal !== null) return refusal.reason
  return credentials === null ? 'nobody' : `${credentials.source} ${credentials.scheme} ${credentials.token}`
}

describe('the Authorization header (RFC 6750 §2.1, RFC 9110 §11.4)', () => {
  it.each<[string, string | readonly string[], string]>([
    ['the usual form', 'Bearer abc', 'header bearer abc'],
    ['the scheme in any case', 'bEaReR abc', 'header bearer abc'],
    ['several spaces', 'Bearer    abc', 'header bearer abc'],
    ['every character of a b64token', 'Bearer aZ09-._~+/==', 'header bearer aZ09-._~+/=='],
    ['no header', [], 'nobody'],
    ['an empty header', '', 'MALFORMED_TOKEN'],
    ['a scheme alone', 'Bearer', 'MALFORMED_TOKEN'],
    ['a scheme and a space', 'Bearer ', 'MALFORMED_TOKEN'],
    ['a token alone', 'abc', 'MALFORMED_TOKEN'],
    ['two words', 'Bearer abc def', 'MALFORMED_TOKEN'],
    ['a comma list', 'Bearer abc, Bearer def', 'MALFORMED_TOKEN'],
    ['a quoted token', 'Bearer "abc"', 'MALFORMED_TOKEN'],
    ['an auth-param', 'Bearer token=abc', 'MALFORMED_TOKEN'],
    ['padding in the middle', 'Bearer ab=c', 'MALFORMED_TOKEN'],
    ['padding alone', 'Bearer ==', 'MALFORMED_TOKEN'],
    ['a tab after the scheme', 'Bearer\tabc', 'MALFORMED_TOKEN'],
    ['a tab before the token', 'Bearer \tabc', 'MALFORMED_TOKEN'],
    ['a no-break space after the token', 'Bearer abc\u00a0', 'MALFORMED_TOKEN'],
    ['a line break', 'Bearer abc\r\nx: y', 'MALFORMED_TOKEN'],
    ['a NUL', 'Bearer abc\u0000', 'MALFORMED_TOKEN'],
    ['letters outside ASCII', 'Bearer äbc', 'MALFORMED_TOKEN'],
    ['a space before the scheme', ' Bearer abc', 'MALFORMED_TOKEN'],
    ['a scheme that is no RFC 9110 token', 'Bea@rer abc', 'MALFORMED_TOKEN'],
    ['another scheme', 'Basic YWRhOnB3', 'MALFORMED_TOKEN'],
    ['a scheme nobody enabled', 'DPoP abc', 'MALFORMED_TOKEN'],
    ['a session as a scheme, without sessions', 'session abc', 'MALFORMED_TOKEN'],
    ['two headers', ['Bearer abc', 'Bearer def'], 'MALFORMED_TOKEN'],
    ['the same header twice', ['Bearer abc', 'Bearer abc'], 'MALFORMED_TOKEN'],
    ['two headers of which one is another scheme', ['Bearer abc', 'Basic def'], 'MALFORMED_TOKEN'],
  ])('%s', (_, authorization, expected) => {
    expect(outcome({ headers: { authorization } })).toBe(expected)
  })

  it('takes the schemes that are on the list, and asks for lower case there', () => {
    const rules = { ...RULES, schemes: ['bearer', 'dpop'] }
    expect(outcome({ headers: { authorization: 'DPoP abc' } }, rules)).toBe('header dpop abc')
  })
})

describe('connection parameters', () => {
  it.each<[string, unknown, string]>([
    ['authorization', { authorization: 'Bearer abc' }, 'params bearer abc'],
    ['Authorization', { Authorization: 'Bearer abc' }, 'params bearer abc'],
    ['token', { token: 'abc' }, 'params bearer abc'],
    ['access_token', { access_token: 'abc' }, 'params bearer abc'],
    ['headers.authorization', { headers: { authorization: 'Bearer abc' } }, 'params bearer abc'],
    ['headers.Authorization', { headers: { Authorization: 'Bearer abc' } }, 'params bearer abc'],
    ['a bare token under authorization', { authorization: 'abc' }, 'params bearer abc'],
    ['a scheme under token', { token: 'bearer abc' }, 'params bearer abc'],
    ['nothing', undefined, 'nobody'],
    ['null', null, 'nobody'],
    ['an empty object', {}, 'nobody'],
    ['other members', { lang: 'de', headers: { 'x-request-id': '1' } }, 'nobody'],
    ['headers that are none', { headers: 5 }, 'nobody'],
    ['an empty token', { token: '' }, 'nobody'],
    ['a token that is null', { authorization: null, token: undefined }, 'nobody'],
    ['a text', 'Bearer abc', 'MALFORMED_TOKEN'],
    ['a number', 5, 'MALFORMED_TOKEN'],
    ['true', true, 'MALFORMED_TOKEN'],
    ['a list', ['Bearer abc'], 'MALFORMED_TOKEN'],
    ['a list with a member', Object.assign([], { token: 'abc' }), 'MALFORMED_TOKEN'],
    ['a token that is a number', { token: 5 }, 'MALFORMED_TOKEN'],
    ['a token that is a list', { authorization: ['Bearer abc'] }, 'MALFORMED_TOKEN'],
    ['a token that is an object', { token: { toString: () => 'abc' } }, 'MALFORMED_TOKEN'],
    ['a header that is a list', { headers: { authorization: ['Bearer abc'] } }, 'MALFORMED_TOKEN'],
    ['a scheme and nothing behind it', { authorization: 'Bearer ' }, 'MALFORMED_TOKEN'],
    ['a foreign scheme', { authorization: 'Basic abc' }, 'MALFORMED_TOKEN'],
    ['two names', { token: 'abc', authorization: 'Bearer abc' }, 'MALFORMED_TOKEN'],
    ['one name in two cases', { authorization: 'Bearer abc', Authorization: 'Bearer abc' }, 'MALFORMED_TOKEN'],
    ['a name and a header', { token: 'abc', headers: { authorization: 'Bearer def' } }, 'MALFORMED_TOKEN'],
    ['a space around the token', { token: ' abc' }, 'MALFORMED_TOKEN'],
    ['a line break in the token', { token: 'abc\n' }, 'MALFORMED_TOKEN'],
    ['a token on the prototype', Object.create({ token: 'abc' }), 'nobody'],
    ['a token under __proto__', JSON.parse('{"__proto__":{"token":"abc"}}'), 'nobody'],
    ['headers under __proto__', JSON.parse('{"headers":{"__proto__":{"authorization":"Bearer abc"}}}'), 'nobody'],
    ['a token under constructor', JSON.parse('{"constructor":{"token":"abc"}}'), 'nobody'],
    ['an object without a prototype', Object.assign(Object.create(null), { token: 'abc' }), 'params bearer abc'],
  ])('%s', (_, params, expected) => {
    expect(outcome({ params })).toBe(expected)
    expect(({} as { token?: unknown }).token).toBeUndefined()
  })
})

describe('a token in the URL (RFC 9700 §4.3.2)', () => {
  it.each<[string, string]>([
    ['/graphql?access_token=abc', 'MALFORMED_TOKEN'],
    ['/graphql?a=b&access_token=', 'MALFORMED_TOKEN'],
    ['https://api.test/graphql?access%5Ftoken=abc', 'MALFORMED_TOKEN'],
    ['/graphql', 'nobody'],
    ['/graphql?query={me{access_token}}', 'nobody'],
    ['/access_token', 'nobody'],
  ])('%s', (url, expected) => {
    expect(outcome({ url })).toBe(expected)
  })

  it('spoils a good header too', () => {
    expect(outcome({ url: '/?access_token=abc', headers: { authorization: 'Bearer abc' } })).toBe('MALFORMED_TOKEN')
  })
})

describe('a cookie', () => {
  it.each<[string, Record<string, string | readonly string[]>, string]>([
    ['from an allowed origin', { cookie: 'access_token=abc', origin: APP }, 'cookie bearer abc'],
    ['among others', { cookie: 'a=b; access_token=abc; c=d', origin: APP }, 'cookie bearer abc'],
    ['with spaces around it', { cookie: 'a=b ;  access_token = abc ', origin: APP }, 'cookie bearer abc'],
    ['from another origin', { cookie: 'access_token=abc', origin: 'https://evil.test' }, 'nobody'],
    ['from an origin that begins alike', { cookie: 'access_token=abc', origin: `${APP}.evil.test` }, 'nobody'],
    ['from an allowed host over http', { cookie: 'access_token=abc', origin: 'http://app.example.com' }, 'nobody'],
    ['from an allowed host on another port', { cookie: 'access_token=abc', origin: `${APP}:8443` }, 'nobody'],
    ['from an opaque origin', { cookie: 'access_token=abc', origin: 'null' }, 'nobody'],
    ['from two origins', { cookie: 'access_token=abc', origin: [APP, 'https://evil.test'] }, 'nobody'],
    ['from the same origin twice', { cookie: 'access_token=abc', origin: [APP, APP] }, 'nobody'],
    ['without an origin', { cookie: 'access_token=abc' }, 'nobody'],
    ['without an origin, from a page of this site', { cookie: 'access_token=abc', 'sec-fetch-site': 'same-origin' }, 'cookie bearer abc'],
    ['without an origin, from the address bar', { cookie: 'access_token=abc', 'sec-fetch-site': 'none' }, 'cookie bearer abc'],
    ['without an origin, from a sister site', { cookie: 'access_token=abc', 'sec-fetch-site': 'same-site' }, 'nobody'],
    ['without an origin, from another site', { cookie: 'access_token=abc', 'sec-fetch-site': 'cross-site' }, 'nobody'],
    ['whose origin header contradicts sec-fetch-site', { cookie: 'access_token=abc', origin: 'https://evil.test', 'sec-fetch-site': 'same-origin' }, 'nobody'],
    ['sec-fetch-site twice', { cookie: 'access_token=abc', 'sec-fetch-site': ['same-origin', 'cross-site'] }, 'nobody'],
    ['of another name', { cookie: 'xaccess_token=abc; access_tokenx=abc; Access_Token=abc', origin: APP }, 'nobody'],
    ['without a value', { cookie: 'access_token=', origin: APP }, 'nobody'],
    ['without an equals sign', { cookie: 'access_token', origin: APP }, 'nobody'],
    ['that is no b64token', { cookie: 'access_token="abc"', origin: APP }, 'MALFORMED_TOKEN'],
    ['twice', { cookie: 'access_token=abc; access_token=def', origin: APP }, 'MALFORMED_TOKEN'],
    ['in two headers', { cookie: ['access_token=abc', 'access_token=def'], origin: APP }, 'MALFORMED_TOKEN'],
    ['beside a header', { cookie: 'access_token=abc', origin: APP, authorization: 'Bearer abc' }, 'MALFORMED_TOKEN'],
    ['that does not count, beside a header', { cookie: 'access_token=abc', origin: 'https://evil.test', authorization: 'Bearer abc' }, 'header bearer abc'],
  ])('%s', (_, headers, expected) => {
    expect(outcome({ headers }, COOKIE)).toBe(expected)
  })

  it('is not looked at without the setting', () => {
    expect(outcome({ headers: { cookie: 'access_token=abc', origin: APP } })).toBe('nobody')
  })

  it('and connection parameters are two tokens', () => {
    expect(outcome({ headers: { cookie: 'access_token=abc', origin: APP }, params: { token: 'abc' } }, COOKIE)).toBe('MALFORMED_TOKEN')
  })
})

describe('a session', () => {
  const login = { id: 's1', login: { sub: 'ada' } }
  it.each<[string, unknown, Record<string, string>, string]>([
    ['that somebody logged in to', login, { origin: APP }, 'session session s1'],
    ['from another origin', login, { origin: 'https://evil.test' }, 'nobody'],
    ['without an origin', login, {}, 'nobody'],
    ['that nobody logged in to', { id: 's1' }, { origin: APP }, 'nobody'],
    ['that was logged out of with null', { id: 's1', login: null }, { origin: APP }, 'nobody'],
    ['that was logged out of with undefined', { id: 's1', login: undefined }, { origin: APP }, 'nobody'],
    ['with a login on the prototype', Object.assign(Object.create({ login: 'ada' }), { id: 's1' }), { origin: APP }, 'nobody'],
    ['without an id', { login: 'ada' }, { origin: APP }, 'nobody'],
    ['with an id that is no text', { id: 5, login: 'ada' }, { origin: APP }, 'nobody'],
    ['that is no object', 'login', { origin: APP }, 'nobody'],
    ['beside a header', login, { origin: APP, authorization: 'Bearer abc' }, 'MALFORMED_TOKEN'],
  ])('%s', (_, session, headers, expected) => {
    expect(outcome({ session, headers }, SESSION)).toBe(expected)
  })

  it('is not looked at without a backend that takes it', () => {
    expect(outcome({ session: login, headers: { origin: APP } })).toBe('nobody')
  })

  it('cannot be named in a header by somebody who only knows its id', () => {
    expect(outcome({ headers: { authorization: 'Session s1' } }, SESSION)).toBe('MALFORMED_TOKEN')
    expect(outcome({ params: { authorization: 'session s1' }, session: login, headers: { origin: 'https://evil.test' } }, SESSION)).toBe('MALFORMED_TOKEN')
  })
})

describe('the size of a token', () => {
  const rules = { ...RULES, maxTokenLength: 16 }
  it.each([
    ['at the cap', 'a'.repeat(16), `header bearer ${'a'.repeat(16)}`],
    ['one over the cap', 'a'.repeat(17), 'INVALID_TOKEN'],
    ['a megabyte', 'a'.repeat(1_000_000), 'INVALID_TOKEN'],
    ['a megabyte of spaces', ' '.repeat(1_000_000), 'MALFORMED_TOKEN'],
  ])('%s', (_, token, expected) => {
    expect(outcome({ headers: { authorization: `Bearer ${token}` } }, rules)).toBe(expected)
  })

  it('is judged in no time, whatever the token is made of', () => {
    const evil = ['=', '.', 'a=', ' ', 'a b', '-_'].map((piece) => `Bearer ${piece.repeat(500_000)}`)
    const before = performance.now()
    for (const authorization of evil) expect(outcome({ params: { authorization } })).toMatch(/^(INVALID|MALFORMED)_TOKEN$/)
    expect(performance.now() - before).toBeLessThan(1000)
  })
})

describe('canonical base64url (RFC 7515 §2)', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${base64url({ alg: 'ES256', typ: 'at+jwt' })}.${base64url({ sub: 'ada' })}`
  const signature = createSign('SHA256').update(signed).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')

  it('takes an ES256 token as it was signed', () => {
    expect(outcome({ headers: { authorization: `Bearer ${signed}.${signature}` } })).toBe(`header bearer ${signed}.${signature}`)
  })

  it('refuses each of the 15 other last characters that spell the same signature', () => {
    const bytes = Buffer.from(signature, 'base64url')
    const others = [...ALPHABET]
      .map((last) => signature.slice(0, -1) + last)
      .filter((text) => text !== signature && Buffer.from(text, 'base64url').equals(bytes))
    expect(others).toHaveLength(15)
    for (const other of others) expect(outcome({ headers: { authorization: `Bearer ${signed}.${other}` } })).toBe('INVALID_TOKEN')
  })

  it.each([
    ['padding', (s: string) => `${s}=`],
    ['padding of two', (s: string) => `${s}==`],
    ['the base64 alphabet', (s: string) => `${s.slice(0, -4)}+/+/`],
    ['a tilde', (s: string) => `${s}~`],
  ])('refuses a signature with %s', (_, respell) => {
    expect(outcome({ headers: { authorization: `Bearer ${signed}.${respell(signature)}` } })).toBe('INVALID_TOKEN')
  })

  it('refuses header and payload in another spelling as well', () => {
    const [header, payload] = signed.split('.') as [string, string]
    expect(outcome({ headers: { authorization: `Bearer ${header}=.${payload}.${signature}` } })).toBe('MALFORMED_TOKEN')
    expect(outcome({ headers: { authorization: `Bearer ${header}.${payload.slice(0, -1)}R.${signature}` } })).toBe('INVALID_TOKEN')
  })

  it('leaves opaque tokens alone', () => {
    for (const token of ['v2.local.abc_~+/', 'abc==', 'eyJhbGciOi', '2YotnFZFEjr1zCsicMWpAA']) {
      expect(outcome({ headers: { authorization: `Bearer ${token}` } })).toBe(`header bearer ${token}`)
    }
  })

  it.each<[string, boolean]>([
    ['', true],
    ['AA', true],
    ['AB', false],
    ['AAA', true],
    ['AAB', false],
    ['AAAA', true],
    ['AAAAA', false],
    ['AA==', false],
    ['A A', false],
    ['AA\n', false],
    ['A+', false],
  ])('%j: %p', (text, expected) => {
    expect(isCanonicalBase64url(text)).toBe(expected)
  })
})

describe('found credentials', () => {
  const found = createCredentials('bearer', 'canary', 'header', carrier({ headers: { authorization: 'Bearer canary' } }))

  it('give the token to whoever asks for it by name', () => {
    expect(found.token).toBe('canary')
    expect(found.carrier.transport).toBe('test')
  })

  it('show it in no log, JSON or spread', () => {
    for (const text of [
      JSON.stringify(found),
      JSON.stringify({ ...found }),
      inspect(found, { depth: 9 }),
      inspect(found, { showHidden: true }),
      String(found),
    ]) {
      expect(text).not.toContain('canary')
    }
    expect(Object.keys(found)).toEqual(['scheme', 'source'])
  })

  it('are refused without the token in the refusal', () => {
    for (const authorization of ['Bearer canary!', 'Canary canary', `Bearer ${'canary'.repeat(2000)}`]) {
      expect(JSON.stringify(extractCredentials(carrier({ headers: { authorization } }), RULES))).not.toContain('anary')
    }
  })

  it('of a session are not held against the grammar of tokens', () => {
    expect(checkSpelling(createCredentials('session', 's:1 ü', 'session', carrier()), RULES)).toBeNull()
  })
})
