import { describe, expect, it } from '@jest/globals'
import { GraphQLEnumType, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, GraphQLString, parse } from 'graphql'
import { authorizeOperation } from '../../../src/schema/authorize-operation.js'
import { contextOf, Protected, refusals, schemaOf } from '../support.js'
import { type InputCase, refusedOf, shop } from './support.js'

const ALL = { scopes: ['admin', 'role', 'tags', 'verify', 'money', 'code', 'one', 'two'] }

describe('what is passed is asked for', () => {
  it.each<readonly [string, InputCase]>([
    ['an argument, as a literal', ['{ orders(all: true) }', {}, ['Query.orders(all:)']]],
    ['an argument, as false', ['{ orders(all: false) }', {}, ['Query.orders(all:)']]],
    ['an argument, as null', ['{ orders(all: null) }', {}, ['Query.orders(all:)']]],
    ['an argument, by a variable', ['query ($all: Boolean) { orders(all: $all) }', { all: true }, ['Query.orders(all:)']]],
    ['an argument, by a variable that is null', ['query ($all: Boolean) { orders(all: $all) }', { all: null }, ['Query.orders(all:)']]],
    ["an argument, by a variable's default", ['query ($all: Boolean = true) { orders(all: $all) }', {}, ['Query.orders(all:)']]],
    ['an argument with another value than its default', ['{ orders(limit: 6) }', {}, ['Query.orders(limit:)']]],
    ['an argument with a default, as null', ['{ orders(limit: null) }', {}, ['Query.orders(limit:)']]],
    ['an input field', ['{ user(input: { role: WRITER }) }', {}, ['UserInput.role']]],
    ['an input field, as null', ['{ user(input: { role: null }) }', {}, ['UserInput.role']]],
    ['an input field, by a variable inside', ['query ($r: Role) { user(input: { role: $r }) }', { r: 'WRITER' }, ['UserInput.role']]],
    ['an input field, in a variable', ['query ($i: UserInput) { user(input: $i) }', { i: { role: 'WRITER' } }, ['UserInput.role']]],
    ["an input field, in a variable's default", ['query ($i: UserInput = { role: WRITER }) { user(input: $i) }', {}, ['UserInput.role']]],
    ['a nested input field', ['{ user(input: { address: { verified: true } }) }', {}, ['Address.verified']]],
    ['a nested input field, by a variable', ['query ($a: Address) { user(input: { address: $a }) }', { a: { verified: true } }, ['Address.verified']]],
    ['a field in a list', ['{ user(list: [{ name: "a" }, { role: WRITER }]) }', {}, ['UserInput.role']]],
    ['a field in a single value that stands for a list', ['{ user(list: { role: WRITER }) }', {}, ['UserInput.role']]],
    ['the same, by a variable', ['query ($l: [UserInput!]) { user(list: $l) }', { l: { role: 'WRITER' } }, ['UserInput.role']]],
    ['a variable in a list', ['query ($u: UserInput!) { user(list: [$u]) }', { u: { role: 'WRITER' } }, ['UserInput.role']]],
    ['a list of lists', ['{ user(matrix: [[null, { role: WRITER }], null]) }', {}, ['UserInput.role']]],
    ['a list of lists of one', ['query ($m: [[UserInput]]) { user(matrix: $m) }', { m: [{ role: 'WRITER' }] }, ['UserInput.role']]],
    ['a list with another default', ['{ user(input: { tags: ["new", "old"] }) }', {}, ['UserInput.tags']]],
    ['an enum value', ['{ user(role: ADMIN) }', {}, ['Role.ADMIN']]],
    ['an enum value, by a variable', ['query ($r: Role) { user(role: $r) }', { r: 'ADMIN' }, ['Role.ADMIN']]],
    ['an enum value in a list', ['{ user(roles: [READER, ADMIN]) }', {}, ['Role.ADMIN']]],
    ['an enum value in a list, by a variable', ['query ($r: [Role!]) { user(roles: $r) }', { r: ['ADMIN'] }, ['Role.ADMIN']]],
    ['an input field and its enum value', ['{ user(input: { role: ADMIN }) }', {}, ['UserInput.role', 'Role.ADMIN']]],
    ['an argument of a guarded scalar', ['{ money(amount: 1) }', {}, ['Query.money(amount:)']]],
    ['an input field of a guarded scalar', ['{ money(filter: { over: 1 }) }', {}, ['MoneyFilter.over']]],
    ['a field of a guarded input type', ['{ secret(code: { b: 1 }) }', {}, ['Code.b']]],
    ['a field far down in an input type that holds itself', ['{ tree(tree: { left: { right: { left: { leaf: ADMIN } } } }) }', {}, ['Role.ADMIN']]],
    ['the one field of a @oneOf input', ['{ user(by: { role: READER }) }', {}, ['By.role']]],
    ['a scalar of JSON with another default', ['{ json(value: { a: 2 }) }', {}, ['Query.json(value:)']]],
    ['an argument under an alias', ['{ other: orders(all: true) }', {}, ['Query.orders(all:)']]],
    ['an argument in a fragment', ['{ ...F } fragment F on Query { orders(all: true) }', {}, ['Query.orders(all:)']]],
    ['an argument of a mutation', ['mutation { setUser(input: { role: WRITER }) }', {}, ['UserInput.role']]],
    ['an argument that is included', ['query ($on: Boolean!) { orders(all: true) @include(if: $on) }', { on: true }, ['Query.orders(all:)']]],
  ])('%s', async (_name, asked) => {
    const { before, bare, got } = await refusedOf(asked)
    expect({ before, first: bare[0], got }).toEqual({ before: asked[2], first: asked[2][0], got: [] })
    const { served, got: given } = shop()
    expect(refusals(await served.ask(asked[0], ALL, { variables: asked[1] }))).toEqual([])
    expect(given).toHaveLength(1)
  })
})

