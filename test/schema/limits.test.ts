import { describe, expect, it } from '@jest/globals'
import {
  type ASTNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  parse,
  Source,
  TokenKind,
  visit,
} from 'graphql'
import { type LimitName, type Limits, resolveLimits } from '../../src/core/limits.js'
import { fragmentsOf } from '../../src/schema/fragments.js'
import { exceededByText } from '../../src/schema/limits/document-text.js'
import { exceededBySize, measureOperation, type OperationSize } from '../../src/schema/limits/operation-size.js'
import { exceededByVariables } from '../../src/schema/limits/variables.js'
import { randomDocument } from './random-document.js'
import { Random } from './random-model.js'

const ENDLESS = 1e9
const NONE: Omit<Limits, 'dangerouslyExempt'> = {
  documentLength: ENDLESS,
  tokens: ENDLESS,
  depth: ENDLESS,
  aliases: ENDLESS,
  fields: ENDLESS,
  rootFields: ENDLESS,
  directives: ENDLESS,
  operations: ENDLESS,
  variables: ENDLESS,
  overlaps: ENDLESS,
  batch: ENDLESS,
}

/** Only this limit counts. */
function only(name: LimitName, maximum: number): Limits {
  return { ...NONE, [name]: maximum, dangerouslyExempt: null }
}

/** The smallest limit that a text does not exceed. */
function textCount(name: LimitName, text: string): number {
  let least = 0
  let most = 1
  while (exceededByText(text, only(name, most)) !== null) most *= 2
  while (least < most) {
    const middle = Math.floor((least + most) / 2)
    if (exceededByText(text, only(name, middle)) === null) most = middle
    else least = middle + 1
  }
  return most
}

const repeat = (times: number, make: (index: number) => string): string => Array.from({ length: times }, (_, index) => make(index)).join(' ')
const operationOf = (document: DocumentNode): OperationDefinitionNode => document.definitions.find(isOperation) as OperationDefinitionNode
const isOperation = (definition: DefinitionNode): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION
const sizeOf = (document: DocumentNode): OperationSize => measureOperation(operationOf(document), fragmentsOf(document))

