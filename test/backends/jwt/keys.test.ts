import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { exportJWK, generateKeyPair } from 'jose'
import { pino } from 'pino'
import { type JwtOptions, jwt } from '../../../src/backends/jwt.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { createAuth } from '../../../src/create-auth.js'
import { createTestIssuer, type TestIssuer, type TestIssuerOptions } from '../../../src/testing/index.js'
import { bearer, judge, verdict } from '../bearer.js'

const MINUTE = 60_000

let closers: (() => unknown)[] = []
let skew = 0

/** Moves the clock by which the age of keys is told. */
const elapse = (milliseconds: number): void => {
  skew += milliseconds
}

beforeEach(() => {
  skew = 0
  const realNow = Date.now
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + skew)
})
afterEach(async () => {
  jest.restoreAllMocks()
  for (const close of closers) await close()
  closers = []
})

const startIssuer = async (options: TestIssuerOptions = {}): Promise<TestIssuer> => {
  const issuer = await createTestIssuer({ algorithms: ['ES256'], expiresIn: 1_000_000, ...options })
  closers.push(issuer.close)
  return issuer
}
const backendFor = ({ issuer, audience }: TestIssuer, options: Partial<JwtOptions> = {}): TokenBackend => {
  const backend = jwt({ issuer, audience, clockTolerance: 60, now: () => Date.now() - skew, ...options })
  closers.push(() => backend.close?.())
  return backend
}

describe('discovery', () => {
  it('is not done before the first token comes, and once for however many come together', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    expect(issuer.requests).toMatchObject({ openidConfiguration: 0, jwks: 0 })
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, index) => issuer.token({ sub: `user-${index}` })))
    expect(new Set(await Promise.all(tokens.map((token) => verdict(backend, token))))).toEqual(new Set(['accepted']))
    expect(issuer.requests).toMatchObject({ openidConfiguration: 1, oauthMetadata: 0, jwks: 1 })
  })

  it.each(['', '/', '/realms/test', '/realms/test/'])('finds the keys of an issuer with the path %p in both metadata documents', async (path) => {
    const issuer = await startIssuer({ path })
    expect(await verdict(backendFor(issuer), await issuer.token())).toBe('accepted')
    issuer.fail('missing', ['openidConfiguration'])
    expect(await verdict(backendFor(issuer), await issuer.token())).toBe('accepted')
    expect(issuer.requests).toMatchObject({ openidConfiguration: 2, oauthMetadata: 1, jwks: 2 })
  })

  it.each<[string, (issuer: TestIssuer) => Record<string, unknown>]>([
    ['names another issuer', () => ({ issuer: 'https://evil.example.com' })],
    ['names its issuer with a slash more', ({ issuer }) => ({ issuer: `${issuer}/` })],
    ['names its issuer in other letters', ({ issuer }) => ({ issuer: issuer.toUpperCase() })],
    ['names no issuer', () => ({ issuer: undefined })],
    ['names no keys', () => ({ jwks_uri: undefined })],
    ['names keys behind plain http', () => ({ jwks_uri: 'http://keys.example.com/jwks' })],
    ['names keys in a file', () => ({ jwks_uri: 'file:///etc/jwks.json' })],
    ['names keys behind a password', () => ({ jwks_uri: 'https://me:secret@keys.example.com/jwks' })],
  ])('is not believed when the document %s', async (_, overrides) => {
    const issuer = await startIssuer()
    const impostor = await startIssuer()
    const fetched: string[] = []
    const backend = backendFor(issuer, {
      fetch: async (url, init) => {
        fetched.push(url)
        const document = (await (await fetch(url, init)).json()) as object
        return Response.json({ ...document, jwks_uri: impostor.jwksUri, ...overrides(issuer) })
      },
    })
    expect(await judge(backend, await issuer.token())).toMatchObject({
      reason: 'BACKEND_UNAVAILABLE',
      detail: expect.stringContaining('the discovery document'),
    })
    expect(fetched).toEqual([`${issuer.issuer}/.well-known/openid-configuration`])
  })

  it('does not let a remote issuer point to this machine', async () => {
    const backend = jwt({
      issuer: 'https://issuer.example.com',
      audience: 'api',
      fetch: async () => Response.json({ issuer: 'https://issuer.example.com', jwks_uri: 'http://127.0.0.1:9/jwks' }),
    })
    const signer = await startIssuer({ audience: 'api' })
    expect(await judge(backend, await signer.token({ iss: 'https://issuer.example.com' }))).toMatchObject({
      detail: 'the discovery document points to this machine',
    })
  })

  it('is not needed with a jwksUri, and the issuer may then be any name', async () => {
    const issuer = await startIssuer()
    const backend = backendFor({ ...issuer, issuer: 'shop' }, { jwksUri: issuer.jwksUri })
    expect(await verdict(backend, await issuer.token({ iss: 'shop' }))).toBe('accepted')
    expect(issuer.requests).toMatchObject({ openidConfiguration: 0, oauthMetadata: 0, jwks: 1 })
  })

  it('is done afresh after a failure, for the keys may have moved', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { cooldownDuration: 0 })
    issuer.fail('missing')
    expect(await verdict(backend, await issuer.token())).toBe('BACKEND_UNAVAILABLE')
    issuer.recover()
    expect(await verdict(backend, await issuer.token())).toBe('accepted')
    expect(issuer.requests).toMatchObject({ openidConfiguration: 2, jwks: 2 })
  })
})

