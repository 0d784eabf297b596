import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { emulatorTokensCount } from '../../../src/backends/firebase/emulator.js'
import { type FirebaseOptions, firebase } from '../../../src/backends/firebase.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { createAuth } from '../../../src/create-auth.js'
import type { TestClaims } from '../../../src/testing/index.js'
import { judge, verdict } from '../bearer.js'
import { type FakeGoogle, PROJECT, startFakeGoogle } from './fake-google.js'

const HOST = '127.0.0.1:9099'
const { NODE_ENV, FIREBASE_AUTH_EMULATOR_HOST } = process.env
const open: TokenBackend[] = []
let google: FakeGoogle

beforeAll(async () => {
  google = await startFakeGoogle()
})
afterEach(() => setEnvironment(NODE_ENV, FIREBASE_AUTH_EMULATOR_HOST))
afterAll(async () => {
  for (const each of open) await each.close?.()
  await google.close()
})

function setEnvironment(nodeEnv: string | undefined, host: string | undefined): void {
  for (const [name, value] of Object.entries({ NODE_ENV: nodeEnv, FIREBASE_AUTH_EMULATOR_HOST: host })) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

function backend(options: Partial<FirebaseOptions> = {}): TokenBackend {
  const made = firebase({ projectId: PROJECT, jwksUri: google.jwksUri, sessionJwksUri: google.sessionJwksUri, ...options })
  open.push(made)
  return made
}

describe('whether emulator tokens count (A29)', () => {
  it.each<[boolean, string | undefined, string | undefined, boolean | RegExp]>([
    [false, undefined, undefined, false],
    [false, undefined, HOST, false],
    [false, 'development', HOST, false],
    [false, 'production', undefined, false],
    [false, 'production', '', false],
    [false, 'production', HOST, /^firebase \(FIREBASE_AUTH_EMULATOR_HOST\): expected this variable not to be set/],
    [false, ' Production', HOST, /^firebase \(FIREBASE_AUTH_EMULATOR_HOST\): /],
    [true, undefined, HOST, true],
    [true, 'test', HOST, true],
    [true, undefined, undefined, /^firebase\.dangerouslyAcceptEmulatorTokens: expected the variable FIREBASE_AUTH_EMULATOR_HOST/],
    [true, 'development', '', /^firebase\.dangerouslyAcceptEmulatorTokens: expected the variable/],
    [true, 'production', undefined, /^firebase\.dangerouslyAcceptEmulatorTokens: expected NODE_ENV other than production/],
    [true, 'production', HOST, /^firebase \(FIREBASE_AUTH_EMULATOR_HOST\): /],
  ])('with the setting %s, NODE_ENV %s and the variable %s: %s', (accept, nodeEnv, host, expected) => {
    const decide = (): boolean => emulatorTokensCount(accept, 'firebase', { NODE_ENV: nodeEnv, FIREBASE_AUTH_EMULATOR_HOST: host })
    if (expected instanceof RegExp) expect(decide).toThrow(expected)
    else expect(decide()).toBe(expected)
  })

  it('stops the start of a server in production where the variable is set, whatever the setting', () => {
    setEnvironment('production', HOST)
    for (const setting of [{}, { dangerouslyAcceptEmulatorTokens: false }, { dangerouslyAcceptEmulatorTokens: true }]) {
      expect(() => createAuth({ backends: [{ type: 'firebase', projectId: PROJECT, ...setting }] })).toThrow(
        expect.objectContaining({ code: 'ERR_GATEHOUSE_CONFIGURATION', option: 'backends[0] (FIREBASE_AUTH_EMULATOR_HOST)' }),
      )
    }
  })

  it('stops the start where an emulator is asked for that nothing names', () => {
    setEnvironment('test', undefined)
    expect(() => backend({ dangerouslyAcceptEmulatorTokens: true })).toThrow(/^firebase\.dangerouslyAcceptEmulatorTokens: /)
  })
})

describe('an unsigned token', () => {
  it('is refused without the setting, also where the variable is set', async () => {
    setEnvironment('test', HOST)
    expect(await verdict(backend(), google.unsigned())).toBe('INVALID_TOKEN')
    expect(await verdict(backend({ dangerouslyAcceptEmulatorTokens: false }), google.unsigned())).toBe('INVALID_TOKEN')
  })

  it.each<[string, TestClaims, TestClaims, string]>([
    ['of the emulator', {}, {}, 'accepted'],
    ['with alg NONE', {}, { alg: 'NONE' }, 'INVALID_TOKEN'],
    ['that says it is signed', {}, { alg: 'RS256', kid: 'k' }, 'INVALID_TOKEN'],
    ['with a critical extension', {}, { crit: ['b64'], b64: false }, 'INVALID_TOKEN'],
    ['of another project', { aud: 'other-project' }, {}, 'INVALID_TOKEN'],
    ['of another issuer', { iss: 'https://securetoken.google.com/other' }, {}, 'INVALID_TOKEN'],
    ['of a tenant', { firebase: { tenant: 't1' } }, {}, 'INVALID_TOKEN'],
    ['that has expired', { exp: 1_700_000_000 }, {}, 'TOKEN_EXPIRED'],
    ['that never expires', { exp: undefined }, {}, 'INVALID_TOKEN'],
    ['without auth_time', { auth_time: undefined }, {}, 'INVALID_TOKEN'],
    ['of the future', { iat: 4_000_000_000 }, {}, 'INVALID_TOKEN'],
    ['with a subject of 129 characters', { sub: 'u'.repeat(129) }, {}, 'INVALID_TOKEN'],
  ])('%s is judged where the emulator counts', async (_, claims, header, expected) => {
    setEnvironment('test', HOST)
    expect(await verdict(backend({ dangerouslyAcceptEmulatorTokens: true }), google.unsigned(claims, header))).toBe(expected)
  })

  it('with a signature is refused, and signed tokens go on being proved', async () => {
    setEnvironment('test', HOST)
    const emulator = backend({ dangerouslyAcceptEmulatorTokens: true })
    expect(await verdict(emulator, `${google.unsigned()}c2ln`)).toBe('INVALID_TOKEN')
    expect(await verdict(emulator, await google.idToken())).toBe('accepted')
    expect(await verdict(emulator, await google.forged())).toBe('INVALID_TOKEN')
  })

  it('of a session cookie’s issuer needs sessionCookies too', async () => {
    setEnvironment('test', HOST)
    const cookie = google.unsigned({ iss: `https://session.firebase.google.com/${PROJECT}` })
    expect(await verdict(backend({ dangerouslyAcceptEmulatorTokens: true }), cookie)).toBe('INVALID_TOKEN')
    expect(await judge(backend({ dangerouslyAcceptEmulatorTokens: true, sessionCookies: true }), cookie)).toMatchObject({ subject: 'uid-ada' })
  })
})
