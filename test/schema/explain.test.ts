import { describe, expect, it } from '@jest/globals'
import type { GraphQLSchema } from 'graphql'
import type { CommonSettings } from '../../src/core/settings.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { explain } from '../../src/schema/explain/explain.js'
import type { Explanation } from '../../src/schema/explain/explanation.js'
import { printExplanation } from '../../src/schema/explain/print.js'
import { NOW, Protected, schemaOf } from './support.js'

const { requireOAuth: onClass } = { requireOAuth }

class Secrets {
  vault(): string {
    return 'gold'
  }
}
onClass('class:read')(Secrets)

const ADA = { issuer: 'https://issuer.test', subject: 'ada', scopes: ['orders:read'], permissions: ['order.view'], claims: { email: 'canary@example.com' } }

const TYPES = `
  type Query {
    mine: String
    open: String @public
    orders(audit: Boolean @requiresScopes(scopes: [["audit"]]), filter: Filter, sort: Sort): [Order]
    node: Node
    vault: String
    order(id: ID): Order
    extended: String
  }
  input Filter { state: String  owner: String @policy(policies: [["order.filter"]]) }
  enum Sort { NEWEST  MARGIN @requiresScopes(scopes: [["audit"]]) }
  interface Node @requiresScopes(scopes: [["nodes"], ["everything", "else"]]) { id: ID  secret: String }
  type Order implements Node @policy(policies: [["order.view"]]) { id: ID  secret: String @requiresScopes(scopes: [["secrets"]])  sort: Sort  weak: String }
  type Bot implements Node { id: ID  secret: String }
`

function schema(): GraphQLSchema {
  const made = schemaOf(TYPES, {
    Query: {
      vault: Secrets.prototype.vault,
      order: requirePerm('order.open', { object: (_: unknown, args: { id: string }) => args.id })(() => null),
    },
    Order: { weak: requireOAuth('orders:read', { acr: 'gold', maxAge: 60 })(() => 'weak') },
    Node: { __resolveType: () => 'Order' },
  })
  const { extended } = made.getQueryType()?.getFields() ?? {}
  if (extended !== undefined) extended.extensions = { ...extended.extensions, auth: { permissions: 'x.y' } }
  return made
}

const PERMISSIONS = { check: async (_: unknown, questions: readonly unknown[]) => questions.map(() => true) }

async function told(document: string, settings: CommonSettings = {}, principal: object | null = ADA, variables = {}): Promise<Explanation> {
  const { auth, schema: guarded } = new Protected(schema(), { permissions: PERMISSIONS, ...settings })
  return explain(auth, { document, principal: principal as never, variables, schema: guarded })
}

const at = (explanation: Explanation, coordinate: string): Explanation['coordinates'][number] | undefined =>
  explanation.coordinates.find((found) => found.coordinate === coordinate)

