import { describe, expect, it } from '@jest/globals'
import { buildSchema, parse } from 'graphql'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { type Caller, Protected, schemaOf } from '../support.js'
import { schemaShownTo, shownTo } from './support.js'

const reader = { scopes: ['read'] }
const admin = { scopes: ['read', 'admin'] }
const scoped = '@requiresScopes(scopes: [["admin"]])'

/** The SDL that a caller is shown of a schema under public access, on one line. */
async function shown(typeDefs: string, caller: Caller = reader, settings: object = {}): Promise<string> {
  return oneLine(await shownTo(new Protected(schemaOf(typeDefs), { access: 'public', introspection: 'filtered', ...settings }), caller))
}

function oneLine(sdl: string): string {
  return sdl.replace(/\s+/g, ' ').trim()
}

/** What of a schema is left, by what makes it so. */
const left: ReadonlyArray<readonly [why: string, typeDefs: string, shown: string]> = [
  ['leaves out a field that refuses', `type Query { a: Int b: Int ${scoped} }`, 'type Query { a: Int }'],
  [
    'leaves out a type whose fields all refuse, and the fields that return it',
    `type Query { a: Int b: Secret c: [Secret!]! } type Secret ${scoped} { s: Int }`,
    'type Query { a: Int }',
  ],
  ['leaves out a type that nothing leads to any more', `type Query { a: Int b: B ${scoped} } type B { c: C } type C { i: Int }`, 'type Query { a: Int }'],
  [
    'keeps a type that something else leads to',
    `type Query { a: A b: B ${scoped} } type A { b: B } type B { i: Int }`,
    'type Query { a: A } type A { b: B } type B { i: Int }',
  ],
  ['keeps types that lead to themselves', `type Query { a: A } type A { a: A s: Int ${scoped} }`, 'type Query { a: A } type A { a: A }'],
  [
    'leaves out a directive whose default names a hidden enum value or input field, and what only it leads to',
    `directive @as(role: Role = ADMIN) on FIELD directive @by(in: In = { b: 1 }) on FIELD directive @kept(role: Role = USER) on FIELD
    type Query { a: Int } enum Role { USER ADMIN ${scoped} } input In { a: Int b: Int ${scoped} }`,
    'directive @kept(role: Role = USER) on FIELD type Query { a: Int } enum Role { USER }',
  ],
  ['leaves out a mutation type without fields', `type Query { a: Int } type Mutation { b: Int ${scoped} }`, 'type Query { a: Int }'],
  ['leaves out a subscription type without fields', `type Query { a: Int } type Subscription { b: Int ${scoped} }`, 'type Query { a: Int }'],
  [
    'leaves out members of a union, and a union without any',
    `type Query { u: U v: V } union U = A | B union V = B type A { i: Int } type B ${scoped} { i: Int }`,
    'type Query { u: U } union U = A type A { i: Int }',
  ],
  ['leaves out an argument that refuses', `type Query { a(x: Int y: Int ${scoped}): Int }`, 'type Query { a(x: Int): Int }'],
  ['leaves out a field that needs an argument which refuses', `type Query { a: Int b(x: Int y: Int! ${scoped}): Int }`, 'type Query { a: Int }'],
  ['keeps a field whose refusing argument has a default', `type Query { a(x: Int y: Int! = 3 ${scoped}): Int }`, 'type Query { a(x: Int): Int }'],
  [
    'leaves out an input field that refuses',
    `type Query { a(i: I): Int } input I { x: Int y: Int ${scoped} }`,
    'type Query { a(i: I): Int } input I { x: Int }',
  ],
  [
    'leaves out an input type that needs a field which refuses, and what takes it',
    `type Query { a(i: I): Int b(i: I!): Int c(j: J): Int } input I { x: Int y: Int! ${scoped} } input J { i: I! k: Int }`,
    'type Query { a: Int c: Int }',
  ],
  [
    'leaves out input types without fields, and those of an input type that refuses',
    `type Query { a(i: I, j: J): Int } input I { x: Int ${scoped} } input J ${scoped} { y: Int }`,
    'type Query { a: Int }',
  ],
  [
    'leaves out enum values that refuse, and an enum without any',
    `type Query { a(e: E): E b: F } enum E { X Y ${scoped} } enum F { Z ${scoped} }`,
    'type Query { a(e: E): E } enum E { X }',
  ],
  ['leaves out what takes or returns a scalar that refuses', `type Query { a(s: Secret): Int b: Secret } scalar Secret ${scoped}`, 'type Query { a: Int }'],
  [
    'leaves out arguments and input fields whose default names what is hidden',
    `type Query { a(e: E = Y): Int b(e: [E!] = [X, Y]): Int c(e: E = X, i: I = { x: 1, y: 2 }): Int d(j: J): Int } enum E { X Y ${scoped} } input I { x: Int y: Int ${scoped} } input J { e: E = Y n: Int = 7 }`,
    'type Query { a: Int b: Int c(e: E = X): Int d(j: J): Int } enum E { X } input J { n: Int = 7 }',
  ],
  [
    'hides a field of an interface that a type hides which implements it, and keeps the others',
    `type Query { n: Node } interface Node { id: Int s: Int } type A implements Node { id: Int s: Int ${scoped} } type B implements Node { id: Int s: Int }`,
    'type Query { n: Node } interface Node { id: Int } type A implements Node { id: Int } type B implements Node { id: Int s: Int }',
  ],
  [
    'does not ask types of which nothing is left',
    `type Query { n: Node } interface Node { id: Int s: Int } type A implements Node ${scoped} { id: Int s: Int } type B implements Node { id: Int s: Int }`,
    'type Query { n: Node } interface Node { id: Int s: Int } type B implements Node { id: Int s: Int }',
  ],
  [
    'hides an interface without fields, and no longer says that it is implemented',
    `type Query { n: Node b: B } interface Node { s: Int } type B implements Node { s: Int ${scoped} t: Int }`,
    'type Query { b: B } type B { t: Int }',
  ],
  [
    'hides an interface that no visible type is',
    `type Query { a: Int n: Node } interface Node { s: Int } type B implements Node ${scoped} { s: Int t: Int }`,
    'type Query { a: Int }',
  ],
  [
    'follows a field through interfaces of interfaces',
    `type Query { n: Node } interface Node { id: Int s: Int } interface Named implements Node { id: Int s: Int name: Int } type A implements Node & Named { id: Int s: Int ${scoped} name: Int }`,
    'type Query { n: Node } interface Node { id: Int } interface Named implements Node { id: Int name: Int } type A implements Node & Named { id: Int name: Int }',
  ],
  [
    'hides an argument of an interface that a type hides which implements it',
    `type Query { n: Node } interface Node { f(x: Int y: Int): Int } type A implements Node { f(x: Int y: Int ${scoped}): Int } type B implements Node { f(x: Int y: Int): Int }`,
    'type Query { n: Node } interface Node { f(x: Int): Int } type A implements Node { f(x: Int): Int } type B implements Node { f(x: Int, y: Int): Int }',
  ],
  [
    'keeps descriptions, deprecations, specifications and one-of',
    `"All of it" schema { query: Query } "The root" type Query { "Fine" a("Which" x: X): Int @deprecated(reason: "old") d: Date b: Int ${scoped} } "One of" input X @oneOf { a: Int b: Int c: Int ${scoped} } scalar Date @specifiedBy(url: "https://date.test") "Kinds" enum E { "Not any more" A @deprecated B }`,
    '"""All of it""" schema { query: Query } """The root""" type Query { """Fine""" a( """Which""" x: X ): Int @deprecated(reason: "old") d: Date } """One of""" input X @oneOf { a: Int b: Int } scalar Date @specifiedBy(url: "https://date.test")',
  ],
  ['keeps the names of roots', `schema { query: Root } type Root { a: Int b: Int ${scoped} }`, 'schema { query: Root } type Root { a: Int }'],
  [
    "keeps the application's directives with their types, but for those that take what is hidden",
    `directive @cost(weight: Weight) on FIELD_DEFINITION directive @open(why: Int = 1) on FIELD directive @gone(kind: Kind) on FIELD enum Weight { LOW HIGH } enum Kind { K ${scoped} } type Query { a: Int @cost(weight: LOW) }`,
    'directive @cost(weight: Weight) on FIELD_DEFINITION directive @open(why: Int = 1) on FIELD enum Weight { LOW HIGH } type Query { a: Int }',
  ],
]

