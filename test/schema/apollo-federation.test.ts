import { buildSubgraphSchema } from '@apollo/subgraph'
import { describe, expect, it } from '@jest/globals'
import { type GraphQLSchema, parse } from 'graphql'
import { publicTypeDefs } from '../../src/schema/directives.js'
import { printAuthDirectives } from '../../src/schema/federation-sdl.js'
import { dataOf, Protected, refusals, schemaOf } from './support.js'

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key", "@interfaceObject", "@requiresScopes", { name: "@authenticated", as: "@loggedIn" }])'

/** A subgraph as Apollo's own library builds it, and what it looked up. */
function subgraph(): { readonly schema: GraphQLSchema; readonly ran: string[] } {
  const ran: string[] = []
  const read = (name: string) => (source: Record<string, unknown>) => {
    ran.push(name)
    return source[name]
  }
  const typeDefs = parse(`
    ${link}
    ${publicTypeDefs}
    type Query { top: [User] @public mine: User }
    type User @key(fields: "id") { id: ID! name: String email: String @requiresScopes(scopes: [["email"]]) phone: String @federation__policy(policies: [["phone"]]) }
    type Vault @key(fields: "id") @requiresScopes(scopes: [["vault"]]) { id: ID! content: String }
    type Media @key(fields: "id") @interfaceObject { id: ID! reviews: Int @loggedIn stars: Int @requiresScopes(scopes: [["stars"]]) }
  `)
  const entity = (typename: string) => ({
    __resolveReference: ({ id }: { id: string }) => ({
      __typename: typename,
      id,
      name: 'ada',
      email: 'a@b',
      phone: '1',
      content: 'gold',
      reviews: 3,
      stars: 5,
    }),
  })
  const resolvers = {
    Query: { top: () => [{ id: '1', email: 'a@b' }], mine: () => ({ id: '1' }) },
    User: { ...entity('User'), email: read('email'), phone: read('phone') },
    Vault: { ...entity('Vault'), content: read('content') },
    Media: { ...entity('Media'), stars: read('stars') },
  }
  return { schema: buildSubgraphSchema([{ typeDefs, resolvers: resolvers as never }]), ran }
}

const entities = (selection: string, ...types: string[]): { source: string; variables: Record<string, unknown> } => ({
  source: `query ($r: [_Any!]!) { _entities(representations: $r) { ${selection} } }`,
  variables: { r: types.map((__typename, index) => ({ __typename, id: String(index) })) },
})

describe("a subgraph's _entities", () => {
  it.each([
    ['a field', '... on User { name email }', 'User.email'],
    ['a field under a prefixed directive', '... on User { phone }', 'User.phone'],
    ['a type', '... on Vault { content }', 'Vault.content'],
    ['the key of a type', '... on Vault { id }', 'Vault.id'],
    ['a field of an interface object', '... on Media { stars }', 'Media.stars'],
  ])('holds what is stated on %s', async (_name, selection, coordinate) => {
    const { schema, ran } = subgraph()
    const { source, variables } = entities(selection, 'User', 'Vault', 'Media')
    const refused = await new Protected(schema).ask(source, {}, { variables })
    expect([refusals(refused).map((refusal) => refusal.split(' ')[0]), ran]).toEqual([[coordinate], []])
    const partial = await new Protected(schema, { denied: 'null' }).ask(source, {}, { variables })
    expect(partial.errors?.every(({ extensions }) => (extensions.auth as { coordinate: string }).coordinate === coordinate || coordinate.endsWith('.id'))).toBe(
      true,
    )
    expect([partial.errors === undefined, ran]).toEqual([false, []])
  })

  it('answers who may have it', async () => {
    const { schema } = subgraph()
    const { source, variables } = entities('... on User { name email phone } ... on Vault { content } ... on Media { reviews stars }', 'User', 'Vault', 'Media')
    const result = await new Protected(schema).ask(source, { scopes: ['email', 'vault', 'stars'], permissions: ['phone'] }, { variables })
    expect(dataOf(result)).toEqual({ _entities: [{ name: 'ada', email: 'a@b', phone: '1' }, { content: 'gold' }, { reviews: 3, stars: 5 }] })
  })

  it('asks for somebody, as every root field does, and answers the free fields of what is asked', async () => {
    const { schema } = subgraph()
    const { source, variables } = entities('... on User { name }', 'User')
    expect(refusals(await new Protected(schema).ask(source, null, { variables }))).toEqual(['Query._entities MISSING_TOKEN'])
    expect(dataOf(await new Protected(schema).ask(source, {}, { variables }))).toEqual({ _entities: [{ name: 'ada' }] })
    expect(refusals(await new Protected(schema, { access: 'public' }).ask(source, null, { variables }))).toEqual([])
  })

  it('knows a directive that is imported under another name', async () => {
    const { schema } = subgraph()
    const { source, variables } = entities('... on Media { reviews }', 'Media')
    expect(refusals(await new Protected(schema, { access: 'public' }).ask(source, null, { variables }))).toEqual(['Media.reviews MISSING_TOKEN'])
  })
})