describe('the text of a document', () => {
  it.each<[LimitName, string, number]>([
    ['documentLength', '{ a }', 5],
    ['tokens', '{ a, b # c\n }', 4],
    ['tokens', '{ a(b: """{ c }""") }', 8],
    ['depth', '{ a }', 1],
    ['depth', '{ a(b: [{ c: [1] }]) }', 5],
    ['depth', '{ a { b } } { c { d { e } } }', 3],
    ['depth', 'query ($a: [[T]]) { a }', 3],
    ['aliases', '{ a: b, on: on, c(d: 1, e: { f: 1 }) }', 2],
    ['aliases', '{ a: b } fragment F on T { c: d, e: f } { g }', 2],
    ['aliases', 'query ($a: T = { b: 1 }) { a @c(d: 1) }', 0],
    ['directives', 'query @a { b @c ...D @e ... @f { g } }', 4],
    ['directives', '{ a @b } { c @d @e } ', 2],
    ['directives', 'query ($a: T @b) @c { d @e }', 3],
    ['operations', '{ a } query B { c } fragment D on E { f } mutation { g } subscription { h }', 4],
    ['operations', '"""described""" query A { b } "described" fragment C on D { e }', 1],
  ])('has for %s: %s → %i', (name, text, count) => {
    expect(textCount(name, text)).toBe(count)
  })

  it.each([
    ['fields without a namesake', '{ a b c { a1: d } }', 0],
    ['two of one name', '{ a a }', 2],
    ['three of one name', '{ a a a }', 6],
    ['the same alias', '{ a: b a: c }', 2],
    ['one field under two aliases', '{ a: b c: b }', 0],
    ['namesakes under parents of other names', '{ a { c } b { c } }', 0],
    ['namesakes under namesakes', '{ a { c } a { c } }', 4],
    ['namesakes in inline fragments', '{ a ... on T { a } ... @b { a } }', 6],
    ['namesakes in two operations', '{ a } { a }', 0],
    ['namesakes in two operations, further down', '{ a { b } } { a { b } }', 0],
    ['namesakes below namesakes of their parents', '{ x { a { c } } y { a { c } } }', 0],
    ['namesakes that a fragment brings below other fields', 'fragment F on T { a { c } } { x { a { c } } y { a { c } } }', 8],
    ['namesakes below four fields that agree, in two operations', '{ a { b { c { d { e } } } } } { a { b { c { d { e } } } } }', 2],
    ['fragments that spread each other', 'fragment F on T { ...G f } fragment G on T { ...F g } fragment H on T { h }', 5],
    ['a namesake right in a fragment, wherever it may be spread', 'fragment F on T { c } { a { c } b { c } }', 4],
    ['namesakes right in two fragments', 'fragment F on T { c } fragment G on T { c }', 3],
    ['arguments', '{ a(b: 1) a(b: 2) }', 10],
    ['arguments of one alone', '{ a(b: [1 2 3]) }', 0],
    ['arguments of a directive on the second', '{ a a @c(if: true) }', 6],
    ['fragments of other fields', 'fragment F on T { f } fragment G on T { g } fragment H on T { h }', 3],
  ])('overlaps with %s', (_name, text, count) => {
    expect(textCount('overlaps', text)).toBe(count)
  })

  it('is held against the limits up to where it is no GraphQL, and no further', () => {
    expect(exceededByText(`{ a ${repeat(9, () => 'b:')} ? ${repeat(99, () => 'b:')}`, only('aliases', 9))).toBeNull()
    expect(exceededByText(`{ a ${repeat(10, () => 'b:')} ?`, only('aliases', 9))).toBe('aliases')
    for (const text of ['', '}', '}}}){]', '((((', '{{{', '"', '\u0000', '....', '{ a: }', ':::']) expect(exceededByText(text, only('depth', 9))).toBeNull()
  })

  it('counts the same as a recursion over what the parser makes of it, in 300 random documents', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const text = randomDocument(new Random(seed))
      const document = parse(text)
      const most = (count: (definition: DefinitionNode) => number): number => Math.max(...document.definitions.map(count))
      expect({ text, ...textCounts(text) }).toEqual({
        text,
        tokens: tokensIn(text),
        aliases: most((definition) => nodes(definition).filter((node) => node.kind === Kind.FIELD && node.alias !== undefined).length),
        directives: most((definition) => nodes(definition).filter(({ kind }) => kind === Kind.DIRECTIVE).length),
        operations: document.definitions.filter(isOperation).length,
      })
      const exact = comparisons(document)
      expect(textCount('overlaps', text)).toBeGreaterThanOrEqual(exact)
    }
  })

  function textCounts(text: string): object {
    return Object.fromEntries((['tokens', 'aliases', 'directives', 'operations'] as const).map((name) => [name, textCount(name, text)]))
  }

  function tokensIn(text: string): number {
    const lexer = new Lexer(new Source(text))
    let tokens = 0
    while (lexer.advance().kind !== TokenKind.EOF) tokens += 1
    return tokens
  }

  function nodes(definition: DefinitionNode): ASTNode[] {
    const found: ASTNode[] = []
    visit(definition, { enter: (node) => void found.push(node) })
    return found
  }
})

