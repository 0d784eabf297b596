import { describe, expect, it } from '@jest/globals'
import { type JwtOptions, jwt } from '../../../src/backends/jwt.js'
import { ConfigurationError } from '../../../src/core/configuration-error.js'

const GOOD: JwtOptions = { issuer: 'https://issuer.example.com', audience: 'api' }
const SECRET = 'a secret in this test that has more than 64 bytes, enough for HS512 too'

const refusal = (options: unknown): ConfigurationError => {
  try {
    jwt(options as JwtOptions, 'backends[0]')
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('the options were accepted')
}

describe('options of the jwt backend that cannot be right are refused at once, by name', () => {
  it.each<[string, unknown, string, string]>([
    ['no options', undefined, 'backends[0]', 'an object'],
    ['no issuer', { audience: 'api' }, 'backends[0].issuer', 'a non-empty string'],
    ['an empty issuer', { ...GOOD, issuer: '' }, 'backends[0].issuer', 'a non-empty string'],
    ['an issuer that is no URL', { ...GOOD, issuer: 'shop' }, 'backends[0].issuer', 'an https URL'],
    ['an issuer on plain http', { ...GOOD, issuer: 'http://issuer.example.com' }, 'backends[0].issuer', 'an https URL'],
    ['an issuer whose host only begins like loopback', { ...GOOD, issuer: 'http://127.0.0.1.example.com' }, 'backends[0].issuer', 'an https URL'],
    ['an issuer with a query', { ...GOOD, issuer: 'https://issuer.example.com?realm=a' }, 'backends[0].issuer', 'an https URL'],
    ['an issuer with an empty fragment', { ...GOOD, issuer: 'https://issuer.example.com#' }, 'backends[0].issuer', 'an https URL'],
    ['an issuer with a password', { ...GOOD, issuer: 'https://me:secret@issuer.example.com' }, 'backends[0].issuer', 'an https URL'],
    ['an issuer with a password alone', { ...GOOD, issuer: 'https://:secret@issuer.example.com' }, 'backends[0].issuer', 'an https URL'],
    ['no audience', { issuer: GOOD.issuer }, 'backends[0].audience', 'what stands for this API in aud'],
    ['no audience in the list', { ...GOOD, audience: [] }, 'backends[0].audience', 'what stands for this API in aud'],
    ['an empty audience', { ...GOOD, audience: '' }, 'backends[0].audience', 'what stands for this API in aud'],
    ['an audience that is a pattern', { ...GOOD, audience: /api/ }, 'backends[0].audience', 'what stands for this API in aud'],
    ['keys on plain http', { ...GOOD, jwksUri: 'http://keys.example.com/jwks' }, 'backends[0].jwksUri', 'an https URL'],
    ['no algorithm', { ...GOOD, algorithms: [] }, 'backends[0].algorithms', 'a list of algorithms'],
    ['an unknown algorithm', { ...GOOD, algorithms: ['RS255'] }, 'backends[0].algorithms[0]', 'an algorithm'],
    ['the algorithm none', { ...GOOD, algorithms: ['RS256', 'none'] }, 'backends[0].algorithms[1]', 'an algorithm'],
    ['a symmetric algorithm without a secret', { ...GOOD, algorithms: ['HS256'] }, 'backends[0].algorithms', 'HS* need dangerouslySharedSecret'],
    ['both kinds of algorithms', { ...GOOD, algorithms: ['RS256', 'HS256'] }, 'backends[0].algorithms', 'HS* need dangerouslySharedSecret'],
    [
      'both kinds beside a secret',
      { ...GOOD, algorithms: ['RS256', 'HS256'], dangerouslySharedSecret: SECRET },
      'backends[0].algorithms',
      'HS* algorithms alone',
    ],
    [
      'a key pair algorithm beside a secret',
      { ...GOOD, algorithms: ['RS256'], dangerouslySharedSecret: SECRET },
      'backends[0].algorithms',
      'HS* algorithms alone',
    ],
    ['a secret of 31 bytes', { ...GOOD, dangerouslySharedSecret: SECRET.slice(0, 31) }, 'backends[0].dangerouslySharedSecret', 'at least 32 bytes'],
    [
      'a secret too short for HS512',
      { ...GOOD, algorithms: ['HS512'], dangerouslySharedSecret: SECRET.slice(0, 63) },
      'backends[0].dangerouslySharedSecret',
      'at least 64 bytes',
    ],
    ['a secret beside keys', { ...GOOD, dangerouslySharedSecret: SECRET, jwksUri: 'https://k.example.com' }, 'backends[0].jwksUri', 'not both'],
    ['an unknown profile', { ...GOOD, profile: 'strict' }, 'backends[0].profile', "'rfc9068' or 'any'"],
    ['a tolerance over a minute', { ...GOOD, clockTolerance: 61 }, 'backends[0].clockTolerance', 'seconds from 0 to 60'],
    ['a tolerance below 0', { ...GOOD, clockTolerance: -1 }, 'backends[0].clockTolerance', 'seconds from 0 to 60'],
    ['a tolerance that is text', { ...GOOD, clockTolerance: '5s' }, 'backends[0].clockTolerance', 'seconds from 0 to 60'],
    ['keys that never grow old', { ...GOOD, cacheMaxAge: Number.POSITIVE_INFINITY }, 'backends[0].cacheMaxAge', 'milliseconds, 0 or more'],
    ['no time to fetch', { ...GOOD, timeoutDuration: 0 }, 'backends[0].timeoutDuration', 'whole milliseconds, 1 or more'],
    ['required claims in one string', { ...GOOD, requiredClaims: 'sub' }, 'backends[0].requiredClaims', 'a list of claim names'],
    ['an empty claim path', { ...GOOD, claims: { roles: [] } }, 'backends[0].claims.roles', 'a claim name'],
    ['an unknown part of a principal', { ...GOOD, claims: { role: 'role' } }, 'backends[0].claims.role', 'no such option'],
    ['a mistyped option', { ...GOOD, audiences: ['api'] }, 'backends[0].audiences', 'no such option'],
  ])('%s', (_, options, option, expected) => {
    const error = refusal(options)
    expect(error.option).toBe(option)
    expect(error.message).toContain(`${option}: expected `)
    expect(error.message).toContain(expected)
  })

  it('with an example, and without the value', () => {
    expect(refusal({ issuer: GOOD.issuer }).message).toBe(
      "backends[0].audience: expected what stands for this API in aud, once or in a list, for example 'https://api.example.com'",
    )
    expect(refusal({ ...GOOD, dangerouslySharedSecret: 'my-short-secret' }).message).not.toContain('my-short-secret')
  })
})

describe('options of the jwt backend', () => {
  it.each(['http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:9/realms/a', 'https://issuer.example.com/'])('may name %s as the issuer', (issuer) => {
    expect(jwt({ ...GOOD, issuer }).name).toBe('jwt')
  })

  it('are not changed, and not looked at again', () => {
    const audience = ['api']
    const options = Object.freeze({ ...GOOD, audience: Object.freeze(audience) })
    expect(Object.isFrozen(jwt(options))).toBe(true)
  })

  it('may name the backend', () => {
    expect(jwt({ ...GOOD, name: 'shop' }).name).toBe('shop')
  })
})
