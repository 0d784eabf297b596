import { describe, expect, it, jest } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { bearer, carrier, engine, knows, NOW, verified } from './support.js'

describe('a caller', () => {
  it('with a good token is its principal', async () => {
    const { auth } = engine([knows({ good: verified({ scopes: ['a'] }) })])
    const answer = await auth.authenticate(bearer('good'))
    expect(answer).toMatchObject({ principal: { subject: 'ada', scopes: ['a'] }, refusal: null, transport: 'test' })
    expect(answer.credentials?.token).toBe('good')
  })

  it('without a token is nobody, and no backend is asked', async () => {
    const backend = knows({})
    const { auth, log } = engine([backend])
    expect(await auth.authenticate(carrier())).toEqual({ principal: null, refusal: null, credentials: null, transport: 'test' })
    expect(backend.asked).toEqual([])
    expect(log.lines).toEqual([])
  })

  it.each([
    ['a malformed header', carrier({ headers: { authorization: 'Bearer' } }), 'MALFORMED_TOKEN'],
    ['two tokens', carrier({ headers: { authorization: 'Bearer a' }, params: { token: 'b' } }), 'MALFORMED_TOKEN'],
    ['a token over the cap', bearer('a'.repeat(8193)), 'INVALID_TOKEN'],
    ['a respelled token', bearer('eyJ.AB.AA'), 'INVALID_TOKEN'],
  ])('with %s is refused, and no backend is asked', async (_, caller, reason) => {
    const backend = knows({})
    const { auth } = engine([backend])
    expect(await auth.authenticate(caller)).toMatchObject({ principal: null, refusal: { reason } })
    expect(backend.asked).toEqual([])
  })

  it('whose token nobody accepts is refused', async () => {
    const { auth } = engine([knows({ good: verified() }, { accepts: () => false })])
    expect(await auth.authenticate(bearer('good'))).toMatchObject({ principal: null, refusal: { reason: 'INVALID_TOKEN' } })
  })

  it.each<[number, string | null]>([
    [NOW + 1, null],
    [NOW, 'TOKEN_EXPIRED'],
    [NOW - 1, 'TOKEN_EXPIRED'],
  ])('whose backend answers with exp %p gets %p', async (expiresAt, reason) => {
    const { auth } = engine([knows({ good: verified({ expiresAt }) })])
    const { refusal, principal } = await auth.authenticate(bearer('good'))
    expect(refusal?.reason ?? null).toBe(reason)
    expect(principal === null).toBe(reason !== null)
  })
})

describe('what was verified', () => {
  it('is remembered until exp, and not for a moment longer', async () => {
    const backend = knows({ good: verified({ expiresAt: NOW + 60 }) })
    const { auth, clock } = engine([backend])
    await auth.authenticate(bearer('good'))
    clock.seconds = NOW + 59.999
    expect((await auth.authenticate(bearer('good'))).principal?.subject).toBe('ada')
    expect(backend.asked).toHaveLength(1)
    clock.seconds = NOW + 60
    expect((await auth.authenticate(bearer('good'))).refusal?.reason).toBe('TOKEN_EXPIRED')
    expect(backend.asked).toHaveLength(2)
  })

  it.each<[string, Partial<VerifiedToken>, number]>([
    ['a token without exp is verified each time', {}, 2],
    ['a backend may ask for less than exp', { expiresAt: NOW + 60, cache: { until: NOW } }, 2],
    ['a backend may ask for nothing to be remembered', { expiresAt: NOW + 60, cache: { until: null } }, 2],
    ['a backend may ask for a token without exp', { cache: { until: NOW + 60 } }, 1],
    ['a backend cannot ask for more than exp', { expiresAt: NOW + 5, cache: { until: NOW + 60 } }, 2],
    ['a verdict that does not stand any more is asked for again', { expiresAt: NOW + 60, cache: { isCurrent: () => false } }, 2],
    [
      'a verdict that cannot be looked up is asked for again',
      {
        expiresAt: NOW + 60,
        cache: {
          isCurrent: () => {
            throw new Error('down')
          },
        },
      },
      2,
    ],
  ])('%s', async (_, parts, times) => {
    const backend = knows({ good: verified(parts) })
    const { auth, clock } = engine([backend])
    await auth.authenticate(bearer('good'))
    clock.seconds += parts.expiresAt === NOW + 5 ? 4.9 : 1
    await auth.authenticate(bearer('good'))
    clock.seconds += parts.expiresAt === NOW + 5 ? 0.1 : 0
    if (parts.expiresAt === NOW + 5) await auth.authenticate(bearer('good'))
    expect(backend.asked).toHaveLength(times)
  })

  it('is shared by all who bring the same token at once', async () => {
    const backend = knows({ good: verified() })
    const { auth } = engine([backend])
    const answers = await Promise.all(Array.from({ length: 50 }, () => auth.authenticate(bearer('good'))))
    expect(backend.asked).toHaveLength(1)
    expect(answers.every(({ principal }) => principal?.subject === 'ada')).toBe(true)
  })

  it('is not remembered when it was a failure', async () => {
    const backend = knows({})
    const { auth } = engine([backend])
    await auth.authenticate(bearer('bad'))
    await auth.authenticate(bearer('bad'))
    expect(backend.asked).toHaveLength(2)
  })

  it('is forgotten on demand, for those who match and nobody else', async () => {
    const backend = knows({ ada: verified({ expiresAt: NOW + 60 }), bob: verified({ subject: 'bob', expiresAt: NOW + 60 }) })
    const { auth } = engine([backend])
    await auth.authenticate(bearer('ada'))
    await auth.authenticate(bearer('bob'))
    auth.forget(({ subject }) => subject === 'ada')
    await auth.authenticate(bearer('ada'))
    await auth.authenticate(bearer('bob'))
    expect(backend.asked).toEqual(['ada', 'bob', 'ada'])
  })
})

