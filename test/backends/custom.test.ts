import { describe, expect, it, jest } from '@jest/globals'
import { custom, type TokenAnswer, type VerifyToken } from '../../src/backends/custom.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { BackendUnavailableError, InvalidTokenError, TokenRevokedError } from '../../src/core/errors.js'
import { bearer } from './bearer.js'

const ask = (answer: VerifyToken | unknown, token = 'secret-token'): Promise<VerifiedToken> =>
  custom(typeof answer === 'function' ? (answer as VerifyToken) : async () => answer as TokenAnswer).verify(bearer(token), new AbortController().signal)

describe('a verify function', () => {
  it('gets the token, how it was presented, and a signal', async () => {
    const verify = jest.fn<VerifyToken>().mockReturnValue({ active: true, user: { id: 7 } })
    const { signal } = new AbortController()
    await custom(verify).verify(bearer('abc'), signal)
    expect(verify).toHaveBeenCalledWith('abc', { scheme: 'bearer', source: 'header', signal })
  })

  it('lets in whom it calls active, with all that it says of him', async () => {
    const user = { id: 'ada', name: 'Ada' }
    const answer = {
      active: true,
      user,
      scopes: ['a', 'b'],
      tenant: 'acme',
      permissions: ['p'],
      roles: ['r'],
      groups: ['g'],
      expiresAt: 2_000_000_000,
      kind: 'client',
      claims: { x: 1 },
    }
    const verified = await ask(answer)
    expect(verified).toEqual({
      issuer: 'custom',
      subject: 'ada',
      user,
      kind: 'client',
      tenant: 'acme',
      scopes: ['a', 'b'],
      permissions: ['p'],
      roles: ['r'],
      groups: ['g'],
      expiresAt: 2_000_000_000,
      claims: { x: 1 },
      cache: { until: null },
    })
    expect(verified.user).toBe(user)
  })

  it.each<[string, unknown, string]>([
    ['its subject, before anything of the user', { subject: 'ada', user: { sub: 'x' } }, 'ada'],
    ["the user's sub", { user: { sub: 's', id: 'i', uid: 'u' } }, 's'],
    ["the user's id", { user: { id: 'i', uid: 'u' } }, 'i'],
    ["the user's uid", { user: { uid: 'u' } }, 'u'],
    ['a number', { user: { id: 7 } }, '7'],
    ['zero', { user: { id: 0 } }, '0'],
    ['a big integer', { user: { id: 9_007_199_254_740_993n } }, '9007199254740993'],
    [
      'a getter of a class instance',
      {
        user: new (class {
          get id(): string {
            return 'model'
          }
        })(),
      },
      'model',
    ],
  ])('names the caller by %s', async (_, answer, subject) => {
    expect((await ask({ active: true, ...(answer as object) })).subject).toBe(subject)
  })

  it('may give scopes in one string, or none', async () => {
    expect((await ask({ active: true, subject: 'ada', scopes: 'a b' })).scopes).toEqual(['a', 'b'])
    expect((await ask({ active: true, subject: 'ada' })).scopes).toEqual([])
  })

  it('is asked for tokens of every scheme, but never for a session', () => {
    const backend = custom(async () => null)
    expect(backend.accepts?.(bearer('a'))).toBe(true)
    expect(backend.accepts?.(bearer('a', 'dpop'))).toBe(true)
    expect(backend.accepts?.(bearer('a', 'session'))).toBe(false)
  })

  it('vouches under the name of its backend', async () => {
    const backend = custom(async () => ({ active: true, subject: 'ada' }), { name: 'legacy' })
    expect(backend.name).toBe('legacy')
    expect((await backend.verify(bearer('t'), new AbortController().signal)).issuer).toBe('legacy')
  })
})

describe('nobody is let in, and the token is invalid, when the function answers', () => {
  it.each<[string, unknown]>([
    ['inactive', { active: false, user: { id: 'ada' } }],
    ['null', null],
    ['nothing', undefined],
    ['active in words', { active: 'true', user: { id: 'ada' } }],
    ['active as a number', { active: 1, user: { id: 'ada' } }],
    ['a user only', { user: { id: 'ada' } }],
    ['true', true],
  ])('%s', async (_, answer) => {
    await expect(ask(answer)).rejects.toBeInstanceOf(InvalidTokenError)
  })

  it('inactive without a promise', async () => {
    await expect(ask(() => ({ active: false }))).rejects.toBeInstanceOf(InvalidTokenError)
  })
})

describe('when the function', () => {
  it.each<[string, VerifyToken]>([
    [
      'throws',
      () => {
        throw new Error('database down, token was secret-token')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('database down, token was secret-token'))],
  ])('%s, the backend is unavailable, and the error tells the client nothing', async (_, verify) => {
    const error = await ask(verify).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(BackendUnavailableError)
    expect(JSON.stringify(error)).not.toContain('secret-token')
    expect(JSON.stringify((error as BackendUnavailableError).refusal)).not.toContain('secret-token')
    expect((error as BackendUnavailableError).cause).toMatchObject({ message: expect.stringContaining('database down') })
  })

  it("throws one of this package's errors, that is the answer", async () => {
    const revoked = new TokenRevokedError()
    await expect(ask(async () => Promise.reject(revoked))).rejects.toBe(revoked)
  })
})

describe('an active answer that names nobody or is malformed is a loud fault of the application', () => {
  it.each<[string, unknown, string]>([
    ['no user', {}, 'a subject, or a user with sub, id or uid'],
    ['a user without any id', { user: { name: 'Ada' } }, 'a subject, or a user with sub, id or uid'],
    ['a user that is a string', { user: 'ada' }, 'a subject, or a user with sub, id or uid'],
    ['an empty id', { user: { id: '' } }, 'a subject, or a user with sub, id or uid'],
    ['an id that is not a number', { user: { id: Number.NaN } }, 'a subject, or a user with sub, id or uid'],
    ['an empty subject', { subject: '', user: { id: 'ada' } }, 'a non-empty string'],
    ['scopes in an object', { subject: 'ada', scopes: { read: true } }, 'names in a list or in one string'],
    ['milliseconds', { subject: 'ada', expiresAt: Date.UTC(2030, 0, 1) }, 'seconds since 1970, not milliseconds'],
    ['a date', { subject: 'ada', expiresAt: new Date() }, 'seconds since 1970, not milliseconds'],
    ['an end that is not a number', { subject: 'ada', expiresAt: Number.NaN }, 'seconds since 1970, not milliseconds'],
    ['an unknown kind', { subject: 'ada', kind: 'admin' }, "'user' or 'client'"],
    ['an empty tenant', { subject: 'ada', tenant: '' }, 'a non-empty string'],
    ['roles that are no strings', { subject: 'ada', roles: [1] }, 'a list of names'],
  ])('%s', async (_, answer, expected) => {
    const error = await ask({ active: true, ...(answer as object) }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).message).toContain('custom (answer)')
    expect((error as ConfigurationError).message).toContain(expected)
  })
})

it('a verify function that is none is refused at once, and so are unknown options', () => {
  expect(() => custom('verify' as unknown as VerifyToken, {}, 'backends[1]')).toThrow(/^backends\[1\]: expected a function/)
  expect(() => custom(async () => null, { nam: 'x' } as object, 'backends[1]')).toThrow(/^backends\[1\]\.nam: expected no such option/)
})
