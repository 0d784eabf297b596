import { describe, expect, it } from '@jest/globals'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { isRule, type Rule, ruleKey } from '../../src/core/rules/node.js'
import { isDynamic, needsSource, permissionRequirement, type Requirement } from '../../src/core/rules/requirement.js'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'

const isOpen = (): boolean => true
const ownerId = (row: { readonly userId: string }): string => row.userId

function failure(run: () => unknown): ConfigurationError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a rule', () => {
  it.each<[string, Rule, object]>([
    ['of a permission', allOf('order.edit'), { kind: 'allOf', rules: [{ kind: 'permissions', names: [['order.edit']] }] }],
    ['of permissions in a text', anyOf('a b'), { kind: 'anyOf', rules: [{ kind: 'permissions', names: [['a', 'b']] }] }],
    ['of a list', anyOf(['a', 'b']), { rules: [{ kind: 'permissions', names: [['a', 'b']] }] }],
    ['of alternatives', allOf({ anyOf: [['a', 'b'], ['c']] }), { rules: [{ kind: 'permissions', names: [['a', 'b'], ['c']] }] }],
    ['of scopes', allOf({ scopes: 'orders:read' }), { rules: [{ kind: 'scopes', names: [['orders:read']] }] }],
    ['of roles', allOf({ roles: ['editor', 'chief'] }), { rules: [{ kind: 'roles', names: [['editor', 'chief']] }] }],
    ['of a function', allOf(isOpen), { rules: [{ kind: 'function', test: isOpen }] }],
    ['of an owner', owner(ownerId), { kind: 'owner', owners: ownerId }],
    ['of what must not be', not('suspended'), { kind: 'not', rule: { kind: 'permissions', names: [['suspended']] } }],
    ['of rules', anyOf('any', allOf('own', owner(ownerId))), { rules: [{ kind: 'permissions' }, { kind: 'allOf', rules: [{}, { kind: 'owner' }] }] }],
  ])('%s is data', (_, rule, expected) => {
    expect(rule).toMatchObject(expected)
    expect(isRule(rule)).toBe(true)
  })

  it('is frozen all the way down', () => {
    const rule = anyOf('a', allOf({ anyOf: [['b']] }, not(owner(ownerId))))
    const pending: unknown[] = [rule]
    for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
      if (typeof value !== 'object' || value === null) continue
      expect(Object.isFrozen(value)).toBe(true)
      pending.push(...Object.values(value))
    }
  })

  it('leaves what it was made of as it was', () => {
    const names = { anyOf: [['a'], ['b']] }
    allOf(names)
    names.anyOf[0]?.push('c')
    expect(Object.isFrozen(names.anyOf)).toBe(false)
  })

  it('is not what only looks like one', () => {
    const copy = { ...allOf('a') }
    expect(isRule(copy)).toBe(false)
    expect(failure(() => anyOf(copy)).option).toBe('anyOf[0]')
    expect(failure(() => permissionRequirement({ kind: 'allOf', rules: [] } as never)).option).toBe('requirePerm')
  })

  it.each<[string, () => unknown, string]>([
    ['all of nothing', () => allOf(), 'allOf'],
    ['any of nothing', () => anyOf(), 'anyOf'],
    ['an empty list', () => allOf('a', []), 'allOf[1]'],
    ['an empty text', () => anyOf(''), 'anyOf[0]'],
    ['alternatives that are none', () => anyOf({ anyOf: [] }), 'anyOf[0]'],
    ['a malformed name', () => allOf('a"b'), 'allOf[0]'],
    ['a list with a hole', () => allOf(Array(1)), 'allOf[0]'],
    ['an operand that is undefined', () => allOf('a', undefined as never), 'allOf[1]'],
    ['a hole among the operands', () => allOf(...(Array(1) as never[])), 'allOf[0]'],
    ['an operand that is null', () => anyOf(null as never), 'anyOf[0]'],
    ['an operand that is true', () => anyOf(true as never), 'anyOf[0]'],
    ['an operand without members', () => anyOf({} as never), 'anyOf[0]'],
    ['a member that nobody knows', () => anyOf({ groups: 'a' } as never), 'anyOf[0]'],
    ['two members', () => anyOf({ scopes: 'a', roles: 'b' } as never), 'anyOf[0]'],
    ['no scopes', () => allOf({ scopes: [] }), 'allOf[0].scopes'],
    ['undefined scopes', () => allOf({ scopes: undefined as never }), 'allOf[0].scopes'],
    ['malformed roles', () => allOf({ roles: [5 as never] }), 'allOf[0].roles'],
    ['the opposite of nothing', () => (not as (...operands: unknown[]) => Rule)(), 'not'],
    ['the opposite of undefined', () => not(undefined as never), 'not'],
    ['the opposite of two', () => (not as (...operands: unknown[]) => Rule)('a', 'b'), 'not'],
    ['the opposite of an empty list', () => not([]), 'not'],
    ['an owner that is a name', () => owner('userId' as never), 'owner'],
    ['an owner that is undefined', () => owner(undefined as never), 'owner'],
    ['two owners', () => (owner as (...owners: unknown[]) => Rule)(ownerId, ownerId), 'owner'],
  ])('of %s is an error that names what is wrong', (_, make, option) => {
    const error = failure(make)
    expect(error.option).toBe(option)
    expect(error.message).toContain('expected')
  })
})

