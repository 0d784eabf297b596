import { afterEach, describe, expect, it } from '@jest/globals'
import { createRemoteJWKSet, customFetch, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { createTestIssuer, FAILURE_MODES, personas, TEST_ALGORITHMS, type TestIssuer, type TestIssuerOptions } from '../../src/testing/index.js'

let issuers: TestIssuer[] = []
afterEach(async () => {
  await Promise.all(issuers.map((issuer) => issuer.close()))
  issuers = []
})
const start = async <const Name extends string>(options: TestIssuerOptions<Name> = {}): Promise<TestIssuer<Name>> => {
  const issuer = await createTestIssuer({ algorithms: ['ES256'], ...options })
  issuers.push(issuer)
  return issuer
}
const get = async (url: string): Promise<Record<string, unknown>> => (await (await fetch(url)).json()) as Record<string, unknown>
const publishedIds = async (issuer: TestIssuer): Promise<unknown[]> => ((await get(issuer.jwksUri)).keys as { kid: string }[]).map(({ kid }) => kid)

describe('a test issuer', () => {
  it.each(TEST_ALGORITHMS)('signs with %s what any JWT library verifies against its published keys', async (alg) => {
    const issuer = await start({ algorithms: [alg] })
    const { payload, protectedHeader } = await jwtVerify(await issuer.token({ scope: 'a b', sub: 'ada' }), createRemoteJWKSet(new URL(issuer.jwksUri)), {
      issuer: issuer.issuer,
      audience: issuer.audience,
      typ: 'at+jwt',
      algorithms: [alg],
    })
    expect(payload).toMatchObject({ sub: 'ada', scope: 'a b', client_id: 'test-client', jti: expect.any(String), exp: (payload.iat ?? 0) + 300 })
    expect(protectedHeader).toEqual({ alg, kid: issuer.signingKey.kid, typ: 'at+jwt' })
  })

  it('publishes no private part of its keys', async () => {
    const issuer = await start({ algorithms: TEST_ALGORITHMS })
    const { keys } = (await get(issuer.jwksUri)) as { keys: Record<string, unknown>[] }
    expect(keys).toHaveLength(4)
    for (const key of keys) for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(member)
  })

  it('describes itself in both metadata documents, and counts who asks', async () => {
    const issuer = await start({ path: '/realms/test' })
    const openid = await get(`${issuer.issuer}/.well-known/openid-configuration`)
    const oauth = await get(`${new URL(issuer.issuer).origin}/.well-known/oauth-authorization-server/realms/test`)
    expect(oauth).toEqual(openid)
    expect(openid).toMatchObject({ issuer: issuer.issuer, jwks_uri: issuer.jwksUri, token_endpoint: issuer.tokenEndpoint })
    expect(issuer.requests).toEqual({ openidConfiguration: 1, oauthMetadata: 1, jwks: 0, token: 0, redirected: 0 })
    expect((await fetch(`${issuer.issuer}/elsewhere-else`)).status).toBe(404)
  })

  it('can be made to describe itself wrongly', async () => {
    const issuer = await start({ metadata: { issuer: 'https://another.example.com' } })
    expect((await get(`${issuer.issuer}/.well-known/openid-configuration`)).issuer).toBe('https://another.example.com')
  })

  it('listens on loopback only', async () => {
    expect(new URL((await start()).url).hostname).toBe('127.0.0.1')
  })
})

describe('tokens', () => {
  it('take every claim, header, lifetime and type that they are given', async () => {
    const issuer = await start()
    const token = await issuer.token({ aud: ['a', 'b'], client_id: undefined, exp: 'soon' }, { typ: null, header: { x: 1 } })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: issuer.signingKey.kid, x: 1 })
    expect(decodeJwt(token)).toMatchObject({ aud: ['a', 'b'], exp: 'soon' })
    expect(decodeJwt(token)).not.toHaveProperty('client_id')
    const { iat = 0, exp } = decodeJwt(await issuer.token({}, { expiresIn: 10 }))
    expect(exp).toBe(iat + 10)
  })

  it('follow the clock of the issuer', async () => {
    const issuer = await start({ now: () => 1_000_000_000_000, expiresIn: 60 })
    expect(decodeJwt(await issuer.token())).toMatchObject({ iat: 1_000_000_000, exp: 1_000_000_060 })
    expect(decodeJwt(await issuer.expiredToken())).toMatchObject({ iat: 999_999_880, exp: 999_999_940 })
  })

  it('that are bad are bad in one way only', async () => {
    const issuer = await start({ algorithms: ['RS256'] })
    const keys = createRemoteJWKSet(new URL(issuer.jwksUri))
    await expect(jwtVerify(await issuer.expiredToken(), keys)).rejects.toBeInstanceOf(errors.JWTExpired)
    const forged = await issuer.forgedToken()
    expect(decodeProtectedHeader(forged)).toEqual(decodeProtectedHeader(await issuer.token()))
    await expect(jwtVerify(forged, keys)).rejects.toBeInstanceOf(errors.JWSSignatureVerificationFailed)
    expect(issuer.unsignedToken().split('.')).toEqual([expect.any(String), expect.any(String), ''])
    expect(decodeProtectedHeader(issuer.unsignedToken({}, { alg: 'nOnE' }))).toMatchObject({ alg: 'nOnE' })
    for (const spelling of ['pem', 'der', 'jwk'] as const) expect(decodeProtectedHeader(issuer.hmacWithPublicKey({}, spelling))).toMatchObject({ alg: 'HS256' })
  })

  it('signed by an algorithm that the issuer does not have are refused, with the name of the option', async () => {
    const issuer = await start()
    expect(() => issuer.token({}, { alg: 'RS256' })).toThrow(/option algorithms/)
  })
})

