import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, type GraphQLSchema, parse, subscribe } from 'graphql'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { contextOf, dataOf, Protected, refusals, schemaOf } from './support.js'

const people = [
  { __typename: 'User', id: '1', secret: 'user secret', email: 'a@b' },
  { __typename: 'Bot', id: '2', secret: 'bot secret' },
]

/** Where a field is read in the tests below, and what ran. */
function house(settings: object = {}): { readonly served: Protected; readonly ran: string[] } {
  const ran: string[] = []
  const read =
    (coordinate: string) =>
    (source: Record<string, unknown>): unknown => {
      ran.push(coordinate)
      return source[coordinate.slice(coordinate.indexOf('.') + 1)]
    }
  const schema = schemaOf(
    `
      type Query @public {
        node(id: ID!): Node
        nodes: [Node!]!
        direct: User
        search: [Result!]!
        strict: [Strict!]
        text: String
      }
      interface Node { id: ID! secret: String }
      type User implements Node { id: ID! secret: String @requiresScopes(scopes: [["secrets"]]) email: String }
      type Bot implements Node { id: ID! secret: String }
      type Strict { id: ID! must: String! @requiresScopes(scopes: [["secrets"]]) }
      union Result = User | Bot
    `,
    {
      Query: {
        node: (_: unknown, { id }: { id: string }) => people.find((person) => person.id === id),
        nodes: () => people,
        direct: () => people[0],
        search: () => people,
        strict: () => [
          { id: 1, must: 'x' },
          { id: 2, must: 'y' },
        ],
        text: () => 'text',
      },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      Result: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      User: { secret: read('User.secret'), email: read('User.email') },
      Bot: { secret: read('Bot.secret') },
      Strict: { must: read('Strict.must') },
    },
  )
  return { served: new Protected(schema, settings), ran }
}

const READER = { scopes: ['other'] }
const KEEPER = { scopes: ['secrets'] }

describe('a guarded field', () => {
  it.each<[string, string, unknown, readonly string[]]>([
    ['an interface', '{ node(id: 1) { id secret } }', { node: { id: '1', secret: null } }, ['node.secret INSUFFICIENT_SCOPE']],
    ['an interface, as a type that is free', '{ node(id: 2) { id secret } }', { node: { id: '2', secret: 'bot secret' } }, []],
    ['a list of an interface', '{ nodes { secret } }', { nodes: [{ secret: null }, { secret: 'bot secret' }] }, ['nodes.0.secret INSUFFICIENT_SCOPE']],
    ['a list under an alias', '{ all: nodes { hidden: secret } }', { all: [{ hidden: null }, { hidden: 'bot secret' }] }, ['all.0.hidden INSUFFICIENT_SCOPE']],
    ['an alias of its neighbour', '{ node(id: 1) { email: secret } }', { node: { email: null } }, ['node.email INSUFFICIENT_SCOPE']],
    ['two aliases', '{ node(id: 1) { a: secret b: secret } }', { node: { a: null, b: null } }, ['node.a INSUFFICIENT_SCOPE', 'node.b INSUFFICIENT_SCOPE']],
    ['a fragment on the interface', '{ node(id: 1) { ...N } } fragment N on Node { secret }', { node: { secret: null } }, ['node.secret INSUFFICIENT_SCOPE']],
    [
      'a fragment in a fragment',
      '{ ...A } fragment A on Query { node(id: 1) { ... { ...B } } } fragment B on Node { secret }',
      { node: { secret: null } },
      ['node.secret INSUFFICIENT_SCOPE'],
    ],
    [
      'a union, through the interface',
      '{ search { ... on Node { secret } } }',
      { search: [{ secret: null }, { secret: 'bot secret' }] },
      ['search.0.secret INSUFFICIENT_SCOPE'],
    ],
    [
      'an unknown condition that holds',
      'query ($a: Boolean = true) { node(id: 1) { secret @include(if: $a) } }',
      { node: { secret: null } },
      ['node.secret INSUFFICIENT_SCOPE'],
    ],
  ])('is refused at run time through %s', async (_name, source, data, expected) => {
    for (const ask of ['ask', 'askBare'] as const) {
      const { served, ran } = house()
      const result = await served[ask](source, READER)
      expect([dataOf(result), refusals(result)]).toEqual([data, expected])
      expect(ran).not.toContain('User.secret')
    }
  })

  it.each([
    ['its own type', '{ direct { secret } }', 'User.secret'],
    ['an inline fragment', '{ node(id: 1) { ... on User { secret } } }', 'User.secret'],
    ['an inline fragment on what is another type at run time', '{ node(id: 2) { ... on User { secret } } }', 'User.secret'],
    ['a fragment that is defined later', '{ search { ...U } } fragment U on User { secret }', 'User.secret'],
    ['a fragment that is used where it is allowed, too', '{ node(id: 2) { ...S } direct { ...S } } fragment S on Node { secret }', 'Node.secret'],
    ['an alias', '{ direct { id: secret } }', 'User.secret'],
    ['@include by default', 'query ($a: Boolean = true) { direct { secret @include(if: $a) } }', 'User.secret'],
    ['@skip by default', 'query ($a: Boolean = false) { direct { ... @skip(if: $a) { secret } } }', 'User.secret'],
  ])('refuses the whole operation through %s', async (_name, source, coordinate) => {
    const { served, ran } = house()
    const result = await served.ask(source, READER)
    expect(result.data).toBeUndefined()
    expect(refusals(result)).toEqual([`${coordinate} INSUFFICIENT_SCOPE`])
    expect(ran).toEqual([])
  })

  it('is no hindrance where it is skipped, by a value, a variable or a default', async () => {
    const { served } = house()
    for (const [source, variables] of [
      ['{ direct { id secret @skip(if: true) } }', {}],
      ['query ($a: Boolean!) { direct { id secret @include(if: $a) } }', { a: false }],
      ['query ($a: Boolean = false) { direct { id secret @include(if: $a) } }', {}],
      ['query ($a: Boolean = true) { direct { id ...S @skip(if: $a) } } fragment S on User { secret }', {}],
    ] as const) {
      expect(dataOf(await served.ask(source, READER, { variables }))).toEqual({ direct: { id: '1' } })
    }
  })

  it('answers who may have it, on every way', async () => {
    const { served, ran } = house()
    const result = await served.ask('{ direct { secret } node(id: 1) { secret } search { ... on Node { secret } } }', KEEPER)
    expect(dataOf(result)).toEqual({
      direct: { secret: 'user secret' },
      node: { secret: 'user secret' },
      search: [{ secret: 'user secret' }, { secret: 'bot secret' }],
    })
    expect(ran.filter((coordinate) => coordinate === 'User.secret')).toHaveLength(3)
  })

  it('that is not nullable takes its object with it, and no more, with one error for each', async () => {
    const { served, ran } = house({ denied: 'null' })
    const result = await served.ask('{ text strict { id must } }', READER)
    // The list's items are not nullable either, so the nearest field that may be null is the list.
    expect(dataOf(result)).toEqual({ text: 'text', strict: null })
    expect(refusals(result).every((refusal) => /^strict\.[01]\.must INSUFFICIENT_SCOPE$/.test(refusal))).toBe(true)
    expect(ran).toEqual([])
  })

  it("under denied: 'null' nulls itself, and lets the rest answer", async () => {
    const { served, ran } = house({ denied: 'null' })
    const result = await served.ask('{ text direct { id secret email } }', READER)
    expect(dataOf(result)).toEqual({ text: 'text', direct: { id: '1', secret: null, email: 'a@b' } })
    expect([refusals(result), ran]).toEqual([['direct.secret INSUFFICIENT_SCOPE'], ['User.email']])
  })

  it('is guarded when it has no resolver of its own', async () => {
    const served = new Protected(schemaOf('type Query @public { a: A } type A { x: String @authenticated }'), { denied: 'null' })
    const rootValue = { a: { x: 'property' } }
    expect(dataOf(await served.ask('{ a { x } }', null, { rootValue }))).toEqual({ a: { x: null } })
    expect(dataOf(await served.ask('{ a { x } }', {}, { rootValue }))).toEqual({ a: { x: 'property' } })
    const asMethod = { a: () => ({ x: (_args: unknown, context: object) => `method ${'auth' in context}` }) }
    expect(dataOf(await served.ask('{ a { x } }', {}, { rootValue: asMethod }))).toEqual({ a: { x: 'method true' } })
  })

  it('hands its resolver the arguments as they came, and this', async () => {
    class Greeter {
      readonly greeting = 'hello'
      @requireOAuth()
      greet(_source: unknown, { name }: { name: string }, context: object, info: { fieldName: string }): string {
        return `${this.greeting} ${name} ${'auth' in context} ${info.fieldName}`
      }
    }
    const served = new Protected(schemaOf('type Query { greet(name: String): String }', classResolvers({ Query: Greeter })))
    expect(dataOf(await served.ask('{ greet(name: "ada") }', {}))).toEqual({ greet: 'hello ada true greet' })
  })
})

