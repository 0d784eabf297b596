import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, SignJWT } from 'jose'
import { memoryReplayStore, type ReplayStore, redisReplayStore } from '../../../src/backends/replay-store.js'
import type { Auth } from '../../../src/core/auth.js'
import type { Carrier } from '../../../src/core/caller/credentials.js'
import { createAuth } from '../../../src/create-auth.js'
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js'

const ORIGIN = 'https://api.example.com'
const HTU = `${ORIGIN}/graphql`
const SILENT = { debug() {}, info() {}, error() {} }

interface ProofChanges {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly alg?: string
  readonly signWith?: GenerateKeyPairResult['privateKey'] | Uint8Array
}

let issuer: TestIssuer
let keys: GenerateKeyPairResult
let other: GenerateKeyPairResult
let publicJwk: JWK
let jkt: string
let token: string
let auth: Auth

beforeAll(async () => {
  issuer = await createTestIssuer()
  keys = await generateKeyPair('ES256', { extractable: true })
  other = await generateKeyPair('ES256', { extractable: true })
  publicJwk = await exportJWK(keys.publicKey)
  jkt = await calculateJwkThumbprint(publicJwk)
  token = await issuer.token({ scope: 'orders:read', cnf: { jkt } })
  auth = makeAuth({})
})
afterAll(async () => {
  await auth.close()
  await issuer.close()
})

function makeAuth(settings: { replayStore?: ReplayStore; mtls?: boolean; withoutDpop?: boolean }): Auth {
  const { replayStore, mtls, withoutDpop } = settings
  return createAuth({
    backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }],
    audit: { logger: SILENT },
    ...(withoutDpop === true ? {} : { dpop: { origin: ORIGIN, ...(replayStore === undefined ? {} : { replayStore }) } }),
    ...(mtls === undefined ? {} : { mtls }),
  })
}

const ath = (of: string): string => createHash('sha256').update(of).digest('base64url')
const now = (): number => Math.floor(Date.now() / 1000)
let proofs = 0

/** A good proof, but for what is changed. */
async function proof({ header = {}, claims = {}, alg = 'ES256', signWith = keys.privateKey }: ProofChanges = {}): Promise<string> {
  proofs += 1
  return new SignJWT({ htm: 'POST', htu: HTU, iat: now(), jti: `proof-${proofs}`, ath: ath(token), ...claims })
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk, ...header })
    .sign(signWith)
}

function carrier(scheme: string, headers: readonly string[], changes: Partial<Carrier> = {}): Carrier {
  const sent: Record<string, readonly string[]> = { authorization: [`${scheme} ${token}`], dpop: headers }
  return { transport: 'http', method: 'POST', url: '/graphql?x=1', header: (name) => sent[name] ?? [], ...changes }
}

async function verdictOf(auth: Auth, sent: Carrier): Promise<string> {
  const { principal, refusal } = await auth.authenticate(sent)
  return principal === null ? `${refusal?.reason}: ${refusal?.detail}` : 'accepted'
}

