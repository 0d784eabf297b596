import { describe, expect, it } from '@jest/globals'
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { AUTHENTICATED, type Requirement } from '../../src/core/rules/requirement.js'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { compileRequirements } from '../../src/schema/requirement-table.js'
import { demands, tableOf, testAuth } from './support.js'

const field = (name: string, read = 'null'): string => `type Query { ${name}: String } # ${read}`

describe('the default', () => {
  it('under private access, asks an authenticated caller of every root field, and nothing of the others', () => {
    const table = tableOf(`
      type Query { a: A }
      type Mutation { b: A }
      type Subscription { c: A }
      type A { d: String }
    `)
    expect(['Query.a', 'Mutation.b', 'Subscription.c', 'A.d'].map((at) => demands(table, at))).toEqual([['user'], ['user'], ['user'], []])
  })

  it('under public access, asks nothing of anything', () => {
    const table = tableOf(field('a'), {}, { access: 'public' })
    expect(demands(table, 'Query.a')).toEqual([])
  })

  it('knows root types by their part in the schema, and not by their names', () => {
    const table = tableOf(`
      schema { query: Top mutation: Change }
      type Top { a: Query }
      type Change { b: Int }
      type Query { c: Int }
    `)
    expect(['Top.a', 'Change.b', 'Query.c'].map((at) => demands(table, at))).toEqual([['user'], ['user'], []])
  })

  it('of introspection follows its own setting, and without one follows access', () => {
    const introspection = (settings: object): number => tableOf(field('a'), {}, settings).introspection.length
    expect([{}, { access: 'public' }, { introspection: 'public' }, { access: 'public', introspection: 'private' }].map(introspection)).toEqual([1, 0, 0, 1])
  })
})

describe('a type', () => {
  const table = tableOf(`
    type Query { a: Secret @public, list: [Secret!]! @public }
    type Secret @requiresScopes(scopes: [["s"]]) { x: String y(arg: Int): [Int!] other: Query }
  `)

  it('guards every field of its own', () => {
    expect(['Secret.x', 'Secret.y', 'Secret.other'].map((at) => demands(table, at))).toEqual([['scopes s'], ['scopes s'], ['scopes s']])
  })

  it('does not guard fields that return it', () => {
    expect(['Query.a', 'Query.list'].map((at) => demands(table, at))).toEqual([[], []])
  })
})

describe('an interface', () => {
  const table = tableOf(`
    type Query { a: Node @public }
    interface Node @requiresScopes(scopes: [["node"]]) { id: ID title: String @policy(policies: [["read"]]) }
    interface Named implements Node @authenticated { id: ID title: String name: String @requiresScopes(scopes: [["name"]]) }
    type One implements Node { id: ID title: String own: String }
    type Two implements Node & Named { id: ID title: String name: String own: String @requiresScopes(scopes: [["own"]]) }
    type Free { id: ID title: String }
  `)

  it('guards every field of each type that implements it, also those that it does not have itself', () => {
    expect(['One.id', 'One.own'].map((at) => demands(table, at))).toEqual([['scopes node'], ['scopes node']])
  })

  it('guards its field on every implementing type', () => {
    expect(['One.title', 'Two.title'].map((at) => demands(table, at))).toEqual([
      ['scopes node', 'permissions read'],
      ['scopes node', 'permissions read'],
    ])
  })

  it('adds to what other interfaces and the type demand', () => {
    expect(demands(table, 'Two.name')).toEqual(['scopes node', 'scopes name'])
    expect(demands(table, 'Two.own')).toEqual(['scopes node', 'scopes own'])
  })

  it('guards no type that only looks like it', () => {
    expect(demands(table, 'Free.title')).toEqual([])
  })
})