describe('what is not passed is not asked for', () => {
  it.each<readonly [string, string, Record<string, unknown>]>([
    ['an argument that is left out', '{ orders }', {}],
    ["an argument that the schema's default supplies", '{ orders(first: 1) }', {}],
    ['an argument by a variable that has no value', 'query ($all: Boolean) { orders(all: $all) }', {}],
    ["the schema's default itself", '{ orders(limit: 5) }', {}],
    ["the schema's default itself, by a variable", 'query ($l: Int) { orders(limit: $l) }', { l: 5 }],
    ["the schema's default itself, by a default", 'query ($l: Int = 5) { orders(limit: $l) }', {}],
    ['the default of an input field', '{ user(input: { role: READER, tags: ["new"] }) }', {}],
    ['the default of an input field, in a variable', 'query ($i: UserInput) { user(input: $i) }', { i: { role: 'READER', tags: ['new'] } }],
    ['the default of an input field, as a list of one', 'query ($i: UserInput) { user(input: $i) }', { i: { tags: 'new' } }],
    ['an input field by a variable that has no value', 'query ($r: Role) { user(input: { role: $r, name: "a" }) }', {}],
    ['an input field that is left out', '{ user(input: { name: "a", address: { street: "b" } }) }', {}],
    ['what is inside of a default', '{ must }', {}],
    ['what is inside of a default that is passed', '{ must(input: { role: ADMIN }) }', {}],
    ['the same, with the defaults of the fields written out', '{ must(input: { role: ADMIN, tags: "new" }) }', {}],
    ['the same, by a variable', 'query ($i: UserInput!) { must(input: $i) }', { i: { role: 'ADMIN' } }],
    ['an empty object of a guarded input type', '{ secret(code: {}) }', {}],
    ['null in place of an input', '{ user(input: null, list: null, matrix: [null]) }', {}],
    ['another enum value', '{ user(role: WRITER, roles: [WRITER]) }', {}],
    ['a default of JSON', '{ json(value: { a: 1 }) }', {}],
    ['a default of JSON, by a variable', 'query ($v: JSON) { json(value: $v) }', { v: { a: 1 } }],
    ['a default of JSON, with a variable inside', 'query ($v: Int) { json(value: { a: $v }) }', { v: 1 }],
    ['an argument that is skipped', 'query ($off: Boolean!) { open orders(all: true) @skip(if: $off) }', { off: true }],
    ['an argument in another operation', 'query { open } query Other { orders(all: true) }', {}],
    ['an argument that asks nothing', '{ open(ok: "a") }', {}],
  ])('%s', async (_name, source, variables) => {
    const operationName = source.includes('Other') ? '' : undefined
    const document = operationName === '' ? source.replace('query {', 'query Asked {') : source
    for (const settings of [{}, { denied: 'null' }]) {
      const { served } = shop(settings)
      const question = { variables, ...(operationName === '' ? { operationName: 'Asked' } : {}) }
      for (const ask of ['ask', 'askBare'] as const) expect([source, ask, refusals(await served[ask](document, {}, question))]).toEqual([source, ask, []])
    }
  })
})

