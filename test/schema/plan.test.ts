import { describe, expect, it } from '@jest/globals'
import { type DocumentNode, type GraphQLSchema, getOperationAST, type OperationDefinitionNode, parse } from 'graphql'
import { fragmentsOf } from '../../src/schema/fragments.js'
import { compilePlan, type Plan } from '../../src/schema/plan.js'
import { compileRequirements, type RequirementTable } from '../../src/schema/requirement-table.js'
import { schemaOf, testAuth } from './support.js'

const schema = schemaOf(`
  type Query { me: User node: Node pet: Pet search: [Result!]! open: String @public query: Query free: Free @public }
  type Mutation { save: Payload }
  type Payload { query: Query user: User }
  interface Node { id: ID! owner: Node secret: String }
  interface Free { id: ID! }
  interface Guarded @requiresScopes(scopes: [["guarded"]]) { id: ID! }
  type User implements Node & Free { id: ID! owner: User secret: String @requiresScopes(scopes: [["user"]]) email: String @policy(policies: [["mail"]]) }
  type Bot implements Node & Free { id: ID! owner: Bot secret: String @requiresScopes(scopes: [["bot"]]) }
  type Rock implements Node { id: ID! owner: Node secret: String }
  type Cat implements Free & Guarded { id: ID! name: String }
  type Dog implements Guarded { id: ID! name: String }
  union Pet = Cat | Dog
  union Result = User | Cat
`)

function planOf(source: string, values: Record<string, boolean> = {}, operationName?: string, on: GraphQLSchema = schema): Plan {
  const document: DocumentNode = parse(source)
  const table = compileRequirements(on, testAuth().settings)
  return compilePlan(on, table, getOperationAST(document, operationName) as OperationDefinitionNode, fragmentsOf(document), values)
}

/** `coordinate: alternative / alternative`, sorted. */
function checks(plan: Plan): readonly string[] {
  return plan.checks
    .map(({ coordinate, alternatives }) => {
      const spelled = alternatives.map((list) => list.map(({ scopes, permissions }) => [scopes ?? permissions ?? 'user'].flat(3).join('+')).join(' & '))
      return `${coordinate}: ${spelled.sort().join(' / ')}`
    })
    .sort()
}