describe('a sender-constrained token', () => {
  const bound = verified({ expiresAt: NOW + 60, confirmation: { jkt: 'thumbprint' } })

  it('is refused where nothing can check the proof', async () => {
    const { auth } = engine([knows({ bound })])
    expect(await auth.authenticate(bearer('bound'))).toMatchObject({ principal: null, refusal: { reason: 'INVALID_TOKEN' } })
    expect(await auth.authenticate(bearer('bound'))).toMatchObject({ principal: null, refusal: { reason: 'INVALID_TOKEN' } })
  })

  it('needs its proof at every use, also when the verdict is remembered', async () => {
    const backend = knows({ bound })
    const proofs: unknown[] = []
    let refusal: { readonly reason: 'INVALID_TOKEN' } | null = null
    const { auth } = engine([backend], {}, { confirm: async (_, confirmation) => (proofs.push(confirmation) > 0 ? refusal : null) })
    expect((await auth.authenticate(bearer('bound'))).principal?.subject).toBe('ada')
    refusal = { reason: 'INVALID_TOKEN' }
    expect(await auth.authenticate(bearer('bound'))).toMatchObject({ principal: null, refusal })
    expect(proofs).toEqual([{ jkt: 'thumbprint' }, { jkt: 'thumbprint' }])
    expect(backend.asked).toHaveLength(1)
  })

  it.each<[string, unknown, string]>([
    ['throws', new Error('canary'), 'BACKEND_UNAVAILABLE'],
    ['says why', new InvalidTokenError(), 'INVALID_TOKEN'],
  ])('is refused when the check of its proof %s', async (_, thrown, reason) => {
    const { auth, log } = engine([knows({ bound })], {}, { confirm: () => Promise.reject(thrown) })
    expect(await auth.authenticate(bearer('bound'))).toMatchObject({ principal: null, refusal: { reason } })
    expect(log.text()).not.toContain('canary')
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(reason === 'BACKEND_UNAVAILABLE' ? 1 : 0)
  })

  it('is refused as unavailable when the check of its proof never answers', async () => {
    const { auth } = engine([knows({ bound })], { verifyTimeout: 5 }, { confirm: () => new Promise(() => undefined) })
    expect((await auth.authenticate(bearer('bound'))).refusal).toEqual({ reason: 'BACKEND_UNAVAILABLE' })
  })
})

describe('the settings’ tenant', () => {
  it('is the principal’s, where the backend names none', async () => {
    const { auth } = engine([knows({ good: verified({ claims: { tid: 't1' } }) })], { tenant: { claim: 'tid' } })
    expect((await auth.authenticate(bearer('good'))).principal?.tenant).toBe('t1')
  })

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('canary')
      },
    ],
    ['answers with a promise', () => Promise.resolve('t1') as never],
  ])('that %s refuses the token', async (_, tenant) => {
    const { auth, log } = engine([knows({ good: verified() })], { tenant })
    expect(await auth.authenticate(bearer('good'))).toMatchObject({ principal: null, refusal: { reason: 'BACKEND_UNAVAILABLE' } })
    expect(log.text()).not.toContain('canary')
  })
})