describe('keys', () => {
  it('can be rotated with the old one kept, and dropped', async () => {
    const issuer = await start()
    const first = issuer.signingKey.kid
    const { kid: second } = await issuer.rotateKeys()
    expect(await publishedIds(issuer)).toEqual([second, first])
    expect(decodeProtectedHeader(await issuer.token()).kid).toBe(second)
    const { kid: third } = await issuer.rotateKeys({ keepOld: false })
    expect(await publishedIds(issuer)).toEqual([third, first])
    issuer.removeKey(first)
    expect(await publishedIds(issuer)).toEqual([third])
    expect(decodeProtectedHeader(await issuer.token({}, { kid: first })).kid).toBe(first)
  })

  it('can be replaced under the same id', async () => {
    const issuer = await start()
    const { kid, publicJwk } = issuer.signingKey
    await issuer.rotateKeys({ kid })
    expect(await publishedIds(issuer)).toEqual([kid])
    expect(issuer.signingKey.publicJwk).not.toEqual(publicJwk)
  })

  it('may be named in a token without being there', async () => {
    const issuer = await start()
    expect(decodeProtectedHeader(await issuer.token({}, { kid: 'unknown' })).kid).toBe('unknown')
  })
})

describe('endpoints', () => {
  const answer = async (issuer: TestIssuer): Promise<string> => {
    try {
      const response = await fetch(issuer.jwksUri, { redirect: 'manual', signal: AbortSignal.timeout(300) })
      const text = await response.text()
      return `${response.status} ${response.headers.get('content-type') ?? ''} ${text.length > 1_048_576 ? 'huge' : ''}`.trim()
    } catch (error) {
      return (error as Error).name
    }
  }

  it('fail as they are told to, until they recover', async () => {
    const issuer = await start()
    const answers: Record<string, string> = {}
    for (const mode of FAILURE_MODES) {
      issuer.fail(mode)
      answers[mode] = await answer(issuer)
    }
    expect(answers).toEqual({
      down: 'TypeError',
      slow: 'TimeoutError',
      missing: '404',
      error: '500',
      html: '200 text/html',
      huge: '200 application/json huge',
      redirect: '302',
    })
    issuer.recover()
    expect(await answer(issuer)).toBe('200 application/json')
  })

  it('fail one by one', async () => {
    const issuer = await start()
    issuer.fail('error', ['openidConfiguration'])
    expect((await fetch(`${issuer.issuer}/.well-known/openid-configuration`)).status).toBe(500)
    expect((await fetch(issuer.jwksUri)).status).toBe(200)
  })

  it('that redirect count who follows', async () => {
    const issuer = await start()
    issuer.fail('redirect')
    const keys = createRemoteJWKSet(new URL(issuer.jwksUri), { [customFetch]: (url, init) => fetch(url, { ...init, redirect: 'follow' }) })
    await jwtVerify(await issuer.token(), keys)
    expect(issuer.requests).toMatchObject({ jwks: 1, redirected: 1 })
  })

  it('are gone once it is closed, also for requests that wait', async () => {
    const issuer = await start()
    issuer.fail('slow')
    const waiting = fetch(issuer.jwksUri).catch((error: Error) => error.name)
    while (issuer.requests.jwks === 0) await new Promise(setImmediate)
    await issuer.close()
    expect(await waiting).toBe('TypeError')
    await expect(fetch(issuer.jwksUri)).rejects.toThrow()
  })
})

