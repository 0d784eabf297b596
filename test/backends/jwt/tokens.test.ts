import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { base64url, exportSPKI } from 'jose'
import { type JwtOptions, jwt } from '../../../src/backends/jwt.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { createTestIssuer, type TestClaims, type TestIssuer, type TokenOptions } from '../../../src/testing/index.js'
import { bearer, judge, verdict } from '../bearer.js'

const AUDIENCE = 'https://api.example.com'
const NOW = Date.UTC(2030, 0, 1)
const SECONDS = NOW / 1000

let issuer: TestIssuer
let backend: TokenBackend

const backendWith = (options: Partial<JwtOptions> = {}): TokenBackend => jwt({ issuer: issuer.issuer, audience: AUDIENCE, now: () => NOW, ...options })

beforeAll(async () => {
  issuer = await createTestIssuer({ audience: AUDIENCE, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'], now: () => NOW })
})
afterAll(() => issuer.close())
beforeEach(() => {
  backend = backendWith()
})

/** Signs a header and a payload that no library would write. */
async function signRaw(header: string, payload: string): Promise<string> {
  const input = `${base64url.encode(header)}.${base64url.encode(payload)}`
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', issuer.signingKey.privateKey, new TextEncoder().encode(input))
  return `${input}.${base64url.encode(new Uint8Array(signature))}`
}

const goodPayload = (): string => JSON.stringify({ iss: issuer.issuer, aud: AUDIENCE, sub: 'ada', scope: 'read', iat: SECONDS, exp: SECONDS + 60 })

describe('a good token', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('signed with %s is accepted', async (alg) => {
    expect(await verdict(backend, await issuer.token({}, { alg }))).toBe('accepted')
  })

  it('becomes a principal with what its claims say', async () => {
    const token = await issuer.token({
      sub: 'ada',
      client_id: 'web',
      sid: 's1',
      scope: 'a b',
      permissions: ['p'],
      roles: ['r'],
      groups: ['g'],
      auth_time: 5,
      acr: '2',
    })
    expect(await judge(backend, token)).toMatchObject({
      issuer: issuer.issuer,
      subject: 'ada',
      kind: 'user',
      clientId: 'web',
      sessionId: 's1',
      tenant: null,
      scopes: ['a', 'b'],
      permissions: ['p'],
      roles: ['r'],
      groups: ['g'],
      authenticatedAt: 5,
      acr: '2',
      expiresAt: SECONDS + 300,
    })
  })

  it.each<[string, TestClaims, TokenOptions]>([
    ['aud as a list that has ours', { aud: ['https://other.example.com', AUDIENCE] }, {}],
    ['no typ', {}, { typ: null }],
    ['typ JWT', {}, { typ: 'JWT' }],
    ['typ application/at+jwt', {}, { typ: 'application/at+jwt' }],
    ['typ in capitals', {}, { typ: 'AT+JWT' }],
    ['Keycloak payload typ Bearer and a nonce beside its scope', { typ: 'Bearer', nonce: 'n', scope: 'openid' }, { typ: 'JWT' }],
    ['Cognito token_use access', { token_use: 'access', client_id: undefined }, { typ: 'JWT' }],
    ['Auth0 client grant without scope', { client_id: undefined, azp: 'm2m', gty: 'client-credentials' }, { typ: 'JWT' }],
    ['an x5t, which only names a certificate', {}, { header: { x5t: 'abc' } }],
    ['exp at the edge of the tolerance', { exp: SECONDS - 4 }, {}],
    ['nbf at the edge of the tolerance', { nbf: SECONDS + 5 }, {}],
    ['iat at the edge of the tolerance', { iat: SECONDS + 5 }, {}],
  ])('with %s is accepted', async (_, claims, options) => {
    expect(await verdict(backend, await issuer.token(claims, options))).toBe('accepted')
  })

  it('without kid is tried with every key that fits', async () => {
    await issuer.rotateKeys({ alg: 'ES256' })
    expect(await verdict(backend, await issuer.token({}, { alg: 'ES256', header: { kid: undefined } }))).toBe('accepted')
  })

  it('with 10 000 scopes is accepted, and holds each of them', async () => {
    const scopes = Array.from({ length: 10_000 }, (_, index) => `s${index}`)
    expect(await judge(backend, await issuer.token({ scope: scopes.join(' ') }))).toMatchObject({ scopes })
  })

  it('with claims named like the members of Object.prototype changes nothing but its own claims', async () => {
    const token = await issuer.sign(goodPayload().replace('{', '{"__proto__":{"roles":["admin"]},"constructor":{"prototype":{"x":1}},'))
    const principal = await judge(backend, token)
    expect(principal).toMatchObject({ subject: 'ada', roles: [] })
    expect(({} as { roles?: unknown; x?: unknown }).roles).toBeUndefined()
    expect(({} as { roles?: unknown; x?: unknown }).x).toBeUndefined()
  })

  it('with a claim nested 20 000 deep is accepted', async () => {
    const token = await issuer.sign(goodPayload().replace('{', `{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)},`))
    expect(await verdict(backend, token)).toBe('accepted')
  })

  it('hands on the key that it is bound to', async () => {
    const { confirmation } = await backend.verify(bearer(await issuer.token({ cnf: { jkt: 'thumbprint' } })), new AbortController().signal)
    expect(confirmation).toEqual({ jkt: 'thumbprint' })
  })
})

describe('a token is refused as expired', () => {
  it.each<[string, TestClaims]>([
    ['a minute after exp', { exp: SECONDS - 60 }],
    ['right after the tolerance', { exp: SECONDS - 5 }],
    ['with a negative exp', { exp: -1 }],
  ])('%s', async (_, claims) => {
    expect(await verdict(backend, await issuer.token(claims))).toBe('TOKEN_EXPIRED')
  })

  it('once it is older than maxTokenAge, whatever its exp', async () => {
    const token = await issuer.token({ iat: SECONDS - 120 })
    expect(await verdict(backendWith({ maxTokenAge: 60 }), token)).toBe('TOKEN_EXPIRED')
    expect(await verdict(backendWith({ maxTokenAge: 120 }), token)).toBe('accepted')
  })

  it('but a forged one is invalid, and never said to have expired', async () => {
    expect(await verdict(backend, await issuer.forgedToken({ exp: SECONDS - 60 }))).toBe('INVALID_TOKEN')
  })
})

describe('claims: a token is refused as invalid', () => {
  it.each<[string, TestClaims]>([
    ['a foreign iss', { iss: 'https://evil.example.com' }],
    ['an iss that differs by a slash', { iss: 'http://127.0.0.1/' }],
    ['a list of issuers', { iss: ['https://evil.example.com'] }],
    ['no iss', { iss: undefined }],
    ['a foreign aud', { aud: 'https://other.example.com' }],
    ['an aud that begins like ours', { aud: `${AUDIENCE}.evil.example.com` }],
    ['an aud that ours begins with', { aud: AUDIENCE.slice(0, -1) }],
    ['an aud with ours inside', { aud: `x ${AUDIENCE} x` }],
    ['an aud in capitals', { aud: AUDIENCE.toUpperCase() }],
    ['an aud that is an object', { aud: { [AUDIENCE]: true } }],
    ['no aud', { aud: undefined }],
    ['no exp', { exp: undefined }],
    ['an exp that is text', { exp: '9999999999' }],
    ['an exp that is null', { exp: null }],
    ['an exp in a list', { exp: [SECONDS + 60] }],
    ['an nbf ahead', { nbf: SECONDS + 6 }],
    ['an nbf that is text', { nbf: '0' }],
    ['an iat ahead', { iat: SECONDS + 6 }],
    ['an iat that is text', { iat: 'now' }],
    ['an empty sub', { sub: '' }],
    ['a sub that is a number', { sub: 7 }],
    ['neither sub nor client', { sub: undefined, client_id: undefined }],
    ['a scope that is an object', { scope: { read: true } }],
    ['roles that are objects', { roles: [{ name: 'admin' }] }],
    ['a key binding that is null', { cnf: null }],
    ['a key binding that is text', { cnf: 'jkt' }],
  ])('with %s', async (_, claims) => {
    expect(await verdict(backend, await issuer.token(claims))).toBe('INVALID_TOKEN')
  })

  it('when a required claim is missing, and the audit detail names the claim', async () => {
    const strict = backendWith({ requiredClaims: ['tenant_id'] })
    expect(await judge(strict, await issuer.token())).toEqual({ reason: 'INVALID_TOKEN', detail: 'claim tenant_id: missing' })
    expect(await verdict(strict, await issuer.token({ tenant_id: 'acme' }))).toBe('accepted')
  })

  it('when exp is too large for a number', async () => {
    const payload = goodPayload().replace(/"exp":\d+/, '"exp":1e400')
    expect(await judge(backend, await issuer.sign(payload))).toEqual({ reason: 'INVALID_TOKEN', detail: 'claim exp: not a finite number' })
  })
})

describe('kinds: a token that is no access token is refused', () => {
  const untyped = { client_id: undefined }

  it.each<[string, TestClaims, TokenOptions]>([
    ['an ID token with a nonce', { ...untyped, nonce: 'n' }, { typ: 'JWT' }],
    ['an ID token with a nonce and a client_id', { nonce: 'n' }, { typ: 'JWT' }],
    ['an ID token with at_hash, although it names a scope', { scope: 'read', at_hash: 'h' }, { typ: 'JWT' }],
    ['an ID token with c_hash, although it names a scope', { scope: 'read', c_hash: 'h' }, { typ: 'JWT' }],
    ['an ID token without any mark, for our audience', { ...untyped, email: 'ada@example.com', auth_time: 1 }, { typ: 'JWT' }],
    ['an ID token that one party got for another', { ...untyped, azp: 'phone' }, { typ: 'JWT' }],
    ['an ID token without typ', { ...untyped, email: 'ada@example.com' }, { typ: null }],
    ['a Keycloak ID token', { typ: 'ID', scope: 'openid' }, { typ: 'JWT' }],
    ['a Keycloak refresh token', { typ: 'Refresh', scope: 'openid' }, { typ: 'JWT' }],
    ['a Keycloak offline token', { typ: 'Offline', scope: 'openid' }, { typ: 'JWT' }],
    ['a Keycloak logout token', { typ: 'Logout' }, { typ: 'JWT' }],
    ['a Cognito ID token', { token_use: 'id' }, { typ: 'JWT' }],
    ['a logout token without typ', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, { typ: null }],
    ['typ logout+jwt', {}, { typ: 'logout+jwt' }],
    ['typ dpop+jwt', {}, { typ: 'dpop+jwt' }],
    ['typ secevent+jwt', {}, { typ: 'secevent+jwt' }],
    ['typ application/secevent+jwt', {}, { typ: 'application/secevent+jwt' }],
    ['typ id_token', {}, { typ: 'id_token' }],
    ['a typ that is empty', {}, { typ: '' }],
    ['a typ that is a number', {}, { header: { typ: 1 } }],
  ])('%s', async (_, claims, options) => {
    expect(await verdict(backend, await issuer.token(claims, options))).toBe('INVALID_TOKEN')
  })

  it('unless it only lacks every mark and the settings say that the issuer signs nothing else', async () => {
    const token = await issuer.token(untyped, { typ: 'JWT' })
    expect(await judge(backend, token)).toEqual({ reason: 'INVALID_TOKEN', detail: 'nothing in it says that it is an access token' })
    expect(await verdict(backendWith({ dangerouslyAcceptUnmarkedTokens: true }), token)).toBe('accepted')
    const idToken = await issuer.token({ ...untyped, nonce: 'n' }, { typ: 'JWT' })
    expect(await verdict(backendWith({ dangerouslyAcceptUnmarkedTokens: true }), idToken)).toBe('INVALID_TOKEN')
  })

  describe('by the profile of RFC 9068', () => {
    it.each<[string, TestClaims, TokenOptions, string]>([
      ['typ at+jwt', {}, {}, 'accepted'],
      ['typ Application/AT+JWT', {}, { typ: 'Application/AT+JWT' }, 'accepted'],
      ['typ JWT', {}, { typ: 'JWT' }, 'INVALID_TOKEN'],
      ['no typ', {}, { typ: null }, 'INVALID_TOKEN'],
      ['no sub', { sub: undefined }, {}, 'INVALID_TOKEN'],
      ['no client_id', { client_id: undefined }, {}, 'INVALID_TOKEN'],
      ['no jti', { jti: undefined }, {}, 'INVALID_TOKEN'],
      ['no iat', { iat: undefined }, {}, 'INVALID_TOKEN'],
      ['no aud', { aud: undefined }, {}, 'INVALID_TOKEN'],
      ['no exp', { exp: undefined }, {}, 'INVALID_TOKEN'],
    ])('%s', async (_, claims, options, expected) => {
      expect(await verdict(backendWith({ profile: 'rfc9068' }), await issuer.token(claims, options))).toBe(expected)
    })
  })
})

describe('algorithms: a token is refused', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('with alg %p, signed or not', async (alg) => {
    expect(await verdict(backend, issuer.unsignedToken({}, { alg }))).toBe('INVALID_TOKEN')
    expect(await verdict(backend, issuer.unsignedToken({}, { alg, signature: 'AAAA' }))).toBe('INVALID_TOKEN')
  })

  it.each(['pem', 'der', 'jwk'] as const)('with HS256 and the public key as a secret, as %s', async (spelling) => {
    expect(await verdict(backend, issuer.hmacWithPublicKey({}, spelling))).toBe('INVALID_TOKEN')
  })

  it('with HS256 and the public key as a secret, in every way that its PEM may be written', async () => {
    const pem = await exportSPKI(issuer.signingKey.publicKey)
    for (const spelled of [pem.trim(), `${pem}\n`, pem.replaceAll('\n', '\r\n'), `  ${pem}`]) {
      const [header, payload] = issuer.hmacWithPublicKey().split('.')
      const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(spelled), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
      const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`${header}.${payload}`))
      expect(await verdict(backend, `${header}.${payload}.${base64url.encode(new Uint8Array(signature))}`)).toBe('INVALID_TOKEN')
    }
  })

  it('with one that is not on the list, although the key would do', async () => {
    const strict = backendWith({ algorithms: ['ES256'] })
    expect(await judge(strict, await issuer.token())).toEqual({ reason: 'INVALID_TOKEN', detail: 'algorithm not accepted' })
    expect(await verdict(strict, await issuer.token({}, { alg: 'ES256' }))).toBe('accepted')
  })

  it('when the key was published for another one', async () => {
    const { kid } = issuer.signingKey
    expect(await verdict(backend, await issuer.token({}, { alg: 'PS256', header: { kid } }))).toBe('INVALID_TOKEN')
  })

  it('without alg', async () => {
    expect(await verdict(backend, await signRaw('{}', goodPayload()))).toBe('INVALID_TOKEN')
  })
})

