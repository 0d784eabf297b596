import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { buildASTSchema, GraphQLInt, GraphQLObjectType, GraphQLSchema, parse } from 'graphql'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { directiveNames } from '../../src/schema/link.js'
import { compileRequirements, type RequirementTable } from '../../src/schema/requirement-table.js'
import { demands, testAuth } from './support.js'

const { settings } = testAuth()
const FEDERATION = 'https://specs.apollo.dev/federation/v2.6'
const linkDefinition = (name: string): string => `
  scalar link__Import
  enum link__Purpose { SECURITY EXECUTION }
  directive @${name}(url: String, as: String, import: [link__Import], for: link__Purpose) repeatable on SCHEMA
`

/** A schema without definitions of the directives, as buildASTSchema takes it when it is told not to check. */
const unchecked = (sdl: string): GraphQLSchema => buildASTSchema(parse(sdl), { assumeValidSDL: true })
const table = (sdl: string): RequirementTable => compileRequirements(unchecked(sdl), settings)
const linked = (args: string, field: string): RequirementTable =>
  table(
    `${linkDefinition('link')} extend schema @link(url: "${FEDERATION}"${args === '' ? '' : `, ${args}`}) schema { query: Query } type Query { a: Int ${field} }`,
  )

describe('a linked directive', () => {
  it.each([
    ['imported by its name', 'import: ["@requiresScopes"]', '@requiresScopes(scopes: [["a"]])', ['scopes a']],
    ['imported under another name', 'import: [{ name: "@requiresScopes", as: "@needs" }]', '@needs(scopes: [["a"], ["b"]])', ['scopes a|b']],
    ['imported as an object without another name', 'import: [{ name: "@policy" }]', '@policy(policies: [["a"]])', ['permissions a']],
    ['not imported', '', '@federation__policy(policies: [["a"]])', ['permissions a']],
    ['not imported, under a prefix', 'as: "fed"', '@fed__requiresScopes(scopes: [["a"]])', ['scopes a']],
    ['among others', 'import: ["@key", { name: "@shareable", as: "@shared" }, { name: "@authenticated", as: "@loggedIn" }]', '@loggedIn', ['user']],
    [
      'imported twice',
      'import: ["@policy", { name: "@policy", as: "@may" }]',
      '@may(policies: [["a"]]) @policy(policies: [["b"]])',
      ['permissions a', 'permissions b'],
    ],
  ])('%s', (_name, args, field, expected) => {
    expect(demands(linked(args, field), 'Query.a')).toEqual(expected)
  })

  it('counts wherever the link stands: on the schema, on an extension of it, or in its extensions', () => {
    const type = new GraphQLObjectType({
      name: 'Query',
      fields: { a: { type: GraphQLInt, extensions: { directives: { needs: { scopes: [['a']] } } } } },
    })
    const link = { url: FEDERATION, import: [{ name: '@requiresScopes', as: '@needs' }] }
    const plain = new GraphQLSchema({ query: type, extensions: { directives: { link: [link] } } })
    expect(demands(compileRequirements(plain, settings), 'Query.a')).toEqual(['scopes a'])
    const onSchema = `${linkDefinition('link')} schema @link(url: "${FEDERATION}", import: [{ name: "@requiresScopes", as: "@needs" }]) { query: Query }`
    expect(demands(table(`${onSchema} type Query { a: Int @needs(scopes: [["a"]]) }`), 'Query.a')).toEqual(['scopes a'])
    const made = makeExecutableSchema({
      typeDefs: [onSchema, 'directive @needs(scopes: [[String!]!]!) on FIELD_DEFINITION type Query { a: Int @needs(scopes: [["a"]]) }'],
    })
    expect(demands(compileRequirements(made, settings), 'Query.a')).toEqual(['scopes a'])
  })

  it('counts when @link itself goes by another name', () => {
    const uses = `schema @core(url: "https://specs.apollo.dev/link/v1.0", as: "core") @core(url: "${FEDERATION}", import: [{ name: "@authenticated", as: "@loggedIn" }]) { query: Query }`
    const names = directiveNames(unchecked(`${linkDefinition('core')} ${uses} type Query { a: Int }`))
    expect(names.get('loggedIn')).toBe('authenticated')
    const imported = uses.replace('as: "core"', 'import: [{ name: "@link", as: "@core" }]')
    expect(directiveNames(unchecked(`${linkDefinition('core')} ${imported} type Query { a: Int }`)).get('loggedIn')).toBe('authenticated')
  })

  it('counts from the specification of one directive alone, as supergraphs link it', () => {
    const supergraph = `${linkDefinition('link')} schema
      @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
      @link(url: "https://specs.apollo.dev/policy/v0.1", as: "may", for: SECURITY)
      @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY) { query: Query }
      type Query { a: Int @requiresScopes(scopes: [["a"]]) @may(policies: [["b"]]) }`
    expect(demands(table(supergraph), 'Query.a')).toEqual(['scopes a', 'permissions b'])
  })

  it('leaves its own name standing for what it always stands for', () => {
    const named = linked('import: [{ name: "@authenticated", as: "@loggedIn" }]', '@authenticated')
    expect(demands(named, 'Query.a')).toEqual(['user'])
  })
})

describe('a link that is not understood stops the start', () => {
  it.each([
    ['one of the names for another of them', `@link(url: "${FEDERATION}", import: [{ name: "@policy", as: "@requiresScopes" }])`],
    ['one of the names for another directive', `@link(url: "${FEDERATION}", import: [{ name: "@tag", as: "@public" }])`],
    ['one of the names from somewhere else', '@link(url: "https://example.com/auth/v1.0", import: ["@authenticated"])'],
    [
      'a name of that link for a directive from somewhere else',
      `@link(url: "${FEDERATION}", import: [{ name: "@policy", as: "@may" }]) @link(url: "https://example.com/x/v1.0", import: ["@may"])`,
    ],
    ['a security specification that is not known', '@link(url: "https://example.com/auth/v1.0", for: SECURITY)'],
    ['a link without a url', '@link(import: ["@policy"])'],
    ['an import that is no name', `@link(url: "${FEDERATION}", import: [1])`],
    ['an import of nothing', `@link(url: "${FEDERATION}", import: [{ as: "@policy" }])`],
    ['a directive as a type', `@link(url: "${FEDERATION}", import: [{ name: "@policy", as: "policy" }])`],
    ['imports that are no list', `@link(url: "${FEDERATION}", import: "@policy")`],
    ['a prefix that is no text', `@link(url: "${FEDERATION}", as: 1)`],
  ])('%s', (_name, links) => {
    const start = (): unknown => table(`${linkDefinition('link')} schema ${links} { query: Query } type Query { a: Int }`)
    expect(start).toThrow(ConfigurationError)
    expect(start).toThrow(/^@link/)
  })

  it.each(['@federation__requiresScopes(scopes: [["a"]])', '@fed__policy(policies: [["a"]])', '@other__authenticated'])(
    'a prefix that no link gives: %s',
    (directive) => {
      expect(() => table(`type Query { a: Int ${directive} }`)).toThrow(/^Query\.a @.*: expected a prefix that an @link/)
    },
  )

  it('but other links do not', () => {
    const links = `@link(url: "https://example.com/money/v1.0", import: ["@currency", "Money"]) @link(url: "opaque") @link(url: "https://specs.apollo.dev/tag/v0.3")`
    expect(() => table(`${linkDefinition('link')} schema ${links} { query: Query } type Query { a: Int @currency }`)).not.toThrow()
  })
})
