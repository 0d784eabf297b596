import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, parse } from 'graphql'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { authTypeDefs, publicTypeDefs } from '../../src/schema/directives.js'
import { compileRequirements } from '../../src/schema/requirement-table.js'
import { demands, tableOf, testAuth } from './support.js'

const { settings } = testAuth({ permissions: { check: () => [] } })

const withExtension = (auth: unknown): GraphQLSchema =>
  new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { a: { type: GraphQLInt, extensions: { auth } } } }) })

describe('a malformed directive stops the start, naming its place', () => {
  it.each([
    ['@requiresScopes(scopes: [])', 'Query.a @requiresScopes'],
    ['@requiresScopes(scopes: [[]])', 'Query.a @requiresScopes'],
    ['@requiresScopes(scopes: [["a"], []])', 'Query.a @requiresScopes'],
    ['@requiresScopes(scopes: [[""]])', 'Query.a @requiresScopes'],
    ['@requiresScopes(scopes: [["a b"]])', 'Query.a @requiresScopes'],
    ['@requiresScopes(scopes: [["a\\"b"]])', 'Query.a @requiresScopes'],
    ['@requiresScopes(scopes: [["ä"]])', 'Query.a @requiresScopes'],
    ['@policy(policies: [])', 'Query.a @policy'],
    ['@policy(policies: [[]])', 'Query.a @policy'],
  ])('%s', (directive, place) => {
    const start = (): unknown => tableOf(`type Query { a: Int ${directive} }`)
    expect(start).toThrow(ConfigurationError)
    expect(start).toThrow(place)
  })

  it('also on an interface that no type implements', () => {
    expect(() => tableOf('type Query { a: Int } interface I { x: Int @policy(policies: []) }')).toThrow('I.x @policy')
  })

  it('also on a type', () => {
    expect(() => tableOf('type Query { a: Int } type A @requiresScopes(scopes: [[]]) { x: Int }')).toThrow('A @requiresScopes')
  })
})

describe('a malformed extension stops the start, naming its place', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['true', true],
    ['a string', 'orders:read'],
    ['an empty object', {}],
    ['an empty list', []],
    ['a list with a hole', [undefined]],
    ['an unknown member', { scope: 'a' }],
    ['an unknown member beside a known one', { scopes: 'a', admin: true }],
    ['authenticated: false', { authenticated: false }],
    ['public: false', { public: false }],
    ['an undefined scope', { scopes: undefined }],
    ['an undefined scope beside authenticated', { authenticated: true, scopes: undefined }],
    ['an undefined object', { permissions: 'p', object: undefined }],
    ['an object that is no function', { permissions: 'p', object: 'id' }],
    ['an object without a permission', { object: () => 1 }],
    ['an object with scopes alone', { scopes: 'a', object: () => 1 }],
    ['empty scopes', { scopes: '' }],
    ['empty lists', { scopes: { anyOf: [] } }],
    ['a negative age', { maxAge: -1 }],
    ['an age in words', { maxAge: '5 minutes' }],
  ])('%s', (_name, auth) => {
    const start = (): unknown => compileRequirements(withExtension(auth), settings)
    expect(start).toThrow(ConfigurationError)
  })

  it('as the coordinate of the field', () => {
    expect(() => compileRequirements(withExtension({ scope: 'a' }), settings)).toThrow(/^Query\.a extensions\.auth: expected a requirement/)
  })
})

