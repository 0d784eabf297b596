import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type IntrospectionBackendOptions, introspection } from '../../../src/backends/introspection.js'
import { createAuth } from '../../../src/create-auth.js'
import { BackendUnavailableError, ConfigurationError } from '../../../src/index.js'
import { FAILURE_MODES, failWith } from '../../../src/testing/failures.js'
import { bearer, judge, verdict } from '../bearer.js'
import { startEndpoint, type TestEndpoint } from './endpoint.js'

const ISSUER = 'https://sso.example.com'
const AUDIENCE = 'https://api.example.com'
const NOW = 1_900_000_000
let endpoint: TestEndpoint
/** The tokens that it was asked about. */
const asked = (): (string | undefined)[] => endpoint.received.map(({ form }) => form.token)

beforeAll(async () => {
  endpoint = await startEndpoint()
})
beforeEach(() => {
  endpoint.received.length = 0
  say({})
})
afterAll(() => endpoint.close())

/** An answer about an active token of Ada's, changed as told; `undefined` takes a member away. */
function say(changes: Record<string, unknown>): void {
  endpoint.say({ active: true, sub: 'ada', aud: AUDIENCE, scope: 'orders:read', client_id: 'web', token_type: 'Bearer', exp: NOW + 60, ...changes })
}

const options = (changes: Partial<IntrospectionBackendOptions> = {}): IntrospectionBackendOptions => ({
  endpoint: endpoint.url,
  issuer: ISSUER,
  audience: AUDIENCE,
  clientId: 'api',
  clientSecret: 'secret',
  now: () => NOW * 1000,
  ...changes,
})

