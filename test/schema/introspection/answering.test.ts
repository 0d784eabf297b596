import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, type GraphQLSchema, getIntrospectionQuery, parse } from 'graphql'
import { AuthContext } from '../../../src/core/auth-context.js'
import type { CommonSettings } from '../../../src/core/settings.js'
import { protectedSchemaOf } from '../../../src/schema/protected-schema.js'
import { type Caller, contextOf, dataOf, Protected, refusals, schemaOf } from '../support.js'

const typeDefs = `
  type Query { a: Int @public again: Query @public node: Node @public nodes: [Node] @public secret: Secret @requiresScopes(scopes: [["admin"]]) either: Either @public }
  type Secret { s: Int }
  interface Node { id: Int }
  type User implements Node { id: Int self: Query }
  type Bot implements Node @requiresScopes(scopes: [["admin"]]) { id: Int }
  union Either = User | Bot
`
const resolvers = {
  Query: { a: () => 1, again: () => ({}), node: () => ({ __typename: 'User', id: 7, self: {} }), nodes: () => [{ __typename: 'User', id: 1, self: {} }, null] },
  Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
}
const admin = { scopes: ['admin'] }
const reader = { scopes: ['read'] }

function serve(settings: CommonSettings = {}): Protected {
  return new Protected(schemaOf(typeDefs, resolvers), { introspection: 'filtered', ...settings })
}

function answer(result: ExecutionResult): unknown {
  return result.errors === undefined ? dataOf(result) : { data: dataOf(result), refused: refusals(result) }
}

const questions: ReadonlyArray<readonly [what: string, source: string, data: object, variables?: Record<string, unknown>]> = [
  [
    'fields under an alias, in the order that they were asked for',
    '{ first: a types: __schema { queryType { name } } last: a b: __type(name: "User") { name } }',
    { first: 1, types: { queryType: { name: 'Query' } }, last: 1, b: { name: 'User' } },
  ],
  [
    'the same field twice',
    '{ __schema { queryType { name } } a __schema { queryType { kind } } }',
    { __schema: { queryType: { name: 'Query', kind: 'OBJECT' } }, a: 1 },
  ],
  [
    'fields in fragments',
    '{ ...F ... on Query { y: __type(name: "Secret") { name } } ... { a } } fragment F on Query { x: __type(name: "User") { name } }',
    { x: { name: 'User' }, y: null, a: 1 },
  ],
  ['a hidden type, named by a variable', 'query Q($name: String!) { __type(name: $name) { name } }', { __type: null }, { name: 'Secret' }],
  ['a type that there is not', '{ __type(name: "Nothing") { name } }', { __type: null }],
  [
    'a query type below another field',
    '{ again { again { __type(name: "Secret") { name } s: __type(name: "Node") { possibleTypes { name } } } } }',
    { again: { again: { __type: null, s: { possibleTypes: [{ name: 'User' }] } } } },
  ],
  ['a query type in a list', '{ nodes { ... on User { self { __type(name: "Bot") { name } a } } } }', { nodes: [{ self: { __type: null, a: 1 } }, null] }],
  [
    'possible types of an interface and a union',
    '{ n: __type(name: "Node") { possibleTypes { name } } e: __type(name: "Either") { possibleTypes { name } } }',
    { n: { possibleTypes: [{ name: 'User' }] }, e: { possibleTypes: [{ name: 'User' }] } },
  ],
  [
    'types by way of others',
    '{ __type(name: "Query") { fields { name type { name possibleTypes { name } } } } }',
    {
      __type: {
        fields: [
          { name: 'a', type: { name: 'Int', possibleTypes: null } },
          { name: 'again', type: { name: 'Query', possibleTypes: null } },
          { name: 'node', type: { name: 'Node', possibleTypes: [{ name: 'User' }] } },
          { name: 'nodes', type: { name: null, possibleTypes: null } },
          { name: 'either', type: { name: 'Either', possibleTypes: [{ name: 'User' }] } },
        ],
      },
    },
  ],
  [
    'interfaces that a type implements',
    '{ __type(name: "User") { interfaces { name possibleTypes { name } } } }',
    { __type: { interfaces: [{ name: 'Node', possibleTypes: [{ name: 'User' }] }] } },
  ],
  ['conditions', 'query Q($no: Boolean!) { a __schema @include(if: $no) { queryType { name } } }', { a: 1 }, { no: false }],
  ['the types of introspection itself', '{ __type(name: "__Type") { kind } }', { __type: { kind: 'OBJECT' } }],
]

