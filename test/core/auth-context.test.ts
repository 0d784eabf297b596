import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import { InsufficientPermissionError, InsufficientScopeError, InvalidTokenError, MissingTokenError } from '../../src/core/errors.js'
import type { Requirement } from '../../src/core/rules/requirement.js'
import { scopeRequirement, stepUpRequirement } from '../../src/core/rules/requirement.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { bearer, type Clock, carrier, engine, knows, NOW, type recorder, verified } from './support.js'

interface Caller {
  readonly context: AuthContext
  readonly clock: Clock
  readonly log: ReturnType<typeof recorder>
}

async function caller(parts: Partial<VerifiedToken> | null, settings: CommonSettings = {}): Promise<Caller> {
  const { auth, clock, log } = engine([knows({ canary: verified(parts ?? {}) })], settings)
  const context = auth.createContext(await auth.authenticate(parts === null ? carrier() : bearer('canary')))
  log.lines.length = 0
  return { context, clock, log }
}

async function refused(): Promise<Caller> {
  const { auth, clock, log } = engine([knows({})])
  return { context: auth.createContext(await auth.authenticate(bearer('canary'))), clock, log }
}

describe('what a context says', () => {
  it('of a caller', async () => {
    const { context } = await caller({ scopes: ['a'], user: { id: 7 } })
    expect(context.principal?.subject).toBe('ada')
    expect(context.user).toEqual({ id: 7 })
    expect(context.scopes).toEqual(['a'])
    expect(context.token).toBe('canary')
    expect(context.transport).toBe('test')
    expect(context.refusal).toBeNull()
    expect(context.lease).toBeNull()
  })

  it('of nobody', async () => {
    const { context } = await caller(null)
    expect([context.principal, context.user, context.scopes, context.token, context.refusal]).toEqual([null, null, [], null, null])
  })

  it('of somebody whose token is bad: nobody, and why', async () => {
    const { context } = await refused()
    expect([context.principal, context.user, context.scopes]).toEqual([null, null, []])
    expect(context.refusal).toEqual({ reason: 'INVALID_TOKEN' })
  })

  it('on a connection: its lease', async () => {
    const { auth } = engine([knows({ good: verified() })])
    const authentication = await auth.authenticate(bearer('good'))
    const lease = auth.openLease(authentication)
    expect(auth.createContext(authentication, lease).lease).toBe(lease)
    lease.end('closed')
  })

  it('shows in no log, JSON or spread: neither token nor claims', async () => {
    const { auth } = engine([knows({ canary: verified({ claims: { email: 'canary@example.com' }, expiresAt: NOW + 60 }) })])
    const authentication = await auth.authenticate(bearer('canary'))
    const lease = auth.openLease(authentication)
    const context = auth.createContext(authentication, lease)
    for (const text of [JSON.stringify(context), JSON.stringify({ ...context }), inspect(context, { depth: 9 }), String(context)])
      expect(text).not.toContain('canary')
    expect(Object.keys(context)).toEqual([])
    lease.end('closed')
  })
})

describe('who is believed', () => {
  it('is a context that this package made', async () => {
    const { context } = await caller({})
    expect(AuthContext.of({ auth: context })).toBe(context)
  })

  it.each<[string, (real: AuthContext) => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => 'auth'],
    ['no auth', () => ({})],
    ['a principal under auth', () => ({ auth: { principal: { subject: 'root' }, scopes: ['admin'] } })],
    ['an object of the class without its inside', () => ({ auth: Object.create(AuthContext.prototype) })],
    ['the class itself', () => ({ auth: AuthContext })],
    ['a copy', (real) => ({ auth: { ...real } })],
    ['an object that inherits from a real one', (real) => ({ auth: Object.create(real) })],
    ['a proxy of a real one', (real) => ({ auth: new Proxy(real, { get: () => ['admin'] }) })],
    ['something that says instanceof', () => ({ auth: { [Symbol.hasInstance]: () => true, principal: {} } })],
    ['a function with auth from JSON', () => JSON.parse('{"auth":{"__proto__":{"principal":{"subject":"root"}}}}')],
  ])('is not %s', async (_, make) => {
    const { context } = await caller({})
    expect(AuthContext.of(make(context))).toBeNull()
  })
})

describe('a requirement', () => {
  /** Counts how often its scopes are looked at. */
  function counted(requirement: Requirement): { readonly requirement: Requirement; readonly looks: () => number } {
    let looks = 0
    const scopes = requirement.scopes ?? [['a']]
    const observed = Object.defineProperty({ ...requirement }, 'scopes', {
      enumerable: true,
      get: () => {
        looks += 1
        return scopes
      },
    })
    return { requirement: observed, looks: () => looks }
  }

  it.each([['a'], ['b']])('is judged once for an operation, whether it is met or not (%s)', async (scope) => {
    const { context } = await caller({ scopes: ['a'] })
    const { requirement, looks } = counted(scopeRequirement(scope))
    const answers = Array.from({ length: 1000 }, () => context.decide(requirement))
    expect(new Set(answers).size).toBe(1)
    expect(looks()).toBe(1)
  })

  it('is judged anew for another caller', async () => {
    const { requirement, looks } = counted(scopeRequirement('a'))
    expect((await caller({ scopes: ['a'] })).context.decide(requirement)).toBeNull()
    expect((await caller({ scopes: [] })).context.decide(requirement)?.reason).toBe('INSUFFICIENT_SCOPE')
    expect(looks()).toBe(2)
  })

  it('that depends on the time is judged every time', async () => {
    const { context, clock } = await caller({ authenticatedAt: NOW })
    const fresh = stepUpRequirement({ maxAge: 10 })
    clock.seconds = NOW + 10
    expect(context.decide(fresh)).toBeNull()
    clock.seconds = NOW + 11
    expect(context.decide(fresh)?.reason).toBe('INSUFFICIENT_AUTHENTICATION')
  })

  it('is not met by somebody whose token is bad, and he is told about the token', async () => {
    expect((await refused()).context.decide(scopeRequirement('a'))).toEqual({ reason: 'INVALID_TOKEN' })
  })

  it('is not met by nobody', async () => {
    expect((await caller(null)).context.decide(scopeRequirement('a'))).toEqual({ reason: 'MISSING_TOKEN' })
  })
})

