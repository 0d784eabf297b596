import { describe, expect, it } from '@jest/globals'
import { type DocumentNode, type FieldNode, getOperationAST, type OperationDefinitionNode, parse } from 'graphql'
import { conditionValues, conditionVariables, isIncluded } from '../../src/schema/conditions.js'
import { fragmentsOf } from '../../src/schema/fragments.js'

const operationOf = (document: DocumentNode): OperationDefinitionNode => getOperationAST(document, 'Q') as OperationDefinitionNode

function conditionsOf(source: string, options: object = {}): ReturnType<typeof conditionVariables> {
  const document = parse(source, options)
  return conditionVariables(operationOf(document), fragmentsOf(document))
}

describe('conditionVariables', () => {
  it('finds the variables of @skip and @include, with their defaults, and no others', () => {
    const found = conditionsOf(`
      query Q($a: Boolean!, $b: Boolean = true, $c: Boolean = false, $d: Int = 1, $e: Boolean!) {
        x @skip(if: $a)
        y(first: $d) @include(if: $b)
        z @other(if: $e)
        ...F @include(if: $c)
      }
      fragment F on Query { w }
    `)
    expect(found).toEqual([
      { name: 'a', fallback: undefined },
      { name: 'b', fallback: true },
      { name: 'c', fallback: false },
    ])
  })

  it('finds them below fields, inline fragments and fragments, defined before or after', () => {
    const names = conditionsOf(`
      fragment Before on Query { p @skip(if: $a) }
      query Q($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!) {
        ...Before
        deep { deeper { ... @include(if: $b) { q { r @skip(if: $c) } } } }
        ...After
      }
      fragment After on Query { deep { ...Before s @skip(if: $d) } }
    `).map(({ name }) => name)
    expect([...names].sort()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('looks at the selected operation alone', () => {
    expect(conditionsOf('query Q { x } query Other($a: Boolean!) { x @skip(if: $a) }')).toEqual([])
  })

  it('stops at fragments that spread each other, and passes over those that are not there', () => {
    expect(conditionsOf('query Q { ...A ...Missing ...toString } fragment A on Query { ...B } fragment B on Query { ...A x }')).toEqual([])
  })

  it('leaves a name out that a fragment takes for a variable of its own', () => {
    const source = 'query Q($a: Boolean!, $b: Boolean!) { ...F x @skip(if: $b) } fragment F($a: Boolean = false) on Query { y @skip(if: $a) }'
    const found = conditionsOf(source, { allowLegacyFragmentVariables: true, experimentalFragmentArguments: true })
    expect(found).toEqual([{ name: 'b', fallback: undefined }])
  })
})

describe('conditionValues', () => {
  const names = [
    { name: 'a', fallback: undefined },
    { name: 'b', fallback: true },
    { name: 'c', fallback: false },
  ]

  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{}, { b: true, c: false }],
    [
      { a: true, b: false, c: true },
      { a: true, b: false, c: true },
    ],
    [
      { a: undefined, b: undefined },
      { b: true, c: false },
    ],
    [{ a: null, b: null, c: null }, {}],
    [{ a: 'true', b: 1, c: {} }, {}],
    [{ other: true }, { b: true, c: false }],
  ])('from %j: %j', (given, expected) => {
    expect({ ...conditionValues(names, given) }).toEqual(expected)
  })

  it('takes own variables alone, and has no prototype for a name to hit', () => {
    const hostile = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name) => ({ name, fallback: undefined }))
    const values = conditionValues(hostile, {})
    expect(Object.getPrototypeOf(values)).toBeNull()
    expect(Object.keys(values)).toEqual([])
    const given = JSON.parse('{"__proto__":true,"constructor":false}') as Record<string, unknown>
    expect(Object.entries(conditionValues(hostile, given))).toEqual([
      ['__proto__', true],
      ['constructor', false],
    ])
  })

  it('reads the definitions of an operation once, however many variables it has', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `v${index}`)
    const source = `query Q(${many.map((name) => `$${name}: Boolean = true`).join(' ')}) { ${many.map((name) => `${name}: x @skip(if: $${name})`).join(' ')} }`
    const operation = operationOf(parse(source))
    const { variableDefinitions } = operation
    let read = 0
    const counted = Object.defineProperty({ ...operation }, 'variableDefinitions', {
      get: () => {
        read += 1
        return variableDefinitions
      },
    })
    expect(Object.keys(conditionValues(conditionVariables(counted, {}), {}))).toHaveLength(5000)
    expect(read).toBe(1)
  })
})

describe('isIncluded', () => {
  const fieldOf = (directives: string): FieldNode => operationOf(parse(`query Q($v: Boolean!) { x ${directives} }`)).selectionSet.selections[0] as FieldNode

  it.each([
    ['', undefined, true],
    ['@skip(if: true)', undefined, false],
    ['@skip(if: false)', undefined, true],
    ['@include(if: true)', undefined, true],
    ['@include(if: false)', undefined, false],
    ['@skip(if: $v)', true, false],
    ['@skip(if: $v)', false, true],
    ['@include(if: $v)', true, true],
    ['@include(if: $v)', false, false],
    ['@skip(if: false) @include(if: false)', undefined, false],
    ['@skip(if: true) @include(if: true)', undefined, false],
    ['@include(if: true) @skip(if: false)', undefined, true],
    ['@skip(if: $v) @include(if: $v)', true, false],
    ['@skip(if: $v) @include(if: $v)', false, false],
    ['@other(if: false)', undefined, true],
    ['@skip', undefined, true],
    ['@skip(unless: true)', undefined, true],
    ['@include(if: "false")', undefined, true],
  ])('%s with %j: %j', (directives, v, expected) => {
    expect(isIncluded(fieldOf(directives), v === undefined ? {} : { v })).toBe(expected)
  })

  it.each(['@skip(if: $v)', '@include(if: $v)'])('counts %s as included while the variable is unknown', (directives) => {
    expect(isIncluded(fieldOf(directives), {})).toBe(true)
  })
})