describe('signatures: a token is refused', () => {
  it('when somebody else has signed it under the right key id', async () => {
    expect(await judge(backend, await issuer.forgedToken())).toEqual({ reason: 'INVALID_TOKEN', detail: 'signature does not match' })
  })

  it('when its payload was changed', async () => {
    const [header, , signature] = (await issuer.token()).split('.')
    expect(await verdict(backend, `${header}.${base64url.encode(goodPayload())}.${signature}`)).toBe('INVALID_TOKEN')
  })

  it('when an ES256 signature is all zeros', async () => {
    const [header, payload] = (await issuer.token({}, { alg: 'ES256' })).split('.')
    expect(await verdict(backend, `${header}.${payload}.${base64url.encode(new Uint8Array(64))}`)).toBe('INVALID_TOKEN')
  })

  it('when the last character is another spelling of the same bytes', async () => {
    const token = await issuer.token({}, { alg: 'ES256' })
    const bytes = Buffer.from(token.split('.')[2] ?? '', 'base64url')
    const respelled = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((last) => token.slice(0, -1) + last)
      .filter((other) => other !== token && Buffer.from(other.split('.')[2] ?? '', 'base64url').equals(bytes))
    expect(respelled).toHaveLength(15)
    for (const other of respelled) expect(await verdict(backend, other)).toBe('INVALID_TOKEN')
  })
})

