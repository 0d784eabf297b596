import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { type ChallengeRules, httpRefusal } from '../../src/core/challenge.js'
import { REASONS, type Refusal } from '../../src/core/refusal.js'

const PLAIN: ChallengeRules = { realm: null, resourceMetadata: null, dpopAlgorithms: null }
const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource'
const FULL: ChallengeRules = { realm: 'orders', resourceMetadata: METADATA, dpopAlgorithms: null }

const challengeOf = (refusals: readonly Refusal[], rules = PLAIN, held?: readonly string[]): string | undefined =>
  httpRefusal(refusals, rules, held === undefined ? undefined : new Set(held)).headers['WWW-Authenticate']

describe('golden challenges', () => {
  it.each<[Refusal, number, string]>([
    [{ reason: 'MISSING_TOKEN' }, 401, 'Bearer realm="graphql"'],
    [{ reason: 'MALFORMED_TOKEN' }, 400, 'Bearer error="invalid_request"'],
    [{ reason: 'INVALID_TOKEN' }, 401, 'Bearer error="invalid_token"'],
    [{ reason: 'TOKEN_EXPIRED' }, 401, 'Bearer error="invalid_token"'],
    [{ reason: 'TOKEN_REVOKED' }, 401, 'Bearer error="invalid_token"'],
    [{ reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a', 'b']] }, 403, 'Bearer error="insufficient_scope", scope="a b"'],
    [{ reason: 'INSUFFICIENT_SCOPE' }, 403, 'Bearer error="insufficient_scope"'],
    [{ reason: 'INSUFFICIENT_SCOPE', requiredScopes: [] }, 403, 'Bearer error="insufficient_scope"'],
    [{ reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['x']] }, 403, 'Bearer error="insufficient_scope"'],
    [
      { reason: 'INSUFFICIENT_AUTHENTICATION', acrValues: ['gold', 'platinum'], maxAge: 300 },
      401,
      'Bearer error="insufficient_user_authentication", acr_values="gold platinum", max_age="300"',
    ],
    [{ reason: 'INSUFFICIENT_AUTHENTICATION', maxAge: 0 }, 401, 'Bearer error="insufficient_user_authentication", max_age="0"'],
    [{ reason: 'INSUFFICIENT_AUTHENTICATION', acrValues: [] }, 401, 'Bearer error="insufficient_user_authentication"'],
  ])('%j', (refusal, status, challenge) => {
    expect(httpRefusal([refusal], PLAIN)).toEqual({ status, headers: { 'WWW-Authenticate': challenge, 'Cache-Control': 'no-store' } })
  })

  it.each<[Refusal, string]>([
    [{ reason: 'MISSING_TOKEN' }, `Bearer realm="orders", resource_metadata="${METADATA}"`],
    [{ reason: 'INVALID_TOKEN' }, `Bearer realm="orders", error="invalid_token", resource_metadata="${METADATA}"`],
    [
      { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a']] },
      `Bearer realm="orders", error="insufficient_scope", scope="a", resource_metadata="${METADATA}"`,
    ],
  ])('%j, with a realm and resource metadata (RFC 9728 §5.1)', (refusal, challenge) => {
    expect(challengeOf([refusal], FULL)).toBe(challenge)
  })

  it('of a request without credentials name no error, only where to look', () => {
    expect(challengeOf([{ reason: 'MISSING_TOKEN' }], { realm: null, resourceMetadata: METADATA, dpopAlgorithms: null })).toBe(
      `Bearer resource_metadata="${METADATA}"`,
    )
  })

  it('are one for every reason but the one that is not the caller’s fault', () => {
    const without = REASONS.filter((reason) => challengeOf([{ reason }]) === undefined)
    expect(without).toEqual(['BACKEND_UNAVAILABLE'])
  })
})

describe('where DPoP is spoken (RFC 9449 §7.1)', () => {
  const rules: ChallengeRules = { realm: 'orders', resourceMetadata: null, dpopAlgorithms: ['ES256', 'EdDSA'] }
  it.each<[string, Refusal, number, string]>([
    ['nobody is offered both schemes', { reason: 'MISSING_TOKEN' }, 401, 'Bearer realm="orders", DPoP algs="ES256 EdDSA"'],
    [
      'a missing scope is told with both',
      { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a']] },
      403,
      'Bearer realm="orders", error="insufficient_scope", scope="a", DPoP algs="ES256 EdDSA"',
    ],
    [
      'a proof that was not taken is told to DPoP alone',
      { reason: 'INVALID_TOKEN', proof: 'dpop' },
      401,
      'DPoP error="invalid_dpop_proof", algs="ES256 EdDSA"',
    ],
  ])('%s', (_, refusal, status, challenge) => {
    expect(httpRefusal([refusal], rules)).toEqual({ status, headers: { 'WWW-Authenticate': challenge, 'Cache-Control': 'no-store' } })
  })
})

describe('a provider out of reach', () => {
  it.each<[number | undefined, string]>([
    [undefined, '5'],
    [1, '1'],
    [0, '1'],
    [-3, '1'],
    [1.2, '2'],
    [120, '120'],
    [Number.NaN, '5'],
    [Number.POSITIVE_INFINITY, '5'],
  ])('with retryAfter %p asks to wait %s seconds', (retryAfter, expected) => {
    const refusal: Refusal = { reason: 'BACKEND_UNAVAILABLE', ...(retryAfter === undefined ? {} : { retryAfter }) }
    expect(httpRefusal([refusal], FULL)).toEqual({ status: 503, headers: { 'Retry-After': expected, 'Cache-Control': 'no-store' } })
  })
})

describe('several refusals', () => {
  it('are answered by the gravest, in whatever order they come', () => {
    const order = [
      ['BACKEND_UNAVAILABLE', 503],
      ['MALFORMED_TOKEN', 400],
      ['INVALID_TOKEN', 401],
      ['MISSING_TOKEN', 401],
      ['INSUFFICIENT_SCOPE', 403],
      ['INSUFFICIENT_AUTHENTICATION', 401],
    ] as const
    for (const [index, [, status]] of order.entries()) {
      const refusals = order.slice(index).map(([reason]): Refusal => ({ reason }))
      expect(httpRefusal(refusals, PLAIN).status).toBe(status)
      expect(httpRefusal(refusals.reverse(), PLAIN).status).toBe(status)
    }
  })

  it('ask for the scopes of all of them at once', () => {
    const refusals: Refusal[] = [
      { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a', 'b']] },
      { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['x']] },
      { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['b', 'c']] },
    ]
    expect(challengeOf(refusals)).toBe('Bearer error="insufficient_scope", scope="a b c"')
  })

  it.each<[string, readonly string[], string]>([
    ['nothing: the shortest', [], 'c'],
    ['most of a longer one: that one', ['a', 'b', 'd'], 'a b d e'],
    ['half of one, which is as far as the other: the first', ['a'], 'c'],
  ])('ask for the alternative that a caller lacks least of, when he holds %s', (_, held, scope) => {
    const refusal: Refusal = {
      reason: 'INSUFFICIENT_SCOPE',
      requiredScopes:
        held.length > 1
          ? [
              ['a', 'b', 'd', 'e'],
              ['x', 'y'],
            ]
          : [['c'], ['a', 'b']],
    }
    expect(challengeOf([refusal], PLAIN, held)).toBe(`Bearer error="insufficient_scope", scope="${scope}"`)
  })
})

describe('quoting (RFC 9110 §5.6.4)', () => {
  const refusal = (scope: string): Refusal => ({ reason: 'INSUFFICIENT_SCOPE', requiredScopes: [[scope]] })

  it.each<[string, string, string]>([
    ['a quote', 'a"b', 'a\\"b'],
    ['a backslash', 'a\\b', 'a\\\\b'],
    ['a backslash before a quote', 'a\\"b', 'a\\\\\\"b'],
    ['CR LF', 'a\r\nSet-Cookie: x=y', 'aSet-Cookie: x=y'],
    ['NUL and DEL', 'a\u0000\u007fb', 'ab'],
    ['letters outside ASCII', 'größe', 'gre'],
    ['line separators', 'a\u2028\u0085b', 'ab'],
    ['characters outside the BMP', 'a😀b', 'ab'],
  ])('%s', (_, value, quoted) => {
    expect(challengeOf([refusal(value)])).toBe(`Bearer error="insufficient_scope", scope="${quoted}"`)
    expect(challengeOf([{ reason: 'MISSING_TOKEN' }], { realm: value, resourceMetadata: null, dpopAlgorithms: null })).toBe(`Bearer realm="${quoted}"`)
  })

  it('lets every code unit through a real server as one header or not at all', async () => {
    const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('')
    const { status, headers } = httpRefusal([refusal(all)], { realm: all, resourceMetadata: all, dpopAlgorithms: null })
    const server = createServer((_, response) => response.writeHead(status, headers).end())
    try {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      expect(response.status).toBe(403)
      expect(response.headers.get('www-authenticate')).toBe(headers['WWW-Authenticate'])
      expect([...response.headers.keys()].sort()).toEqual(['cache-control', 'connection', 'date', 'keep-alive', 'transfer-encoding', 'www-authenticate'])
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})
