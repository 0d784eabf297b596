import { describe, expect, it } from '@jest/globals'
import { dataOf, Protected, refusals, schemaOf } from './support.js'

describe('fine print', () => {
  it('a field of Query is a root field also below another field', async () => {
    const schema = schemaOf('type Query { me: String open: String @public } type Mutation @public { save: Payload } type Payload { query: Query }', {
      Query: { me: () => 'me', open: () => 'open' },
      Mutation: { save: () => ({ query: {} }) },
    })
    const served = new Protected(schema)
    expect(dataOf(await served.ask('mutation { save { query { open } } }'))).toEqual({ save: { query: { open: 'open' } } })
    expect(refusals(await served.ask('mutation { save { query { open me } } }'))).toEqual(['Query.me MISSING_TOKEN'])
    expect(refusals(await new Protected(schema, { denied: 'null' }).ask('mutation { save { query { open me } } }'))).toEqual(['save.query.me MISSING_TOKEN'])
  })

  it('__schema and __type below another field follow the setting too', async () => {
    const schema = schemaOf('type Query { me: String } type Mutation @public { save: Payload } type Payload { query: Query }', {
      Mutation: { save: () => ({ query: {} }) },
    })
    const source = 'mutation { save { query { __schema { queryType { name } } __type(name: "Query") { name } } } }'
    expect(refusals(await new Protected(schema).ask(source))).toEqual(['Query.__schema MISSING_TOKEN', 'Query.__type MISSING_TOKEN'])
    expect(refusals(await new Protected(schema, { denied: 'null' }).ask(source))).toHaveLength(2)
    expect((await new Protected(schema, { introspection: 'public' }).ask(source)).errors).toBeUndefined()
  })

  it('__typename is never guarded', async () => {
    const served = new Protected(schemaOf('type Query @authenticated { me: String a: A } type A @authenticated { x: Int }'))
    expect(dataOf(await served.ask('{ __typename }'))).toEqual({ __typename: 'Query' })
  })

  it('only the selected operation counts, and without a name there must be one', async () => {
    const served = new Protected(schemaOf('type Query { me: String open: String @public }', { Query: { open: () => 'open' } }))
    const source = 'query A { open } query B { me }'
    expect(dataOf(await served.ask(source, null, { operationName: 'A' }))).toEqual({ open: 'open' })
    expect(refusals(await served.ask(source, null, { operationName: 'B' }))).toEqual(['Query.me MISSING_TOKEN'])
    for (const operationName of ['C', undefined]) {
      const { data, errors } = await served.ask(source, null, operationName === undefined ? {} : { operationName })
      expect([data, errors?.length]).toEqual([undefined, 1])
    }
  })

  it('nested fields without a requirement ask nothing more than the path that led to them', async () => {
    const served = new Protected(
      schemaOf('type Query { a: A @public } type A { x: Int b: B } type B { y: Int }', { Query: { a: () => ({ x: 1, b: { y: 2 } }) } }),
    )
    expect(dataOf(await served.ask('{ a { x b { y } } }'))).toEqual({ a: { x: 1, b: { y: 2 } } })
  })

  it('a type does not guard fields that return it, and guards each of its own', async () => {
    const served = new Protected(schemaOf('type Query @public { a: A } type A @authenticated { x: Int y: Int }', { Query: { a: () => ({ x: 1 }) } }), {
      denied: 'null',
    })
    const result = await served.ask('{ a { __typename x y } }')
    expect([dataOf(result), refusals(result)]).toEqual([{ a: { __typename: 'A', x: null, y: null } }, ['a.x MISSING_TOKEN', 'a.y MISSING_TOKEN']])
  })

  it("an interface's requirement holds on implementing types however they are reached", async () => {
    const schema = schemaOf(
      `
        type Query @public { direct: A node: Node union: U }
        interface Node @requiresScopes(scopes: [["node"]]) { id: ID title: String @policy(policies: [["title"]]) }
        type A implements Node { id: ID title: String own: String }
        type B { id: ID }
        union U = A | B
      `,
      { Query: { direct: () => ({}), node: () => ({}), union: () => ({}) }, Node: { __resolveType: () => 'A' }, U: { __resolveType: () => 'A' } },
    )
    const served = new Protected(schema)
    for (const source of ['{ direct { own } }', '{ node { ... on A { own } } }', '{ node { id } }', '{ union { ... on A { id } } }']) {
      expect(refusals(await served.ask(source, {}))).toEqual([expect.stringMatching(/^(A|Node)\.(own|id) INSUFFICIENT_SCOPE$/)])
    }
    expect(refusals(await served.ask('{ direct { id title } }', { scopes: ['node'] }))).toEqual(['A.title INSUFFICIENT_PERMISSION'])
    expect((await served.ask('{ direct { id title } }', { scopes: ['node'], permissions: ['title'] })).errors).toBeUndefined()
  })

  it('federation finds no way round: entities are guarded as what they turn out to be', async () => {
    const schema = schemaOf(
      `
        scalar _Any
        type Query { _entities(representations: [_Any!]!): [_Entity]! @public }
        union _Entity = User | Product
        type User { id: ID email: String @requiresScopes(scopes: [["mail"]]) }
        type Product { id: ID }
      `,
      {
        Query: { _entities: (_: unknown, { representations }: { representations: readonly object[] }) => representations },
        _Entity: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      },
    )
    const source = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { id email } ... on Product { id } } }'
    const variables = {
      r: [
        { __typename: 'User', id: 1, email: 'a@b' },
        { __typename: 'Product', id: 2 },
      ],
    }
    expect(refusals(await new Protected(schema).ask(source, {}, { variables }))).toEqual(['User.email INSUFFICIENT_SCOPE'])
    const partial = await new Protected(schema, { denied: 'null' }).ask(source, {}, { variables })
    expect([dataOf(partial), refusals(partial)]).toEqual([{ _entities: [{ id: '1', email: null }, { id: '2' }] }, ['_entities.0.email INSUFFICIENT_SCOPE']])
  })

  it('scopes: { enabled: false } leaves scopes unchecked, and callers authenticated', async () => {
    const served = new Protected(
      schemaOf('type Query { a: Int @requiresScopes(scopes: [["a"]]) b: Int @policy(policies: [["b"]]) }', { Query: { a: () => 1, b: () => 2 } }),
      {
        scopes: { enabled: false },
      },
    )
    expect(dataOf(await served.ask('{ a }', {}))).toEqual({ a: 1 })
    expect(refusals(await served.ask('{ a }'))).toEqual(['Query.a MISSING_TOKEN'])
    expect(refusals(await served.ask('{ b }', {}))).toEqual(['Query.b INSUFFICIENT_PERMISSION'])
  })

  it('a bad token is refused on public fields, on type names, and on fields that nothing guards', async () => {
    const served = new Protected(schemaOf('type Query { open: A @public } type A { x: Int }', { Query: { open: () => ({ x: 1 }) } }))
    const caller = { refusal: { reason: 'TOKEN_REVOKED' } } as const
    for (const source of ['{ open { x } }', '{ __typename }']) expect(refusals(await served.ask(source, caller))).toEqual(['- TOKEN_REVOKED'])
    expect((await served.askBare('{ open { x } }', caller)).data).toEqual({ open: null })
  })
})