describe('form: a token is refused before any key is asked for', () => {
  const KEYS_ASKED = () => issuer.requests.jwks + issuer.requests.openidConfiguration

  const [H, P] = ['{"alg":"RS256"}', '{"exp":1}'].map((json) => base64url.encode(json))
  const HEADER = 'header is not a JSON object with unique members'
  const PAYLOAD = 'payload is not a JSON object with unique members'
  it.each<[string, string, string]>([
    ['one segment', 'abc', 'not a signed JWT'],
    ['two segments', `${H}.${P}`, 'not a signed JWT'],
    ['two segments and a dot', `${H}.${P}.`, 'not signed'],
    ['four segments', `${H}.${P}.AAAA.AAAA`, 'not a signed JWT'],
    ['five segments, as encrypted tokens have', `${H}.AAAA.AAAA.${P}.AAAA`, 'not a signed JWT'],
    ['an empty header', `.${P}.AAAA`, HEADER],
    ['an empty payload, as detached signatures have', `${H}..AAAA`, PAYLOAD],
    ['padding', `${H}.${P}.AAA=`, 'base64url not canonical'],
    ['a line break in the signature', `${H}.${P}.AA\nAA`, 'base64url not canonical'],
    ['a space in the payload', `${H}.${P} .AAAA`, 'base64url not canonical'],
    ['characters of plain base64', `${H}.${P}.AA+/`, 'base64url not canonical'],
    ['a header that is a list', `${base64url.encode('["RS256"]')}.${P}.AAAA`, HEADER],
    ['a header that is not JSON', `${base64url.encode('alg')}.${P}.AAAA`, HEADER],
    ['a byte order mark before the header', `${base64url.encode('\ufeff{"alg":"RS256"}')}.${P}.AAAA`, HEADER],
    ['a payload that is not UTF-8', `${H}.${base64url.encode(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))}.AAAA`, PAYLOAD],
    ['a payload that is text', `${H}.${base64url.encode('"claims"')}.AAAA`, PAYLOAD],
    ['the JSON serialization', JSON.stringify({ protected: H, payload: P, signature: 'AAAA' }), 'not a signed JWT'],
    ['nothing', '', 'not a signed JWT'],
    ['1 MiB', 'a'.repeat(1_048_576), 'token too long'],
    ['1 MiB of segments', '.'.repeat(1_048_576), 'token too long'],
  ])('%s', async (_, token, detail) => {
    const before = KEYS_ASKED()
    expect(await judge(backend, token)).toEqual({ reason: 'INVALID_TOKEN', detail })
    expect(KEYS_ASKED()).toBe(before)
  })

  it.each<[string, string, string]>([
    ['alg', '{"alg":"none","alg":"RS256"}', ''],
    ['kid, once escaped', '{"alg":"RS256","kid":"a","\\u006bid":"b"}', ''],
    ['scope', '{"alg":"RS256"}', '"scope":"admin",'],
    ['sub in a nested object', '{"alg":"RS256"}', '"act":{"sub":"a","sub":"b"},'],
    ['__proto__', '{"alg":"RS256"}', '"__proto__":1,"__proto__":2,'],
  ])('two members named %s', async (_, header, extra) => {
    expect(await judge(backend, await signRaw(header, goodPayload().replace('{', `{${extra}`)))).toMatchObject({
      reason: 'INVALID_TOKEN',
      detail: expect.stringContaining('unique members'),
    })
  })

  it.each<[string, string, Record<string, unknown>]>([
    ['a key of its own', 'header has jwk', { jwk: { kty: 'oct', k: 'AAAA' } }],
    ['a certificate of its own', 'header has x5c', { x5c: ['AAAA'] }],
    ['a crit list', 'header has crit', { crit: ['x'], x: 1 }],
    ['an empty crit list', 'header has crit', { crit: [] }],
    ['an unencoded payload', 'header has crit', { crit: ['b64'], b64: false }],
    ['b64 without crit', 'header has b64', { b64: true }],
    ['a kid that is a number', 'kid is not a short printable string', { kid: 1 }],
    ['a kid of 10 kB', 'kid is not a short printable string', { kid: 'k'.repeat(10_000) }],
    ['a kid with a line break', 'kid is not a short printable string', { kid: 'a\nb' }],
    ['a kid that is empty', 'kid is not a short printable string', { kid: '' }],
    ['a kid that is null', 'kid is not a short printable string', { kid: null }],
  ])('a header with %s', async (_, detail, header) => {
    expect(await judge(backend, await signRaw(JSON.stringify({ alg: 'RS256', ...header }), goodPayload()))).toEqual({ reason: 'INVALID_TOKEN', detail })
  })

  it.each(['../../dev/null', "' UNION SELECT 1 --", '__proto__', 'constructor'])('but a kid of %p just finds no key', async (kid) => {
    expect(await judge(backend, await issuer.token({}, { header: { kid } }))).toEqual({ reason: 'INVALID_TOKEN', detail: 'no key of the issuer fits' })
  })
})

