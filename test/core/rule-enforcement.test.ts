import { describe, expect, it, jest } from '@jest/globals'
import type { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import { enforce } from '../../src/core/enforcement.js'
import { BackendUnavailableError, errorOf } from '../../src/core/errors.js'
import type { Refusal } from '../../src/core/refusal.js'
import { type ObjectSelector, type PermissionScope, permissionRequirement, type Requirement, scopeRequirement } from '../../src/core/requirement.js'
import { allOf, anyOf, not, owner, type RuleOperand } from '../../src/core/rule.js'
import type { Rule, RuleFunction } from '../../src/core/rule-node.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY } from '../../src/core/special-permissions.js'
import { bearer, believes, carrier, engine, type recorder, tokenFor } from './support.js'

const ARGUMENTS = { source: { id: 's', userId: 'ada' }, args: { id: 'a', userId: 'ada' }, context: { id: 'c' }, info: { id: 'i' } }

interface Setup {
  readonly auth: AuthContext
  /** Each call of the source, as `permission:object`. */
  readonly asked: string[][]
  readonly log: ReturnType<typeof recorder>
}

/** A caller; with a source that allows what is on the list, unless the list is `null`. */
async function setup(parts: Partial<VerifiedToken> | null = {}, allowed: readonly string[] | null = [], settings: CommonSettings = {}): Promise<Setup> {
  const asked: string[][] = []
  const check: NonNullable<CommonSettings['permissions']>['check'] = async (_, questions) => {
    const names = questions.map(({ permission, object }) => `${permission}:${String((object as { id?: string }).id ?? object)}`)
    asked.push(names)
    return names.map((name) => allowed?.includes(name) === true)
  }
  const { auth, log } = engine([believes], { verifyTimeout: 1000, ...(allowed === null ? {} : { permissions: { check } }), ...settings })
  return { auth: auth.createContext(await auth.authenticate(parts === null ? carrier() : bearer(tokenFor(parts)))), asked, log }
}

const ruled = (rule: Rule, object?: ObjectSelector, scope: PermissionScope = {}): Requirement => permissionRequirement(rule, object, scope)

const yes: RuleFunction = () => true
const no: RuleFunction = () => false
const later =
  (answer: unknown): RuleFunction =>
  async () =>
    answer as boolean

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

describe('an owner', () => {
  const mine = owner(({ userId }) => userId)
  const loads =
    (row: unknown): ObjectSelector =>
    () =>
      row

  it.each<[string, unknown, boolean]>([
    ['has his id in the row', { userId: 'ada' }, true],
    ['is somebody else', { userId: 'bob' }, false],
    ['is written in another case', { userId: 'Ada' }, false],
    ['is written with a space', { userId: 'ada ' }, false],
    ['is the beginning of his id', { userId: 'ad' }, false],
    ['is nobody', { userId: null }, false],
    ['is an empty text', { userId: '' }, false],
    ['is one of several', { userId: ['bob', 'ada'] }, true],
    ['is none of several', { userId: ['bob', 'eve', null] }, false],
    ['is one of none', { userId: [] }, false],
    ['has a promise of his id in the row', { userId: Promise.resolve('ada') }, true],
    ['has a promise of another id in the row', { userId: Promise.resolve('bob') }, false],
    ['is said to be', { userId: true }, true],
    ['is said not to be', { userId: false }, false],
  ])('%s: %p', async (_, row, owns) => {
    const { auth } = await setup({}, null)
    const refused = { reason: 'INSUFFICIENT_PERMISSION', detail: 'allOf[0]: owner' }
    expect(await enforce([ruled(allOf(mine), loads(row))], auth, ARGUMENTS)).toEqual(owns ? null : refused)
    expect(await enforce([ruled(allOf(mine), async () => row)], auth, ARGUMENTS)).toEqual(owns ? null : refused)
    expect(await enforce([ruled(allOf(mine))], auth, { ...ARGUMENTS, source: row })).toEqual(owns ? null : refused)
    expect(await enforce([ruled(not(mine), loads(row))], auth, ARGUMENTS)).toEqual(owns ? { ...refused, detail: 'not' } : null)
  })

  it.each<[string, unknown, string, boolean]>([
    ['a number', 7, '7', true],
    ['0', 0, '0', true],
    ['a large number', 10n ** 20n, '100000000000000000000', true],
    ['a number that is not exact', 2 ** 53, '9007199254740992', false],
    ['a fraction', 1.5, '1.5', false],
    ['no number', Number.NaN, 'NaN', false],
    ['a text that only equals as a number', '7.0', '7', false],
    ['an object that spells the id', { toString: () => 'ada' }, 'ada', false],
    ['a list that spells the id', [['ada']], 'ada', false],
    ['a symbol', Symbol('ada'), 'ada', false],
    ['undefined', undefined, 'undefined', false],
    ['a hole', Array(1), 'undefined', false],
  ])('is compared as text, to the letter: %s', async (_, userId, subject, owns) => {
    const { auth } = await setup({ subject }, null)
    expect((await enforce([ruled(allOf(mine), loads({ userId }))], auth, ARGUMENTS)) === null).toBe(owns)
  })

  it('is never a client whose sub equals a user’s id', async () => {
    const { auth } = await setup({ kind: 'client' }, null)
    expect(await enforce([ruled(allOf(mine))], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
    const byClient = owner((row, { kind, subject }) => kind === 'client' && row.userId === subject)
    expect(await enforce([ruled(allOf(byClient))], auth, ARGUMENTS)).toBeNull()
  })

  it('is read from the stored row and never from the arguments', async () => {
    const { auth } = await setup({}, null)
    const seen: unknown[] = []
    const read = owner((row) => {
      seen.push(row)
      return row.userId
    })
    const row = { userId: 'bob' }
    expect(await enforce([ruled(allOf(read), loads(row))], auth, { ...ARGUMENTS, args: { userId: 'ada', row: { userId: 'ada' } } })).not.toBeNull()
    expect(await enforce([ruled(allOf(read))], auth, { ...ARGUMENTS, source: undefined, args: { userId: 'ada' } })).not.toBeNull()
    expect(seen).toEqual([row])
  })

  it('must own all of several rows', async () => {
    const { auth } = await setup({}, null)
    const ask = async (...owners: unknown[]): Promise<Refusal | null> =>
      enforce([ruled(allOf(mine), loads(owners.map((userId) => ({ userId }))))], auth, ARGUMENTS)
    expect(await ask('ada', 'ada')).toBeNull()
    expect(await ask('ada', Promise.resolve('ada'))).toBeNull()
    expect(await enforce([ruled(allOf(mine), loads([{ userId: 'ada' }, Promise.resolve({ userId: 'ada' })]))], auth, ARGUMENTS)).toBeNull()
    expect(
      await enforce([ruled(allOf(mine), async () => [Promise.resolve({ userId: 'ada' }), Promise.resolve({ userId: 'bob' })])], auth, ARGUMENTS),
    ).not.toBeNull()
    expect(await enforce([ruled(allOf(mine), () => [Promise.resolve({ userId: 'ada' }), Promise.reject(new Error('canary'))])], auth, ARGUMENTS)).not.toBeNull()
    for (const owners of [['ada', 'bob'], ['bob', 'ada'], ['ada', Promise.resolve('bob')], ['ada', undefined], []]) {
      expect(await ask(...owners)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
    }
  })

  const unusable: readonly (readonly [string, unknown, string])[] = [
    ['an id', 'o1', 'an id is no stored row'],
    ['a number', 7, 'an id is no stored row'],
    ['a list of ids', ['o1', 'o2'], 'an id is no stored row'],
    ['true', true, 'an id is no stored row'],
    ['a row without the column', {}, 'no id, list of ids or boolean'],
    ['a row whose column is an object', { userId: {} }, 'no id, list of ids or boolean'],
    ['nothing', undefined, 'no object named'],
    ['null', null, 'no object named'],
    ['an empty list', [], 'no object named'],
    ['a list with a hole', Array(1), 'no object named'],
    ['an empty text', '', 'no object named'],
    ['an error', Object.assign(new Error('not found'), { userId: 'ada' }), 'no object named'],
    ['a list with an error', [{ userId: 'ada' }, new Error('not found')], 'no object named'],
    ['a list with a promise of nothing', [Promise.resolve({ userId: 'ada' }), Promise.resolve(null)], 'no object named'],
  ]

  it.each(unusable)('of %s is refused, whatever the rest of the rule says, and the audit log knows why', async (_, row, why) => {
    const { auth } = await setup({}, null)
    for (const rule of [allOf(mine), not(mine), anyOf(mine, yes), anyOf(mine, later(true)), not(not(mine)), not(allOf(mine, no))]) {
      for (const object of [loads(row), loads(Promise.resolve(row))]) {
        const refusal = await enforce([ruled(rule, object)], auth, ARGUMENTS)
        expect(refusal).toEqual({ reason: 'INSUFFICIENT_PERMISSION', detail: expect.stringContaining(`owner: ${why}`) })
      }
    }
  })

  it.each<[string, ObjectSelector]>([
    [
      'throws',
      () => {
        throw new RangeError('canary')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('canary'))],
    ['reads from what is not there', (_, args) => args.input.id],
  ])('of an object whose function %s is refused, and the fault is in the audit log', async (_, object) => {
    const { auth, log } = await setup({}, null)
    for (const rule of [allOf(mine), not(mine)]) {
      expect(await enforce([ruled(rule, object)], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
    }
    expect(log.lines.filter(({ event }) => event.what === 'requirement object')).toHaveLength(2)
    expect(log.text()).not.toContain('canary')
  })

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new RangeError('canary')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('canary')) as never],
  ])('whose function %s refuses as unavailable, also under not', async (_, selector) => {
    const { auth, log } = await setup({}, null)
    for (const rule of [allOf(owner(selector)), not(owner(selector)), anyOf(owner(selector), later(true))]) {
      expect(await enforce([ruled(rule)], auth, ARGUMENTS)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
    }
    expect(log.text()).not.toContain('canary')
  })

  it('of somebody else’s row, of an absent row and of a row of another tenant look alike to the client', async () => {
    const { auth } = await setup({ tenant: 't1', permissions: ['edit'] }, null)
    const shown = async (row: unknown, tenant = 't1'): Promise<unknown> => {
      const refusal = await enforce([permissionRequirement('edit', loads(row), { owner: ({ userId }) => userId, tenant: () => tenant })], auth, ARGUMENTS)
      return refusal === null ? null : errorOf(refusal).toJSON()
    }
    const [wrong, ...others] = [
      await shown({ userId: 'bob' }),
      await shown(null),
      await shown(undefined),
      await shown('o1'),
      await shown({ userId: 'ada' }, 't2'),
    ]
    expect(wrong).toEqual({ message: 'Forbidden', extensions: { code: 'FORBIDDEN', auth: { reason: 'INSUFFICIENT_PERMISSION' } } })
    for (const other of others) expect(other).toEqual(wrong)
    expect(await shown({ userId: 'ada' })).toBeNull()
  })
})

describe('permissions of an object in a rule', () => {
  const contract = anyOf(
    'contract.update.any',
    allOf(
      'contract.update.own',
      owner(({ userId }) => userId),
    ),
  )
  const row = { id: 'k1', userId: 'ada' }

  it('are asked in one call, whatever branch they stand in', async () => {
    const { auth, asked } = await setup({}, ['contract.update.own:k1'])
    expect(await enforce([ruled(contract, async () => row)], auth, ARGUMENTS)).toBeNull()
    expect(asked).toEqual([['contract.update.any:k1', 'contract.update.own:k1']])
  })

  it('are the caller’s own where there is no source and the rule has an owner', async () => {
    const ask = async (permissions: readonly string[], userId = 'ada'): Promise<Refusal | null> =>
      enforce([ruled(contract, async () => ({ ...row, userId }))], (await setup({ permissions }, null)).auth, ARGUMENTS)
    expect([await ask(['contract.update.any'], 'bob'), await ask(['contract.update.own'])]).toEqual([null, null])
    expect(await ask(['contract.update.own'], 'bob')).toEqual({
      reason: 'INSUFFICIENT_PERMISSION',
      detail: 'anyOf[0]: permissions, anyOf[1]: allOf[1]: owner',
    })
    expect(await ask([])).toMatchObject({ detail: 'anyOf[0]: permissions, anyOf[1]: allOf[0]: permissions' })
  })

  it('of a thousand rows are one call, and each row is loaded once', async () => {
    const { auth, asked } = await setup(
      {},
      Array.from({ length: 1000 }, (_, id) => `contract.update.own:${id}`),
    )
    const object = jest.fn(async (source: object) => source)
    const requirement = ruled(contract, object)
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, id) => enforce([requirement], auth, { ...ARGUMENTS, source: { id: String(id), userId: id % 2 === 0 ? 'ada' : 'bob' } })),
    )
    expect(answers.filter((answer) => answer === null)).toHaveLength(500)
    expect([asked.length, asked[0]?.length, object.mock.calls.length]).toEqual([1, 2000, 1000])
  })

  it('that the source cannot answer refuse as unavailable, also under not', async () => {
    const settings: CommonSettings = { permissions: { check: () => Promise.reject(new RangeError('canary')) } }
    for (const rule of [allOf('x'), not('x'), anyOf('x', later(true)), not(allOf('x', later(false)))]) {
      const { auth, log } = await setup({}, null, settings)
      expect(await enforce([ruled(rule, () => 'o1')], auth, ARGUMENTS)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
      expect(log.text()).not.toContain('canary')
    }
  })

  it('are looked up where they are, and refuse where they are not', async () => {
    const { auth, asked } = await setup({}, ['x:o1'])
    expect(await enforce([ruled(not('x'), () => 'o1')], auth, ARGUMENTS)).toEqual({ reason: 'INSUFFICIENT_PERMISSION', detail: 'not' })
    expect(await enforce([ruled(not('x'), () => 'o2')], auth, ARGUMENTS)).toBeNull()
    expect(await enforce([ruled(not('x'), () => undefined)], auth, ARGUMENTS)).toMatchObject({ detail: 'not: permissions: no object named' })
    expect(asked).toEqual([['x:o1'], ['x:o2']])
  })
})

describe('the tenant of a requirement', () => {
  it.each<[string, unknown, boolean]>([
    ['his own', 't1', true],
    ['his own, later', Promise.resolve('t1'), true],
    ['another', 't2', false],
    ['another, later', Promise.resolve('t2'), false],
    ['his own in another case', 'T1', false],
    ['his own in a list', ['t1'], false],
    ['an object that spells it', { toString: () => 't1' }, false],
    ['nothing', undefined, false],
    ['null', null, false],
    ['an empty text', '', false],
    ['true', true, false],
  ])('is needed to be exactly the principal’s: %s', async (_, tenant, allowed) => {
    const { auth } = await setup({ tenant: 't1', permissions: ['p'] }, ['p:1'])
    const refused: Refusal = { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['p']], detail: 'not the tenant of the principal' }
    for (const object of [undefined, () => '1']) {
      expect(await enforce([permissionRequirement('p', object, { tenant: () => tenant })], auth, ARGUMENTS)).toEqual(allowed ? null : refused)
    }
    expect(await enforce([ruled(not(no), undefined, { tenant: () => tenant })], auth, ARGUMENTS)).toEqual(
      allowed ? null : { reason: 'INSUFFICIENT_PERMISSION', detail: 'tenant: not the tenant of the principal' },
    )
  })

  it.each<[string, string | number]>([
    ['null', 'null'],
    ['undefined', 'undefined'],
  ])('of a principal without one is none, also where it is called %s', async (_, tenant) => {
    const { auth } = await setup({ permissions: ['p'] })
    expect(await enforce([permissionRequirement('p', undefined, { tenant: () => tenant })], auth, ARGUMENTS)).toMatchObject({
      reason: 'INSUFFICIENT_PERMISSION',
    })
  })

  it('comes before anything is looked up or asked', async () => {
    const { auth, asked } = await setup({ tenant: 't1' }, ['p:1'])
    const object = jest.fn(() => '1')
    const rule = jest.fn<RuleFunction>(() => true)
    for (const tenant of ['t2', Promise.resolve('t2')]) {
      await enforce([permissionRequirement('p', object, { tenant: () => tenant }), ruled(allOf(rule), undefined, { tenant: () => tenant })], auth, ARGUMENTS)
    }
    expect([object.mock.calls, rule.mock.calls, asked]).toEqual([[], [], []])
  })

  it('gets the resolver’s own four arguments', async () => {
    const { auth } = await setup({ tenant: 's a c i', permissions: ['p'] })
    const tenant: ObjectSelector = (source, args, context, info) => [source.id, args.id, context.id, info.id].join(' ')
    expect(enforce([permissionRequirement('p', undefined, { tenant })], auth, ARGUMENTS)).toBeNull()
  })

  it.each<[string, ObjectSelector]>([
    [
      'throws',
      () => {
        throw new RangeError('canary')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('canary'))],
  ])('whose function %s refuses, and the fault is in the audit log', async (_, tenant) => {
    const { auth, log } = await setup({ tenant: 't1', permissions: ['p'] })
    expect(await enforce([permissionRequirement('p', undefined, { tenant })], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
    expect(log.lines.filter(({ event }) => event.what === 'requirement tenant')).toHaveLength(1)
    expect(log.text()).not.toContain('canary')
  })

  it('whose function hangs refuses in time', async () => {
    const { auth } = await setup({ tenant: 't1', permissions: ['p'] }, [], { verifyTimeout: 20 })
    const requirement = permissionRequirement('p', undefined, { tenant: () => new Promise(() => undefined) })
    expect(await enforce([requirement], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
  })
})

describe('administrators at run time', () => {
  const admins: CommonSettings = { admins: { super: { role: 'root' }, tenant: { role: 'boss' } } }
  const root = { roles: ['root'], tenant: 't0' }
  const boss = { roles: ['boss'], tenant: 't1' }
  const at = (tenant: unknown): PermissionScope => ({ tenant: () => tenant })

  it.each<[string, Partial<VerifiedToken>, Requirement, boolean]>([
    ['a super admin may on any object', root, permissionRequirement('p', () => '1'), true],
    ['a super admin may in any tenant', root, permissionRequirement('p', () => '1', at('t9')), true],
    ['a super admin may where no tenant is named', root, permissionRequirement('p', () => '1', at(undefined)), true],
    [
      'a super admin may what is somebody else’s',
      root,
      ruled(
        allOf(
          'p',
          owner(() => 'bob'),
          no,
        ),
        () => null,
      ),
      true,
    ],
    ['a super admin may what is for him alone', root, permissionRequirement(SUPER_ADMIN_ONLY, () => '1'), true],
    ['a super admin may not what nobody may', root, permissionRequirement(NOBODY, () => '1'), false],
    ['a super admin is asked about under not', root, ruled(not(yes)), false],
    ['a super admin is asked about on objects under not', root, ruled(not('q'), () => '1'), false],
    ['a tenant admin may in his tenant', boss, permissionRequirement('p', undefined, at('t1')), true],
    ['a tenant admin may not in another', boss, permissionRequirement('p', undefined, at('t2')), false],
    ['a tenant admin may on objects of his tenant', boss, permissionRequirement('p', () => '1', at('t1')), true],
    ['a tenant admin may not on objects of another', boss, permissionRequirement('p', () => '1', at('t2')), false],
    ['a tenant admin is asked about on objects of who knows which', boss, permissionRequirement('p', () => '1'), false],
    ['a tenant admin may what the source allows him', boss, permissionRequirement('q', () => '1'), true],
    ['a tenant admin may what is for him alone', boss, permissionRequirement(TENANT_ADMIN_ONLY, () => '1', at('t1')), true],
    ['a tenant admin may not what is for super admins', boss, permissionRequirement(SUPER_ADMIN_ONLY, undefined, at('t1')), false],
    [
      'a tenant admin owns nothing by being one',
      boss,
      ruled(
        allOf(
          'p',
          owner(() => 'bob'),
        ),
        () => ({}),
        at('t1'),
      ),
      false,
    ],
    ['a tenant admin is asked about by functions', boss, ruled(allOf('p', no), undefined, at('t1')), false],
    ['a guest of the tenant may not', { tenant: 't1' }, permissionRequirement('p', () => '1', at('t1')), false],
    ['a guest may not what the source would allow by that name', { tenant: 't1' }, permissionRequirement(TENANT_ADMIN_ONLY, () => '1', at('t1')), false],
  ])('%s', async (_, parts, requirement, allowed) => {
    const { auth, asked } = await setup(parts, ['q:1', `${NOBODY}:1`, `${TENANT_ADMIN_ONLY}:1`, `${SUPER_ADMIN_ONLY}:1`], admins)
    expect((await enforce([requirement], auth, ARGUMENTS)) === null).toBe(allowed)
    expect(asked.flat().filter((question) => question.startsWith('gatehouse:'))).toEqual([])
  })

  it('are what context.auth.may answers by, without asking', async () => {
    const allowed = ['q:1', `${NOBODY}:1`, `${SUPER_ADMIN_ONLY}:1`]
    const may = async (parts: Partial<VerifiedToken> | null, permission: string): Promise<boolean> =>
      (await setup(parts, allowed, admins)).auth.may(permission, '1')
    expect([await may(root, 'p'), await may(root, SUPER_ADMIN_ONLY), await may(root, NOBODY)]).toEqual([true, true, false])
    expect([await may(boss, 'p'), await may(boss, 'q'), await may(boss, SUPER_ADMIN_ONLY), await may(boss, TENANT_ADMIN_ONLY)]).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect([await may({}, 'q'), await may(null, 'q'), await may(null, 'p')]).toEqual([true, false, false])
  })

  it('whose test throws are asked about nothing: context.auth.may rejects', async () => {
    const { auth } = await setup({}, ['q:1'], {
      admins: {
        super: () => {
          throw new Error('canary')
        },
      },
    })
    await expect(auth.may('q', '1')).rejects.toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
    expect(await enforce([permissionRequirement('q', () => '1')], auth, ARGUMENTS)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
  })
})
