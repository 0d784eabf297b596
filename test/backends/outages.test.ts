import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { firebase } from '../../src/backends/firebase.js'
import { introspection } from '../../src/backends/introspection.js'
import { jwt } from '../../src/backends/jwt.js'
import { createTestIssuer, type FailureMode } from '../../src/testing/index.js'
import { engineOf } from './engine-of.js'
import { PROJECT, startFakeGoogle } from './firebase/fake-google.js'
import { startEndpoint } from './introspection/endpoint.js'

const MINUTE = 60_000
let closers: (() => unknown)[] = []
let skew = 0

/** Moves the clocks by which the age of keys and the pause of a breaker are told. */
const elapse = (milliseconds: number): void => {
  skew += milliseconds
}

beforeEach(() => {
  skew = 0
  const realNow = Date.now
  const realUptime = performance.now.bind(performance)
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + skew)
  jest.spyOn(performance, 'now').mockImplementation(() => realUptime() + skew)
})
afterEach(async () => {
  jest.restoreAllMocks()
  for (const close of closers) await close()
  closers = []
})

describe('stale keys', () => {
  it.each<[FailureMode, string]>([
    ['down', 'SocketError UND_ERR_SOCKET'],
    ['error', 'GraphQLError SERVICE_UNAVAILABLE'],
  ])('in use while the issuer is %s are in the audit log once, and so is the recovery', async (mode, error) => {
    const issuer = await createTestIssuer({ algorithms: ['ES256'], expiresIn: 1_000_000 })
    closers.push(issuer.close)
    const engine = await engineOf(jwt({ issuer: issuer.issuer, audience: issuer.audience, clockTolerance: 60, now: () => Date.now() - skew }))
    closers.push(engine.close)
    const stale = `stale keys of ${issuer.issuer}`
    const token = await issuer.token()
    const use = async (): Promise<void> => expect(await engine.use(token)).toBe('accepted')
    const ofKeys = (): readonly string[] => engine.reports().filter((report) => report.includes(stale))

    await use()
    issuer.fail(mode)
    await use()
    expect(engine.reports()).toEqual([])
    for (let outage = 0; outage < 3; outage += 1) {
      elapse(11 * MINUTE)
      await use()
      await use()
    }
    expect(engine.reports()).toEqual([`fault: ${stale} (${error})`])

    await issuer.rotateKeys()
    issuer.recover()
    const fresh = await issuer.token({ iat: Math.floor((Date.now() - skew) / 1000) })
    // Only a token of a new key waits for keys. What it waits for may have been asked for before the recovery, and then the next one gets them.
    const verdicts: string[] = []
    for (let attempt = 0; attempt < 2 && verdicts.at(-1) !== 'accepted'; attempt += 1) {
      elapse(31_000)
      verdicts.push(await engine.use(fresh))
    }
    expect(verdicts.at(-1)).toBe('accepted')
    expect(ofKeys()).toEqual([`fault: ${stale} (${error})`, `recovered: ${stale}`])

    issuer.fail(mode)
    elapse(11 * MINUTE)
    await use()
    expect(ofKeys()).toEqual([`fault: ${stale} (${error})`, `recovered: ${stale}`, `fault: ${stale} (${error})`])
  })

  it('of Google, whose answer says how long they are fresh, are in the audit log too', async () => {
    const google = await startFakeGoogle()
    closers.push(google.close)
    const engine = await engineOf(firebase({ projectId: PROJECT, jwksUri: google.jwksUri, clockTolerance: 60, now: () => Date.now() - skew }))
    closers.push(engine.close)
    const token = await google.idToken({ exp: Math.floor(Date.now() / 1000) + 1_000_000 })
    expect(await engine.use(token)).toBe('accepted')
    google.down = true
    elapse(50 * MINUTE)
    expect(await engine.use(token)).toBe('accepted')
    expect(engine.reports()).toEqual([])
    elapse(11 * MINUTE)
    expect(await engine.use(token)).toBe('accepted')
    elapse(11 * MINUTE)
    expect(await engine.use(token)).toBe('accepted')
    google.down = false
    elapse(11 * MINUTE)
    expect(await engine.use(token)).toBe('accepted')
    const stale = `stale keys of ${google.jwksUri}`
    expect(engine.reports()).toEqual([`fault: ${stale} (GraphQLError SERVICE_UNAVAILABLE)`, `recovered: ${stale}`])
  })

  it('are not reported when a backend is closed while it loads them', async () => {
    const issuer = await createTestIssuer({ algorithms: ['ES256'], expiresIn: 1_000_000 })
    closers.push(issuer.close)
    const engine = await engineOf(jwt({ issuer: issuer.issuer, audience: issuer.audience, clockTolerance: 60, now: () => Date.now() - skew }))
    const [known, waiting] = await Promise.all([issuer.token(), issuer.token()])
    expect(await engine.use(known)).toBe('accepted')
    issuer.fail('slow')
    elapse(11 * MINUTE)
    const used = engine.use(waiting)
    await engine.close()
    await used
    expect(engine.reports()).toEqual([])
  })
})

describe('an introspection endpoint', () => {
  it('that is left alone is in the audit log once, and so is the recovery; no token and no secret is', async () => {
    const endpoint = await startEndpoint()
    closers.push(endpoint.close)
    const issuer = 'https://sso.example.com'
    const engine = await engineOf(
      introspection({
        endpoint: endpoint.url,
        issuer,
        audience: 'api',
        clientId: 'api',
        clientSecret: 'canary-secret',
        breakerFailures: 2,
        breakerPause: MINUTE,
      }),
    )
    endpoint.respond = (response) => void response.destroy()
    const named = `introspection at ${issuer}`
    const reports = (): readonly string[] => engine.reports().filter((report) => report.includes(named))

    expect(await engine.use('canary-1')).toBe('BACKEND_UNAVAILABLE')
    expect(reports()).toEqual([])
    expect(await engine.use('canary-2')).toBe('BACKEND_UNAVAILABLE')
    expect(await engine.use('canary-3')).toBe('BACKEND_UNAVAILABLE')
    elapse(MINUTE)
    expect(await engine.use('canary-4')).toBe('BACKEND_UNAVAILABLE')
    expect(reports()).toEqual([`fault: ${named} (SocketError UND_ERR_SOCKET)`])
    endpoint.say({ active: true, sub: 'ada', aud: 'api' })
    elapse(MINUTE)
    expect(await engine.use('canary-5')).toBe('accepted')
    expect(reports()).toEqual([`fault: ${named} (SocketError UND_ERR_SOCKET)`, `recovered: ${named}`])
    expect(engine.reports().join()).not.toContain('canary')
  })
})