describe('a token that points elsewhere', () => {
  it.each(['jku', 'x5u'])('by %s is refused without a request to anybody', async (member) => {
    const evil = await createTestIssuer()
    const urls: string[] = []
    const counting = backendWith({
      fetch: (url, init) => {
        urls.push(url)
        return fetch(url, init)
      },
    })
    for (const target of [evil.jwksUri, 'http://169.254.169.254/latest/meta-data', 'file:///etc/passwd']) {
      expect(await verdict(counting, await signRaw(JSON.stringify({ alg: 'RS256', kid: evil.signingKey.kid, [member]: target }), goodPayload()))).toBe(
        'INVALID_TOKEN',
      )
    }
    expect(urls).toEqual([])
    expect(evil.requests.jwks).toBe(0)
    await evil.close()
  })

  it('by a foreign iss is not taken, and refused without a request to anybody', async () => {
    const evil = await createTestIssuer({ audience: AUDIENCE })
    const token = await evil.token()
    expect(backend.accepts?.(bearer(token))).toBe(false)
    expect(await verdict(backend, token)).toBe('INVALID_TOKEN')
    expect(evil.requests).toEqual({ openidConfiguration: 0, oauthMetadata: 0, jwks: 0, token: 0, redirected: 0 })
    await evil.close()
  })
})