describe('a plan', () => {
  it.each<[string, string, readonly string[]]>([
    ['a root field', '{ me { id } }', ['Query.me: user']],
    ['a public root field', '{ open }', []],
    ['a type name', '{ __typename me { __typename } }', ['Query.me: user']],
    ['a guarded field of a concrete type', '{ me { secret } }', ['Query.me: user', 'User.secret: user']],
    ['the same field twice, under two names', '{ a: me { id } b: me { id } }', ['Query.me: user']],
    ['a field that some possible type leaves open', '{ node { secret } }', ['Query.node: user']],
    [
      'a field that every remaining type guards, in its own way',
      '{ node { ... on Free { ... on Node { secret } } } }',
      ['Node.secret: bot / user', 'Query.node: user'],
    ],
    ['a fragment on a type', '{ node { ... on User { email } } }', ['Query.node: user', 'User.email: mail']],
    ['a fragment on a type that cannot be there', '{ pet { ... on Node { ... on User { email } } } }', ['Query.pet: user']],
    ['an interface that is guarded as a type', '{ pet { ... on Guarded { id } } }', ['Guarded.id: guarded', 'Query.pet: user']],
    ['a union', '{ search { ... on User { email } ... on Cat { name } } }', ['Cat.name: guarded', 'Query.search: user', 'User.email: mail']],
    ['a type below itself', '{ me { owner { owner { secret } } } }', ['Query.me: user', 'User.secret: user']],
    ['an interface field that every type narrows', '{ node { ... on User { owner { secret } } } }', ['Query.node: user', 'User.secret: user']],
    [
      'an interface field that some types narrow',
      '{ node { ... on Free { ... on Node { owner { secret } } } } }',
      ['Node.secret: bot / user', 'Query.node: user'],
    ],
    ['a root field below another field', 'mutation { save { query { me { id } } } }', ['Mutation.save: user', 'Query.me: user']],
    [
      'fragments: named, nested, used before they are defined',
      '{ ...A } fragment A on Query { ...B me { ...C } } fragment B on Query { node { id } } fragment C on User { email }',
      ['Query.me: user', 'Query.node: user', 'User.email: mail'],
    ],
    [
      'a fragment that is used in two places',
      '{ me { ...S } node { ...S } } fragment S on Node { secret }',
      ['Node.secret: user', 'Query.me: user', 'Query.node: user'],
    ],
    ['a fragment that spreads itself', '{ me { ...A } } fragment A on User { email owner { ...A } }', ['Query.me: user', 'User.email: mail']],
    [
      'fragments that spread each other',
      '{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A email }',
      ['Query.me: user', 'User.email: mail'],
    ],
    ['a fragment that is not there', '{ me { id ...Missing ...constructor } }', ['Query.me: user']],
    ['a fragment on a type that is not there', '{ me { ... on Missing { email } ... on String { email } } }', ['Query.me: user']],
    ['a fragment without a condition', '{ ... { me { ... { email } } } }', ['Query.me: user', 'User.email: mail']],
    ['a field that is not there', '{ missing { me } me { missing { id } toString constructor } }', ['Query.me: user']],
    ['fields that are left out', '{ open me @skip(if: true) { email } node @include(if: false) { id } }', []],
    ['a spread that is left out', '{ open ...A @skip(if: true) ... @include(if: false) { me { id } } } fragment A on Query { me { email } }', []],
  ])('for %s', (_name, source, expected) => {
    expect(checks(planOf(source))).toEqual(expected)
  })

  it('depends on the values of the variables, and counts unknown ones as included', () => {
    const source = 'query ($a: Boolean!) { open me @include(if: $a) { id } node @skip(if: $a) { id } }'
    expect(checks(planOf(source, { a: true }))).toEqual(['Query.me: user'])
    expect(checks(planOf(source, { a: false }))).toEqual(['Query.node: user'])
    expect(checks(planOf(source))).toEqual(['Query.me: user', 'Query.node: user'])
  })

  it('is made for the selected operation alone', () => {
    const source = 'query A { open } query B { me { id } }'
    expect([checks(planOf(source, {}, 'A')), checks(planOf(source, {}, 'B'))]).toEqual([[], ['Query.me: user']])
  })

  it('lists introspection apart, on the query type wherever it is reached', () => {
    const introspected = (source: string): readonly string[] => planOf(source).introspection.map(({ coordinate }) => coordinate)
    expect(introspected('{ __schema { queryType { name } } again: __schema { types { name } } __type(name: "User") { name } }')).toEqual([
      'Query.__schema',
      'Query.__type',
    ])
    expect(introspected('{ query { query { __schema { queryType { name } } } } }')).toEqual(['Query.__schema'])
    expect(introspected('mutation { save { query { ...I } } } fragment I on Query { __type(name: "User") { name } }')).toEqual(['Query.__type'])
    expect(introspected('mutation { __schema { queryType { name } } }')).toEqual([])
    expect(introspected('{ __schema @skip(if: true) { queryType { name } } }')).toEqual([])
  })

  it('names every requirement once', () => {
    expect(planOf('{ me { email } other: me { email secret } node { ... on User { email } } }').distinct).toHaveLength(3)
  })

  it('is empty and frozen for an operation that the schema has no type for', () => {
    const plan = planOf('subscription { ticks }')
    expect([plan.checks, plan.introspection, plan.distinct]).toEqual([[], [], []])
    expect(Object.isFrozen(plan) && Object.isFrozen(plan.checks)).toBe(true)
  })
})