describe('a requirement', () => {
  it.each<[string, Requirement, boolean, boolean]>([
    ['on permissions', permissionRequirement('a'), false, false],
    ['on permissions of an object', permissionRequirement('a', () => 1), true, true],
    ['on permissions in a tenant', permissionRequirement('a', undefined, { tenant: () => 't' }), true, false],
    ['with an owner', permissionRequirement('a', undefined, { owner: ownerId }), true, false],
    ['with an owner of an object', permissionRequirement('a', () => ({}), { owner: ownerId }), true, false],
    ['with a rule of names', permissionRequirement(allOf('a', anyOf({ scopes: 'b' }, not({ roles: 'c' })))), false, false],
    ['with a rule of names on an object', permissionRequirement(anyOf('a', 'b'), () => 1), true, true],
    ['with a rule that asks a function', permissionRequirement(allOf('a', not(isOpen))), true, false],
    ['with a rule that asks for an owner', permissionRequirement(not(not(owner(ownerId))), () => ({})), true, false],
  ])('%s', (_, requirement, dynamic, source) => {
    expect([isDynamic(requirement), needsSource(requirement)]).toEqual([dynamic, source])
    expect(Object.isFrozen(requirement)).toBe(true)
  })

  it('with an owner and permissions needs both', () => {
    expect(permissionRequirement('a', undefined, { owner: ownerId })).toEqual({
      rule: expect.objectContaining({ kind: 'allOf', rules: [expect.objectContaining({ kind: 'permissions' }), expect.objectContaining({ kind: 'owner' })] }),
    })
    expect(permissionRequirement(anyOf('a', 'b'), undefined, { owner: ownerId }).rule).toMatchObject({ rules: [{ kind: 'anyOf' }, { kind: 'owner' }] })
  })

  it.each<[string, () => unknown, string]>([
    ['an owner that is a name', () => permissionRequirement('a', undefined, { owner: 'userId' as never }), 'requirePerm: owner'],
    ['a tenant that is a name', () => permissionRequirement('a', undefined, { tenant: 't1' as never }), 'requirePerm: tenant'],
    ['an object that nothing in the rule asks about', () => permissionRequirement(allOf(isOpen, { roles: 'a' }), () => 1), 'requirePerm: object'],
  ])('with %s is an error', (_, make, option) => {
    expect(failure(make).option).toBe(option)
  })
})

describe('the key of a rule', () => {
  const ids = new Map<object, number>()
  const keyOf = (rule: Rule): string =>
    ruleKey(rule, (fn) => {
      ids.set(fn, ids.get(fn) ?? ids.size)
      return ids.get(fn) as number
    })

  it.each<[string, () => Rule]>([
    ['names', () => allOf('a b')],
    ['scopes and roles', () => anyOf({ scopes: 'a' }, { roles: 'a' })],
    ['the same functions', () => not(allOf(isOpen, owner(ownerId)))],
  ])('is the same for %s said twice', (_, make) => {
    expect(keyOf(make())).toBe(keyOf(make()))
  })

  it('is another one for whatever says something else', () => {
    const rules = [
      ...[allOf('a'), anyOf('a'), not('a'), allOf({ scopes: 'a' }), allOf({ roles: 'a' }), allOf('a b'), allOf('a', 'b'), allOf({ anyOf: [['a'], ['b']] })],
      ...[
        allOf(isOpen),
        allOf(() => true),
        allOf(() => true),
        owner(ownerId),
        owner(() => 'x'),
        allOf(owner(ownerId)),
        allOf(allOf('a'), 'b'),
        allOf('a', allOf('b')),
      ],
    ]
    expect(new Set(rules.map(keyOf)).size).toBe(rules.length)
  })
})