describe('an explanation of an operation', () => {
  it('says what is allowed, refused, and depends on the concrete type', async () => {
    const explanation = await told('{ mine open node { id secret } }', {}, { ...ADA, scopes: ['nodes', 'secrets'], permissions: [] })
    expect(explanation).toMatchObject({
      operation: { type: 'query', name: null },
      caller: { is: 'user' },
      denied: 'reject',
      dryRun: false,
      outcome: 'runs',
      refused: [],
    })
    expect(explanation.coordinates.map(({ coordinate, verdict, dependsOn }) => [coordinate, verdict, dependsOn])).toEqual([
      ['Query.mine', 'allowed', undefined],
      ['Query.open', 'allowed', undefined],
      ['Query.node', 'allowed', undefined],
      ['Node.id', 'depends', ['type']],
      ['Node.secret', 'depends', ['type']],
    ])
    expect(at(explanation, 'Node.secret')?.types.map(({ coordinate, verdict }) => [coordinate, verdict])).toEqual([
      ['Bot.secret', 'allowed'],
      ['Order.secret', 'refused'],
    ])
  })

  it.each<[string, string, string, object]>([
    ['the default of root fields', '{ mine }', 'Query.mine', { demands: 'an authenticated caller', sources: [{ at: 'access', by: 'default', on: 'setting' }] }],
    [
      'a directive on the field',
      '{ orders { secret } }',
      'Order.secret',
      { demands: 'scope secrets', sources: [{ at: 'Order.secret', by: '@requiresScopes', on: 'field' }] },
    ],
    [
      'an interface',
      '{ orders { id } }',
      'Order.id',
      { demands: 'scope nodes, or everything and else', sources: [{ at: 'Node', by: '@requiresScopes', on: 'interface' }] },
    ],
    ['the type', '{ orders { sort } }', 'Order.sort', { demands: 'permission order.view', sources: [{ at: 'Order', by: '@policy', on: 'type' }] }],
    ['a class decorator', '{ vault }', 'Query.vault', { demands: 'scope class:read', sources: [{ at: 'Query.vault', by: 'class decorator', on: 'field' }] }],
    ['extensions', '{ extended }', 'Query.extended', { demands: 'permission x.y', sources: [{ at: 'Query.extended', by: 'extensions.auth', on: 'field' }] }],
    [
      'a decorator',
      '{ orders { weak } }',
      'Order.weak',
      { demands: 'scope orders:read, a login at gold, a login not older than 60 s', sources: [{ at: 'Order.weak', by: 'decorator', on: 'field' }] },
    ],
    [
      'an argument',
      '{ orders(audit: true) { id } }',
      'Query.orders(audit:)',
      { demands: 'scope audit', sources: [{ at: 'Query.orders(audit:)', by: '@requiresScopes', on: 'argument' }] },
    ],
    [
      'an input field',
      '{ orders(filter: { owner: "x" }) { id } }',
      'Filter.owner',
      { demands: 'permission order.filter', sources: [{ at: 'Filter.owner', by: '@policy', on: 'input field' }] },
    ],
    [
      'an enum value',
      '{ orders(sort: MARGIN) { id } }',
      'Sort.MARGIN',
      { demands: 'scope audit', sources: [{ at: 'Sort.MARGIN', by: '@requiresScopes', on: 'enum value' }] },
    ],
  ])('says that a clause comes from %s', async (_, document, coordinate, clause) => {
    const found = at(await told(document), coordinate)
    expect(found?.types[0]?.clauses).toContainEqual(expect.objectContaining(clause))
  })

  it('says what was missing, name by name', async () => {
    const explanation = await told('{ node { id } }', {}, { ...ADA, scopes: ['everything'] })
    expect(at(explanation, 'Node.id')?.types.find(({ coordinate }) => coordinate === 'Order.id')?.clauses[0]).toEqual({
      verdict: 'refused',
      demands: 'scope nodes, or everything and else',
      sources: [{ at: 'Node', by: '@requiresScopes', on: 'interface' }],
      names: [
        { kind: 'scope', name: 'nodes', held: false },
        { kind: 'scope', name: 'everything', held: true },
        { kind: 'scope', name: 'else', held: false },
      ],
      reason: 'INSUFFICIENT_SCOPE',
      requiredScopes: [['nodes'], ['everything', 'else']],
    })
  })

  it('leaves objects to the running operation, and does not ask the source', async () => {
    const explanation = await told('{ order(id: 1) { sort } }', { permissions: { check: () => Promise.reject(new Error('asked')) } })
    expect(at(explanation, 'Query.order')).toMatchObject({ verdict: 'depends', dependsOn: ['object'] })
    expect(at(explanation, 'Query.order')?.types[0]?.clauses[0]?.names).toEqual([{ kind: 'permission', name: 'order.open', held: null }])
  })

  it('says of a field that answers an enum which values are refused', async () => {
    const found = at(await told('{ orders { sort } }', {}, { ...ADA, scopes: ['nodes'] }), 'Order.sort')
    expect(found).toMatchObject({ verdict: 'depends', dependsOn: ['value'] })
    expect(found?.types[0]?.clauses).toContainEqual(expect.objectContaining({ value: 'MARGIN', verdict: 'depends', demands: 'scope audit' }))
  })

  it('counts the values of variables, and conditions, as they would be sent', async () => {
    const document = 'query Q($filter: Filter, $with: Boolean!) { orders(filter: $filter) { id secret @include(if: $with) } }'
    const without = await told(document, {}, ADA, { filter: { state: 'open' }, with: false })
    expect(without.coordinates.map(({ coordinate }) => coordinate)).not.toContain('Filter.owner')
    expect(at(without, 'Order.secret')).toBeUndefined()
    const whole = await told(document, {}, ADA, { filter: { owner: 'x' }, with: true })
    expect(at(whole, 'Filter.owner')?.verdict).toBe('refused')
    expect(at(whole, 'Order.secret')?.verdict).toBe('refused')
  })

  it('explains introspection by its setting', async () => {
    expect(at(await told('{ __schema { description } }', {}, null), 'Query.__schema')).toMatchObject({
      verdict: 'refused',
      types: [{ clauses: [{ demands: 'an authenticated caller', sources: [{ at: 'introspection' }] }] }],
    })
    expect(at(await told('{ __schema { description } }', { introspection: 'public' }, null), 'Query.__schema')?.verdict).not.toBe('refused')
  })

  it('calls everything refused for a login that has expired', async () => {
    const explanation = await told('{ mine open }', {}, { ...ADA, expiresAt: NOW - 1 })
    expect(explanation.outcome).toBe('refused')
    expect(explanation.refused).toEqual([{ reason: 'TOKEN_EXPIRED', coordinate: 'Query.mine' }])
  })

  it('is plain data, without a claim in it', async () => {
    const explanation = await told('{ mine node { id secret } order(id: "canary-id") { weak } }')
    const text = JSON.stringify(explanation)
    expect(JSON.parse(text)).toEqual(explanation)
    expect(text).not.toMatch(/canary|ada|issuer\.test/)
  })

  it('prints as a text', async () => {
    expect(printExplanation(await told('query Orders { mine node { secret } vault order(id: 1) { id } }', {}, { ...ADA, scopes: ['nodes'] }))).toBe(
      `query Orders is refused before it runs, for a user (denied: 'reject')
  INSUFFICIENT_SCOPE at Query.vault

allowed  Query.mine
  + an authenticated caller
      from the setting access
allowed  Query.node
  + an authenticated caller
      from the setting access
refused  Query.vault
  - scope class:read  (INSUFFICIENT_SCOPE; not held: scope class:read)
      from the class of the resolver of Query.vault
depends  Query.order, on the object
  ? permission order.open, on the object  (decided while it runs)
      from a decorator on the resolver of Query.order
allowed  Order.id
  + scope nodes, or everything and else
      from @requiresScopes on the interface Node
  + permission order.view
      from @policy on the type Order
depends  Node.secret, on the type
  allowed  Bot.secret
    + scope nodes, or everything and else
        from @requiresScopes on the interface Node
  refused  Order.secret
    + scope nodes, or everything and else
        from @requiresScopes on the interface Node
    + permission order.view
        from @policy on the type Order
    - scope secrets  (INSUFFICIENT_SCOPE; not held: scope secrets)
        from @requiresScopes on the field Order.secret`,
    )
  })

  it('asks for exactly one caller, a valid document, and the name of one operation', async () => {
    const { auth, schema: guarded } = new Protected(schema(), { permissions: PERMISSIONS })
    await expect(explain(auth, { document: '{ mine }', schema: guarded })).rejects.toThrow('explain: expected one of token, principal and carrier')
    await expect(explain(auth, { document: '{ mine }', token: 'a', principal: null, schema: guarded })).rejects.toThrow('expected one of')
    await expect(explain(auth, { document: '{ nothing }', principal: null, schema: guarded })).rejects.toThrow('Cannot query field')
    await expect(explain(auth, { document: 'query A { mine } query B { open }', principal: null, schema: guarded })).rejects.toThrow('explain: operationName')
  })

  it('takes the one schema that was protected, and says what to do when there is none or several', async () => {
    const one = new Protected(schema(), { permissions: PERMISSIONS })
    expect((await explain(one.auth, { document: '{ open }', principal: null })).outcome).toBe('runs')
    const { protectSchema } = await import('../../src/schema/protect-schema.js')
    const kept = protectSchema(schemaOf('type Query { other: Int }'), one.auth)
    await expect(explain(one.auth, { document: '{ open }', principal: null })).rejects.toThrow(
      'explain: schema: expected a schema, since this auth has protected several',
    )
    expect((await explain(one.auth, { document: '{ other }', principal: null, schema: kept })).outcome).toBe('refused')
    const { testAuth } = await import('./support.js')
    const none = testAuth({ permissions: PERMISSIONS })
    await expect(explain(none, { document: '{ open }', principal: null })).rejects.toThrow('since this auth has protected none yet')
    // A schema that nobody has protected is explained as it would be, and does not count as protected after that.
    expect((await explain(none, { document: '{ open }', principal: null, schema: schema() })).outcome).toBe('runs')
    await expect(explain(none, { document: '{ open }', principal: null })).rejects.toThrow('none yet')
    await expect(explain(none, { document: '{ open }', principal: null, schema: one.schema })).rejects.toThrow('no other auth has protected')
  })
})
