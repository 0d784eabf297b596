import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, parse, validate } from 'graphql'
import { compileQuery, isCompiledQuery } from 'graphql-jit'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { type Caller, contextOf, dataOf, Protected, refusals, schemaOf } from './support.js'

const sdl = `
  type Query @public {
    text: String
    node(id: ID!): Node
    nodes: [Node]
    direct: User
    roles: [Role]
    role: Role
    set(role: Role, input: Input, all: Boolean @requiresScopes(scopes: [["admin"]])): String
    order(id: ID!): String
    closed: String @requiresScopes(scopes: [["closed"]])
    slow: String @requiresScopes(scopes: [["closed"]])
  }
  interface Node { id: ID! secret: String }
  type User implements Node { id: ID! secret: String @requiresScopes(scopes: [["secrets"]]) }
  type Bot implements Node { id: ID! secret: String }
  enum Role { READER ADMIN @requiresScopes(scopes: [["admin"]]) }
  input Input { role: Role verified: Boolean @requiresScopes(scopes: [["verify"]]) }
`
const nodes = [
  { __typename: 'User', id: '1', secret: 'user secret' },
  { __typename: 'Bot', id: '2', secret: 'bot secret' },
]
const echo = (_source: unknown, args: object): string => JSON.stringify(args)
const resolvers = {
  Query: {
    text: () => 'text',
    node: (_: unknown, { id }: { id: string }) => nodes.find((node) => node.id === id),
    nodes: () => nodes,
    direct: async () => nodes[0],
    roles: () => ['READER', 'ADMIN', Promise.resolve('ADMIN')],
    role: async () => 'ADMIN',
    set: echo,
    order: requirePerm('read', { object: (_, args: { id: string }) => args.id })(echo),
    closed: () => 'closed',
    slow: async () => 'slow',
  },
  Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
}
const permissions = { check: (_: unknown, questions: readonly { object: unknown }[]) => questions.map(({ object }) => object === 'mine') }
const NOBODY = null
const SOMEBODY = { scopes: [] }
const ADMIN = { scopes: ['admin', 'secrets', 'verify', 'closed'] }

/** The same question, put to a compiled query in place of graphql-js: authorized first, as a server with a hook does it. */
async function askCompiled(served: Protected, source: string, caller: Caller, variables: Record<string, unknown>, isHooked: boolean): Promise<ExecutionResult> {
  const document = parse(source)
  const [invalid] = validate(served.schema, document)
  if (invalid !== undefined) throw invalid
  const compiled = compileQuery(served.schema, document)
  if (!isCompiledQuery(compiled)) throw new Error(`not compiled: ${JSON.stringify(compiled)}`)
  const contextValue = contextOf(served.auth, caller)
  const errors = isHooked ? authorizeOperation({ schema: served.schema, document, variableValues: variables, contextValue }) : []
  return errors.length > 0 ? { errors } : await compiled.query(undefined, contextValue, variables)
}

describe('a guarded schema under graphql-jit behaves as under graphql-js', () => {
  it.each<readonly [string, string, Record<string, unknown>]>([
    ['allowed', '{ text direct { id } }', {}],
    ['a refused field', '{ text closed }', {}],
    ['a refused field that is asynchronous', '{ text slow }', {}],
    ['a concrete type', '{ node(id: 1) { id secret } }', {}],
    ['a concrete type that is free', '{ node(id: 2) { id secret } }', {}],
    ['a list of types', '{ nodes { id secret ... on User { secret } } }', {}],
    ['a fragment', '{ nodes { ...N } } fragment N on Node { hidden: secret }', {}],
    ['a field of an own type', '{ direct { id secret } }', {}],
    ['an argument', '{ text set(all: true) }', {}],
    ['an argument that is left out', '{ set }', {}],
    ['an argument, by a variable', 'query ($all: Boolean) { text set(all: $all) }', { all: true }],
    ['an argument, by a variable without a value', 'query ($all: Boolean) { text set(all: $all) }', {}],
    ["an argument, by a variable's default", 'query ($all: Boolean = true) { set(all: $all) }', {}],
    ['an enum value that is passed', '{ set(role: ADMIN) }', {}],
    ['an input field', 'query ($i: Input) { set(input: $i) }', { i: { role: 'READER', verified: true } }],
    ['a variable inside an input', 'query ($v: Boolean) { set(input: { verified: $v }) }', { v: false }],
    ['an enum value that is answered', '{ role }', {}],
    ['an object that may be had', '{ order(id: "mine") }', {}],
    ['an object that may not be had', '{ order(id: "other") text }', {}],
    ['@skip and @include', 'query ($a: Boolean!, $b: Boolean!) { text closed @skip(if: $a) direct { secret @include(if: $b) } }', { a: true, b: false }],
  ])('%s', async (_name, source, variables) => {
    for (const denied of ['reject', 'null'] as const) {
      const served = new Protected(schemaOf(sdl, resolvers), { denied, permissions })
      for (const caller of [NOBODY, SOMEBODY, ADMIN]) {
        for (const isHooked of [true, false]) {
          const expected = isHooked ? await served.ask(source, caller, { variables }) : await served.askBare(source, caller, { variables })
          const compiled = await askCompiled(served, source, caller, variables, isHooked)
          expect([denied, caller, isHooked, dataOf(compiled), [...refusals(compiled)].sort()]).toEqual([
            denied,
            caller,
            isHooked,
            dataOf(expected),
            [...refusals(expected)].sort(),
          ])
        }
      }
    }
  })

  it('a refused enum value in a list, whose error it gives to the item', async () => {
    const served = new Protected(schemaOf(sdl, resolvers), { permissions })
    const compiled = await askCompiled(served, '{ roles }', SOMEBODY, {}, true)
    expect(JSON.stringify(compiled.data)).not.toContain('ADMIN')
    expect(refusals(compiled)).toContain('roles.1 INSUFFICIENT_SCOPE')
  })
})
