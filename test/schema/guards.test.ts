import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, GraphQLInt, GraphQLObjectType, GraphQLSchema, parse, subscribe } from 'graphql'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { contextOf, dataOf, Protected, refusals, schemaOf, testAuth } from './support.js'

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

describe('decorated resolvers', () => {
  class Orders {
    readonly log: string[] = []
    @requireOAuth('read')
    orders(): string {
      return this.#note('orders')
    }
    @requirePerm({ anyOf: [['a', 'b'], ['c']] })
    async cancel(): Promise<string> {
      return this.#note('cancel')
    }
    @publicAccess()
    open(): string {
      return this.#note('open')
    }
    plain(): string {
      return this.#note('plain')
    }
    #note(name: string): string {
      this.log.push(name)
      return name
    }
  }
  const sdl = 'type Query { orders: String cancel: String open: String plain: String }'

  const expectHouseRules = async (schema: GraphQLSchema, log: readonly string[]): Promise<void> => {
    const served = new Protected(schema)
    expect(refusals(await served.ask('{ orders cancel plain open }'))).toEqual([
      'Query.orders MISSING_TOKEN',
      'Query.cancel MISSING_TOKEN',
      'Query.plain MISSING_TOKEN',
    ])
    expect(refusals(await served.ask('{ orders cancel plain open }', { permissions: ['a'] }))).toEqual([
      'Query.orders INSUFFICIENT_SCOPE',
      'Query.cancel INSUFFICIENT_PERMISSION',
    ])
    expect(log).toEqual([])
    expect(dataOf(await served.ask('{ open }'))).toEqual({ open: 'open' })
    const allowed = await served.ask('{ orders cancel plain open }', { scopes: ['read'], permissions: ['c'] })
    expect(dataOf(allowed)).toEqual({ orders: 'orders', cancel: 'cancel', plain: 'plain', open: 'open' })
    expect(log).toEqual(['open', 'orders', 'cancel', 'plain', 'open'])
  }

  it('hold through classResolvers and makeExecutableSchema', async () => {
    const orders = new Orders()
    await expectHouseRules(schemaOf(sdl, classResolvers({ Query: orders })), orders.log)
  })

  it('hold as functions in a resolver map', async () => {
    const log: string[] = []
    const note = (name: string) => (): string => {
      log.push(name)
      return name
    }
    const resolvers = {
      orders: requireOAuth('read')(note('orders')),
      cancel: requirePerm({ anyOf: [['a', 'b'], ['c']] })(note('cancel')),
      open: publicAccess()(note('open')),
      plain: note('plain'),
    }
    await expectHouseRules(schemaOf(sdl, { Query: resolvers }), log)
  })

  it('hold on a plain graphql-js schema', async () => {
    const orders = new Orders()
    const field = (method: (...args: never[]) => unknown): object => ({ type: GraphQLInt, resolve: method.bind(orders) })
    const { GraphQLString } = await import('graphql')
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: Object.fromEntries(
        Object.entries({ orders: orders.orders, cancel: orders.cancel, open: orders.open, plain: orders.plain }).map(([name, method]) => [
          name,
          { ...field(method), type: GraphQLString },
        ]),
      ),
    })
    await expectHouseRules(new GraphQLSchema({ query }), orders.log)
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

describe('protectSchema', () => {
  it('leaves the schema that it was given as it was', async () => {
    const schema = schemaOf('type Query { me: String }', { Query: { me: () => 'me' } })
    const copy = protectSchema(schema, testAuth())
    expect(copy).not.toBe(schema)
    expect(dataOf(await execute({ schema, document: parse('{ me }') }))).toEqual({ me: 'me' })
  })

  it('returns a protected schema as it is', () => {
    const auth = testAuth()
    const copy = protectSchema(schemaOf('type Query { me: String }'), auth)
    expect(protectSchema(copy, auth)).toBe(copy)
  })

  it('asks for a permission source when a requirement has an object', () => {
    const schema = schemaOf('type Query { a(id: ID): String }', { Query: { a: requirePerm('p', { object: () => 1 })(() => 'a') } })
    expect(() => protectSchema(schema, testAuth())).toThrow('permissions: expected a permission source, since Query.a asks about an object')
    expect(() => protectSchema(schema, testAuth({ permissions: { check: () => [] } }))).not.toThrow()
  })

  it.each([
    ['no context', undefined],
    ['null', null],
    ['a context without auth', { user: 'root' }],
    ['an auth of another make', { auth: { principal: { subject: 'root' }, decide: () => null, refusal: null } }],
    ['a copy of an auth', { auth: { ...contextOf(testAuth(), {}).auth } }],
    ['what inherits from an auth', { auth: Object.create(contextOf(testAuth(), {}).auth) }],
  ])('refuses, with how to wire the server, on %s', async (_name, contextValue) => {
    let ran = 0
    const schema = schemaOf('type Query { me: String open: String @public }', { Query: { me: () => (ran += 1), open: () => (ran += 1) } })
    const copy = protectSchema(schema, testAuth())
    const result = await execute({ schema: copy, document: parse('{ me open }'), contextValue })
    expect(dataOf(result)).toEqual({ me: null, open: null })
    expect(result.errors?.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the requirement on Query\.me: expected context\.auth, which nothing has set on this server.*useAuth\(auth\)/),
      expect.stringMatching(/^the requirement on Query\.open: expected context\.auth/),
    ])
    expect(ran).toBe(0)
  })

  it('is not needed for a decorated resolver to refuse on a server that nothing wires', async () => {
    let ran = 0
    const schema = schemaOf('type Query { me: String }', { Query: { me: requireOAuth()(() => (ran += 1)) } })
    const result = await execute({ schema, document: parse('{ me }'), contextValue: {} })
    expect([dataOf(result), result.errors?.[0]?.message, ran]).toEqual([
      { me: null },
      expect.stringMatching(/^the requirement on .+: expected context\.auth, which nothing has set on this server/),
      0,
    ])
  })
})
