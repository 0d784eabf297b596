import { describe, expect, it } from '@jest/globals'
import { GraphQLEnumType, GraphQLList, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { contextOf, dataOf, Protected, refusals, schemaOf } from '../support.js'

const sdl = `
  type Query @public { role: Role roles: [Role] must: [Role!] matrix: [[Role]] free: Free plain: String }
  enum Role { READER ADMIN @requiresScopes(scopes: [["admin"]]) OWNER @policy(policies: [["own"]]) }
  enum Free { A B }
`
const answering = (resolvers: Record<string, () => unknown>, settings: object = {}): Protected => new Protected(schemaOf(sdl, { Query: resolvers }), settings)

describe('an enum value that is answered', () => {
  it.each<[string, () => unknown, unknown, readonly string[]]>([
    ['at once', () => 'ADMIN', null, ['role INSUFFICIENT_SCOPE']],
    ['by a promise', async () => 'ADMIN', null, ['role INSUFFICIENT_SCOPE']],
    ['of another name', () => 'OWNER', null, ['role INSUFFICIENT_PERMISSION']],
    ['that is free', () => 'READER', 'READER', []],
    ['that is null', () => null, null, []],
    ['that is no value of it', () => 'NOBODY', null, ['role undefined']],
    ['that is an error', () => new Error('lost'), null, ['role undefined']],
  ])('%s', async (_name, role, expected, errors) => {
    for (const ask of ['ask', 'askBare'] as const) {
      const result = await answering({ role })[ask]('{ role }', {})
      expect([dataOf(result), refusals(result)]).toEqual([{ role: expected }, errors])
    }
  })

  it.each<[string, () => unknown]>([
    ['a list', () => ['READER', 'ADMIN', null, 'READER']],
    ['a list by a promise', async () => ['READER', 'ADMIN', null, 'READER']],
    ['a list of promises', () => ['READER', Promise.resolve('ADMIN'), null, Promise.resolve('READER')]],
    [
      'a generator',
      function* () {
        yield* ['READER', 'ADMIN', null, 'READER']
      },
    ],
  ])('in %s nulls its item, with an error at its path', async (_name, roles) => {
    const result = await answering({ roles }).ask('{ roles }', {})
    expect([dataOf(result), refusals(result)]).toEqual([{ roles: ['READER', null, null, 'READER'] }, ['roles.1 INSUFFICIENT_SCOPE']])
    expect(result.errors?.[0]?.extensions.auth).toMatchObject({ coordinate: 'Query.roles' })
  })

  it('in an asynchronous list is replaced by its error, and the list goes on', async () => {
    const schema = schemaOf(
      'type Query { t: T } type T { roles: [Role] } enum Role { READER ADMIN @requiresScopes(scopes: [["admin"]]) OWNER @authenticated }',
      {
        T: {
          roles: async function* () {
            yield* ['ADMIN', 'READER', 'OWNER']
          },
        },
      },
    )
    const served = new Protected(schema)
    const resolve = (served.schema.getType('T') as GraphQLObjectType).getFields().roles?.resolve as (...args: unknown[]) => AsyncIterable<unknown>
    const info = { operation: {}, parentType: {}, path: {} }
    const items: unknown[] = []
    for await (const item of resolve({}, {}, contextOf(served.auth, {}), info)) items.push(item)
    expect(items).toEqual([expect.objectContaining({ refusal: expect.objectContaining({ coordinate: 'T.roles', detail: 'Role.ADMIN' }) }), 'READER', 'OWNER'])
  })

  it.each([
    ['the same', '["staff"]', '["staff"]', { requiredScopes: [['staff']] }],
    ['different scopes', '["staff"]', '["owner"]', {}],
  ])('is not told by its error, where the guarded values demand %s', async (_name, flagged, banned, told) => {
    const users = ['OK', 'FLAGGED', 'BANNED'].map((status) => ({ status }))
    const schema = schemaOf(
      `type Query { users: [User] } type User { status: Status }
      enum Status { OK FLAGGED @requiresScopes(scopes: [${flagged}]) BANNED @requiresScopes(scopes: [${banned}]) }`,
      { Query: { users: () => users } },
    )
    const { errors = [] } = await new Protected(schema).ask('{ users { status } }', {})
    const [first, second] = errors.map(({ extensions }) => extensions.auth)
    expect(first).toEqual({ reason: 'INSUFFICIENT_SCOPE', coordinate: 'User.status', decisionId: expect.any(String), ...told })
    expect(second).toEqual(first)
    expect(JSON.stringify(errors)).not.toMatch(/FLAGGED|BANNED/)
  })

  it('in a list of lists nulls its item too', async () => {
    const result = await answering({ matrix: () => [['READER'], Promise.resolve(['ADMIN', 'READER'])] }).ask('{ matrix }', {})
    expect([dataOf(result), refusals(result)]).toEqual([{ matrix: [['READER'], [null, 'READER']] }, ['matrix.1.0 INSUFFICIENT_SCOPE']])
  })

  it('that may not be null takes the list with it', async () => {
    const result = await answering({ must: () => ['READER', 'ADMIN'], plain: () => 'x' }).ask('{ must plain }', {})
    expect([dataOf(result), refusals(result)]).toEqual([{ must: null, plain: 'x' }, ['must.1 INSUFFICIENT_SCOPE']])
  })

  it('is answered to who may have it', async () => {
    const served = answering({ roles: () => ['ADMIN', Promise.resolve('OWNER')], role: () => 'ADMIN' })
    const result = await served.ask('{ roles role }', { scopes: ['admin'], permissions: ['own'] })
    expect([dataOf(result), refusals(result)]).toEqual([{ roles: ['ADMIN', 'OWNER'], role: 'ADMIN' }, []])
  })

  it('is not asked of the token alone when one of its values asks about an object', async () => {
    const role = new GraphQLEnumType({
      name: 'Role',
      values: {
        ADMIN: { value: 1, extensions: { auth: { permissions: 'see', object: (_: unknown, args: { id: string }) => args.id } } },
        READER: { value: 2 },
      },
    })
    const { String: text } = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { a: { type: role } } }) }).getTypeMap()
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({
        name: 'Query',
        extensions: { auth: { public: true } },
        fields: { roles: { type: new GraphQLList(role), args: { id: { type: text as never } }, resolve: () => [1, 2, 1] } },
      }),
    })
    const asked: unknown[] = []
    const check = (_principal: unknown, questions: readonly { object: unknown }[]): boolean[] => {
      asked.push(...questions.map(({ object }) => object))
      return questions.map(({ object }) => object === 'mine')
    }
    const served = new Protected(schema, { permissions: { check } })
    expect(dataOf(await served.ask('{ roles(id: "mine") }', {}))).toEqual({ roles: ['ADMIN', 'READER', 'ADMIN'] })
    const refused = await served.ask('{ roles(id: "other") }', {})
    expect([dataOf(refused), refusals(refused)]).toEqual([
      { roles: [null, 'READER', null] },
      ['roles.0 INSUFFICIENT_PERMISSION', 'roles.2 INSUFFICIENT_PERMISSION'],
    ])
    expect(asked).toEqual(['mine', 'other'])
  })

  it('leaves a field alone whose enum is free: its resolver is the very same function', () => {
    const type = new GraphQLObjectType({ name: 'T', fields: { free: { type: new GraphQLEnumType({ name: 'Free', values: { A: {} } }), resolve: () => 'A' } } })
    const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { t: { type } } }) })
    const copy = new Protected(schema).schema.getType('T') as GraphQLObjectType
    expect(copy.getFields().free?.resolve).toBe(type.getFields().free?.resolve)
  })
})