describe('while the provider cannot be used', () => {
  it.each([
    ['down', 'the provider is out of reach'],
    ['error', 'the key server answered with status 500'],
    ['missing', 'the key server answered with status 404'],
    ['html', 'the provider answered with something other than a JSON object'],
    ['huge', 'the provider answered with more than 1 MiB'],
    ['redirect', 'the key server answered with status 302'],
    ['slow', 'the provider did not answer in time'],
  ] as const)('keys that are %s make a token unavailable, not invalid, and recover by themselves', async (mode, detail) => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { timeoutDuration: 300, cooldownDuration: 0 })
    issuer.fail(mode)
    expect(await judge(backend, await issuer.token())).toEqual({ reason: 'BACKEND_UNAVAILABLE', detail, retryAfter: 1 })
    expect(issuer.requests.redirected).toBe(0)
    issuer.recover()
    expect(await verdict(backend, await issuer.token())).toBe('accepted')
  })

  it.each([
    ['down', 'the provider is out of reach'],
    ['error', 'discovery answered with status 500'],
    ['html', 'the provider answered with something other than a JSON object'],
    ['huge', 'the provider answered with more than 1 MiB'],
    ['redirect', 'discovery answered with status 302'],
    ['slow', 'the provider did not answer in time'],
  ] as const)('so does discovery that is %s', async (mode, detail) => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { timeoutDuration: 300, cooldownDuration: 0 })
    issuer.fail(mode, ['openidConfiguration', 'oauthMetadata'])
    expect(await judge(backend, await issuer.token())).toEqual({ reason: 'BACKEND_UNAVAILABLE', detail, retryAfter: 1 })
    expect(issuer.requests).toMatchObject({ jwks: 0, redirected: 0 })
    issuer.recover()
    expect(await verdict(backend, await issuer.token())).toBe('accepted')
  })

  it('an issuer without any metadata is unavailable', async () => {
    const issuer = await startIssuer()
    issuer.fail('missing', ['openidConfiguration', 'oauthMetadata'])
    expect(await judge(backendFor(issuer), await issuer.token())).toMatchObject({ reason: 'BACKEND_UNAVAILABLE', detail: 'the issuer publishes no metadata' })
  })

  it('a fetch that follows redirects is not believed', async () => {
    const issuer = await startIssuer()
    issuer.fail('redirect')
    const backend = backendFor(issuer, { fetch: (url, init) => fetch(url, { ...init, redirect: 'follow' }) })
    expect(await verdict(backend, await issuer.token())).toBe('BACKEND_UNAVAILABLE')
  })

  it('it is asked again only after a pause of 5 seconds', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const token = await issuer.token()
    issuer.fail('error')
    for (let attempt = 0; attempt < 20; attempt += 1) {
      expect(await judge(backend, token)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE', retryAfter: 5 })
    }
    expect(issuer.requests.jwks).toBe(1)
    issuer.recover()
    expect(await verdict(backend, token)).toBe('BACKEND_UNAVAILABLE')
    elapse(5_001)
    expect(await verdict(backend, token)).toBe('accepted')
    expect(issuer.requests.jwks).toBe(2)
  })

  it('what lies underneath is told as the cause', async () => {
    const issuer = await startIssuer()
    const token = await issuer.token()
    await issuer.close()
    const error = await backendFor(issuer)
      .verify(bearer(token), new AbortController().signal)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })
})