describe('filtered introspection', () => {
  it.each(left)('%s', async (_why, typeDefs, expected) => {
    // The schema itself is valid, or the case says nothing.
    expect(() => schemaOf(typeDefs)).not.toThrow()
    expect(await shown(typeDefs)).toBe(expected)
  })

  it.each(left)('%s, and not for callers who may have it', async (_why, typeDefs) => {
    const whole = await shown(typeDefs, admin)
    const plain = oneLine(await shownTo(new Protected(schemaOf(typeDefs.replaceAll(scoped, '')), { access: 'public', introspection: 'filtered' }), null))
    expect(whole).toBe(plain)
  })

  it('shows nobody the directives of this package, renamed or not', async () => {
    const typeDefs = 'type Query { a: Int @authenticated b: Int @public }'
    expect(await shown(typeDefs, admin)).toBe('type Query { a: Int b: Int }')
    const linked = buildSchema(`
      directive @link(url: String!, import: [Import]) repeatable on SCHEMA
      scalar Import
      directive @loggedIn on FIELD_DEFINITION
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: [{ name: "@authenticated", as: "@loggedIn" }])
      type Query { a: Int @loggedIn b: Int }
    `)
    const server = new Protected(linked, { access: 'public', introspection: 'filtered' })
    expect(await shownTo(server, null)).not.toMatch(/loggedIn|a: Int/)
    expect(await shownTo(server, reader)).toMatch(/a: Int/)
    expect(await shownTo(server, reader)).not.toMatch(/loggedIn/)
  })

  it('shows somebody without a token what public access leaves, and under private access what is public', async () => {
    const typeDefs = `type Query { open: Int @public mine: Int admins: Int ${scoped} }`
    expect(await shown(typeDefs, null)).toBe('type Query { open: Int mine: Int }')
    expect(await shown(typeDefs, null, { access: 'private' })).toBe('type Query { open: Int }')
    expect(await shown(typeDefs, reader, { access: 'private' })).toBe('type Query { open: Int mine: Int }')
  })

  it('shows what only an object decides about, as long as the rest of the requirement does not refuse', async () => {
    const field = {
      cancel: requirePerm('order.cancel', { object: () => 1 })(() => 1),
      open: () => 1,
      both: requirePerm('order.cancel', { object: () => 1 })(() => 1),
    }
    const schema = schemaOf(`type Query { open: Int @public cancel: Int both: Int ${scoped} }`, { Query: field })
    const server = new Protected(schema, { introspection: 'filtered', permissions: { check: async () => [] } })
    expect(oneLine(await shownTo(server, null))).toBe('type Query { open: Int }')
    expect(oneLine(await shownTo(server, reader))).toBe('type Query { open: Int cancel: Int }')
    expect(oneLine(await shownTo(server, admin))).toBe('type Query { open: Int cancel: Int both: Int }')
  })

  it('asks the clock for each request', async () => {
    let now = 1_800_000_000_000
    const schema = schemaOf('type Query { a: Int fresh: Int }')
    Object.assign(schema.getQueryType()?.getFields().fresh ?? {}, { extensions: { auth: { maxAge: 60 } } })
    const server = new Protected(schema, { access: 'public', introspection: 'filtered', now: () => now })
    const caller = { authenticatedAt: 1_800_000_000 }
    expect(oneLine(await shownTo(server, caller))).toBe('type Query { a: Int fresh: Int }')
    now += 61_000
    expect(oneLine(await shownTo(server, caller))).toBe('type Query { a: Int }')
  })

  it('leaves the schema that operations run on as it is', async () => {
    const server = new Protected(schemaOf(`type Query { a: Int s: Int ${scoped} }`), { access: 'public', introspection: 'filtered' })
    await shownTo(server, reader)
    expect(Object.keys(server.schema.getQueryType()?.getFields() ?? {})).toEqual(['a', 's'])
    expect((await server.ask('{ s }', admin)).data).toEqual({ s: null })
  })

  it('is of no concern to schemas that are not protected', async () => {
    const { execute } = await import('graphql')
    new Protected(schemaOf('type Query { a: Int }'), { introspection: 'filtered' })
    const plain = schemaOf('interface N { i: Int } type B implements N { i: Int } type Query { n: N }')
    const result = await execute({ schema: plain, document: parse('{ __schema { queryType { name } } __type(name: "N") { possibleTypes { name } } }') })
    expect(result).toEqual({ data: { __schema: { queryType: { name: 'Query' } }, __type: { possibleTypes: [{ name: 'B' }] } } })
  })

  it('gives defaults as they are written', async () => {
    const schema = await schemaShownTo(
      new Protected(
        schemaOf(
          'type Query { a(i: I = { e: [A], n: { x: 1.5 } }, s: String! = "x", b: Boolean = null): Int } input I { e: [E!] n: N } input N { x: Float y: Int = 2 } enum E { A B }',
        ),
        { access: 'public', introspection: 'filtered' },
      ),
      null,
    )
    expect(
      schema
        .getQueryType()
        ?.getFields()
        .a?.args.map(({ name }) => name),
    ).toEqual(['i', 's', 'b'])
    expect(oneLine(await shown('type Query { a(s: String! = "x", b: Boolean = null, f: [Float] = [1.5]): Int }', null))).toBe(
      'type Query { a(s: String! = "x", b: Boolean = null, f: [Float] = [1.5]): Int }',
    )
  })
})