describe('@public', () => {
  it('on a field lifts the requirement of the very type that it is written on', () => {
    const table = tableOf(`
      type Query { a: A @public }
      type A @requiresScopes(scopes: [["a"]]) { open: String @public closed: String }
    `)
    expect([demands(table, 'A.open'), demands(table, 'A.closed')]).toEqual([[], ['scopes a']])
  })

  it('on a root field lifts the default', () => {
    const table = tableOf('type Query { open: String @public closed: String } type Mutation { open: String @public }')
    expect(['Query.open', 'Query.closed', 'Mutation.open'].map((at) => demands(table, at))).toEqual([[], ['user'], []])
  })

  it('on a root type lifts the default for its members, and of no other root type', () => {
    const table = tableOf('type Query @public { a: String b: String @requiresScopes(scopes: [["b"]]) } type Mutation { c: String }')
    expect(['Query.a', 'Query.b', 'Mutation.c'].map((at) => demands(table, at))).toEqual([[], ['scopes b'], ['user']])
  })

  it('on a root type beside a requirement lifts the default and not the requirement', () => {
    const table = tableOf('type Query @public @requiresScopes(scopes: [["q"]]) { a: String }')
    expect(demands(table, 'Query.a')).toEqual(['scopes q'])
  })

  it('on a type that is no root lifts nothing', () => {
    const table = tableOf('type Query { a: A } type A @public @requiresScopes(scopes: [["a"]]) { x: String }')
    expect([demands(table, 'A.x'), demands(table, 'Query.a')]).toEqual([['scopes a'], ['user']])
  })

  it('on a field lifts neither what stands beside it nor what an interface demands', () => {
    const table = tableOf(`
      type Query { a: Node @public b: String @public @requiresScopes(scopes: [["b"]]) }
      interface Node @authenticated { id: ID title: String @policy(policies: [["title"]]) }
      type A implements Node @requiresScopes(scopes: [["a"]]) { id: ID @public title: String @public }
    `)
    expect(demands(table, 'Query.b')).toEqual(['scopes b'])
    expect(demands(table, 'A.id')).toEqual(['user'])
    expect(demands(table, 'A.title')).toEqual(['permissions title'])
  })

  it("on an interface's field lifts that interface's requirement for the field, and not what the types demand", () => {
    const table = tableOf(`
      type Query { a: Node @public }
      interface Node @requiresScopes(scopes: [["node"]]) { id: ID @public title: String }
      type A implements Node @requiresScopes(scopes: [["a"]]) { id: ID title: String }
      type B implements Node { id: ID title: String }
    `)
    expect(['A.id', 'B.id', 'B.title'].map((at) => demands(table, at))).toEqual([['scopes a'], [], ['scopes node']])
  })
})

describe('all that applies to a coordinate', () => {
  it('is needed: type and field, interface and implementing type, SDL, extension and decorators', () => {
    const table = tableOf(
      `
        type Query { node: Node }
        interface Node @requiresScopes(scopes: [["1"]]) { secret: String @requiresScopes(scopes: [["2"]]) }
        type A implements Node @requiresScopes(scopes: [["3"]]) { secret: String @requiresScopes(scopes: [["4"]]) @policy(policies: [["5"]]) }
      `,
      { A: { secret: requireOAuth('6')(requirePerm('7')(() => 'x')) } },
    )
    expect(demands(table, 'A.secret')).toEqual(['scopes 1', 'scopes 2', 'scopes 3', 'scopes 4', 'permissions 5', 'permissions 7', 'scopes 6'])
  })

  it('counts once where the same is demanded twice, in one object for the whole schema', () => {
    const table = tableOf(
      `
        type Query @requiresScopes(scopes: [["a"]]) { x: String @requiresScopes(scopes: [["a"]]) y: String @requiresScopes(scopes: [["a"]]) z: String }
      `,
      { Query: { z: requireOAuth('a')(() => 'z') } },
    )
    expect(demands(table, 'Query.x')).toEqual(['scopes a'])
    const distinct = new Set(['x', 'y', 'z'].flatMap((name) => table.ruleOf('Query', name)?.requirements ?? []))
    expect(distinct.size).toBe(1)
  })

  it('does not say authenticated beside a requirement that says more', () => {
    const table = tableOf('type Query { a: String @authenticated @policy(policies: [["p"]]) b: String @authenticated }')
    expect([demands(table, 'Query.a'), table.ruleOf('Query', 'b')?.requirements]).toEqual([['permissions p'], [AUTHENTICATED]])
  })

  it('keeps two requirements apart whose object functions differ', () => {
    const table = tableOf(
      'type Query { a: String b: String }',
      { Query: { a: requirePerm('p', { object: () => 1 })(() => ''), b: requirePerm('p', { object: () => 2 })(() => '') } },
      { permissions: { check: () => [] } },
    )
    expect(table.ruleOf('Query', 'a')?.requirements[0]).not.toBe(table.ruleOf('Query', 'b')?.requirements[0])
  })
})

describe('directives', () => {
  it.each([
    ['@authenticated', ['user']],
    ['@requiresScopes(scopes: [["a", "b"], ["c"]])', ['scopes a+b|c']],
    ['@requiresScopes(scopes: [["a"]]) @requiresScopes(scopes: [["b"]])', ['scopes a', 'scopes b']],
    ['@policy(policies: [["x"], ["y", "z"]])', ['permissions x|y+z']],
    ['@authenticated @requiresScopes(scopes: [["a"]]) @policy(policies: [["x"]])', ['scopes a', 'permissions x']],
    ['@requiresScopes(scopes: [["a", "a"]])', ['scopes a']],
  ])('%s', (directives, expected) => {
    expect(demands(tableOf(`type Query { a: String ${directives} }`), 'Query.a')).toEqual(expected)
  })

  it('of a later extension of the type count too', () => {
    const table = tableOf('type Query { a: String } extend type Query @requiresScopes(scopes: [["late"]]) { b: String }')
    expect([demands(table, 'Query.a'), demands(table, 'Query.b')]).toEqual([['scopes late'], ['scopes late']])
  })
})

