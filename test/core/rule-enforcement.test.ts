import { describe, expect, it, jest } from '@jest/globals'
import { enforce } from '../../src/core/decisions/enforcement.js'
import { BackendUnavailableError } from '../../src/core/errors.js'
import type { Rule, RuleFunction } from '../../src/core/rules/node.js'
import { type ObjectSelector, scopeRequirement } from '../../src/core/rules/requirement.js'
import { allOf, anyOf, not, owner, type RuleOperand } from '../../src/core/rules/rule.js'
import { ARGUMENTS, later, no, ruled, setup, yes } from './rule-support.js'

describe('rules at run time', () => {
  it.each<[string, RuleOperand, boolean]>([
    ['a function that says yes', yes, true],
    ['a function that says no', no, false],
    ['a function that says yes later', later(true), true],
    ['a function that says no later', later(false), false],
    ['all of what says yes', allOf(yes, later(true), 'p', { scopes: 's' }, { roles: 'r' }), true],
    ['all of which one says no', allOf(yes, no, later(true)), false],
    ['all of which one says no later', allOf(later(true), later(false)), false],
    ['any of which one says yes', anyOf(no, later(false), yes), true],
    ['any of which one says yes later', anyOf(no, later(true)), true],
    ['any of which none says yes', anyOf(no, later(false), 'x'), false],
    ['not what says no', not(no), true],
    ['not what says no later', not(later(false)), true],
    ['not what says yes', not(yes), false],
    ['not what says yes later', not(later(true)), false],
    ['not all of which one says no', not(allOf(yes, later(false))), true],
    ['not any of which one says yes', not(anyOf(no, later(true))), false],
    ['not not what says yes', not(not(later(true))), true],
    ['rules in rules', anyOf(allOf(yes, not(yes)), allOf(later(true), not(anyOf(no, later(false))))), true],
  ])('hold or do not: %s', async (_, operand, holds) => {
    const { auth } = await setup({ permissions: ['p'], scopes: ['s'], roles: ['r'] })
    const refusal = await enforce([ruled(allOf(operand))], auth, ARGUMENTS)
    expect(refusal?.reason ?? null).toBe(holds ? null : 'INSUFFICIENT_PERMISSION')
    expect(refusal?.requiredPermissions).toBeUndefined()
  })

  it('are answered at once where nothing is waited for', async () => {
    const { auth } = await setup({ permissions: ['p'] })
    const row: ObjectSelector = () => ({ userId: 'ada' })
    const source = await setup({ permissions: ['p'] }, null)
    for (const requirement of [
      ruled(anyOf('x', allOf(yes, not(no)))),
      ruled(
        allOf(
          'p',
          owner(({ userId }) => userId),
        ),
      ),
    ]) {
      expect(enforce([requirement], auth, ARGUMENTS)).toBeNull()
    }
    expect(
      enforce(
        [
          ruled(
            allOf(
              'p',
              owner(({ userId }) => userId),
            ),
            row,
            { tenant: () => 't1' },
          ),
        ],
        source.auth,
        ARGUMENTS,
      ),
    ).toMatchObject({
      detail: 'tenant: not the tenant of the principal',
    })
    expect(
      enforce(
        [
          ruled(
            allOf(
              'p',
              owner(({ userId }) => userId),
            ),
            row,
          ),
        ],
        source.auth,
        ARGUMENTS,
      ),
    ).toBeNull()
    expect(enforce([ruled(allOf(no))], auth, ARGUMENTS)).toEqual({ reason: 'INSUFFICIENT_PERMISSION', detail: 'allOf[0]: function no' })
  })

  it('get the principal and the resolver’s own four arguments', async () => {
    const { auth } = await setup({ subject: 'bob' })
    const rule = jest.fn<RuleFunction>(() => true)
    expect(enforce([ruled(allOf(rule))], auth, ARGUMENTS)).toBeNull()
    expect(rule.mock.calls).toEqual([[auth.principal, ARGUMENTS]])
    expect(rule.mock.calls[0]?.[0].subject).toBe('bob')
  })

  it('ask no further than they need to', async () => {
    const { auth, asked } = await setup({ permissions: ['p'] }, ['q:1'])
    const unneeded = jest.fn<RuleFunction>(() => true)
    const object = jest.fn(() => '1')
    expect(enforce([ruled(anyOf(yes, unneeded, 'q'), object)], auth, ARGUMENTS)).toBeNull()
    expect(enforce([ruled(allOf(no, unneeded, 'q'), object)], auth, ARGUMENTS)).toMatchObject({ detail: 'allOf[0]: function no' })
    expect(enforce([ruled(anyOf('p', unneeded))], auth, ARGUMENTS)).toBeNull()
    expect(enforce([ruled(allOf('x', unneeded))], auth, ARGUMENTS)).toMatchObject({ requiredPermissions: [['x']] })
    expect(enforce([ruled(allOf(unneeded)), scopeRequirement('s')], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_SCOPE' })
    expect([unneeded, object].map((fn) => fn.mock.calls.length)).toEqual([0, 0])
    expect(asked).toEqual([])
  })

  it('ask nothing for nobody', async () => {
    const { auth } = await setup(null)
    const rule = jest.fn<RuleFunction>(() => true)
    for (const operand of [rule, not(rule), not(allOf('p', rule)), owner(() => true), not(owner(() => false))]) {
      expect(enforce([ruled(allOf(operand))], auth, ARGUMENTS)).toEqual({ reason: 'MISSING_TOKEN' })
    }
    expect(rule).not.toHaveBeenCalled()
  })
})

describe('a rule that cannot say', () => {
  const failing: readonly (readonly [string, RuleFunction])[] = [
    [
      'throws',
      () => {
        throw new RangeError('canary')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('canary'))],
    ['answers undefined', () => undefined as never],
    ['answers undefined later', later(undefined)],
    ['answers null', () => null as never],
    ['answers 1', () => 1 as never],
    ['answers an empty text', () => '' as never],
    ['answers an object later', later({})],
    ['answers a function', () => yes as never],
  ]
  const places: readonly (readonly [string, (rule: RuleFunction) => Rule])[] = [
    ['alone', (rule) => allOf(rule)],
    ['under not', (rule) => not(rule)],
    ['under two nots', (rule) => not(not(rule))],
    ['before what says yes', (rule) => anyOf(rule, yes)],
    ['before what says yes later', (rule) => anyOf(rule, later(true))],
    ['after what says yes later', (rule) => anyOf(later(true), rule)],
    ['under not, beside what says no later', (rule) => not(allOf(later(false), rule))],
    ['under not, among others', (rule) => not(anyOf(no, rule, later(false)))],
    ['deep in an alternative', (rule) => anyOf(allOf(yes, not(rule)), later(true))],
  ]

  it.each(failing.flatMap(([how, rule]) => places.map(([where, place]) => [how, where, place(rule)] as const)))(
    'since it %s refuses as unavailable %s',
    async (_how, _where, rule) => {
      const { auth, log } = await setup()
      const refusal = await enforce([ruled(rule)], auth, ARGUMENTS)
      expect(refusal).toMatchObject({ reason: 'BACKEND_UNAVAILABLE', detail: expect.stringContaining('function') })
      expect(log.text() + JSON.stringify(refusal)).not.toContain('canary')
    },
  )

  it.each(places)('since it hangs refuses in time %s', async (_, place) => {
    const { auth, log } = await setup({}, [], { verifyTimeout: 20 })
    expect(await enforce([ruled(place(() => new Promise<boolean>(() => undefined)))], auth, ARGUMENTS)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
    expect(log.lines.filter(({ event }) => event.event === 'fault')).toHaveLength(1)
  })

  it('leaves its fault in the audit log, and what it says of its own outage in the refusal', async () => {
    const { auth, log } = await setup()
    const outage = new BackendUnavailableError({ detail: 'the ledger is closed', retryAfter: 7 }, { cause: new RangeError('canary') })
    const rule: RuleFunction = () => Promise.reject(outage)
    expect(await enforce([ruled(not(rule))], auth, ARGUMENTS)).toEqual({
      reason: 'BACKEND_UNAVAILABLE',
      detail: 'not: function rule: the ledger is closed',
      retryAfter: 7,
    })
    expect(log.lines.filter(({ event }) => event.event === 'fault').map(({ event }) => [event.what, event.error])).toEqual([['rule', 'RangeError']])
  })

  it('leaves nobody with a rejection that is not handled', async () => {
    const { auth } = await setup()
    const unhandled = jest.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const rule: RuleFunction = () => Promise.reject(new Error('late'))
      expect(await enforce([ruled(allOf(rule, no))], auth, ARGUMENTS)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
      expect(enforce([ruled(allOf(rule)), ruled(allOf(no))], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})
