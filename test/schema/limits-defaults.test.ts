import { describe, expect, it } from '@jest/globals'
import { type DocumentNode, getIntrospectionQuery, getOperationAST, type OperationDefinitionNode, parse } from 'graphql'
import { type LimitName, resolveLimits } from '../../src/core/limits.js'
import { fragmentsOf } from '../../src/schema/fragments.js'
import { exceededByText } from '../../src/schema/limits/document-text.js'
import { exceededBySize, measureOperation, type OperationSize } from '../../src/schema/limits/operation-size.js'

const repeat = (times: number, make: (index: number) => string): string => Array.from({ length: times }, (_, index) => make(index)).join(' ')
const sizeOf = (document: DocumentNode): OperationSize => {
  const operation = getOperationAST(document, document.definitions.length > 1 ? (document.definitions[0] as OperationDefinitionNode).name?.value : null)
  return measureOperation(operation as OperationDefinitionNode, fragmentsOf(document))
}

/** The first limit that a document exceeds, before it is parsed or after. */
function exceeded(text: string): LimitName | null {
  const limits = resolveLimits()
  const byText = exceededByText(text, limits)
  return byText ?? exceededBySize(sizeOf(parse(text)), limits)
}

describe('with the defaults', () => {
  const allOptions = {
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    experimentalDirectiveDeprecation: true,
    oneOf: true,
  }

  it.each([
    ['the standard introspection query', getIntrospectionQuery()],
    ['the standard introspection query with every option', getIntrospectionQuery(allOptions)],
    ['the standard introspection query with every option and deep types', getIntrospectionQuery({ ...allOptions, typeDepth: 20 } as never)],
    ['a document of 60 aliases with 3 fields each', `{ ${repeat(60, (index) => `a${index}: node(id: "${index}") { id name owner }`)} }`],
    ['a document of 60 aliases with 3 aliased fields each', `{ ${repeat(60, (index) => `a${index}: node(id: "${index}") { x: id y: name z: owner }`)} }`],
    ['the same through a fragment', `{ ${repeat(60, (index) => `a${index}: node(id: "${index}") { ...F }`)} } fragment F on Node { x: id y: name z: owner }`],
    ['a document of 10 kB as Relay compiles it', relayDocument()],
    ['fifty components with a fragment each', componentDocument(50)],
    ['a document with forty operations', repeat(40, (index) => `query Q${index}($id: ID!) { node(id: $id) { id name owner { id name } } }`)],
    ['a filter of nested input objects', `{ rows(where: ${'{ and: ['.repeat(10)}{ a: 1 }${'] }'.repeat(10)}) { id } }`],
  ])('%s passes', (_name, text) => {
    expect(exceeded(text)).toBeNull()
  })

  /** Connections below connections, pretty-printed, with `__typename`, `id` and `cursor` wherever Relay puts them. */
  function relayDocument(): string {
    const connection = (name: string, indent: string, below: string): string =>
      `${indent}${name}(first: 10, after: $cursor) {\n${indent}  edges {\n${indent}    node {\n${indent}      id\n${indent}      __typename\n${indent}      name\n${below}${indent}    }\n${indent}    cursor\n${indent}  }\n${indent}  pageInfo {\n${indent}    endCursor\n${indent}    hasNextPage\n${indent}  }\n${indent}}\n`
    const lists = Array.from({ length: 20 }, (_, index) => connection(`list${index}`, '    ', connection('comments', '          ', '')))
    const text = `query PageQuery($cursor: String) {\n  viewer {\n    id\n    __typename\n${lists.join('')}  }\n}`
    expect(text.length).toBeGreaterThan(10_000)
    return text
  }

  function componentDocument(components: number): string {
    const fragments = repeat(
      components,
      (index) => `fragment Part${index} on Item { __typename id title image${index} { url width height } owner { id name } }`,
    )
    return `query Page { page { items { ${repeat(components, (index) => `...Part${index}`)} } } } ${fragments}`
  }

  it.each<[string, LimitName, string]>([
    ['100 001 characters', 'documentLength', `{ a } #${'x'.repeat(99_995)}`.slice(0, 100_001).padEnd(100_001, 'x')],
    ['10 001 tokens', 'tokens', `{ ${repeat(10_000, (index) => `a${index}`)} }`],
    ['3000 levels of fields', 'depth', `${'{ a '.repeat(3000)}${'}'.repeat(3000)}`],
    ['3000 levels of lists', 'depth', `{ a(b: ${'['.repeat(3000)}${']'.repeat(3000)}) }`],
    ['3000 levels of input objects that are never closed', 'depth', `{ a(b: ${'{ c: '.repeat(3000)}`],
    ['51 levels of selection sets', 'depth', `${'{ a '.repeat(51)}${'}'.repeat(51)}`],
    ['51 levels through fragments', 'depth', `{ ...F0 } ${repeat(50, (index) => `fragment F${index} on T { a ...F${index + 1} }`)}`.replace('...F50', '')],
    ['1000 aliases of login', 'aliases', `mutation { ${repeat(1000, (index) => `a${index}: login(password: "${index}")`)} }`],
    ['501 aliases below one field', 'aliases', `{ a { ${repeat(501, (index) => `a${index}: b`)} } }`],
    ['502 aliases through a fragment', 'aliases', `{ ${repeat(251, () => 'a { ...F }')} } fragment F on T { x: y z: y }`.replaceAll('a {', '... {')],
    ['101 root fields', 'rootFields', `{ ${repeat(101, (index) => `a${index}`)} }`],
    ['102 root fields through fragments', 'rootFields', `{ ${repeat(51, () => '...F')} } fragment F on T { x y }`],
    ['201 directives', 'directives', `{ a ${repeat(201, () => '@b')} }`],
    ['51 operations', 'operations', repeat(51, () => '{ a }')],
    ['8000 equal fields', 'overlaps', `{ ${repeat(8000, () => 'a')} }`],
    ['fields that double without fragments', 'overlaps', doubled(9)],
    ['equal fields with long arguments', 'overlaps', `{ ${repeat(20, () => `a(b: [${repeat(400, () => '1')}])`)} }`],
    [
      'one thousand fragments on one type',
      'overlaps',
      `{ ${repeat(1000, (index) => `...F${index}`)} } ${repeat(1000, (index) => `fragment F${index} on T { f${index} }`)}`,
    ],
    [
      'fragments that double thirty times',
      'depth',
      `{ ...F0 } ${repeat(30, (index) => `fragment F${index} on T { a: b { ...F${index + 1} } c: b { ...F${index + 1} } }`)} fragment F30 on T { d }`,
    ],
    [
      'fragments that double twenty times on one level',
      'rootFields',
      `{ ...F0 } ${repeat(20, (index) => `fragment F${index} on T { ...F${index + 1} ...F${index + 1} }`)} fragment F20 on T { d }`,
    ],
    [
      'fragments that double twenty times below one field',
      'fields',
      `{ a { ...F0 } } ${repeat(20, (index) => `fragment F${index} on T { ...F${index + 1} ...F${index + 1} }`)} fragment F20 on T { d }`,
    ],
  ])('%s are too much: %s', (_name, name, text) => {
    expect(exceeded(text)).toBe(name)
  })

  function doubled(levels: number): string {
    return levels === 0 ? '{ a }' : `{ a ${doubled(levels - 1)} a ${doubled(levels - 1)} }`
  }
})