describe('a subscription', () => {
  const ticking = (): { schema: GraphQLSchema; started: () => number; resolved: () => number } => {
    let started = 0
    let resolved = 0
    const schema = schemaOf(
      'type Query { a: Int } type Subscription { ticks: Tick @requiresScopes(scopes: [["ticks"]]) } type Tick { n: Int secret: Int @policy(policies: [["secret"]]) }',
      {
        Subscription: {
          ticks: {
            subscribe: async function* () {
              started += 1
              yield { ticks: { n: 1, secret: 1 } }
              yield { ticks: { n: 2, secret: 2 } }
            },
            resolve: ({ ticks }: { ticks: unknown }) => {
              resolved += 1
              return ticks
            },
          },
        },
      },
    )
    return { schema, started: () => started, resolved: () => resolved }
  }

  it('starts no source for who may not have it', async () => {
    const { schema, started } = ticking()
    const served = new Protected(schema)
    const args = { schema: served.schema, document: parse('subscription { ticks { n } }'), contextValue: contextOf(served.auth, {}) }
    const source = (await subscribe(args)) as ExecutionResult
    expect([refusals(source), started()]).toEqual([['ticks INSUFFICIENT_SCOPE'], 0])
  })

  it('guards the fields of every event', async () => {
    const { schema, started, resolved } = ticking()
    const served = new Protected(schema, { denied: 'null' })
    const stream = (await subscribe({
      schema: served.schema,
      document: parse('subscription { ticks { n secret } }'),
      contextValue: contextOf(served.auth, { scopes: ['ticks'] }),
    })) as AsyncIterable<ExecutionResult>
    const results: ExecutionResult[] = []
    for await (const result of stream) results.push(result)
    expect(results.map(dataOf)).toEqual([{ ticks: { n: 1, secret: null } }, { ticks: { n: 2, secret: null } }])
    expect(results.map(refusals)).toEqual([['ticks.secret INSUFFICIENT_PERMISSION'], ['ticks.secret INSUFFICIENT_PERMISSION']])
    expect([started(), resolved()]).toEqual([1, 2])
  })
})
