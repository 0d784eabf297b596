import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type BackendSetting, backendFrom } from '../../src/backends/from-settings.js'
import { jwt } from '../../src/backends/jwt.js'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'
import { judge, verdict } from './bearer.js'

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const compose = (entry: unknown): ReturnType<typeof backendFrom> => backendFrom(entry as BackendSetting, 'backends[2]', FIXTURES)

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ['ES256'] })
})
afterAll(() => issuer.close())

describe('an entry of backends', () => {
  it('with a type is made by the factory of that type', async () => {
    const { backend, ready } = compose({ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience })
    await ready
    expect(await verdict(backend, await issuer.token())).toBe('accepted')
  })

  it('that is an instance stays what it is', () => {
    const backend = jwt({ issuer: issuer.issuer, audience: issuer.audience })
    expect(compose(backend).backend).toBe(backend)
  })

  it('that is a function becomes a backend', async () => {
    expect(await judge(compose(async () => ({ active: true, subject: 'ada' })).backend, 'token')).toMatchObject({ subject: 'ada', issuer: 'custom' })
  })

  it('that is a reference is loaded, and ready once it is there', async () => {
    const { backend, ready } = compose('./verify-token.js#verifyToken')
    await ready
    expect(await judge(backend, 'good')).toMatchObject({ subject: 'ada' })
    await expect(compose('./verify-token.js#missing').ready).rejects.toThrow(/^backends\[2\]: expected an export 'missing'/)
  })

  it.each<[string, unknown, RegExp]>([
    ['an unknown type', { type: 'saml' }, /^backends\[2\]\.type: expected one of jwt, keycloak.*, for example 'jwt'/],
    ['no type', { issuer: 'https://issuer.example.com' }, /^backends\[2\]\.type: expected one of /],
    ['a type from Object.prototype', { type: 'constructor' }, /^backends\[2\]\.type: expected one of /],
    ['a type that is __proto__', { type: '__proto__' }, /^backends\[2\]\.type: expected one of /],
    ['a wrong option', { type: 'jwt', issuer: 'https://issuer.example.com' }, /^backends\[2\]\.audience: expected /],
    [
      'an option of another type',
      { type: 'jwt', issuer: 'https://i.example.com', audience: 'a', realm: 'r' },
      /^backends\[2\]\.realm: expected no such option/,
    ],
    ['a malformed reference', 'verify token', /^backends\[2\]: expected a relative file or a package/],
    ['null', null, /^backends\[2\]: expected a backend/],
    ['a number', 7, /^backends\[2\]: expected a backend/],
  ])('that is %s is refused by name', (_, entry, message) => {
    expect(() => compose(entry)).toThrow(message)
  })
})