describe.each(['reject', 'null'] as const)('an operation on filtered introspection, where what is denied is answered with %s,', (denied) => {
  it.each(questions)('answers %s', async (_what, source, data, variables = {}) => {
    const server = serve({ denied })
    expect(answer(await server.ask(source, reader, { variables }))).toEqual(data)
    // The order of the members is that of the operation.
    expect(JSON.stringify(dataOf(await server.ask(source, reader, { variables })))).toBe(JSON.stringify(data))
  })

  it.each(questions)('answers %s in the same way where nothing is asked before it runs', async (_what, source, data, variables = {}) => {
    expect(answer(await serve({ denied }).askBare(source, reader, { variables }))).toEqual(data)
  })

  it('shows more to those who may do more', async () => {
    const source = '{ __type(name: "Node") { possibleTypes { name } } s: __type(name: "Secret") { name } }'
    expect(answer(await serve({ denied }).ask(source, admin))).toEqual({
      __type: { possibleTypes: [{ name: 'User' }, { name: 'Bot' }] },
      s: { name: 'Secret' },
    })
  })

  it('is refused with other fields, and for them alone', async () => {
    const result = await serve({ denied }).ask('{ __schema { queryType { name } } secret { s } }', reader)
    expect(refusals(result)).toEqual([denied === 'reject' ? 'Query.secret INSUFFICIENT_SCOPE' : 'secret INSUFFICIENT_SCOPE'])
    expect(dataOf(result)).toEqual(denied === 'reject' ? undefined : { __schema: { queryType: { name: 'Query' } }, secret: null })
  })

  const closed = (settings: CommonSettings): Protected =>
    new Protected(schemaOf('type Query { a: Int @requiresScopes(scopes: [["admin"]]) }'), { denied, ...settings })

  it.each([
    ['anonymous callers', null, 'MISSING_TOKEN'],
    ['callers who may reach nothing', reader, 'INSUFFICIENT_PERMISSION'],
    ['expired tokens', { ...admin, expiresAt: 1 }, 'TOKEN_EXPIRED'],
    ['bad tokens', { refusal: { reason: 'INVALID_TOKEN' } }, 'INVALID_TOKEN'],
  ] as ReadonlyArray<readonly [string, Caller, string]>)('is refused to %s, who are told nothing', async (_who, caller, reason) => {
    for (const source of ['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }']) {
      const result = await closed({ introspection: 'filtered' }).ask(source, caller)
      expect(result.data).toBeUndefined()
      expect(result.errors?.map(({ extensions }) => extensions.auth)).toEqual([expect.objectContaining({ reason })])
      expect(JSON.stringify(result)).not.toMatch(/admin/)
      const bare = await closed({ introspection: 'filtered' }).askBare(source, caller)
      expect([dataOf(bare) ?? null, refusals(bare).map((refusal) => refusal.split(' ')[1])]).toEqual([
        source.includes('__type') ? { __type: null } : null,
        [reason],
      ])
    }
  })

  it('is refused without an auth in the context, wherever it runs', async () => {
    const result = await execute({ schema: serve({ denied }).schema, document: parse('{ __schema { queryType { name } } }'), contextValue: {} })
    expect([result.data, result.errors?.[0]?.message]).toEqual([null, expect.stringContaining('Query.__schema')])
  })
})

describe('private introspection', () => {
  it('is refused by itself where nothing is asked before it runs', async () => {
    const server = serve({ introspection: 'private' })
    expect(refusals(await server.askBare('{ __schema { queryType { name } } }'))).toEqual(['__schema MISSING_TOKEN'])
    expect(refusals(await server.askBare('{ a __type(name: "Query") { name } }'))).toEqual(['a MISSING_TOKEN', '__type MISSING_TOKEN'])
    expect(answer(await server.askBare('{ __type(name: "Secret") { name } }', reader))).toEqual({ __type: { name: 'Secret' } })
    expect(answer(await serve({ introspection: 'public' }).askBare('{ __type(name: "Secret") { name } }'))).toEqual({ __type: { name: 'Secret' } })
  })
})

