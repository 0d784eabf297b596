import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { type GraphQLSchema, parse, printType, subscribe } from 'graphql'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { keycloakDirectives } from '../../src/migration/index.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { contextOf, openAuth, run, type Who } from './support.js'

const { keycloakTypeDefs, keycloakTransformer } = keycloakDirectives()

const typeDefs = /* GraphQL */ `
  type Query {
    listed: String @auth
    edited: String @hasRole(role: "editor")
    either: String @hasRole(role: ["admin", "realm:editor"])
    published: String @hasPermission(resources: ["Article:publish", "Article:delete"])
    both: String @auth @hasRole(role: "editor") @hasPermission(resources: "Article:publish")
    node: Node
  }
  interface Node {
    secret: String @hasRole(role: "editor")
    plain: String
  }
  type Article implements Node {
    secret: String
    plain: String
    own: String @hasRole(role: "admin")
  }
  type Subscription {
    added: String @hasRole(role: "editor")
  }
`
const article = { __typename: 'Article', secret: 'secret', plain: 'plain', own: 'own' }
const schema = keycloakTransformer(
  makeExecutableSchema({
    typeDefs: [keycloakTypeDefs, typeDefs],
    resolvers: {
      Query: { listed: () => 'a', edited: () => 'b', either: () => 'c', published: () => 'd', both: () => 'e', node: () => article },
      Subscription: {
        added: {
          subscribe: async function* () {
            yield { added: 'one' }
          },
        },
      },
    },
  }),
)
const granted = ['Article#publish on Article', 'Article#delete on Article']

describe('the directives of keycloak-connect-graphql', () => {
  it.each<[string, Who, unknown]>([
    ['{ listed }', {}, { listed: 'a' }],
    ['{ edited }', { roles: ['editor'] }, { edited: 'b' }],
    ['{ either }', { roles: ['realm:editor'] }, { either: 'c' }],
    ['{ published }', {}, { published: 'd' }],
    ['{ both }', { roles: ['editor'] }, { both: 'e' }],
    ['{ node { plain } }', {}, { node: { plain: 'plain' } }],
    ['{ node { secret } }', { roles: ['editor'] }, { node: { secret: 'secret' } }],
    ['{ node { ... on Article { own } } }', { roles: ['admin'] }, { node: { own: 'own' } }],
  ])('let %s be answered to %j', async (query, who, data) => {
    const { auth } = openAuth(granted)
    expect(await run(auth, schema, query, who)).toEqual({ data, errors: [], ran: true })
  })

  it.each<[string, Who, string]>([
    ['{ listed }', null, 'MISSING_TOKEN'],
    ['{ edited }', { roles: ['realm:editor'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ either }', { roles: ['editor'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ both }', {}, 'INSUFFICIENT_PERMISSION'],
    ['{ node { secret } }', { roles: ['admin'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ node { ... on Article { secret } } }', {}, 'INSUFFICIENT_PERMISSION'],
    ['{ node { ... on Article { own } } }', { roles: ['editor'] }, 'INSUFFICIENT_PERMISSION'],
  ])('refuse %s to %j before anything runs', async (query, who, reason) => {
    const { auth } = openAuth(granted)
    expect(await run(auth, schema, query, who)).toEqual({ data: null, errors: [reason], ran: false })
  })

  it('refuse a permission that the source does not grant, where the field is reached', async () => {
    const { auth } = openAuth(granted.slice(0, 1))
    expect(await run(auth, schema, '{ listed published }', {})).toEqual({
      data: { listed: 'a', published: null },
      errors: ['INSUFFICIENT_PERMISSION'],
      ran: true,
    })
  })

  it('refuse a subscription before its stream is made', async () => {
    const { auth } = openAuth()
    const args = { schema: protectSchema(schema, auth), document: parse('subscription { added }') }
    const refused = await subscribe({ ...args, contextValue: await contextOf(auth, { roles: ['admin'] }) })
    expect(refused).toMatchObject({ errors: [{ message: 'Forbidden' }] })
    const stream = await subscribe({ ...args, contextValue: await contextOf(auth, { roles: ['editor'] }) })
    if (!('next' in stream)) throw new Error('refused')
    expect(await stream.next()).toMatchObject({ value: { data: { added: 'one' } } })
    await stream.return(undefined)
  })

  it('do not let a schema be protected that has not gone through the transformer', () => {
    const forgotten = makeExecutableSchema({ typeDefs: [keycloakTypeDefs, typeDefs] })
    const { auth } = openAuth()
    expect(() => protectSchema(forgotten, auth)).toThrow('schema: expected one that went through the transformer of its directives')
    expect(protectSchema(keycloakTransformer(forgotten), auth).getDirective('hasRole')).toBeDefined()
  })

  it('leave what they do not stand on, and what the schema says of them', () => {
    const before = makeExecutableSchema({ typeDefs: [keycloakTypeDefs, typeDefs] })
    const after = keycloakTransformer(before)
    const printed = (schema: GraphQLSchema): string[] => Object.values(schema.getTypeMap()).map((type) => printType(type))
    expect(printed(after)).toEqual(printed(before))
    expect(after.getDirectives().map(({ name }) => name)).toEqual(expect.arrayContaining(['auth', 'hasRole', 'hasPermission', 'deprecated']))
    expect(after.getType('Article')).toMatchObject({ _fields: { plain: { resolve: undefined } } })
  })

  it.each([
    ['@hasRole(role: [])', 'Query.field @hasRole: expected at least one role'],
    ['@hasRole(role: "Shop Admin")', 'Query.field @hasRole: expected at least one role'],
    ['@hasPermission(resources: [])', 'Query.field @hasPermission: expected at least one resource with one scope'],
    ['@hasPermission(resources: "Article")', 'Query.field @hasPermission: expected at least one resource with one scope'],
  ])('stop the start at %s', (directive, message) => {
    const made = makeExecutableSchema({ typeDefs: [keycloakTypeDefs, `type Query { field: String ${directive} }`] })
    expect(() => keycloakTransformer(made)).toThrow(ConfigurationError)
    expect(() => keycloakTransformer(made)).toThrow(message)
  })

  it('read the definitions of the original too, where null is among the roles or the list is missing', () => {
    const original = 'directive @hasRole(role: [String]) on FIELD | FIELD_DEFINITION'
    for (const use of ['@hasRole(role: [null])', '@hasRole']) {
      const made = makeExecutableSchema({ typeDefs: [original, `type Query { field: String ${use} }`] })
      expect(() => keycloakTransformer(made)).toThrow('Query.field @hasRole: expected at least one role')
    }
  })

  it('stand on fields alone', () => {
    expect(() => makeExecutableSchema({ typeDefs: [keycloakTypeDefs, 'type Query @auth { field: String }'] })).toThrow(/may not be used on OBJECT/)
  })
})
