import { describe, expect, it } from '@jest/globals'
import { buildSchema } from 'graphql'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { printAuthDirectives } from '../../src/schema/federation-sdl.js'
import { Protected, schemaOf } from './support.js'

describe('printAuthDirectives', () => {
  const schema = schemaOf(
    `
      type Query { orders(all: Boolean @requiresScopes(scopes: [["all"]])): [Order] login: Login mine: Order plain: Int open: Int }
      interface Node @authenticated { id: ID }
      type Order implements Node @requiresScopes(scopes: [["order"]]) { id: ID @public total: Money secret: String }
      type Login { role: Role device: String }
      enum Role { USER ADMIN @policy(policies: [["admin"]]) }
      scalar Money @policy(policies: [["money"]])
      input Unused { role: Role @authenticated }
    `,
    {
      Query: {
        orders: requireOAuth({ anyOf: [['a'], ['b']] })(requireOAuth({ anyOf: [['c'], ['d', 'a']] })(() => [])),
        login: requireOAuth('login', { acr: 'gold' })(() => null),
        mine: requirePerm('order.read', { object: () => 1 })(() => null),
      },
    },
  )

  it('states on each field what it demands, and lists what it cannot state', () => {
    expect(printAuthDirectives(schema)).toBe(`# Enforced by the subgraph alone:
#   Query.login: scopes login; acr gold
#   Query.mine: permissions order.read on an object
#   Query.orders(all:): scopes all
#   Role.ADMIN: permissions admin
#   Unused.role: authenticated

extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@requiresScopes", "@authenticated", "@policy"])

schema {
  query: Query
}

type Query {
  orders(all: Boolean): [Order] @requiresScopes(scopes: [["c", "a"], ["c", "b"], ["d", "a"], ["d", "a", "b"]])
  login: Login @requiresScopes(scopes: [["login"]])
  mine: Order @authenticated
  plain: Int
  open: Int
}

interface Node {
  id: ID
}

type Order implements Node {
  id: ID @authenticated
  total: Money @requiresScopes(scopes: [["order"]]) @policy(policies: [["money"]])
  secret: String @requiresScopes(scopes: [["order"]])
}

type Login {
  role: Role
  device: String
}

enum Role {
  USER
  ADMIN
}

scalar Money

input Unused {
  role: Role
}
`)
  })

  it('prints the same for the guarded copy', () => {
    expect(printAuthDirectives(new Protected(schema, { permissions: { check: () => [] } }).schema)).toBe(printAuthDirectives(schema))
  })

  it('says nothing of federation where nothing is demanded', () => {
    expect(printAuthDirectives(schemaOf('type Query { a: Int }'))).not.toContain('@')
  })

  it('raises a link that is too old for the directives', () => {
    const old = buildSchema(
      `scalar Import directive @link(url: String!, import: [Import]) repeatable on SCHEMA
       schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"]) { query: Query } type Query { a: Int }`,
    )
    const field = old.getQueryType()?.getFields().a
    Object.assign(field as object, { extensions: { auth: { permissions: 'p' } } })
    const printed = printAuthDirectives(old)
    expect(printed).toContain('schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key"])')
    expect(printed).toContain('a: Int @federation__authenticated @federation__policy(policies: [["p"]])')
  })

  it('leaves a requirement with too many alternatives to the subgraph', () => {
    const wide = (prefix: string): { anyOf: string[][] } => ({ anyOf: Array.from({ length: 9 }, (_, index) => [`${prefix}${index}`]) })
    const printed = printAuthDirectives(schemaOf('type Query { a: Int }', { Query: { a: requireOAuth(wide('a'))(requireOAuth(wide('b'))(() => 1)) } }))
    expect(printed).toContain('a: Int @authenticated')
    expect(printed).toMatch(/# {3}Query\.a: scopes b0 \| b1/)
  })
})