describe('an enum or scalar type', () => {
  const typed = (): Protected =>
    new Protected(
      schemaOf(
        `
          type Query @public { level: Level levels(of: [Level!]): [Level] money: [Money!] a: A }
          type A implements I { level: Level }
          interface I { level: Level }
          enum Level @requiresScopes(scopes: [["levels"]]) { LOW HIGH }
          scalar Money @policy(policies: [["money"]])
        `,
        { Query: { level: () => 'LOW', levels: () => ['LOW'], money: () => [1], a: () => ({ level: 'HIGH' }) } },
      ),
    )

  it.each([
    ['{ level }', 'Query.level INSUFFICIENT_SCOPE'],
    ['{ money }', 'Query.money INSUFFICIENT_PERMISSION'],
    ['{ a { level } }', 'A.level INSUFFICIENT_SCOPE'],
    ['{ a { ... on I { level } } }', 'I.level INSUFFICIENT_SCOPE'],
  ])('is asked of the field that returns it: %s', async (source, expected) => {
    expect(refusals(await typed().ask(source, {}))).toEqual([expected])
  })

  it('is asked of the argument that takes it', async () => {
    expect(refusals(await typed().ask('{ levels(of: LOW) }', {}))).toEqual(['Query.levels INSUFFICIENT_SCOPE', 'Query.levels(of:) INSUFFICIENT_SCOPE'])
  })
})

describe('an argument that asks about an object', () => {
  const withObject = (ran: string[]): Protected => {
    const schema = schemaOf('type Query @public { order(id: ID!, discount: Int): String }', {
      Query: {
        order: (_source: unknown, args: object) => {
          ran.push(Object.keys(args).join())
          return 'ran'
        },
      },
    })
    const argument = schema
      .getQueryType()
      ?.getFields()
      .order?.args.find(({ name }) => name === 'discount')
    Object.assign(argument as object, { extensions: { auth: { permissions: 'discount', object: (_: unknown, args: { id: string }) => args.id } } })
    return new Protected(schema, { permissions: { check: (_principal, questions) => questions.map(({ object }) => object === 'mine') } })
  }

  it.each([
    ['{ order(id: "mine", discount: 5) }', 'ran', []],
    ['{ order(id: "other", discount: 5) }', null, ['order INSUFFICIENT_PERMISSION']],
    ['{ order(id: "other") }', 'ran', []],
  ])('%s', async (source, order, expected) => {
    const ran: string[] = []
    const result = await withObject(ran).ask(source, {})
    expect([dataOf(result), refusals(result), ran.length]).toEqual([{ order }, expected, order === null ? 0 : 1])
  })

  it('and a field that does both are asked in one call', async () => {
    const calls: number[] = []
    const schema = schemaOf('type Query @public { order(id: ID!, discount: Int): String }', {
      Query: { order: requirePerm('read', { object: (_, args: { id: string }) => args.id })(() => 'ran') },
    })
    const argument = schema
      .getQueryType()
      ?.getFields()
      .order?.args.find(({ name }) => name === 'discount')
    Object.assign(argument as object, { extensions: { auth: { permissions: 'discount', object: (_: unknown, args: { id: string }) => args.id } } })
    const check = (_principal: unknown, questions: readonly { permission: string }[]): boolean[] => {
      calls.push(questions.length)
      return questions.map(({ permission }) => permission === 'read')
    }
    const result = await new Protected(schema, { permissions: { check } }).ask('{ order(id: 1, discount: 5) }', {})
    expect([refusals(result), calls, result.errors?.[0]?.extensions.auth]).toMatchObject([
      ['order INSUFFICIENT_PERMISSION'],
      [2],
      { coordinate: 'Query.order(discount:)' },
    ])
  })
})
