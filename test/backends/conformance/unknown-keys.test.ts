import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { TokenBackend } from '../../../src/core/backend.js'
import { bearer } from '../bearer.js'
import { tokenOf } from './rows.js'
import { SUBJECTS, type Subject } from './subjects.js'

const BURST = 10_000
const COOL_DOWN = 30_000
const NAMES = ['jwt', 'jwt rfc9068', 'auth0', 'firebase', 'keycloak'] as const

let skew = 0
const realNow = Date.now
beforeAll(() => {
  // No spy: it would remember every one of the calls.
  Date.now = () => realNow() + skew
})
beforeEach(() => {
  skew = 0
})
afterAll(() => {
  Date.now = realNow
})

describe.each(NAMES)(`%s: a burst of ${BURST} unknown key ids`, (name) => {
  let subject: Subject
  let backend: TokenBackend
  beforeAll(async () => {
    subject = await SUBJECTS[name]()
    backend = subject.backend()
  })
  afterAll(async () => {
    await backend.close?.()
    await subject.close()
  })

  it('costs one request for keys in each cool-down, and good tokens are accepted all the while', async () => {
    const good = await tokenOf(subject)
    const [header = '', payload, signature] = good.split('.')
    const fields = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>
    const unknown = (index: number): string =>
      `${Buffer.from(JSON.stringify({ ...fields, kid: `unknown-${index}` })).toString('base64url')}.${payload}.${signature}`
    const { signal } = new AbortController()
    const verdictOf = (token: string): Promise<string> =>
      backend.verify(bearer(token), signal).then(
        () => 'accepted',
        (error: { refusal?: { detail?: string } }) => error.refusal?.detail ?? String(error),
      )
    const burst = async (size: number): Promise<void> => {
      const counts = new Map<string, number>()
      // Every hundredth token is good.
      const verdicts: Promise<string>[] = []
      for (let index = 0; index < size + size / 100; index += 1) {
        verdicts.push(verdictOf(index % 101 === 50 ? good : unknown(index)))
        // The key server lives in this process, and has to have a word while they come.
        if (index % 100 === 99) await setImmediate()
      }
      for (const each of await Promise.all(verdicts)) counts.set(each, (counts.get(each) ?? 0) + 1)
      expect(Object.fromEntries(counts)).toEqual({ 'no key of the issuer fits': size, accepted: size / 100 })
      // The key server lives in this process: it may have closed an idle connection, of which the next request should know.
      for (let turn = 0; turn < 10; turn += 1) await setImmediate()
    }

    await burst(BURST)
    expect(subject.asked()).toBe(1)
    await burst(BURST / 100)
    expect(subject.asked()).toBe(1)
    skew = COOL_DOWN + 1
    await burst(BURST / 10)
    expect(subject.asked()).toBe(2)
  })
})