describe('the application’s user', () => {
  it('is what onAuthenticated returns', async () => {
    const { auth } = engine([knows({ good: verified() })], { onAuthenticated: async ({ subject }, { transport }) => ({ id: subject, transport }) })
    const { principal } = await auth.authenticate(bearer('good'))
    expect(principal?.user).toEqual({ id: 'ada', transport: 'test' })
  })

  it.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error('canary'))],
    ['hangs', () => new Promise(() => undefined)],
  ])('when onAuthenticated %s, the caller is refused as unavailable, and the next token tries again', async (_, onAuthenticated) => {
    const calls: string[] = []
    const { auth, log } = engine([knows({ good: verified({ expiresAt: NOW + 60 }) })], {
      verifyTimeout: 20,
      onAuthenticated: ({ subject }) => {
        calls.push(subject)
        return calls.length === 1 ? onAuthenticated() : { id: 1 }
      },
    })
    expect(await auth.authenticate(bearer('good'))).toMatchObject({ principal: null, refusal: { reason: 'BACKEND_UNAVAILABLE' } })
    expect((await auth.authenticate(bearer('good'))).principal?.user).toEqual({ id: 1 })
    expect(calls).toHaveLength(2)
    expect(log.text()).not.toContain('canary')
  })
})

describe('a connection', () => {
  it.each([
    ['private', 'no token', { reason: 'MISSING_TOKEN' }],
    ['public', 'no token', null],
    ['private', 'a good token', null],
    ['public', 'a good token', null],
    ['private', 'a bad token', { reason: 'INVALID_TOKEN' }],
    ['public', 'a bad token', { reason: 'INVALID_TOKEN' }],
  ] as const)('under %s access with %s', async (access, what, expected) => {
    const { auth } = engine([knows({ good: verified() })], { access })
    const caller = what === 'no token' ? carrier() : bearer(what === 'a good token' ? 'good' : 'bad')
    expect(auth.admit(await auth.authenticate(caller))).toEqual(expected)
  })
})

describe('refused operations', () => {
  it('become one error each, with one decision id, and how HTTP answers beside the first', async () => {
    const { auth, log } = engine([knows({ good: verified({ scopes: ['a'] }) })], { realm: 'orders' })
    const context = auth.createContext(await auth.authenticate(bearer('good')))
    const errors = auth.refuse(context, [
      {
        reason: 'INSUFFICIENT_SCOPE',
        coordinate: 'Query.a',
        requiredScopes: [
          ['a', 'b'],
          ['c', 'd'],
        ],
      },
      { reason: 'INSUFFICIENT_PERMISSION', coordinate: 'Query.b', requiredPermissions: [['x']] },
    ])
    expect(errors.map(({ reason }) => reason)).toEqual(['INSUFFICIENT_SCOPE', 'INSUFFICIENT_PERMISSION'])
    const ids = errors.map(({ extensions }) => (extensions.auth as { decisionId: string }).decisionId)
    const refused = log.lines.filter(({ event }) => event.event === 'refused')
    expect(ids).toEqual([refused[0]?.event.decisionId, refused[0]?.event.decisionId])
    expect(refused).toHaveLength(1)
    expect(errors[0]?.extensions.http).toEqual({
      status: 403,
      headers: { 'WWW-Authenticate': 'Bearer realm="orders", error="insufficient_scope", scope="a b"', 'Cache-Control': 'no-store' },
    })
    expect(Object.keys(errors[0]?.extensions ?? {})).toEqual(['code', 'auth'])
    expect(errors[1]?.extensions.http).toBeUndefined()
    expect(JSON.stringify(errors)).not.toContain('WWW-Authenticate')
  })

  it('of nobody are asked for any of the alternatives', () => {
    const { auth } = engine([knows({})])
    expect(auth.httpRefusal([{ reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a'], ['b', 'c']] }], null).headers['WWW-Authenticate']).toContain('scope="a"')
  })

  it('that are none are no errors', async () => {
    const { auth } = engine([knows({})])
    expect(auth.refuse(auth.createContext(await auth.authenticate(carrier())), [])).toEqual([])
  })
})

describe('start and end', () => {
  it('ready() tells what is wrong with the settings, and the audit log does too', async () => {
    const { auth, log } = engine([knows({})], {}, { ready: Promise.reject(new TypeError('canary')) })
    await expect(auth.ready()).rejects.toThrow(TypeError)
    expect(log.lines).toEqual([{ level: 'error', event: { event: 'fault', what: 'settings', error: 'TypeError' }, message: 'fault' }])
  })

  it('close() closes every backend that can be closed', async () => {
    const close = jest.fn(async () => undefined)
    const { auth } = engine([knows({}, { close }), knows({}), knows({}, { close })])
    await auth.close()
    expect(close).toHaveBeenCalledTimes(2)
  })
})