describe('with known keys and the provider down', () => {
  const FAILING = ['down', 'error', 'html', 'huge', 'redirect', 'slow'] as const

  it.each(FAILING)('(%s) tokens of those keys go on being accepted after cacheMaxAge, for a day', async (mode) => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { timeoutDuration: 300 })
    const token = await issuer.token()
    expect(await verdict(backend, token)).toBe('accepted')
    issuer.fail(mode)
    elapse(11 * MINUTE)
    expect(await verdict(backend, token)).toBe('accepted')
    elapse(23 * 60 * MINUTE)
    expect(await verdict(backend, token)).toBe('accepted')
    elapse(60 * MINUTE)
    expect(await verdict(backend, token)).toBe('BACKEND_UNAVAILABLE')
    issuer.recover()
    elapse(5_001)
    expect(await verdict(backend, token)).toBe('accepted')
  })

  it('only the first token of the outage waits for the provider', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { timeoutDuration: 250 })
    const token = await issuer.token()
    await verdict(backend, token)
    issuer.fail('slow')
    elapse(11 * MINUTE)
    const took = async (): Promise<number> => {
      const start = performance.now()
      expect(await verdict(backend, token)).toBe('accepted')
      return performance.now() - start
    }
    expect(await took()).toBeGreaterThan(200)
    elapse(6_000)
    expect(await took()).toBeLessThan(200)
  })

  it('a token of an unknown key is unavailable: the key may be new', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    await verdict(backend, await issuer.token())
    await issuer.rotateKeys()
    issuer.fail('error')
    elapse(11 * MINUTE)
    expect(await verdict(backend, await issuer.token())).toBe('BACKEND_UNAVAILABLE')
  })

  it('and staleIfError at 0, nothing is accepted', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { staleIfError: 0 })
    const token = await issuer.token()
    await verdict(backend, token)
    issuer.fail('error')
    elapse(11 * MINUTE)
    expect(await verdict(backend, token)).toBe('BACKEND_UNAVAILABLE')
  })
})