describe('a token that is bound by DPoP (RFC 9449)', () => {
  it('is accepted with a proof of its key', async () => {
    expect(await verdictOf(auth, carrier('DPoP', [await proof()]))).toBe('accepted')
    expect(await verdictOf(auth, carrier('dpop', [await proof()], { url: `${HTU}?query=1#x` }))).toBe('accepted')
  })

  it('is accepted again only with a new proof, also when the token itself is remembered', async () => {
    const once = await proof()
    expect(await verdictOf(auth, carrier('DPoP', [once]))).toBe('accepted')
    expect(await verdictOf(auth, carrier('DPoP', [once]))).toContain('INVALID_TOKEN: proof used before')
    expect(await verdictOf(auth, carrier('DPoP', [await proof()]))).toBe('accepted')
  })

  it('A34: is refused on another node that shares the store', async () => {
    const values = new Map<string, string>()
    const redis = {
      async set(key: string, value: string) {
        if (values.has(key)) return null
        values.set(key, value)
        return 'OK'
      },
    }
    const [one, two] = [makeAuth({ replayStore: redisReplayStore(redis) }), makeAuth({ replayStore: redisReplayStore(redis) })]
    const once = await proof()
    expect(await verdictOf(one, carrier('DPoP', [once]))).toBe('accepted')
    expect(await verdictOf(two, carrier('DPoP', [once]))).toContain('proof used before')
    expect([...values.keys()].every((key) => key.startsWith('gatehouse:replay:'))).toBe(true)
  })

  it('A33: is refused as a bearer token, whatever comes with it', async () => {
    expect(await verdictOf(auth, carrier('Bearer', []))).toContain('INVALID_TOKEN: bound to a key')
    expect(await verdictOf(auth, carrier('Bearer', [await proof()]))).toContain('INVALID_TOKEN: bound to a key')
    const plain = makeAuth({ withoutDpop: true })
    expect(await verdictOf(plain, carrier('Bearer', [await proof()]))).toContain('INVALID_TOKEN')
    expect(await verdictOf(plain, carrier('DPoP', [await proof()]))).toContain('MALFORMED_TOKEN')
  })

  it.each<[string, ProofChanges]>([
    ['another typ', { header: { typ: 'JWT' } }],
    ['no typ', { header: { typ: undefined } }],
    ['no key', { header: { jwk: undefined } }],
    ['another method', { claims: { htm: 'GET' } }],
    ['a method in lower case', { claims: { htm: 'post' } }],
    ['no method', { claims: { htm: undefined } }],
    ['another path', { claims: { htu: `${ORIGIN}/other` } }],
    ['an encoded slash', { claims: { htu: `${ORIGIN}/%2Fgraphql` } }],
    ['another host', { claims: { htu: 'https://evil.example.com/graphql' } }],
    ['another port', { claims: { htu: 'https://api.example.com:8443/graphql' } }],
    ['another scheme', { claims: { htu: 'http://api.example.com/graphql' } }],
    ['a user in the URL', { claims: { htu: 'https://evil@api.example.com/graphql' } }],
    ['no URL', { claims: { htu: undefined } }],
    ['another token', { claims: { ath: ath('another') } }],
    ['no token', { claims: { ath: undefined } }],
    ['no jti', { claims: { jti: undefined } }],
    ['an empty jti', { claims: { jti: '' } }],
    ['a huge jti', { claims: { jti: 'x'.repeat(300) } }],
    ['a jti that is a number', { claims: { jti: 7 as never } }],
    ['no iat', { claims: { iat: undefined } }],
    ['an iat too far back', { claims: { iat: now() - 90 } }],
    ['an iat too far ahead', { claims: { iat: now() + 90 } }],
    ['an embedded key that is not the signer', { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } } }],
  ])('A34: is refused with a proof of %s', async (_, changes) => {
    expect(await verdictOf(auth, carrier('DPoP', [await proof(changes)]))).toContain('INVALID_TOKEN')
  })

  it('A34: is refused with the proof of another key, with a private key, and with a symmetric one', async () => {
    const otherJwk = await exportJWK(other.publicKey)
    expect(await verdictOf(auth, carrier('DPoP', [await proof({ header: { jwk: otherJwk }, signWith: other.privateKey })]))).toContain('another key')
    expect(await verdictOf(auth, carrier('DPoP', [await proof({ header: { jwk: await exportJWK(keys.privateKey) } })]))).toContain('INVALID_TOKEN')
    expect(await verdictOf(auth, carrier('DPoP', [await proof({ signWith: other.privateKey })]))).toContain('INVALID_TOKEN')
    const secret = new Uint8Array(32)
    const hmac = await proof({ alg: 'HS256', header: { jwk: { kty: 'oct', k: Buffer.from(secret).toString('base64url') } }, signWith: secret })
    expect(await verdictOf(auth, carrier('DPoP', [hmac]))).toContain('INVALID_TOKEN')
  })

  it('A34: accepts an htu that means the same URL', async () => {
    for (const htu of ['HTTPS://API.example.com/graphql', 'https://api.example.com:443/graphql', `${ORIGIN}/a/../graphql`]) {
      expect(await verdictOf(auth, carrier('DPoP', [await proof({ claims: { htu } })]))).toBe('accepted')
    }
  })

  it('A34: is refused with two proofs, with none, and with what is no proof', async () => {
    expect(await verdictOf(auth, carrier('DPoP', [await proof(), await proof()]))).toContain('not exactly one proof')
    expect(await verdictOf(auth, carrier('DPoP', []))).toContain('not exactly one proof')
    for (const garbage of ['', 'x', 'a.b', 'a.b.c.d', `${await proof()} `, 'x'.repeat(5000), token]) {
      expect(await verdictOf(auth, carrier('DPoP', [garbage]))).toContain('INVALID_TOKEN')
    }
  })

  it('is refused where nothing says which request it came by', async () => {
    expect(await verdictOf(auth, carrier('DPoP', [await proof()], { url: undefined, method: undefined }))).toContain('INVALID_TOKEN')
  })

  it('is unavailable, not refused and not accepted, when the replay store fails', async () => {
    const failing = makeAuth({ replayStore: { claim: () => Promise.reject(new Error('down')) } })
    expect(await verdictOf(failing, carrier('DPoP', [await proof()]))).toContain('BACKEND_UNAVAILABLE')
  })

  it('challenges both schemes, and names a bad proof to its own', async () => {
    const { refusal } = await auth.authenticate(carrier('DPoP', []))
    expect(auth.httpRefusal(refusal === null ? [] : [refusal], null)).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': 'DPoP error="invalid_dpop_proof", algs="ES256 EdDSA Ed25519 PS256 RS256"' },
    })
    expect(auth.httpRefusal([{ reason: 'MISSING_TOKEN' }], null).headers['WWW-Authenticate']).toBe(
      'Bearer realm="graphql", DPoP algs="ES256 EdDSA Ed25519 PS256 RS256"',
    )
  })
})

