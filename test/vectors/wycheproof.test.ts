import { describe, expect, it } from '@jest/globals'
import { isSigned, type VectorKey, vectors } from './signature-layer.js'

interface Vectors {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly comment: string
    readonly public?: VectorKey
    readonly private: VectorKey
    readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly jws: string | object; readonly result: 'valid' | 'invalid' }[]
  }[]
}

/** A vector whose label is not met: our verdict, and why it is meant. */
type Exclusions = Readonly<Record<number, readonly [verdict: 'valid' | 'invalid', reason: string]>>

const OTHER_ALGORITHM = 'the key is published for PS256 and the token says PS384: a key serves its own algorithm only (RFC 8725 §3.1)'
const NO_ALGORITHM = 'the key is published for ES521, which is no algorithm: it is left out of the set'
const SAME_AS_357 = 'the very token and key of 357, which is valid: the fault was lost when the vectors were written'
const NOT_CANONICAL = 'a question mark stands in a segment: no character of base64url (RFC 7515 §2)'

const EXCLUDED_SIGNATURES: Exclusions = {
  346: ['invalid', OTHER_ALGORITHM],
  347: ['invalid', NO_ALGORITHM],
  350: ['invalid', OTHER_ALGORITHM],
  351: ['invalid', NO_ALGORITHM],
  367: ['valid', SAME_AS_357],
  370: ['valid', SAME_AS_357],
  372: ['invalid', NOT_CANONICAL],
  373: ['invalid', NOT_CANONICAL],
}
const EXCLUDED_KEYS: Exclusions = {
  2: ['invalid', 'a set of two secrets: secrets are never taken from a key set'],
  7: ['valid', 'a key of the ROCA kind: keys are not searched for weaknesses other than their size and exponent, as readKeySet says'],
}

describe.each<[string, Exclusions]>([
  ['json_web_signature_test.json', EXCLUDED_SIGNATURES],
  ['json_web_key_test.json', EXCLUDED_KEYS],
])('%s', (file, excluded) => {
  const { numberOfTests, testGroups } = vectors<Vectors>(`wycheproof/${file}`)
  const rows = testGroups.flatMap((group) => group.tests.map((test) => ({ group, test })))

  it('holds as many vectors as it says, and each excluded one', () => {
    expect(rows).toHaveLength(numberOfTests)
    expect(
      Object.keys(excluded)
        .map(Number)
        .filter((id) => !rows.some(({ test }) => test.tcId === id)),
    ).toEqual([])
  })

  it('excludes nothing that is met as labelled, and gives a reason each time', () => {
    for (const { test } of rows) {
      const exclusion = excluded[test.tcId]
      if (exclusion === undefined) continue
      expect(exclusion[0]).not.toBe(test.result)
      expect(exclusion[1]).not.toBe('')
    }
  })

  it.each(rows.map(({ group, test }) => [`${test.tcId} ${group.comment}: ${test.comment}`, group.public ?? group.private, test] as const))(
    '%s',
    async (_, key, { tcId, jws, result }) => {
      // The JSON serialization arrives as its text, as it would in a request.
      const text = typeof jws === 'string' ? jws : JSON.stringify(jws)
      const [expected] = excluded[tcId] ?? [result]
      expect((await isSigned(text, key)) ? 'valid' : 'invalid').toBe(expected)
    },
  )
})
