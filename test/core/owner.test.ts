import { describe, expect, it } from '@jest/globals'
import { enforce } from '../../src/core/decisions/enforcement.js'
import { errorOf } from '../../src/core/errors.js'
import type { Refusal } from '../../src/core/refusal.js'
import { type ObjectSelector, permissionRequirement } from '../../src/core/rules/requirement.js'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'
import { ARGUMENTS, later, no, ruled, setup, yes } from './rule-support.js'

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
    for (const userId of ['ada', ['ada'], Promise.resolve('ada')]) {
      expect(await enforce([ruled(allOf(mine), loads({ userId }))], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_PERMISSION' })
    }
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
