import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { type FirebaseOptions, firebase } from '../../../src/backends/firebase.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { bearer, judge, verdict } from '../bearer.js'
import { type FakeGoogle, PROJECT, startFakeGoogle } from './fake-google.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
let google: FakeGoogle
let backend: TokenBackend

beforeAll(async () => {
  google = await startFakeGoogle()
})
beforeEach(() => {
  Object.assign(google.requests, { idToken: 0, sessionCookie: 0 })
  google.headers = { 'cache-control': 'public, max-age=3600' }
  google.down = false
  backend = make()
})
afterEach(async () => {
  jest.restoreAllMocks()
  await backend.close?.()
})
afterAll(() => google.close())

function make(options: Partial<FirebaseOptions> = {}): TokenBackend {
  // The times in tokens are not what grows old here.
  const start = Date.now() + 1_000
  return firebase({ projectId: PROJECT, jwksUri: google.jwksUri, sessionJwksUri: google.sessionJwksUri, now: () => start, ...options })
}

/** Lets the age of keys grow. */
function pass(milliseconds: number): void {
  const now = Date.now() + milliseconds
  jest.spyOn(Date, 'now').mockImplementation(() => now)
}

describe('Google’s keys', () => {
  it('are fetched once for many tokens at once, and not before the first', async () => {
    expect(google.requests.idToken).toBe(0)
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => google.idToken({ sub: `uid-${index}` })))
    expect(await Promise.all(tokens.map((token) => verdict(backend, token)))).toEqual(tokens.map(() => 'accepted'))
    expect(google.requests).toEqual({ idToken: 1, sessionCookie: 0 })
  })

  it.each<[string, Record<string, string>, number, number]>([
    ['within max-age', { 'cache-control': 'public, max-age=3600, must-revalidate' }, 59 * MINUTE, 1],
    ['past max-age', { 'cache-control': 'public, max-age=3600, must-revalidate' }, 61 * MINUTE, 2],
    ['within max-age less the age that the answer had', { 'cache-control': 'max-age=3600', age: '3000' }, 9 * MINUTE, 1],
    ['past max-age less the age that the answer had', { 'cache-control': 'max-age=3600', age: '3000' }, 11 * MINUTE, 2],
    ['within ten minutes where nothing is said', {}, 9 * MINUTE, 1],
    ['past ten minutes where nothing is said', {}, 11 * MINUTE, 2],
    ['within ten minutes where s-maxage alone is said', { 'cache-control': 's-maxage=7200' }, 11 * MINUTE, 2],
    ['each time past the cooldown where nothing may be kept', { 'cache-control': 'no-store' }, MINUTE, 2],
    ['never within the cooldown, whatever is said', { 'cache-control': 'no-cache, max-age=0' }, 20_000, 1],
    ['after a day at most', { 'cache-control': 'max-age=999999999' }, 25 * HOUR, 2],
  ])('are kept as the answer says: %s', async (_, headers, later, requests) => {
    google.headers = headers
    const token = await google.idToken()
    expect(await verdict(backend, token)).toBe('accepted')
    pass(later)
    expect(await verdict(backend, token)).toBe('accepted')
    expect(google.requests.idToken).toBe(requests)
  })

  it('that are replaced are found at once, past the cooldown', async () => {
    expect(await verdict(backend, await google.idToken())).toBe('accepted')
    await google.keys.idToken.rotate({ alg: 'RS256', keepOld: false })
    const token = await google.idToken()
    expect(await verdict(backend, token)).toBe('INVALID_TOKEN')
    pass(MINUTE)
    expect(await verdict(backend, token)).toBe('accepted')
    expect(google.requests.idToken).toBe(2)
  })

  it('that are withdrawn stop counting past max-age, in verdicts that are remembered too', async () => {
    const token = await google.idToken()
    const { cache } = await backend.verify(bearer(token), new AbortController().signal)
    await google.keys.idToken.rotate({ alg: 'RS256', keepOld: false })
    expect(cache?.isCurrent?.()).toBe(true)
    pass(61 * MINUTE)
    expect(cache?.isCurrent?.()).toBe(false)
    expect(await verdict(backend, token)).toBe('INVALID_TOKEN')
  })

  it('that cannot be had make the backend unavailable, and not the token bad; the next token after a pause tries again', async () => {
    google.down = true
    const token = await google.idToken()
    expect(await judge(backend, token)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE', retryAfter: 5 })
    const asked = google.requests.idToken
    expect(await verdict(backend, token)).toBe('BACKEND_UNAVAILABLE')
    expect(google.requests.idToken).toBe(asked)
    google.down = false
    pass(6_000)
    expect(await verdict(backend, token)).toBe('accepted')
  })

  it('that are known go on counting for a day while Google is down, and no longer (F2)', async () => {
    const token = await google.idToken()
    const other = await google.idToken({ sub: 'uid-eve' })
    expect(await verdict(backend, token)).toBe('accepted')
    google.down = true
    pass(2 * HOUR)
    const { cache } = await backend.verify(bearer(token), new AbortController().signal)
    expect(cache?.isCurrent?.()).toBe(true)
    const asked = google.requests.idToken
    expect(await verdict(backend, other)).toBe('accepted')
    expect(google.requests.idToken).toBe(asked)
    pass(25 * HOUR)
    expect(await verdict(backend, token)).toBe('BACKEND_UNAVAILABLE')
  })

  it('of the two issuers are fetched apart', async () => {
    const both = make({ sessionCookies: true })
    expect(await verdict(both, await google.sessionCookie())).toBe('accepted')
    expect(google.requests).toEqual({ idToken: 0, sessionCookie: 1 })
    await both.close?.()
    expect(await verdict(both, await google.sessionCookie())).toBe('BACKEND_UNAVAILABLE')
  })
})