describe('extensions.auth', () => {
  const withAuth = (auth: unknown): GraphQLSchema =>
    new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { a: { type: GraphQLString, extensions: { auth } } } }) })

  it.each<[unknown, readonly string[]]>([
    [{ scopes: 'a b' }, ['scopes a+b']],
    [{ scopes: { anyOf: [['a'], ['b']] } }, ['scopes a|b']],
    [{ permissions: ['x', 'y'] }, ['permissions x+y']],
    [{ permissions: 'x', object: () => 1 }, ['permissions x, object']],
    [{ scopes: 'a', permissions: 'x' }, ['scopes a', 'permissions x']],
    [{ acr: 'mfa' }, ['acr mfa']],
    [{ maxAge: 0 }, ['maxAge 0']],
    [{ scopes: 'a', acr: ['gold', 'silver'], maxAge: 60 }, ['scopes a, acr gold|silver, maxAge 60']],
    [{ authenticated: true }, ['user']],
    [{ public: true }, []],
    [
      [{ scopes: 'a' }, { permissions: 'x' }],
      ['scopes a', 'permissions x'],
    ],
    [[{ public: true }, { scopes: 'a' }], ['scopes a']],
  ])('%j', (auth, expected) => {
    expect(demands(compileRequirements(withAuth(auth), testAuth({ permissions: { check: () => [] } }).settings), 'Query.a')).toEqual(expected)
  })

  it('on a type guards its fields', () => {
    const secret = new GraphQLObjectType({ name: 'Secret', extensions: { auth: { scopes: 's' } }, fields: { x: { type: GraphQLString } } })
    const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { secret: { type: secret } } }) })
    expect(demands(compileRequirements(schema, testAuth().settings), 'Secret.x')).toEqual(['scopes s'])
  })
})

describe('decorators', () => {
  @requireOAuth('class')
  class Guarded {
    plain(): string {
      return 'plain'
    }
    @requirePerm('member')
    member(): string {
      return 'member'
    }
    @publicAccess()
    open(): string {
      return 'open'
    }
    @publicAccess()
    @requireOAuth('own')
    both(): string {
      return 'both'
    }
  }
  const sdl = 'type Query { plain: String member: String open: String both: String }'

  it('on a class hold for each member, and are lifted by publicAccess on the member, which lifts nothing else', () => {
    const table = tableOf(sdl, classResolvers({ Query: Guarded }))
    expect(['plain', 'member', 'open', 'both'].map((name) => demands(table, `Query.${name}`))).toEqual([
      ['scopes class'],
      ['scopes class', 'permissions member'],
      [],
      ['scopes own'],
    ])
  })

  it('on a class are lifted by @public in the SDL, and @public by nothing', () => {
    const table = tableOf(sdl.replace('plain: String', 'plain: String @public'), classResolvers({ Query: Guarded }))
    expect(demands(table, 'Query.plain')).toEqual([])
  })

  it("do not lift, by publicAccess, what an interface or the SDL's field demands", () => {
    const table = tableOf(
      `
        type Query { a: A @public b: String @requiresScopes(scopes: [["b"]]) }
        interface Node @requiresScopes(scopes: [["node"]]) { x: String }
        type A implements Node @requiresScopes(scopes: [["type"]]) { x: String }
      `,
      { Query: { b: publicAccess()(() => 'b') }, A: { x: publicAccess()(() => 'x') } },
    )
    expect([demands(table, 'A.x'), demands(table, 'Query.b')]).toEqual([['scopes node'], ['scopes b']])
  })

  it('on an inherited method, and on the class that it comes from, hold for the class that inherits', () => {
    @requireOAuth('derived')
    class Derived extends Guarded {}
    const table = tableOf(sdl, classResolvers({ Query: Derived }))
    expect(demands(table, 'Query.member')).toEqual(['scopes class', 'scopes derived', 'permissions member'])
    expect(demands(table, 'Query.open')).toEqual([])
  })

  it('on instance methods of a plain graphql-js schema are found', () => {
    const { member } = new Guarded()
    const schema = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { member: { type: GraphQLString, resolve: member } } }) })
    expect(demands(compileRequirements(schema, testAuth().settings), 'Query.member')).toEqual(['scopes class', 'permissions member'])
  })

  it('on the subscribe function and on the resolve function of a subscription are both needed', () => {
    const table = tableOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: { ticks: { subscribe: requireOAuth('subscribe')(async function* () {}), resolve: requirePerm('resolve')(() => 1) } },
    })
    expect(demands(table, 'Subscription.ticks')).toEqual(['permissions resolve', 'scopes subscribe'])
  })
})