describe('an argument of an interface', () => {
  it('is refused before execution when every type refuses it, as it was selected', async () => {
    const { before } = await refusedOf(['{ node { pick(one: 2) } }', {}, []])
    expect(before).toEqual(['Node.pick(one:)'])
  })

  it('is left to the guards where it is the default of one of the types', async () => {
    const { served, got } = shop()
    const result = await served.ask('{ nodes { pick(one: 1) } }', {})
    expect([refusals(result), got]).toEqual([['nodes.0.pick INSUFFICIENT_SCOPE'], [{ one: 1 }]])
    expect(result.errors?.[0]?.extensions.auth).toMatchObject({ coordinate: 'A.pick(one:)' })
  })

  it('is left to the guards where one of the types asks nothing', async () => {
    const { served } = shop()
    const result = await served.ask('query ($two: Int) { nodes { pick(two: $two) } }', {}, { variables: { two: 1 } })
    expect(refusals(result)).toEqual(['nodes.1.pick INSUFFICIENT_SCOPE'])
    const onB = await served.ask('{ nodes { ... on B { pick(two: 3) } } }', {})
    expect(refusals(onB)).toEqual(['B.pick(two:) INSUFFICIENT_SCOPE'])
  })
})

describe('without a hook before execution', () => {
  it('no resolver gets what the caller may not pass', async () => {
    const { served, got } = shop()
    const result = await served.askBare('query ($i: UserInput) { user(input: $i) open }', {}, { variables: { i: { role: 'WRITER' } } })
    expect([refusals(result), got]).toEqual([['user INSUFFICIENT_SCOPE', 'open INSUFFICIENT_SCOPE'], []])
  })
})

