import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { jwt } from '../../../src/backends/jwt.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { AuthError } from '../../../src/core/errors.js'
import { createTestIssuer, type TestIssuer, type TestKey } from '../../../src/testing/index.js'
import { bearer } from '../bearer.js'
import { createDice, mutate, type Stock } from './mutations.js'
import { CLASS_NAMES, strictnessOf } from './strictness.js'

/** Tokens that are compared. */
const SIZE = Number(process.env.DIFFERENTIAL_SIZE ?? 100_000)
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? (process.env.CI ? 271_062_358 : Date.now() % 1_000_000_007))
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const
const NOW = Date.UTC(2030, 0, 1)
const CLOCK = { now: NOW / 1000, tolerance: 5 }
const AT_ONCE = 64

let issuer: TestIssuer
let backend: TokenBackend
let joseKeys: JWTVerifyGetKey
let stock: Stock

beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ALGORITHMS, now: () => NOW })
  backend = jwt({ issuer: issuer.issuer, audience: issuer.audience, algorithms: ALGORITHMS, clockTolerance: CLOCK.tolerance, now: () => NOW })
  const keys: TestKey[] = []
  for (const alg of ALGORITHMS) keys.push(await issuer.rotateKeys({ alg, keepOld: false }))
  joseKeys = createLocalJWKSet((await (await fetch(issuer.jwksUri)).json()) as JSONWebKeySet)
  const tokens = await Promise.all(ALGORITHMS.flatMap((alg) => ['ada', 'bob'].map((sub) => issuer.token({ sub, scope: 'orders:read' }, { alg }))))
  const claims = JSON.parse(Buffer.from(tokens[0]?.split('.')[1] ?? '', 'base64url').toString()) as Stock['claims']
  stock = { keys, tokens, claims, now: CLOCK.now }
})
afterAll(async () => {
  await backend.close?.()
  await issuer.close()
})

/** The claims that jose returns, or `null`. */
async function askJose(token: string): Promise<JWTPayload | null> {
  const { issuer: iss, audience } = issuer
  const options = { issuer: iss, audience, algorithms: [...ALGORITHMS], requiredClaims: ['exp'], clockTolerance: CLOCK.tolerance, currentDate: new Date(NOW) }
  try {
    return (await jwtVerify(token, joseKeys, options)).payload
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/** The claims that we return, or why there are none. */
async function askUs(token: string): Promise<{ readonly claims: unknown } | string> {
  try {
    return { claims: (await backend.verify(bearer(token), new AbortController().signal)).claims }
  } catch (error) {
    if (error instanceof AuthError) return `${error.refusal.reason}: ${error.refusal.detail}`
    throw error
  }
}

describe(`${SIZE} changed tokens, by DIFFERENTIAL_SEED=${SEED}`, () => {
  it('are accepted when jose accepts them and no class of strictness names them, and never else', async () => {
    const dice = createDice(SEED)
    const stricter = new Map<string, number>()
    const accepted = new Map<string, number>()
    const disagreements: unknown[] = []

    async function compare(): Promise<void> {
      const mutant = mutate(dice, stock)
      const [ours, joses] = await Promise.all([askUs(mutant.token), askJose(mutant.token)])
      const classes = joses === null ? [] : strictnessOf(mutant, CLOCK)
      for (const name of classes) stricter.set(name, (stricter.get(name) ?? 0) + 1)
      const expected = joses !== null && classes.length === 0
      const isSame = typeof ours === 'string' ? !expected : expected && JSON.stringify(ours.claims) === JSON.stringify(joses)
      if (isSame && expected) accepted.set(mutant.kind, (accepted.get(mutant.kind) ?? 0) + 1)
      if (!isSame) disagreements.push({ ...mutant, ours, jose: joses === null ? 'refused' : 'accepted', classes })
      if (typeof ours === 'string' && ours.startsWith('BACKEND_UNAVAILABLE')) throw new Error('the keys could not be had')
    }

    for (let done = 0; done < SIZE; done += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, SIZE - done) }, compare))
      // What goes wrong once goes wrong often: the first few tell enough.
      if (disagreements.length > 20) break
    }

    expect(disagreements).toEqual([])
    console.info(JSON.stringify({ seed: SEED, size: SIZE, accepted: Object.fromEntries(accepted), stricter: Object.fromEntries(stricter) }, null, 2))
    // A comparison that never gets there compares nothing.
    if (SIZE >= 10_000) expect([...stricter.keys()].sort()).toEqual([...CLASS_NAMES].sort())
    expect(accepted.get('an untouched token')).toBeGreaterThan(0)
  }, 600_000)
})
