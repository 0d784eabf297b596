import { describe, expect, it } from '@jest/globals'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { normalizeNames } from '../../src/core/names.js'
import { permissionRequirement, type StepUp, scopeRequirement, stepUpRequirement } from '../../src/core/rules/requirement.js'

function failure(run: () => unknown): ConfigurationError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('names', () => {
  it.each<[string, unknown, readonly (readonly string[])[]]>([
    ['one name', 'a', [['a']]],
    ['a text with spaces needs all of its names', 'a b', [['a', 'b']]],
    ['spaces around and between do not count', '  a   b ', [['a', 'b']]],
    ['a list needs all of its names', ['a', 'b'], [['a', 'b']]],
    ['a name said twice is one', ['a', 'a', 'b'], [['a', 'b']]],
    ['alternatives', { anyOf: [['a', 'b'], ['c']] }, [['a', 'b'], ['c']]],
    ['alternatives written as texts', { anyOf: ['a b', 'c'] }, [['a', 'b'], ['c']]],
    ['every character that RFC 6749 §3.3 allows', '!#$%&()*+,-./0:;<=>?@A[]^_`a{|}~', [['!#$%&()*+,-./0:;<=>?@A[]^_`a{|}~']]],
    ['names of members that every object has', ['__proto__', 'constructor', 'toString'], [['__proto__', 'constructor', 'toString']]],
  ])('%s', (_, names, expected) => {
    expect(normalizeNames('option', names)).toEqual(expected)
  })

  it('freezes what comes out, all the way down, and leaves the input as it was', () => {
    const input = { anyOf: [['a', 'b'], ['c']] }
    const names = normalizeNames('option', input)
    expect(Object.isFrozen(names)).toBe(true)
    for (const alternative of names) expect(Object.isFrozen(alternative)).toBe(true)
    expect(input).toEqual({ anyOf: [['a', 'b'], ['c']] })
    expect(Object.isFrozen(input.anyOf[0])).toBe(false)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['spaces', '   '],
    ['an empty list', []],
    ['a list with an empty text', ['']],
    ['a name with a space in a list', ['a b']],
    ['a list with a hole', Object.assign(Array(2), { 1: 'a' })],
    ['only a hole', Array(1)],
    ['a list with null', ['a', null]],
    ['a list with a number', ['a', 5]],
    ['a list in a list', [['a']]],
    ['a number', 5],
    ['true', true],
    ['a function', () => 'a'],
    ['an empty object', {}],
    ['alternatives that are none', { anyOf: [] }],
    ['alternatives of which one is empty', { anyOf: [['a'], []] }],
    ['alternatives of which one is an empty text', { anyOf: [['a'], ''] }],
    ['alternatives with a hole', { anyOf: Object.assign(Array(2), { 1: ['a'] }) }],
    ['alternatives that are a text', { anyOf: 'a' }],
    ['alternatives that are undefined', { anyOf: undefined }],
    ['alternatives and something that nobody would read', { anyOf: [['a']], allOf: ['b'] }],
    ['alternatives nested too deep', { anyOf: [[['a']]] }],
    ['alternatives by inheritance', Object.create({ anyOf: [['a']] })],
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a tab between names', 'a\tb'],
    ['a line break', 'a\r\nb'],
    ['a control character', 'a\u0000'],
    ['a letter outside ASCII', 'größe'],
    ['a no-break space', 'a\u00a0b'],
  ])('refuses %s and names the option', (_, names) => {
    const error = failure(() => normalizeNames('the.option', names))
    expect(error.option).toBe('the.option')
    expect(error.message).toMatch(/^the\.option: expected at least one name, .*for example/)
  })
})

describe('requirements', () => {
  it('carries scopes and step-up, frozen', () => {
    const requirement = scopeRequirement('a b', { acr: ['gold', 'silver'], maxAge: 0 })
    expect(requirement).toEqual({ scopes: [['a', 'b']], acr: ['gold', 'silver'], maxAge: 0 })
    expect(Object.isFrozen(requirement)).toBe(true)
    expect(Object.isFrozen(requirement.acr)).toBe(true)
  })

  it('takes one acr without a list', () => {
    expect(stepUpRequirement({ acr: 'urn:mace:incommon:iap:silver' })).toEqual({ acr: ['urn:mace:incommon:iap:silver'] })
  })

  it('leaves out what was not asked', () => {
    expect(scopeRequirement('a')).toEqual({ scopes: [['a']] })
    expect(permissionRequirement('a')).toEqual({ permissions: [['a']] })
    expect(stepUpRequirement({ maxAge: 300 })).toEqual({ maxAge: 300 })
  })

  it('keeps the object function as it is', () => {
    const object = (): string => 'id'
    const requirement = permissionRequirement(['a'], object)
    expect(requirement.object).toBe(object)
    expect(Object.isFrozen(requirement)).toBe(true)
  })

  it.each<[string, () => unknown, string]>([
    ['empty scopes', () => scopeRequirement([]), 'requireOAuth'],
    ['empty permissions', () => permissionRequirement([]), 'requirePerm'],
    ['an object that is no function', () => permissionRequirement('a', 'id' as never), 'requirePerm: object'],
    ['an object that is null', () => permissionRequirement('a', null as never), 'requirePerm: object'],
    ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '300', null, undefined].map((maxAge): [string, () => unknown, string] => [
      `maxAge that is the ${typeof maxAge} ${String(maxAge)}`,
      () => scopeRequirement('a', { maxAge } as unknown as StepUp),
      'requireOAuth: maxAge',
    ]),
    ...['', 'a b', [], [''], ['a', 5], ['a"'], 5, null, undefined, { anyOf: [['a']] }].map((acr): [string, () => unknown, string] => [
      `acr ${JSON.stringify(acr) ?? 'undefined'}`,
      () => stepUpRequirement({ acr } as unknown as StepUp),
      'requireOAuth: acr',
    ]),
    ['a step-up with a mistyped member', () => scopeRequirement('a', { maxage: 300 } as StepUp), 'requireOAuth'],
    ['a step-up that is null', () => scopeRequirement('a', null as never), 'requireOAuth'],
    ['a step-up that is a text', () => scopeRequirement('a', 'b' as never), 'requireOAuth'],
  ])('refuses %s', (_, run, option) => {
    expect(failure(run).option).toBe(option)
  })

  it('does not repeat what was given, which may be a secret in the wrong place', () => {
    expect(failure(() => scopeRequirement('canary"')).message).not.toContain('canary')
    expect(failure(() => stepUpRequirement({ acr: 'canary value' })).message).not.toContain('canary')
  })
})