describe('the table', () => {
  it('is frozen, complete, and in the order of the schema', () => {
    const table = tableOf(
      'type Query { b(n: N, e: E): A a: String } type A { x: Int } interface I { y(z: Int): Int } union U = A input N { z: Int } enum E { V W } scalar S',
    )
    expect(table.rules.map(({ coordinate, kind }) => `${kind} ${coordinate}`)).toEqual([
      'field Query.b',
      'argument Query.b(n:)',
      'argument Query.b(e:)',
      'field Query.a',
      'field A.x',
      'input field N.z',
      'enum value E.V',
      'enum value E.W',
    ])
    expect(table.rules.every((rule) => Object.isFrozen(rule) && Object.isFrozen(rule.requirements))).toBe(true)
    expect([Object.isFrozen(table), Object.isFrozen(table.rules), Object.isFrozen(table.introspection)]).toEqual([true, true, true])
  })

  it.each(['Missing.a', 'Query.missing', '__Type.name', 'Query.__typename', 'Query.toString', 'constructor.constructor'])(
    'has no rule for %s',
    (coordinate) => {
      const [typeName = '', fieldName = ''] = coordinate.split('.')
      expect(tableOf(field('a')).ruleOf(typeName, fieldName)).toBeUndefined()
    },
  )
})

describe('what is passed', () => {
  const table = tableOf(`
    type Query { a: Node }
    interface Node { pick(one: Role @requiresScopes(scopes: [["1"]]), two: Money): Role @requiresScopes(scopes: [["2"]]) }
    interface Named implements Node { pick(one: Role @requiresScopes(scopes: [["3"]]), two: Money): Role }
    type A implements Node & Named { pick(one: Role, two: Money, own: Deep @requiresScopes(scopes: [["4"]])): Role }
    enum Role @policy(policies: [["role"]]) { USER ADMIN @policy(policies: [["admin"]]) }
    scalar Money @policy(policies: [["money"]])
    input Deep @requiresScopes(scopes: [["deep"]]) { amount: Money deeper: [Deeper!]! free: Int }
    input Deeper { back: Deep only: Only }
    input Only { x: Int }
    input Free { again: Free y: Int }
  `)
  const spelled = (requirements: readonly Requirement[] | undefined): readonly string[] | undefined =>
    requirements?.map(({ scopes, permissions }) => (scopes ?? permissions ?? []).flat().join())

  it('to an argument is what every interface, the argument and its leaf type say', () => {
    expect(['one', 'two', 'own'].map((name) => spelled(table.argumentRuleOf('A', 'pick', name)?.requirements))).toEqual([['1', '3', 'role'], ['money'], ['4']])
  })

  it('to an input field is what its input type, the field and its leaf type say', () => {
    expect(['amount', 'deeper', 'free'].map((name) => spelled(table.inputRuleOf('Deep', name)?.requirements))).toEqual([['deep', 'money'], ['deep'], ['deep']])
  })

  it('as an enum value is what the value says; the enum is asked of fields and arguments', () => {
    expect(['USER', 'ADMIN'].map((name) => spelled(table.inputRuleOf('Role', name)?.requirements))).toEqual([[], ['admin']])
    expect(spelled(table.ruleOf('A', 'pick')?.requirements)).toEqual(['2', 'role'])
  })

  it('can come by all that its type leads to, also where types lead to themselves', () => {
    expect(['Deep', 'Deeper', 'Role', 'Only', 'Free', 'Money', 'A', 'Nothing'].map((name) => [...(spelled(table.reachableFrom(name)) ?? [])].sort())).toEqual([
      ['deep', 'money'],
      ['deep', 'money'],
      ['admin'],
      [],
      [],
      [],
      [],
      [],
    ])
  })

  it.each([
    ['Query', 'a', 'one'],
    ['Node', 'pick', 'one'],
    ['A', 'pick', 'toString'],
    ['constructor', 'pick', 'one'],
  ])('has no rule for %s.%s(%s:)', (typeName, fieldName, name) => {
    expect(table.argumentRuleOf(typeName, fieldName, name)).toBeUndefined()
  })

  it('is no field, and fields are nothing that is passed', () => {
    expect([table.ruleOf('Deep', 'free'), table.ruleOf('Role', 'ADMIN'), table.inputRuleOf('A', 'pick'), table.inputRuleOf('Deep', '__proto__')]).toEqual(
      Array.from({ length: 4 }),
    )
  })
})
