import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, parse } from 'graphql'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { compileRequirements } from '../../src/schema/requirement-table.js'
import { tableOf, testAuth } from './support.js'

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

  it('also on a type, and on a type of directives that the schema defines otherwise', () => {
    expect(() => tableOf('type Query { a: Int } type A @requiresScopes(scopes: [[]]) { x: Int }')).toThrow('A @requiresScopes')
    const lax = makeExecutableSchema({ typeDefs: 'directive @requiresScopes(scopes: String) on FIELD_DEFINITION type Query { a: Int @requiresScopes }' })
    expect(() => compileRequirements(lax, settings)).toThrow('Query.a @requiresScopes')
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

describe('a requirement that nothing would enforce stops the start', () => {
  const everywhere = (name: string, args = ''): string =>
    `directive @${name}${args} on SCALAR | ENUM | ENUM_VALUE | UNION | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION | OBJECT | INTERFACE | FIELD_DEFINITION`
  const start = (sdl: string): unknown =>
    compileRequirements(
      makeExecutableSchema({ typeDefs: [everywhere('authenticated'), everywhere('requiresScopes', '(scopes: [[String!]!]!)'), everywhere('public'), sdl] }),
      settings,
    )

  it.each([
    ['a scalar', 'type Query { a: Secret } scalar Secret @authenticated', 'Secret: expected no requirement here'],
    ['an enum', 'type Query { a: Role } enum Role @authenticated { ADMIN }', 'Role: expected no requirement here'],
    ['an enum value', 'type Query { a: Role } enum Role { ADMIN @requiresScopes(scopes: [["admin"]]) }', 'Role.ADMIN: expected no requirement here'],
    ['a union', 'type Query { a: U } type A { x: Int } union U @authenticated = A', 'U: expected no requirement here'],
    ['an input type', 'type Query { a(n: N): Int } input N @authenticated { x: Int }', 'N: expected no requirement here'],
    ['an input field', 'type Query { a(n: N): Int } input N { role: Int @requiresScopes(scopes: [["admin"]]) }', 'N.role: expected no requirement here'],
    ['an argument', 'type Query { a(role: Int @authenticated): Int }', 'Query.a(role:): expected no requirement here'],
    ["an interface field's argument", 'type Query { a: Int } interface I { x(y: Int @authenticated): Int }', 'I.x(y:): expected no requirement here'],
  ])('on %s', (_name, sdl, message) => {
    expect(() => start(sdl)).toThrow(message)
  })

  it('but not a directive of the same name that demands nothing', () => {
    expect(() => start('type Query { a: Role } enum Role @public { ADMIN }')).not.toThrow()
  })
})

describe('authTypeDefs', () => {
  it('is SDL that defines the four directives, two of them repeatable', () => {
    const definitions = parse(authTypeDefs).definitions.map(
      (definition) => definition.kind === 'DirectiveDefinition' && `${definition.name.value} ${definition.repeatable}`,
    )
    expect(definitions).toEqual(['authenticated false', 'requiresScopes true', 'policy true', 'public false'])
  })
})