describe('when keys change', () => {
  it('a token of a new key causes one fetch, and is accepted', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    await verdict(backend, await issuer.token())
    await issuer.rotateKeys()
    elapse(31_000)
    const tokens = await Promise.all([issuer.token(), issuer.token(), issuer.token()])
    expect(await Promise.all(tokens.map((token) => verdict(backend, token)))).toEqual(['accepted', 'accepted', 'accepted'])
    expect(issuer.requests).toMatchObject({ openidConfiguration: 1, jwks: 2 })
  })

  it('a thousand unknown key ids cause one fetch in each cool-down, and are invalid', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const good = await issuer.token()
    const bad = await Promise.all(Array.from({ length: 1_000 }, (_, index) => issuer.token({}, { kid: `unknown-${index}` })))
    expect(new Set(await Promise.all(bad.map((token) => verdict(backend, token))))).toEqual(new Set(['INVALID_TOKEN']))
    expect(issuer.requests.jwks).toBe(1)
    elapse(31_000)
    await Promise.all(bad.map((token) => verdict(backend, token)))
    expect(issuer.requests.jwks).toBe(2)
    expect(await verdict(backend, good)).toBe('accepted')
  })

  it('a key that is replaced under its old id is found after one fetch', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const old = await issuer.token()
    await verdict(backend, old)
    await issuer.rotateKeys({ kid: issuer.signingKey.kid })
    elapse(31_000)
    expect(await verdict(backend, await issuer.token())).toBe('accepted')
    expect(await verdict(backend, old)).toBe('INVALID_TOKEN')
    expect(issuer.requests.jwks).toBe(2)
  })

  it('bad signatures cause one fetch in each cool-down', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const forged = await issuer.forgedToken()
    await verdict(backend, forged)
    elapse(31_000)
    for (let attempt = 0; attempt < 20; attempt += 1) expect(await verdict(backend, forged)).toBe('INVALID_TOKEN')
    expect(issuer.requests.jwks).toBe(2)
  })

  it('tokens of a key that was withdrawn are refused after cacheMaxAge at the latest', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const { kid } = issuer.signingKey
    const token = await issuer.token()
    await verdict(backend, token)
    await issuer.rotateKeys()
    issuer.removeKey(kid)
    expect(await verdict(backend, token)).toBe('accepted')
    elapse(10 * MINUTE)
    expect(await verdict(backend, token)).toBe('INVALID_TOKEN')
  })

  it('two issuers with the same key id never vouch for each other', async () => {
    const [a, b] = await Promise.all([startIssuer(), startIssuer()])
    const backends = [backendFor(a), backendFor(b)] as const
    expect(a.signingKey.kid).toBe(b.signingKey.kid)
    const [ofA, forgedForB] = await Promise.all([a.token(), a.token({ iss: b.issuer })])
    const verdicts = await Promise.all([verdict(backends[0], ofA), verdict(backends[1], forgedForB), verdict(backends[0], forgedForB)])
    expect(verdicts).toEqual(['accepted', 'INVALID_TOKEN', 'INVALID_TOKEN'])
  })
})

describe('a verdict that is remembered', () => {
  const currency = async (backend: TokenBackend, token: string): Promise<() => boolean> => {
    const { cache } = await backend.verify(bearer(token), new AbortController().signal)
    return cache?.isCurrent ?? (() => true)
  }

  it('stands, also the very first, until the keys are too old to say so', async () => {
    const issuer = await startIssuer()
    const isCurrent = await currency(backendFor(issuer), await issuer.token())
    expect(isCurrent()).toBe(true)
    elapse(10 * MINUTE)
    expect(isCurrent()).toBe(false)
  })

  it('falls when other keys are loaded', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const isCurrent = await currency(backend, await issuer.token())
    await issuer.rotateKeys()
    elapse(31_000)
    expect(isCurrent()).toBe(true)
    await verdict(backend, await issuer.token())
    expect(isCurrent()).toBe(false)
  })

  it('stands in an outage for as long as old keys do, and is proved again after each pause', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const token = await issuer.token()
    await verdict(backend, token)
    issuer.fail('error')
    elapse(11 * MINUTE)
    const isCurrent = await currency(backend, token)
    expect(isCurrent()).toBe(true)
    elapse(5_001)
    expect(isCurrent()).toBe(false)
  })

  it('is kept by the server, and given up when the key was withdrawn', async () => {
    const issuer = await startIssuer()
    const auth = createAuth({
      backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience, clockTolerance: 60, now: () => Date.now() - skew }],
      audit: { logger: pino({ level: 'silent' }) },
      now: () => Date.now() - skew,
    })
    closers.push(auth.close)
    const authenticate = (token: string) => auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
    const old = await issuer.token({ sub: 'ada' })
    const { principal } = await authenticate(old)
    expect(principal?.subject).toBe('ada')
    expect((await authenticate(old)).principal).toBe(principal)
    await issuer.rotateKeys({ keepOld: false })
    elapse(31_000)
    expect((await authenticate(old)).principal).toBe(principal)
    expect((await authenticate(await issuer.token({ sub: 'bob' }))).principal?.subject).toBe('bob')
    expect((await authenticate(old)).refusal?.reason).toBe('INVALID_TOKEN')
  })

  it('falls when the backend is closed, and nothing is accepted any more', async () => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer)
    const token = await issuer.token()
    const isCurrent = await currency(backend, token)
    await backend.close?.()
    expect(isCurrent()).toBe(false)
    expect(await verdict(backend, token)).toBe('BACKEND_UNAVAILABLE')
  })

  it('is not waited for when the backend is closed while keys are loading', async () => {
    const issuer = await startIssuer()
    issuer.fail('slow')
    const backend = backendFor(issuer, { timeoutDuration: 60_000 })
    const waiting = verdict(backend, await issuer.token())
    await backend.close?.()
    expect(await waiting).toBe('BACKEND_UNAVAILABLE')
  })
})