describe('personas', () => {
  const people = personas({ reader: { scope: 'orders:read' }, clerk: { scope: 'orders:read orders:write', sub: 'c-1', tenant_id: 'acme' } })

  it('are named bundles of claims, and their names stand in for a missing sub', async () => {
    expect(people).toEqual({ reader: { sub: 'reader', scope: 'orders:read' }, clerk: { sub: 'c-1', scope: 'orders:read orders:write', tenant_id: 'acme' } })
    expect(Object.isFrozen(people) && Object.isFrozen(people.reader)).toBe(true)
    const issuer = await start({ personas: people })
    expect(decodeJwt(await issuer.tokenFor('clerk'))).toMatchObject({ sub: 'c-1', tenant_id: 'acme', iss: issuer.issuer })
    expect(decodeJwt(await issuer.tokenFor('reader', { expiresIn: -5 })).sub).toBe('reader')
  })

  it('that nobody named have no token', async () => {
    const issuer: TestIssuer = await start({ personas: people })
    expect(() => issuer.tokenFor('admin')).toThrow(/knows reader, clerk; name others in its option personas/)
    const nobody: TestIssuer = await start()
    expect(() => nobody.tokenFor('constructor')).toThrow(/knows no personas/)
  })
})

describe('the token endpoint', () => {
  const people = personas({ reader: { scope: 'orders:read orders:list' } })
  const ask = async (issuer: TestIssuer, form: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await fetch(issuer.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form), headers })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> }
  }
  const client = { client_id: 'test-client', client_secret: 'test-secret' }

  it('gives a client a token for itself, with the scopes that it asks for', async () => {
    const issuer = await start()
    const { status, headers, body } = await ask(issuer, { grant_type: 'client_credentials', scope: 'a b', ...client })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300, scope: 'a b' })
    expect(decodeJwt(String(body.access_token))).toMatchObject({ sub: 'test-client', client_id: 'test-client', scope: 'a b' })
    expect(issuer.requests.token).toBe(1)
  })

  it('knows a client by its Authorization header, form-encoded', async () => {
    const issuer = await start({ clients: { 'a:b': 's e+c' } })
    const authorization = `Basic ${Buffer.from('a%3Ab:s+e%2Bc').toString('base64')}`
    expect((await ask(issuer, { grant_type: 'client_credentials' }, { authorization })).status).toBe(200)
  })

  it('logs a persona in by its name, with its own scopes, or those of them that are asked for', async () => {
    const issuer = await start({ personas: people })
    const login = { grant_type: 'password', username: 'reader', password: 'reader', ...client }
    expect((await ask(issuer, login)).body.scope).toBe('orders:read orders:list')
    const { body } = await ask(issuer, { ...login, scope: 'orders:read admin' })
    expect(body.scope).toBe('orders:read')
    expect(decodeJwt(String(body.access_token))).toMatchObject({ sub: 'reader', client_id: 'test-client', scope: 'orders:read' })
  })

  it.each<[string, Record<string, string>, number, string]>([
    ['an unknown client', { grant_type: 'client_credentials', client_id: 'x', client_secret: 'x' }, 401, 'invalid_client'],
    ['a client from Object.prototype', { grant_type: 'client_credentials', client_id: 'constructor', client_secret: 'x' }, 401, 'invalid_client'],
    ['a wrong secret', { grant_type: 'client_credentials', ...client, client_secret: 'wrong' }, 401, 'invalid_client'],
    ['no client', { grant_type: 'client_credentials' }, 401, 'invalid_client'],
    ['an unknown grant', { grant_type: 'implicit', ...client }, 400, 'unsupported_grant_type'],
    ['no grant', { ...client }, 400, 'unsupported_grant_type'],
    ['an unknown persona', { grant_type: 'password', username: 'x', password: 'x', ...client }, 400, 'invalid_grant'],
    ['a persona from Object.prototype', { grant_type: 'password', username: 'toString', password: 'toString', ...client }, 400, 'invalid_grant'],
    ['a wrong password', { grant_type: 'password', username: 'reader', password: 'x', ...client }, 400, 'invalid_grant'],
  ])('refuses %s', async (_, form, status, error) => {
    const issuer = await start({ personas: people })
    expect(await ask(issuer, form)).toMatchObject({ status, body: { error } })
  })

  it('answers to POST only', async () => {
    expect((await fetch((await start()).tokenEndpoint)).status).toBe(405)
  })
})

describe('a test issuer does not start', () => {
  it('in production, unless it is told that it may', async () => {
    const before = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    try {
      await expect(createTestIssuer()).rejects.toThrow(/^createTestIssuer: expected NODE_ENV other than production/)
      await start({ dangerouslyAllowProduction: true })
    } finally {
      process.env.NODE_ENV = before
    }
  })

  it.each<[string, object, RegExp]>([
    ['an unknown algorithm', { algorithms: ['HS256'] }, /^createTestIssuer\.algorithms\[0\]: expected a list of RS256/],
    ['no algorithm', { algorithms: [] }, /^createTestIssuer\.algorithms: /],
    ['a path that is none', { path: 'realms' }, /^createTestIssuer\.path: expected a path that starts with a slash/],
    ['an unknown option', { port: 80 }, /^createTestIssuer\.port: expected no such option/],
  ])('with %s', async (_, options, message) => {
    await expect(createTestIssuer(options)).rejects.toThrow(ConfigurationError)
    await expect(createTestIssuer(options)).rejects.toThrow(message)
  })
})