/** Pairs of field nodes that can meet at one response path, by a recursion that follows every spread: each counts once, however it comes about. */
function comparisons(document: DocumentNode): number {
  const fragments = fragmentsOf(document)
  const pairs = new Set<string>()
  const ids = new Map<FieldNode, number>()
  const idOf = (field: FieldNode): number => {
    const id = ids.get(field) ?? ids.size
    ids.set(field, id)
    return id
  }
  const collect = (selections: OperationDefinitionNode['selectionSet']['selections'], into: Map<string, FieldNode[]>): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value
        into.set(name, [...(into.get(name) ?? []), selection])
      } else {
        const set = selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value]?.selectionSet : selection.selectionSet
        if (set !== undefined) collect(set.selections, into)
      }
    }
  }
  const compare = (fields: readonly FieldNode[]): void => {
    const merged = new Map<string, FieldNode[]>()
    for (const field of fields) if (field.selectionSet !== undefined) collect(field.selectionSet.selections, merged)
    pairUp(merged)
  }
  const pairUp = (merged: Map<string, FieldNode[]>): void => {
    for (const fields of merged.values()) {
      for (const [index, one] of fields.entries()) {
        for (const other of fields.slice(index + 1)) if (one !== other) pairs.add([idOf(one), idOf(other)].sort((a, b) => a - b).join())
      }
      compare(fields)
    }
  }
  for (const definition of document.definitions) {
    if (!isOperation(definition)) continue
    const merged = new Map<string, FieldNode[]>()
    collect(definition.selectionSet.selections, merged)
    pairUp(merged)
  }
  return pairs.size
}

describe('an operation', () => {
  it.each<[string, OperationSize]>([
    ['{ a }', { fields: 1, rootFields: 1, aliases: 0, directives: 0, depth: 1 }],
    ['query @a { b @c { d: e } ... @f { g } }', { fields: 3, rootFields: 2, aliases: 1, directives: 2, depth: 2 }],
    ['{ ...F ...F } fragment F on T @a { b: c { d } }', { fields: 4, rootFields: 2, aliases: 2, directives: 0, depth: 3 }],
    ['{ a { ...F } } fragment F on T { ... { b } }', { fields: 2, rootFields: 1, aliases: 0, directives: 0, depth: 4 }],
    ['{ a } query B { c d }', { fields: 1, rootFields: 1, aliases: 0, directives: 0, depth: 1 }],
    ['{ a ...Missing }', { fields: 1, rootFields: 1, aliases: 0, directives: 0, depth: 1 }],
    [
      '{ ...constructor } fragment constructor on T { ...__proto__ } fragment __proto__ on T { a b }',
      { fields: 2, rootFields: 2, aliases: 0, directives: 0, depth: 3 },
    ],
  ])('of %s is measured', (text, size) => {
    expect(sizeOf(parse(text))).toEqual(size)
  })

  it('counts the same as a recursion that follows every spread, in 1000 random documents', () => {
    for (let seed = 0; seed < 1000; seed += 1) {
      const text = randomDocument(new Random(seed))
      const document = parse(text)
      for (const operation of document.definitions.filter(isOperation)) {
        expect({ text, size: measureOperation(operation, fragmentsOf(document)) }).toEqual({ text, size: naive(operation.selectionSet, document, true) })
      }
    }
  })

  /** By the definition, and as slow as that. */
  function naive(set: OperationDefinitionNode['selectionSet'], document: DocumentNode, atRoot: boolean): OperationSize {
    const fragments = fragmentsOf(document)
    let [fields, rootFields, aliases, directives, depth] = [0, 0, 0, 0, 1]
    for (const selection of set.selections) {
      directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FIELD) {
        fields += 1
        rootFields += atRoot ? 1 : 0
        aliases += selection.alias === undefined ? 0 : 1
      }
      const below = selection.kind === Kind.FRAGMENT_SPREAD ? fragments[selection.name.value]?.selectionSet : selection.selectionSet
      if (below === undefined) continue
      const size = naive(below, document, atRoot && selection.kind !== Kind.FIELD)
      fields += size.fields
      rootFields += size.rootFields
      aliases += size.aliases
      directives += size.directives
      depth = Math.max(depth, 1 + size.depth)
    }
    return { fields, rootFields, aliases, directives, depth }
  }

  it('with fragments that double thirty times is counted in full, at the cost of its text', () => {
    const text = `{ ...F0 } ${repeat(30, (index) => `fragment F${index} on T { a: b { ...F${index + 1} } c: b { ...F${index + 1} } }`)} fragment F30 on T { d }`
    expect(sizeOf(parse(text))).toEqual({ fields: 3 * 2 ** 30 - 2, rootFields: 2, aliases: 2 ** 31 - 2, directives: 0, depth: 62 })
  })

  it('reads each definition once, however many spreads lead to it', () => {
    const levels = 20
    const text = `{ ...F0 } ${repeat(levels, (index) => `fragment F${index} on T { ${repeat(5, () => `...F${index + 1}`)} }`)} fragment F${levels} on T { a }`
    const document = parse(text)
    let read = 0
    for (const definition of document.definitions) {
      if (!('selectionSet' in definition)) continue
      const { selections } = definition.selectionSet
      Object.defineProperty(definition.selectionSet, 'selections', {
        get: () => {
          read += 1
          return selections
        },
      })
    }
    expect(sizeOf(document).fields).toBe(5 ** levels)
    expect(read).toBe(levels + 2)
  })

  it.each([
    ['itself', '{ ...F } fragment F on T { a { ...F } }'],
    ['another that spreads it', '{ ...F } fragment F on T { ...G } fragment G on T { a ...F }'],
    ['one far down', `{ ...F0 } ${repeat(500, (index) => `fragment F${index} on T { a ...F${(index + 1) % 500} }`)}`],
  ])('with a fragment that spreads %s has no end', (_name, text) => {
    expect(sizeOf(parse(text)).fields).toBe(Infinity)
    expect(exceededBySize(sizeOf(parse(text)), resolveLimits())).toBe('depth')
  })

  it('with a chain of ten thousand fragments does not overflow the stack', () => {
    const text = `{ ...F0 } ${repeat(10_000, (index) => `fragment F${index} on T { a { ...F${index + 1} } }`)} fragment F10000 on T { a }`
    expect(sizeOf(parse(text)).depth).toBe(20_002)
  })
})