describe('hostile values', () => {
  const deep = (levels: number): object => {
    let tree: object = { leaf: 'ADMIN' }
    for (let level = 0; level < levels; level += 1) tree = { left: tree }
    return tree
  }

  it('a tree of a thousand levels is looked at without recursion', async () => {
    const { served } = shop({ limits: { depth: 500 } })
    const document = 'query ($t: Tree) { tree(tree: $t) }'
    expect(refusals(await served.ask(document, {}, { variables: { t: deep(490) } }))).toEqual(['Role.ADMIN INSUFFICIENT_SCOPE'])
    // Where nothing limits variables, since there is no hook before execution.
    expect(refusals(await served.askBare(document, {}, { variables: { t: deep(1000) } }))).toEqual(['tree INSUFFICIENT_SCOPE'])
  })

  it('a large value that is passed in many places is looked at once', async () => {
    const { served } = shop()
    let reads = 0
    const list = Array.from({ length: 500 }, () => ({
      get name(): string {
        reads += 1
        return 'a'
      },
    }))
    const aliases = Array.from({ length: 25 }, (_, index) => `a${index}: user(list: $l)`).join(' ')
    const document = `query ($l: [UserInput!], $r: Role) { ${aliases} user(role: $r) }`
    expect(refusals(await served.ask(document, {}, { variables: { l: list, r: 'ADMIN' }, isValid: true }))).toEqual(['Role.ADMIN INSUFFICIENT_SCOPE'])
    // Once more by the limit on variables, which counts them.
    expect(reads).toBeLessThan(3 * list.length)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('a member called %s passes nothing of that name', async (name) => {
    const { served } = shop()
    const input = JSON.parse(`{ "${name}": { "role": "ADMIN" }, "name": "a" }`) as object
    const result = await served.ask('query ($i: UserInput) { user(input: $i) }', {}, { variables: { i: input } })
    expect(refusals(result).some((refusal) => refusal.includes('INSUFFICIENT'))).toBe(false)
    expect(({} as { role?: unknown }).role).toBeUndefined()
  })
})

/** Holds its value where nobody can see it, as many classes of libraries do. */
class Opaque {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

describe('a value that cannot be compared', () => {
  it('is no default, and the default itself is still not asked for', async () => {
    const got: string[] = []
    const Money = new GraphQLScalarType({
      name: 'Money',
      parseValue: (value) => new Opaque(String(value)),
      parseLiteral: (node) => new Opaque('value' in node ? String(node.value) : ''),
    })
    const schema = schemaOf(
      `scalar Money
      input Payment { note: String, limit: Money = "5" @requiresScopes(scopes: [["big"]]) }
      type Query { pay(limit: Money = "5" @requiresScopes(scopes: [["big"]]), payment: Payment): String }`,
      {
        Money,
        Query: {
          pay: (_source: unknown, { limit, payment }: { limit: Opaque; payment?: { limit: Opaque } }) => {
            got.push(`${limit} ${payment?.limit}`)
          },
        },
      },
    )
    const served = new Protected(schema)
    for (const [source, variables, expected] of [
      ['{ pay(limit: "500") }', {}, ['Query.pay(limit:)']],
      ['query ($m: Money) { pay(limit: $m) }', { m: '500' }, ['Query.pay(limit:)']],
      ['{ pay(payment: { limit: "500" }) }', {}, ['Payment.limit']],
      ['query ($p: Payment) { pay(payment: $p) }', { p: { limit: '500' } }, ['Payment.limit']],
      ['{ pay(payment: { note: "" }) }', {}, []],
      ['query ($p: Payment) { pay(payment: $p) }', { p: { note: '' } }, []],
    ] as const) {
      const results = [await served.ask(source, {}, { variables }), await served.askBare(source, {}, { variables })]
      expect(results.map(({ errors = [] }) => errors.map(({ extensions }) => (extensions.auth as { coordinate?: string }).coordinate))).toEqual([
        expected,
        expected,
      ])
    }
    expect(new Set(got)).toEqual(new Set(['5 5']))
  })

  it('is told from another value of its enum', async () => {
    const READER = new Opaque('reader')
    const Role = new GraphQLEnumType({
      name: 'Role',
      values: { READER: { value: READER }, ADMIN: { value: new Opaque('admin'), extensions: { auth: { scopes: 'admin' } } } },
    })
    const query = new GraphQLObjectType({
      name: 'Query',
      fields: { is: { type: GraphQLString, args: { role: { type: Role, defaultValue: READER } }, resolve: (_source, { role }) => String(role) } },
    })
    const served = new Protected(new GraphQLSchema({ query }))
    for (const [source, expected] of [
      ['{ is }', []],
      ['{ is(role: READER) }', []],
      ['{ is(role: ADMIN) }', ['Role.ADMIN INSUFFICIENT_SCOPE']],
    ] as const) {
      expect(refusals(await served.ask(source, {}))).toEqual(expected)
    }
  })
})

describe('a large list in a variable', () => {
  it('is not copied for each place that has a default', () => {
    const served = new Protected(schemaOf('type Query { n: Query f(ids: [Int!] = [] @requiresScopes(scopes: [["x"]])): Int }'), { access: 'public' })
    let reads = 0
    const counted = new Proxy(Array<number>(10_000).fill(1), {
      get: (list, name, self) => {
        reads += 1
        return Reflect.get(list, name, self)
      },
    })
    const document = parse(`query ($v: [Int!]) { n { ${Array.from({ length: 400 }, (_, index) => `a${index}: f(ids: $v)`).join(' ')} } }`)
    const errors = authorizeOperation({ schema: served.schema, document, variableValues: { v: counted }, contextValue: contextOf(served.auth, null) })
    expect(errors.map(({ message }) => message)).toEqual(['Unauthorized'])
    // Once for the limits, and a few for each place.
    expect(reads).toBeLessThan(40_000)
  })
})