describe('A33: a token that is bound otherwise', () => {
  it.each<[string, Record<string, unknown>]>([
    ['to nothing', {}],
    ['in an unknown way', { kid: 'x' }],
    ['in a known and an unknown way', { jkt: 'JKT', kid: 'x' }],
    ['to a key that is no text', { jkt: 7 }],
    ['to a certificate, where none is looked at', { 'x5t#S256': 'AAAA' }],
  ])('%s is refused under both schemes', async (_, cnf) => {
    const bound = await issuer.token({ scope: 'orders:read', cnf: 'jkt' in cnf && cnf.jkt === 'JKT' ? { ...cnf, jkt } : cnf })
    for (const scheme of ['Bearer', 'DPoP']) {
      const sent = carrier(scheme, [await proof({ claims: { ath: ath(bound) } })])
      const header = (name: string): readonly string[] => (name === 'authorization' ? [`${scheme} ${bound}`] : sent.header(name))
      expect(await verdictOf(auth, { ...sent, header })).toContain('INVALID_TOKEN')
    }
  })

  it('to no key is refused under the scheme DPoP', async () => {
    const plain = await issuer.token({ scope: 'orders:read' })
    expect(await verdictOf(auth, { ...carrier('DPoP', []), header: (name) => (name === 'authorization' ? [`DPoP ${plain}`] : []) })).toContain(
      'bound to no key',
    )
  })
})

describe('A35: a token that is bound to a certificate (RFC 8705)', () => {
  const certificate = Buffer.from('the DER bytes of a certificate')
  const thumbprint = createHash('sha256').update(certificate).digest('base64url')

  it('is accepted on a connection with that certificate and on no other', async () => {
    const mtls = makeAuth({ mtls: true })
    const bound = await issuer.token({ scope: 'orders:read', cnf: { 'x5t#S256': thumbprint } })
    const on = (der: Uint8Array | null): Carrier => ({
      transport: 'http',
      header: (name) => (name === 'authorization' ? [`Bearer ${bound}`] : name === 'x-forwarded-client-cert' ? [`Hash=${thumbprint}`] : []),
      certificate: () => der,
    })
    expect(await verdictOf(mtls, on(certificate))).toBe('accepted')
    expect(await verdictOf(mtls, on(Buffer.from('another')))).toContain('another certificate')
    expect(await verdictOf(mtls, on(null))).toContain('none came')
  })
})

describe('the replay store in memory', () => {
  it('forgets a proof when it could not be used any more anyway, and not before', () => {
    let at = 0
    const store = memoryReplayStore(10, () => at)
    expect(store.claim('a', 60)).toBe(true)
    at = 59_999
    expect(store.claim('a', 60)).toBe(false)
    at = 60_000
    expect(store.claim('a', 60)).toBe(true)
  })

  it('throws when it is full rather than forget', () => {
    const store = memoryReplayStore(2, () => 0)
    void store.claim('a', 60)
    void store.claim('b', 60)
    expect(() => store.claim('c', 60)).toThrow('full')
    expect(store.claim('a', 60)).toBe(false)
  })
})

describe('the settings', () => {
  it.each<[string, object]>([
    ['dpop.origin', { dpop: {} }],
    ['dpop.origin', { dpop: { origin: `${ORIGIN}/path` } }],
    ['dpop.algorithms[0]', { dpop: { origin: ORIGIN, algorithms: ['HS256'] } }],
    ['dpop.maxAge', { dpop: { origin: ORIGIN, maxAge: 0 } }],
    ['dpop.replayStore', { dpop: { origin: ORIGIN, replayStore: {} } }],
    ['mtls', { mtls: 'yes' }],
  ])('refuse the start for a wrong %s', (name, settings) => {
    expect(() => createAuth({ backends: [async () => null], ...(settings as object) })).toThrow(`${name}: expected`)
  })
})