describe('a hostile document', () => {
  /** Far beyond what a plan takes on a busy machine, and far below what an explosion would. */
  const MILLISECONDS = 5000

  /** Compiles a plan in bounded time, and says how often it looked a rule up: what its work is made of. */
  function planned(source: string, on: GraphQLSchema = schema): { readonly plan: Plan; readonly lookups: number } {
    const document = parse(source, { noLocation: true })
    const table = compileRequirements(on, testAuth().settings)
    let lookups = 0
    const counted: RequirementTable = {
      ...table,
      ruleOf: (typeName, fieldName) => {
        lookups += 1
        return table.ruleOf(typeName, fieldName)
      },
    }
    const started = performance.now()
    const plan = compilePlan(on, counted, getOperationAST(document) as OperationDefinitionNode, fragmentsOf(document), {})
    expect(performance.now() - started).toBeLessThan(MILLISECONDS)
    return { plan, lookups }
  }
  const times = (count: number, each: (index: number) => string): string => Array.from({ length: count }, (_, index) => each(index)).join(' ')

  it('of fragments that double thirty times', () => {
    const fragments = times(30, (index) => `fragment F${index} on User { owner { ...F${index + 1} } again: owner { ...F${index + 1} } }`)
    const { plan, lookups } = planned(`{ me { ...F0 } } ${fragments} fragment F30 on User { email }`)
    expect([checks(plan), lookups]).toEqual([['Query.me: user', 'User.email: mail'], 3])
  })

  it('of fragments that double thirty times on interfaces', () => {
    const fragments = times(
      30,
      (index) => `fragment F${index} on Node { owner { ...F${index + 1} } ... on Free { ... on Node { again: owner { ...F${index + 1} } } } }`,
    )
    const { plan, lookups } = planned(`{ node { ...F0 } } ${fragments} fragment F30 on Node { ... on User { email } }`)
    expect(checks(plan)).toEqual(['Query.node: user', 'User.email: mail'])
    expect(lookups).toBeLessThan(50)
  })

  it('of a cycle of a thousand fragments', () => {
    const fragments = times(1000, (index) => `fragment F${index} on User { owner { ...F${(index + 1) % 1000} } email }`)
    const { plan, lookups } = planned(`{ me { ...F0 } } ${fragments}`)
    expect([checks(plan), lookups]).toEqual([['Query.me: user', 'User.email: mail'], 3])
  })

  it('of eight thousand equal fields', () => {
    const { plan, lookups } = planned(`{ ${times(8000, () => 'me { email }')} }`)
    expect([checks(plan), lookups]).toEqual([['Query.me: user', 'User.email: mail'], 2])
  })

  it('of eight thousand aliases', () => {
    const { plan, lookups } = planned(`{ ${times(8000, (index) => `a${index}: me { email }`)} }`)
    expect([checks(plan), lookups]).toEqual([['Query.me: user', 'User.email: mail'], 2])
  })

  it('nested as deep as the parser goes', () => {
    expect(checks(planned(`{ me { ${'owner { '.repeat(1200)} email ${'} '.repeat(1200)} } }`).plan)).toEqual(['Query.me: user', 'User.email: mail'])
    expect(checks(planned(`{ ${'... { '.repeat(1200)} me { id } ${'} '.repeat(1200)} }`).plan)).toEqual(['Query.me: user'])
  })

  describe('on a schema with two hundred implementers, each with a requirement of its own', () => {
    const names = Array.from({ length: 200 }, (_, index) => `T${index}`)
    const cuts = ['Even', 'Third', 'Fifth', 'Seventh']
    const wide = schemaOf(`
      type Query { node: Node @public }
      interface Node { id: ID next: Node }
      ${cuts.map((name) => `interface ${name} { id: ID }`).join('\n')}
      ${names
        .map((name, index) => {
          const more = [2, 3, 5, 7].flatMap((by, at) => (index % by === 0 ? [cuts[at]] : []))
          return `type ${name} implements ${['Node', ...more].join(' & ')} { id: ID @requiresScopes(scopes: [["s${index}"]]) next: Node }`
        })
        .join('\n')}
    `)

    it('of thousands of fields on the interface', () => {
      const { plan, lookups } = planned(`{ node { ${times(4000, (index) => `a${index}: id b${index}: next { id }`)} } }`, wide)
      expect(plan.checks.map(({ coordinate, alternatives }) => [coordinate, alternatives.length])).toEqual([['Node.id', 200]])
      expect(lookups).toBe(1 + 2 * 200)
    })

    it('of fragments on every set of types that interfaces can cut', () => {
      const nested = (left: readonly string[]): string =>
        left.length === 0 ? '...F' : `...F ... on ${left[0]} { ${nested(left.slice(1))} } ${nested(left.slice(1))}`
      const { plan, lookups } = planned(
        `{ node { ${nested(cuts)} } } fragment F on Node { id next { ${nested(cuts.slice(0, 2))} } ${times(300, (index) => `a${index}: id`)} }`,
        wide,
      )
      // 2, 3, 5 and 7 cut sixteen sets of types.
      expect(plan.checks.map(({ coordinate }) => coordinate)).toEqual(Array(16).fill('Node.id'))
      expect(lookups).toBeLessThan(1 + 2 * 16 * 200)
    })

    it('of a fragment on each type, a hundred times over', () => {
      const { plan, lookups } = planned(`{ node { ${times(100, () => names.map((name) => `... on ${name} { id }`).join(' '))} } }`, wide)
      expect([plan.checks.length, lookups]).toEqual([200, 201])
    })
  })

  it('that spreads fragments under ever new sets of types, past the bound at which the plan refuses less', () => {
    const depth = 15
    const interfaces = Array.from({ length: depth }, (_, index) => `I${index}`)
    const member = (index: number): string => `type T${index} implements Node & ${interfaces.filter((_name, other) => other !== index).join(' & ')} {
      id: ID deep: Node secret: Int ${index === 0 ? '' : '@authenticated'} }`
    const many = schemaOf(`
      type Query @public { node: Node }
      interface Node { id: ID deep: Node secret: Int }
      ${interfaces.map((name) => `interface ${name} { id: ID }`).join(' ')}
      ${times(depth, member)}
    `)
    // Each level cuts one type away or does not: 2^15 sets of types meet in the last fragment, the set without T0 among them.
    const levels = times(depth, (index) => `fragment L${index} on Node { ...L${index + 1} ... on I${index} { ... on Node { ...L${index + 1} } } }`)
    const { plan, lookups } = planned(`{ node { ...L0 } } ${levels} fragment L${depth} on Node { deep { secret } secret }`, many)
    expect(lookups).toBeLessThan(33 * 50 * depth)
    expect(plan.checks.every(({ alternatives }) => alternatives.every((list) => list.length > 0))).toBe(true)
    expect(planned(`{ node { ... on I0 { ... on Node { secret } } } }`, many).plan.checks).toHaveLength(1)
  })
})