describe('variables', () => {
  const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)

  it.each([
    [{}, 0],
    [{ a: 1, b: null, c: 'c' }, 3],
    [{ a: [1, 2, [3]], b: { c: { d: 4 } } }, 8],
    [JSON.parse('{ "__proto__": { "constructor": [1] } }'), 3],
  ])('%j are %i values', (variables: object, values) => {
    expect(exceededByVariables(variables, only('variables', Math.max(values, 0)))).toBeNull()
    if (values > 0) expect(exceededByVariables(variables, only('variables', values - 1))).toBe('variables')
  })

  it.each(['a text of many characters', 5, true])('that are no object hold no values: %j', (variables) => {
    expect(exceededByVariables(variables as unknown as object, only('variables', 0))).toBeNull()
  })

  it('nest as deep as documents may, and are counted without recursion', () => {
    expect(exceededByVariables({ a: nested(50) as object }, resolveLimits())).toBeNull()
    expect(exceededByVariables({ a: nested(51) as object }, resolveLimits())).toBe('depth')
    expect(exceededByVariables({ a: nested(5000) as object }, only('variables', 5000))).toBeNull()
    const circle: { self?: object } = {}
    circle.self = circle
    expect(exceededByVariables(circle, resolveLimits())).toBe('depth')
  })

  it('are counted no further than the limit', () => {
    let read = 0
    const holder = new Proxy(
      {},
      {
        ownKeys: () => {
          read += 1
          return ['a']
        },
        getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
      },
    )
    expect(exceededByVariables({ lists: Array.from({ length: 200_000 }, () => holder) }, resolveLimits())).toBe('variables')
    expect(read).toBe(0)
    expect(exceededByVariables({ lists: Array.from({ length: 60_000 }, () => holder) }, resolveLimits())).toBe('variables')
    expect(read).toBeLessThan(40_001)
  })
})
