import { describe, expect, it, jest } from '@jest/globals'
import { enforce } from '../../src/core/decisions/enforcement.js'
import type { Refusal } from '../../src/core/refusal.js'
import type { RuleFunction } from '../../src/core/rules/node.js'
import { type ObjectSelector, permissionRequirement } from '../../src/core/rules/requirement.js'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { ARGUMENTS, later, no, ruled, setup } from './rule-support.js'

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