describe('a dry run', () => {
  it('hides nothing, and says what it would refuse', async () => {
    const result = await serve({ dryRun: true }).ask('{ __type(name: "Secret") { name } }')
    expect(answer(result)).toEqual({ __type: { name: 'Secret' } })
    const closed = new Protected(schemaOf('type Query { a: Int }'), { introspection: 'filtered', dryRun: true })
    expect(answer(await closed.ask('{ __schema { queryType { name } } }'))).toEqual({ __schema: { queryType: { name: 'Query' } } })
  })
})

describe('views', () => {
  /** What is shown, without the operation. */
  const viewOf = (server: Protected, caller: Caller): GraphQLSchema | null | undefined =>
    protectedSchemaOf(server.schema)?.introspection.readableTo(AuthContext.of(contextOf(server.auth, caller)))?.view

  it('are shared by callers who may do the same, and by nobody else', () => {
    const server = serve()
    expect(viewOf(server, { ...reader, subject: 'ada' })).toBe(viewOf(server, { scopes: ['other'], subject: 'grace' }))
    expect(viewOf(server, admin)).not.toBe(viewOf(server, reader))
    expect(viewOf(server, { ...admin, expiresAt: 1 })).toBe(viewOf(server, null))
  })

  it('are not kept for every combination of rights that somebody can bring', () => {
    const fields = Array.from({ length: 8 }, (_, index) => `f${index}: Int @requiresScopes(scopes: [["s${index}"]])`)
    const server = new Protected(schemaOf(`type Query { a: Int @public ${fields.join(' ')} }`), { introspection: 'filtered' })
    const scopesOf = (bits: number): string[] => fields.flatMap((_, index) => ((bits >> index) & 1 ? [`s${index}`] : []))
    const first = viewOf(server, { scopes: scopesOf(1) })
    expect(viewOf(server, { scopes: scopesOf(1) })).toBe(first)
    for (let bits = 2; bits < 110; bits += 1) viewOf(server, { scopes: scopesOf(bits) })
    expect(viewOf(server, { scopes: scopesOf(1) })).not.toBe(first)
    expect(
      Object.keys(
        viewOf(server, { scopes: scopesOf(5) })
          ?.getQueryType()
          ?.getFields() ?? {},
      ),
    ).toEqual(['a', 'f0', 'f2'])
  })

  it('answer the same caller alike under concurrency', async () => {
    const server = serve()
    const source = getIntrospectionQuery()
    const asked = Array.from({ length: 40 }, (_, index) => server.ask(source, index % 2 === 0 ? admin : reader, { isValid: true }))
    const texts = (await Promise.all(asked)).map((result) => JSON.stringify(result.data))
    expect(new Set(texts.filter((_, index) => index % 2 === 0)).size).toBe(1)
    expect(new Set(texts).size).toBe(2)
    expect(texts[1]).not.toMatch(/Secret|Bot|admin/)
  })
})

describe("federation's _service", () => {
  const subgraph = (settings: CommonSettings): Protected =>
    new Protected(
      schemaOf('type _Service { sdl: String } type Query { _service: _Service! a: Int @public b: Int @requiresScopes(scopes: [["admin"]]) }', {
        Query: { _service: () => ({ sdl: 'the whole' }) },
      }),
      { introspection: 'filtered', ...settings },
    )
  const source = '{ _service { sdl } }'

  it.each([
    ['anonymous', null, 'MISSING_TOKEN'],
    ['without a right that some field asks for', reader, 'INSUFFICIENT_PERMISSION'],
  ] as const)('is refused to a caller who is %s, and not shown to him', async (_who, caller, reason) => {
    for (const denied of ['reject', 'null'] as const) {
      const server = subgraph({ denied })
      expect(refusals(await server.ask(source, caller))).toEqual([`Query._service ${reason}`])
      expect(refusals(await server.askBare(source, caller)).map((refusal) => refusal.split(' ')[1])).toEqual([reason])
      expect(answer(await server.ask('{ __type(name: "_Service") { name } __schema { queryType { fields { name } } } }', caller))).toEqual({
        __type: null,
        __schema: { queryType: { fields: [{ name: 'a' }] } },
      })
    }
  })

  it('hands the whole schema to a caller from whom nothing is hidden', async () => {
    expect(answer(await subgraph({}).ask(source, admin))).toEqual({ _service: { sdl: 'the whole' } })
    expect(answer(await subgraph({}).askBare(source, admin))).toEqual({ _service: { sdl: 'the whole' } })
    expect(answer(await subgraph({ introspection: 'private' }).ask(source, reader))).toEqual({ _service: { sdl: 'the whole' } })
  })
})