describe("a subgraph's _service", () => {
  it.each<[object, readonly string[]]>([
    [{}, ['Query._service MISSING_TOKEN']],
    [{ access: 'public' }, []],
    [{ introspection: 'public' }, []],
    [{ introspection: 'filtered' }, ['Query._service MISSING_TOKEN']],
    [{ access: 'public', introspection: 'filtered' }, ['Query._service MISSING_TOKEN']],
    [{ access: 'public', introspection: 'private' }, ['Query._service MISSING_TOKEN']],
  ])('asks what introspection asks under %j', async (settings, expected) => {
    const result = await new Protected(subgraph().schema, settings).ask('{ _service { sdl } }')
    expect(refusals(result)).toEqual(expected)
    if (expected.length === 0) expect((dataOf(result) as { _service: { sdl: string } })._service.sdl).toContain('type Vault')
  })

  it('is not opened by @public on the query type, which leaves introspection as it is', async () => {
    const sdl = 'type Query @public { _service: _Service! open: Int } type _Service { sdl: String }'
    const served = new Protected(schemaOf(sdl, { Query: { _service: () => ({ sdl }), open: () => 1 } }))
    expect(refusals(await served.ask('{ _service { sdl } }'))).toEqual(['Query._service MISSING_TOKEN'])
    expect(dataOf(await served.ask('{ open }'))).toEqual({ open: 1 })
  })
})

describe('printAuthDirectives', () => {
  it("uses the schema's own link, its names and its prefix, and leaves the library's fields to composition", () => {
    const printed = printAuthDirectives(subgraph().schema)
    expect(printed).toContain('email: String @requiresScopes(scopes: [["email"]])')
    expect(printed).toContain('phone: String @loggedIn @federation__policy(policies: [["phone"]])')
    expect(printed).toContain('reviews: Int @loggedIn')
    expect(printed).toContain('content: String @requiresScopes(scopes: [["vault"]])')
    expect(printed.match(/@link\(url: "https:\/\/specs\.apollo\.dev\/federation/g)).toHaveLength(1)
    for (const own of ['_entities', '_service', '_Any', '_Entity', '_Service']) expect(printed).not.toMatch(new RegExp(`\\b${own}\\b`))
  })

  it('can be made a subgraph of again, which demands the same', async () => {
    const again = buildSubgraphSchema(parse(printAuthDirectives(subgraph().schema)))
    const { source, variables } = entities('... on Vault { content }', 'Vault')
    expect(refusals(await new Protected(again).ask(source, {}, { variables }))).toEqual(['Vault.content INSUFFICIENT_SCOPE'])
    const ofInterfaces = 'interface Node @authenticated { id: ID @policy(policies: [["p"]]) } type Query { a: A } type A implements Node { id: ID }'
    expect(() => buildSubgraphSchema(parse(printAuthDirectives(schemaOf(ofInterfaces))))).not.toThrow()
  })
})