describe('a directive of ours that a schema defines otherwise stops the start, used or not', () => {
  it.each([
    ['directive @requiresScopes(scopes: String) on FIELD_DEFINITION', '@requiresScopes: expected the arguments (scopes: [[name]])'],
    ['directive @requiresScopes(scopes: [String!]!) on FIELD_DEFINITION', '@requiresScopes'],
    ['directive @requiresScopes(scope: [[String!]!]!) on FIELD_DEFINITION', '@requiresScopes'],
    ['directive @requiresScopes(scopes: [[String!]!]!, of: String) on FIELD_DEFINITION', '@requiresScopes'],
    ['directive @requiresScopes(scopes: [[N!]!]!) on FIELD_DEFINITION input N { x: Int }', '@requiresScopes'],
    ['directive @policy on FIELD_DEFINITION', '@policy: expected the arguments (policies: [[name]])'],
    ['directive @authenticated(requires: String = "ADMIN") on FIELD_DEFINITION', '@authenticated: expected the arguments ()'],
    ['directive @public(unless: Boolean) on FIELD_DEFINITION', '@public: expected the arguments ()'],
    ['directive @federation__policy(policies: [[String!]!]!) on FIELD_DEFINITION', '@federation__policy: expected a prefix that an @link'],
  ])('%s', (definition, message) => {
    const schema = makeExecutableSchema({ typeDefs: [definition, 'type Query { a: Int }'] })
    expect(() => compileRequirements(schema, settings)).toThrow(message)
  })

  it('but not one that takes a scalar of its own, or says that the argument may be null', () => {
    const definition = 'scalar Scope directive @requiresScopes(scopes: [[Scope!]]) repeatable on OBJECT | FIELD_DEFINITION'
    const schema = makeExecutableSchema({ typeDefs: [definition, 'type Query { a: Int @requiresScopes(scopes: [["a"]]) }'] })
    expect(demands(compileRequirements(schema, settings), 'Query.a')).toEqual(['scopes a'])
    const empty = makeExecutableSchema({ typeDefs: [definition, 'type Query { a: Int @requiresScopes }'] })
    expect(() => compileRequirements(empty, settings)).toThrow('Query.a @requiresScopes')
  })
})

describe('a requirement that nothing would enforce stops the start', () => {
  const everywhere =
    'SCHEMA | SCALAR | ENUM | ENUM_VALUE | UNION | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION | OBJECT | INTERFACE | FIELD_DEFINITION'
  const start = (sdl: string): unknown =>
    compileRequirements(makeExecutableSchema({ typeDefs: [`directive @authenticated on ${everywhere} directive @public on ${everywhere}`, sdl] }), settings)

  it.each([
    ['a union', 'type Query { a: U } type A { x: Int } union U @authenticated = A', 'U: expected no requirement here'],
    ['the schema', 'schema @authenticated { query: Query } type Query { a: Int }', 'schema: expected no requirement here'],
    ["a directive's argument", 'directive @lang(code: String @authenticated) on FIELD type Query { a: Int }', '@lang(code:): expected no requirement here'],
  ])('on %s', (_name, sdl, message) => {
    expect(() => start(sdl)).toThrow(message)
  })

  it('but not a directive of the same name that demands nothing', () => {
    expect(() => start('type Query { a: U } type A { x: Int } union U @public = A')).not.toThrow()
  })
})

describe('authTypeDefs', () => {
  const definitionsOf = (sdl: string): readonly string[] =>
    parse(sdl).definitions.map((definition) =>
      definition.kind === 'DirectiveDefinition'
        ? `${definition.name.value} ${definition.repeatable} ${definition.locations.map(({ value }) => value).join(' ')}`
        : definition.kind,
    )
  const places = 'OBJECT INTERFACE FIELD_DEFINITION ARGUMENT_DEFINITION INPUT_OBJECT INPUT_FIELD_DEFINITION ENUM ENUM_VALUE SCALAR'

  it('is SDL that defines the four directives, two of them repeatable, three of them wherever a requirement is enforced', () => {
    expect(definitionsOf(authTypeDefs)).toEqual([
      `authenticated false ${places}`,
      `requiresScopes true ${places}`,
      `policy true ${places}`,
      'public false OBJECT FIELD_DEFINITION',
    ])
  })

  it('has @public alone for schemas whose library defines the others', () => {
    expect(definitionsOf(publicTypeDefs)).toEqual(['public false OBJECT FIELD_DEFINITION'])
  })
})