describe('introspection', () => {
  it('turns an active answer into the principal', async () => {
    say({ permissions: ['order.cancel'], roles: ['clerk'], sid: 's1', acr: 'gold', auth_time: NOW - 10 })
    expect(await judge(introspection(options()), 'opaque')).toMatchObject({
      issuer: ISSUER,
      subject: 'ada',
      kind: 'user',
      clientId: 'web',
      sessionId: 's1',
      scopes: ['orders:read'],
      permissions: ['order.cancel'],
      roles: ['clerk'],
      acr: 'gold',
      authenticatedAt: NOW - 10,
      expiresAt: NOW + 60,
    })
  })

  it('takes a client that acts for itself for a client', async () => {
    say({ sub: undefined })
    expect(await judge(introspection(options()), 'opaque')).toMatchObject({ subject: 'web', kind: 'client' })
    say({ sub: 'web' })
    expect(await judge(introspection(options()), 'opaque')).toMatchObject({ subject: 'web', kind: 'client' })
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['active is the text "true"', { active: 'true' }, 'INVALID_TOKEN'],
    ['active is 1', { active: 1 }, 'INVALID_TOKEN'],
    ['active is false', { active: false }, 'INVALID_TOKEN'],
    ['active is missing', { active: undefined }, 'INVALID_TOKEN'],
    ['another issuer', { iss: 'https://evil.example.com' }, 'INVALID_TOKEN'],
    ['an issuer with a slash more', { iss: `${ISSUER}/` }, 'INVALID_TOKEN'],
    ['another audience', { aud: 'https://other.example.com' }, 'INVALID_TOKEN'],
    ['an audience that begins like ours', { aud: `${AUDIENCE}.evil` }, 'INVALID_TOKEN'],
    ['no audience', { aud: undefined }, 'INVALID_TOKEN'],
    ['a refresh token', { token_type: 'refresh_token' }, 'INVALID_TOKEN'],
    ['a token type that is no text', { token_type: 1 }, 'INVALID_TOKEN'],
    ['expired', { exp: NOW }, 'TOKEN_EXPIRED'],
    ['exp is text', { exp: String(NOW + 60) }, 'INVALID_TOKEN'],
    ['not yet valid', { nbf: NOW + 60 }, 'INVALID_TOKEN'],
    ['issued in the future', { iat: NOW + 60 }, 'INVALID_TOKEN'],
    ['nobody', { sub: undefined, client_id: undefined }, 'INVALID_TOKEN'],
    ['a list of audiences with ours', { aud: ['https://other.example.com', AUDIENCE] }, 'accepted'],
    ['our issuer', { iss: ISSUER }, 'accepted'],
    ['a DPoP token type', { token_type: 'DPoP' }, 'accepted'],
  ])('judges an answer with %s', async (_, changes, expected) => {
    say(changes)
    expect(await verdict(introspection(options()), 'opaque')).toBe(expected)
  })

  it('takes an answer without audience only where the settings say so', async () => {
    say({ aud: undefined })
    expect(await verdict(introspection(options({ dangerouslyAcceptMissingAudience: true })), 'opaque')).toBe('accepted')
    say({ aud: 'https://other.example.com' })
    expect(await verdict(introspection(options({ dangerouslyAcceptMissingAudience: true })), 'opaque')).toBe('INVALID_TOKEN')
  })

  it('takes tokens of authorized clients alone', async () => {
    expect(await verdict(introspection(options({ authorizedClients: ['web'] })), 'opaque')).toBe('accepted')
    expect(await verdict(introspection(options({ authorizedClients: ['app'] })), 'opaque')).toBe('INVALID_TOKEN')
  })

  it('A32: asks once about a token that is not active, and again when that has been forgotten', async () => {
    say({ active: false })
    const backend = introspection(options())
    expect(await verdict(backend, 'garbage')).toBe('INVALID_TOKEN')
    expect(await verdict(backend, 'garbage')).toBe('INVALID_TOKEN')
    expect(asked()).toEqual(['garbage'])
    const forgetful = introspection(options({ negativeCacheTtl: 0 }))
    expect(await verdict(forgetful, 'garbage')).toBe('INVALID_TOKEN')
    say({})
    expect(await verdict(forgetful, 'garbage')).toBe('accepted')
  })

  it('A32: remembers no more inactive tokens than it may', async () => {
    say({ active: false })
    const backend = introspection(options({ negativeCacheSize: 2 }))
    for (const token of ['a', 'b', 'c', 'a']) await verdict(backend, token)
    expect(asked()).toEqual(['a', 'b', 'c', 'a'])
  })

  it.each(FAILURE_MODES)('F7: answers unavailable, not unauthenticated, when the endpoint is %s', async (mode) => {
    endpoint.respond = (response) => failWith(mode, response, endpoint.url)
    expect(await verdict(introspection(options({ timeoutDuration: 500 })), 'opaque')).toBe('BACKEND_UNAVAILABLE')
  })

  it('F7: leaves an endpoint alone that fails again and again, and tries one caller after the pause', async () => {
    endpoint.respond = (response) => void response.writeHead(500).end()
    const backend = introspection(options({ breakerFailures: 3, breakerPause: 60 }))
    for (let i = 0; i < 3; i += 1) expect(await verdict(backend, `t${i}`)).toBe('BACKEND_UNAVAILABLE')
    const error = await backend.verify(bearer('t3'), new AbortController().signal).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendUnavailableError)
    expect((error as BackendUnavailableError).refusal.retryAfter).toBe(1)
    expect(asked()).toEqual(['t0', 't1', 't2'])
    say({})
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(await Promise.all([verdict(backend, 't4'), verdict(backend, 't5')])).toEqual(['accepted', 'BACKEND_UNAVAILABLE'])
    expect(await verdict(backend, 't6')).toBe('accepted')
  })

  it('leaves JWTs of other issuers to other backends', () => {
    const jwt = (iss: string): string =>
      `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(JSON.stringify({ iss })).toString('base64url')}.AAAA`
    const backend = introspection(options())
    expect(backend.accepts?.(bearer('opaque'))).toBe(true)
    expect(backend.accepts?.(bearer(jwt(ISSUER)))).toBe(true)
    expect(backend.accepts?.(bearer(jwt('https://other.example.com')))).toBe(false)
    expect(backend.accepts?.(bearer('opaque', 'session'))).toBe(false)
  })

  it('A31: is asked about each use, or remembered for the time that the settings allow, never beyond exp', async () => {
    let now = NOW * 1000
    const authOf = (cacheTtl: number): ReturnType<typeof createAuth> =>
      createAuth({ backends: [introspection(options({ cacheTtl, now: () => now }))], now: () => now, audit: { logger: { debug() {}, info() {}, error() {} } } })
    const use = async (auth: ReturnType<typeof createAuth>): Promise<string> => {
      const { refusal } = await auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? ['Bearer opaque'] : []) })
      return refusal?.reason ?? 'accepted'
    }
    const strict = authOf(0)
    await use(strict)
    await use(strict)
    expect(asked()).toHaveLength(2)
    const relaxed = authOf(3600)
    await use(relaxed)
    say({ active: false })
    expect(await use(relaxed)).toBe('accepted')
    expect(asked()).toHaveLength(3)
    now = (NOW + 60) * 1000
    expect(await use(relaxed)).toBe('INVALID_TOKEN')
    expect(asked()).toHaveLength(4)
  })

  it('concurrent first uses of one token share one question', async () => {
    const auth = createAuth({ backends: [introspection(options())], now: () => NOW * 1000, audit: { logger: { debug() {}, info() {}, error() {} } } })
    const carrier = { transport: 'test', header: (name: string) => (name === 'authorization' ? ['Bearer opaque'] : []) }
    const all = await Promise.all(Array.from({ length: 20 }, () => auth.authenticate(carrier)))
    expect(all.every(({ principal }) => principal?.subject === 'ada')).toBe(true)
    expect(asked()).toHaveLength(1)
  })

  it.each<[string, Record<string, unknown>]>([
    ['endpoint', { endpoint: 'http://sso.example.com/introspect' }],
    ['issuer', { issuer: '' }],
    ['audience', { audience: [] }],
    ['clientSecret', { clientSecret: undefined }],
    ['clientAuthentication', { clientAuthentication: 'none' }],
    ['cacheTtl', { cacheTtl: -1 }],
    ['breakerFailures', { breakerFailures: 0 }],
    ['clockTolerance', { clockTolerance: 61 }],
    ['cache', { cache: true }],
  ])('refuses the start for a wrong %s', (name, changes) => {
    const make = (): unknown => introspection(options(changes as Partial<IntrospectionBackendOptions>), 'backends[0]')
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(`backends[0].${name}: expected`)
  })
})
