import { describe, expect, it, jest } from '@jest/globals'
import type { TokenBackend, VerifiedToken } from '../../src/core/backend.js'
import { BackendUnavailableError, InsufficientScopeError, InvalidTokenError, TokenExpiredError, TokenRevokedError } from '../../src/core/errors.js'
import { bearer, engine, knows, verified } from './support.js'

describe('the choice of a backend', () => {
  it('falls on the first that does not say no', async () => {
    const first = knows({}, { name: 'first', accepts: ({ token }) => token.startsWith('a') })
    const second = knows({ bob: verified({ subject: 'bob' }) }, { name: 'second' })
    const third = knows({ bob: verified({ subject: 'eve' }) }, { name: 'third' })
    const { auth } = engine([first, second, third])
    expect((await auth.authenticate(bearer('bob'))).principal?.subject).toBe('bob')
    expect([first.asked, second.asked, third.asked]).toEqual([[], ['bob'], []])
  })

  it('is final: a token that one backend refuses is not tried on the next', async () => {
    const first = knows({}, { name: 'first' })
    const second = knows({ good: verified() }, { name: 'second' })
    const { auth } = engine([first, second])
    expect((await auth.authenticate(bearer('good'))).refusal?.reason).toBe('INVALID_TOKEN')
    expect(second.asked).toEqual([])
  })

  it('is final also when the backend could not be reached', async () => {
    const second = knows({ good: verified() })
    const { auth } = engine([knows({ good: new Error('down') }), second])
    expect((await auth.authenticate(bearer('good'))).refusal?.reason).toBe('BACKEND_UNAVAILABLE')
    expect(second.asked).toEqual([])
  })

  it('that throws refuses as unavailable, and asks nobody else', async () => {
    const second = knows({ good: verified() })
    const accepts = (): boolean => {
      throw new RangeError('canary')
    }
    const { auth, log } = engine([knows({}, { name: 'first', accepts }), second])
    expect(await auth.authenticate(bearer('good'))).toMatchObject({ principal: null, refusal: { reason: 'BACKEND_UNAVAILABLE' } })
    expect(second.asked).toEqual([])
    expect(log.lines).toEqual([{ level: 'error', event: { event: 'fault', what: 'backend first', error: 'RangeError' }, message: 'fault' }])
  })
})

describe('a backend that fails', () => {
  it.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error('canary'))],
    [
      'throws before it returns a promise',
      () => {
        throw new Error('canary')
      },
    ],
    ['throws something that is no error', () => Promise.reject('canary')],
    ['returns nothing', () => Promise.resolve(undefined)],
    ['returns null', () => null],
    ['returns true', () => true],
    ['returns no subject', () => Promise.resolve({ issuer: 'canary' })],
    ['returns an empty subject', () => Promise.resolve({ issuer: 'canary', subject: '' })],
    ['returns no issuer', () => Promise.resolve({ subject: 'canary' })],
    ['returns scopes as a text', () => Promise.resolve(verified({ scopes: 'canary' as never }))],
    ['returns an exp that is a text', () => Promise.resolve(verified({ expiresAt: '1' as never }))],
  ])('%s: unavailable, and in the audit log', async (_, verify) => {
    const { auth, log } = engine([{ name: 'bad', verify: verify as TokenBackend['verify'] }])
    expect(await auth.authenticate(bearer('good'))).toMatchObject({ principal: null, refusal: { reason: 'BACKEND_UNAVAILABLE' } })
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatchObject({ level: 'error', event: { event: 'fault', what: 'backend bad' } })
    expect(log.text()).not.toContain('canary')
  })

  it('hangs: unavailable after verifyTimeout, and told to stop', async () => {
    jest.useFakeTimers()
    try {
      let told: AbortSignal | undefined
      const verify: TokenBackend['verify'] = (_, signal) => {
        told = signal
        return new Promise(() => undefined)
      }
      const { auth, log } = engine([{ name: 'slow', verify }], { verifyTimeout: 1500 })
      const settled = jest.fn<(value: unknown) => void>()
      const answer = auth.authenticate(bearer('good')).then(settled)
      await jest.advanceTimersByTimeAsync(1499)
      expect(settled).not.toHaveBeenCalled()
      expect(told?.aborted).toBe(false)
      await jest.advanceTimersByTimeAsync(1)
      await answer
      expect(settled.mock.calls[0]?.[0]).toMatchObject({ principal: null, refusal: { reason: 'BACKEND_UNAVAILABLE' } })
      expect(told?.aborted).toBe(true)
      expect(log.lines).toHaveLength(1)
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
  })

  it('answers after the deadline: too late, and nothing is left unhandled', async () => {
    let answerLate: (value: VerifiedToken) => void = () => undefined
    let failLate: (error: Error) => void = () => undefined
    const late = new Promise<VerifiedToken>((resolve) => {
      answerLate = resolve
    })
    const failed = new Promise<VerifiedToken>((_, reject) => {
      failLate = reject
    })
    const { auth } = engine([{ name: 'slow', verify: ({ token }) => (token === 'late' ? late : failed) }], { verifyTimeout: 5 })
    const answers = await Promise.all([auth.authenticate(bearer('late')), auth.authenticate(bearer('failed'))])
    answerLate(verified())
    failLate(new Error('too late to matter'))
    await Promise.allSettled([late, failed])
    expect(answers.map(({ refusal }) => refusal?.reason)).toEqual(['BACKEND_UNAVAILABLE', 'BACKEND_UNAVAILABLE'])
  })

  it('answers in time: no timer keeps the process', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout')
    try {
      const { auth } = engine([knows({ good: verified() })])
      await auth.authenticate(bearer('good'))
      const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout)
      expect(timers.length).toBeGreaterThan(0)
      expect(timers.map((timer) => timer.hasRef())).toEqual(timers.map(() => false))
    } finally {
      set.mockRestore()
    }
  })
})

describe('an error of this package', () => {
  it.each([
    [new InvalidTokenError({ detail: 'wrong audience' }), { reason: 'INVALID_TOKEN', detail: 'wrong audience' }],
    [new TokenExpiredError(), { reason: 'TOKEN_EXPIRED' }],
    [new TokenRevokedError(), { reason: 'TOKEN_REVOKED' }],
    [new InsufficientScopeError({ requiredScopes: [['api']] }), { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['api']] }],
  ])('passes through as its refusal: %p', async (error, refusal) => {
    const { auth, log } = engine([knows({ token: error })])
    expect((await auth.authenticate(bearer('token'))).refusal).toEqual(refusal)
    expect(log.lines).toEqual([])
  })

  it('that says unavailable keeps its retryAfter, and its cause is in the audit log', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED canary'), { code: 'ECONNREFUSED' })
    const { auth, log } = engine([knows({ token: new BackendUnavailableError({ retryAfter: 30 }, { cause }) })])
    expect((await auth.authenticate(bearer('token'))).refusal).toEqual({ reason: 'BACKEND_UNAVAILABLE', retryAfter: 30 })
    expect(log.lines).toEqual([{ level: 'error', event: { event: 'fault', what: 'backend test', error: 'Error ECONNREFUSED' }, message: 'fault' }])
  })
})
