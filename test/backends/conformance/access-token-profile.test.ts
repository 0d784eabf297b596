import { isUtf8 } from 'node:buffer'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { JSONWebKeySet } from 'jose'
import { clockTolerance, type ExportedJWKSCache, jwksCache, validateJwtAccessToken } from 'oauth4webapi'
import { jwt } from '../../../src/backends/jwt.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { createTestIssuer, type TestIssuer, type TestKey } from '../../../src/testing/index.js'
import { verdict } from '../bearer.js'
import { createDice, type Mutant, mutate, type Stock } from './mutations.js'
import { strictnessOf } from './strictness.js'

/** Tokens that are compared. */
const SIZE = Number(process.env.DIFFERENTIAL_PROFILE_SIZE ?? 10_000)
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? (process.env.CI ? 271_062_358 : Date.now() % 1_000_000_007))
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const
const NOW = Date.UTC(2030, 0, 1)
const CLOCK = { now: NOW / 1000, tolerance: 5 }
const realNow = Date.now

let issuer: TestIssuer
let backend: TokenBackend
let stock: Stock
let cache: ExportedJWKSCache

beforeAll(async () => {
  // The other library has no clock of its own.
  Date.now = () => NOW
  issuer = await createTestIssuer({ algorithms: ALGORITHMS })
  backend = jwt({ issuer: issuer.issuer, audience: issuer.audience, profile: 'rfc9068', algorithms: ALGORITHMS, clockTolerance: CLOCK.tolerance })
  const keys: TestKey[] = []
  for (const alg of ALGORITHMS) keys.push(await issuer.rotateKeys({ alg, keepOld: false }))
  cache = { jwks: (await (await fetch(issuer.jwksUri)).json()) as JSONWebKeySet as ExportedJWKSCache['jwks'], uat: CLOCK.now }
  const tokens = await Promise.all(ALGORITHMS.flatMap((alg) => ['ada', 'bob'].map((sub) => issuer.token({ sub, scope: 'orders:read' }, { alg }))))
  const claims = JSON.parse(Buffer.from(tokens[0]?.split('.')[1] ?? '', 'base64url').toString()) as Stock['claims']
  stock = { keys, tokens, claims, now: CLOCK.now }
})
afterAll(async () => {
  Date.now = realNow
  await backend.close?.()
  await issuer.close()
})

async function isValidElsewhere(token: string): Promise<boolean> {
  const server = { issuer: issuer.issuer, jwks_uri: issuer.jwksUri }
  try {
    const request = new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token}` } })
    await validateJwtAccessToken(server, request, issuer.audience, { [clockTolerance]: CLOCK.tolerance, [jwksCache]: cache })
    return true
  } catch {
    return false
  }
}

/** Where we are stricter than that library, beside the classes in which we are stricter than jose. */
function isNoUtf8({ token }: Mutant): boolean {
  return token
    .split('.')
    .slice(0, 2)
    .some((segment) => !isUtf8(Buffer.from(segment, 'base64url')))
}

/** What a proof is needed for is refused there, and handed on here to the engine that asks for the proof. */
function isBound({ token }: Mutant): boolean {
  try {
    return Object.hasOwn(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object, 'cnf')
  } catch {
    return false
  }
}

describe(`${SIZE} changed tokens by the profile of RFC 9068, by DIFFERENTIAL_SEED=${SEED}`, () => {
  it('are accepted when oauth4webapi accepts them and no class of strictness names them, and never else', async () => {
    const dice = createDice(SEED)
    const counts = { accepted: 0, refusedByBoth: 0, stricter: 0, bound: 0 }
    const disagreements: unknown[] = []
    for (let done = 0; done < SIZE && disagreements.length < 20; done += 1) {
      const mutant = mutate(dice, stock)
      const [ours, elsewhere] = await Promise.all([verdict(backend, mutant.token), isValidElsewhere(mutant.token)])
      const isStricter = elsewhere && (isNoUtf8(mutant) || strictnessOf(mutant, CLOCK).length > 0)
      if (isBound(mutant) && !isStricter) counts.bound += 1
      else if ((ours === 'accepted') !== (elsewhere && !isStricter)) disagreements.push({ ...mutant, ours, elsewhere })
      else counts[isStricter ? 'stricter' : elsewhere ? 'accepted' : 'refusedByBoth'] += 1
    }
    expect(disagreements).toEqual([])
    console.info(JSON.stringify({ seed: SEED, size: SIZE, ...counts }))
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
  }, 600_000)
})