describe('a key set', () => {
  const verdictWith = async (entries: (good: object) => unknown): Promise<string> => {
    const issuer = await startIssuer()
    const backend = backendFor(issuer, { jwksUri: issuer.jwksUri, fetch: async () => Response.json({ keys: entries(issuer.signingKey.publicJwk) }) })
    return verdict(backend, await issuer.token())
  }

  it('with bad entries beside a good one is used for the good one', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const privateJwk = await exportJWK(privateKey)
    const bad = [
      null,
      'key',
      7,
      [],
      {},
      { kty: 'oct', k: 'AAAA' },
      { kty: 'XYZ' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      privateJwk,
    ]
    expect(await verdictWith((good) => [...bad, good])).toBe('accepted')
  })

  it('that is empty makes every token invalid', async () => {
    expect(await verdictWith(() => [])).toBe('INVALID_TOKEN')
  })

  it.each<[string, unknown]>([
    ['an object', {}],
    ['text', 'keys'],
    ['null', null],
  ])('whose keys are %s is none, and makes every token unavailable', async (_, keys) => {
    expect(await verdictWith(() => keys)).toBe('BACKEND_UNAVAILABLE')
  })

  it.each<[string, (good: object) => object]>([
    ['for encryption', (good) => ({ ...good, use: 'enc' })],
    ['for signing only', (good) => ({ ...good, key_ops: ['sign'] })],
    ['of another algorithm', (good) => ({ ...good, alg: 'ES384' })],
  ])('does not lend a key %s', async (_, change) => {
    expect(await verdictWith((good) => [change(good)])).toBe('INVALID_TOKEN')
  })

  it('does not lend a key that was published with a private part, although its public part would do', async () => {
    const issuer = await startIssuer({ algorithms: ['RS256'] })
    const { privateKey, publicJwk } = issuer.signingKey
    const { d, p, q } = await exportJWK(privateKey)
    const serve = (key: object): TokenBackend => backendFor(issuer, { jwksUri: issuer.jwksUri, fetch: async () => Response.json({ keys: [key] }) })
    expect(await verdict(serve(publicJwk), await issuer.token())).toBe('accepted')
    for (const leaked of [{ d }, { p }, { q }]) {
      expect(await judge(serve({ ...publicJwk, ...leaked }), await issuer.token())).toEqual({ reason: 'INVALID_TOKEN', detail: 'no key of the issuer fits' })
    }
  })

  it('does not lend an RSA key under 2048 bits, or with an exponent of 1', async () => {
    const weak = await crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
      true,
      ['sign', 'verify'],
    )
    const issuer = await startIssuer({ algorithms: ['RS256'] })
    const { kid } = issuer.signingKey
    const weakJwk = { ...(await crypto.subtle.exportKey('jwk', weak.publicKey)), kid, alg: 'RS256' }
    const input = (await issuer.token()).split('.').slice(0, 2).join('.')
    const signature = Buffer.from(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', weak.privateKey, new TextEncoder().encode(input))).toString('base64url')
    const serve = (key: object): TokenBackend => backendFor(issuer, { jwksUri: issuer.jwksUri, fetch: async () => Response.json({ keys: [key] }) })
    expect(await judge(serve(weakJwk), `${input}.${signature}`)).toEqual({ reason: 'INVALID_TOKEN', detail: 'no key of the issuer fits' })
    expect(await judge(serve({ ...issuer.signingKey.publicJwk, e: 'AQ' }), await issuer.token())).toEqual({
      reason: 'INVALID_TOKEN',
      detail: 'no key of the issuer fits',
    })
  })
})
