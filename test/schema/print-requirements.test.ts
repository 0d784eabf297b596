import { describe, expect, it } from '@jest/globals'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { printRequirements } from '../../src/schema/print-requirements.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { requirementTable } from '../../src/schema/table-of-schema.js'
import { schemaOf, tableOf, testAuth } from './support.js'

const sdl = `
  type Query { orders(all: Boolean @requiresScopes(scopes: [["a", "b"], ["c"]]), first: Int): String free: String @public login: String mine: String own: String }
  type Order @policy(policies: [["read"]]) { id: ID total: Int @requiresScopes(scopes: [["total"]]) }
  input Change { role: Role @authenticated note: String }
  enum Role { USER ADMIN @policy(policies: [["admin"]]) }
`
const isOpen = (): boolean => true
const resolvers = {
  Query: {
    login: requireOAuth('login', { acr: ['gold', 'silver'], maxAge: 300 })(() => ''),
    mine: requirePerm('order.read', { object: () => 1 })(() => ''),
    own: requirePerm(
      allOf(
        anyOf('a', not('b')),
        isOpen,
        owner(function ownerOf() {
          return 1
        }),
      ),
    )(() => ''),
  },
}
const permissions = { check: () => [] }

describe('printRequirements', () => {
  it('says what each coordinate asks, one a line, in the order of the schema', () => {
    expect(printRequirements(tableOf(sdl, resolvers, { permissions }))).toBe(`__schema, __type: authenticated
Query.orders: authenticated
Query.orders(all:): scopes a + b | c
Query.free: anyone
Query.login: scopes login; acr gold | silver; at most 300 s old
Query.mine: permissions order.read on an object
Query.own: allOf (anyOf (permissions a, not (permissions b)), rule isOpen, owner by ownerOf)
Order.id: permissions read
Order.total: permissions read, and scopes total
Change.role: authenticated
Role.ADMIN: permissions admin
`)
  })

  it('is the same for every start of the same schema, and differs by the line that was changed', () => {
    const print = (typeDefs: string): readonly string[] => printRequirements(tableOf(typeDefs, resolvers, { permissions })).split('\n')
    expect(print(sdl)).toEqual(print(sdl))
    const opened = print(sdl.replace('total: Int @requiresScopes(scopes: [["total"]])', 'total: Int'))
    expect(opened.filter((line) => !print(sdl).includes(line))).toEqual(['Order.total: permissions read'])
  })
})

describe('requirementTable', () => {
  it('is that of the guarded copy, and the same for the schema that it was made of', () => {
    const auth = testAuth({ permissions })
    const schema = schemaOf(sdl, resolvers)
    const copy = protectSchema(schema, auth)
    expect(requirementTable(copy, auth)).toBe(requirementTable(copy, auth))
    expect(printRequirements(requirementTable(copy, auth))).toBe(printRequirements(requirementTable(schema, auth)))
  })
})