describe('accepts', () => {
  it('says yes to what names its own issuer, also when that turns out to be bad', async () => {
    expect(backend.accepts?.(bearer(await issuer.token()))).toBe(true)
    expect(backend.accepts?.(bearer(issuer.unsignedToken()))).toBe(true)
    expect(backend.accepts?.(bearer(await issuer.token(), 'dpop'))).toBe(true)
  })

  it.each<[string, string, string]>([
    ['an opaque token', 'bearer', 'opaque-token'],
    ['two segments', 'bearer', 'e30.e30'],
    ['an encrypted token', 'bearer', 'e30.e30.e30.e30.e30'],
    ['a token without issuer', 'bearer', 'e30.e30.e30'],
  ])('says no to %s', (_, scheme, token) => {
    expect(backend.accepts?.(bearer(token, scheme))).toBe(false)
  })

  it('says no to what was not presented as a token', async () => {
    expect(backend.accepts?.(bearer(await issuer.token(), 'session'))).toBe(false)
  })
})

describe('with a shared secret', () => {
  const secret = 'an example of a secret that has more than 64 bytes, as HS512 needs it'
  const sign = async (bits: number, key = secret): Promise<string> => {
    const input = `${base64url.encode(JSON.stringify({ alg: `HS${bits}` }))}.${base64url.encode(goodPayload())}`
    const imported = await crypto.subtle.importKey('raw', new TextEncoder().encode(key), { name: 'HMAC', hash: `SHA-${bits}` }, false, ['sign'])
    return `${input}.${base64url.encode(new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(input))))}`
  }

  it('a token signed with it is accepted, and nobody is asked for keys', async () => {
    const fetched: string[] = []
    const shared = backendWith({
      dangerouslySharedSecret: secret,
      fetch: async (url) => {
        fetched.push(url)
        return new Response()
      },
    })
    expect(await verdict(shared, await sign(256))).toBe('accepted')
    expect(await verdict(shared, await sign(256, `${secret}.`))).toBe('INVALID_TOKEN')
    expect(await verdict(shared, await sign(512))).toBe('INVALID_TOKEN')
    expect(await verdict(shared, await issuer.token())).toBe('INVALID_TOKEN')
    expect(fetched).toEqual([])
  })

  it('given as bytes counts as it was at the start', async () => {
    const bytes = new TextEncoder().encode(secret)
    const shared = backendWith({ dangerouslySharedSecret: bytes, algorithms: ['HS512'] })
    bytes.fill(0)
    expect(await verdict(shared, await sign(512))).toBe('accepted')
  })
})