describe('questions in a resolver', () => {
  it('hasScopes and hasPermissions answer in every spelling', async () => {
    const { context } = await caller({ scopes: ['a', 'b'], permissions: ['x'] })
    expect([context.hasScopes('a b'), context.hasScopes(['a', 'c']), context.hasScopes({ anyOf: [['c'], ['b']] })]).toEqual([true, false, true])
    expect([context.hasPermissions('x'), context.hasPermissions('a'), context.hasPermissions({ anyOf: [['y'], ['x']] })]).toEqual([true, false, true])
  })

  it('do not answer for nobody, nor for a bad token', async () => {
    for (const { context } of [await caller(null), await refused()]) {
      expect(context.hasScopes('a')).toBe(false)
      expect(context.hasPermissions('a')).toBe(false)
    }
  })

  it('are mistakes when they name nothing', async () => {
    const { context } = await caller({ scopes: ['a'] })
    expect(() => context.hasScopes([])).toThrow('at least one name')
    expect(() => context.hasPermissions('')).toThrow('at least one name')
    expect(() => context.requireScopes({ anyOf: [] })).toThrow('at least one name')
  })

  it('requireScopes and requirePermissions let through or throw, audited', async () => {
    const { context, log } = await caller({ scopes: ['a'], permissions: ['x'] })
    expect(() => context.requireScopes('a')).not.toThrow()
    expect(() => context.requirePermissions('x')).not.toThrow()
    expect(log.lines).toEqual([])
    expect(() => context.requireScopes('b')).toThrow(InsufficientScopeError)
    expect(() => context.requirePermissions('y')).toThrow(InsufficientPermissionError)
    expect(log.lines.map(({ event }) => event.event)).toEqual(['refused', 'refused'])
  })

  it('throw what fits: nobody, or a bad token', async () => {
    const nobody = await caller(null)
    const bad = await refused()
    expect(() => nobody.context.requireScopes('a')).toThrow(MissingTokenError)
    expect(() => bad.context.requirePermissions('a')).toThrow(InvalidTokenError)
  })

  it('leave scopes alone when the settings do', async () => {
    const { context } = await caller({}, { scopes: { enabled: false } })
    expect(context.hasScopes('a')).toBe(true)
    expect((await caller(null, { scopes: { enabled: false } })).context.hasScopes('a')).toBe(false)
  })
})

describe('errors at a coordinate', () => {
  const missing = { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a']] } as const

  it('on a thousand rows are one line in the audit log, and all say its id', async () => {
    const { context, log } = await caller({})
    const errors = Array.from({ length: 1000 }, () => context.errorAt('Order.secret', missing))
    expect(log.lines).toHaveLength(1)
    const { decisionId } = log.lines[0]?.event ?? {}
    expect(new Set(errors.map(({ extensions }) => (extensions.auth as { decisionId: string }).decisionId))).toEqual(new Set([decisionId]))
    expect(errors[0]?.extensions.auth).toEqual({ ...missing, coordinate: 'Order.secret', decisionId })
  })

  it('for another coordinate or reason are lines of their own', async () => {
    const { context, log } = await caller({})
    context.errorAt('Order.secret', missing)
    context.errorAt('Order.price', missing)
    context.errorAt('Order.secret', { reason: 'INSUFFICIENT_PERMISSION' })
    expect(log.lines).toHaveLength(3)
  })
})

describe('a permission on an object', () => {
  it('is asked of the source, once for each question of the operation', async () => {
    const asked: unknown[] = []
    const permissions = { check: (_: unknown, questions: readonly unknown[]) => (asked.push(...questions) > 0 ? questions.map(() => true) : []) }
    const { context } = await caller({}, { permissions })
    expect(await Promise.all([context.may('x', 'o1'), context.may('x', 'o1'), context.may('x', 'o2'), context.may('y', 'o1')])).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(await context.may('x', 'o1')).toBe(true)
    expect(asked).toEqual([
      { permission: 'x', object: 'o1' },
      { permission: 'x', object: 'o2' },
      { permission: 'y', object: 'o1' },
    ])
  })

  it('is asked again after answers were forgotten', async () => {
    let allowed = true
    const { context } = await caller({}, { permissions: { check: (_, questions) => questions.map(() => allowed) } })
    expect(await context.may('x', 'o1')).toBe(true)
    allowed = false
    expect(await context.may('x', 'o1')).toBe(true)
    context.forgetAnswers()
    expect(await context.may('x', 'o1')).toBe(false)
  })

  it('is nobody’s', async () => {
    const { context } = await caller(null, { permissions: { check: (_, questions) => questions.map(() => true) } })
    expect(await context.may('x', 'o1')).toBe(false)
  })

  it('cannot be said without a source', async () => {
    const { context } = await caller({})
    await expect(context.may('x', 'o1')).rejects.toThrow('no permission source')
  })
})
