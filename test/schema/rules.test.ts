import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, parse, subscribe } from 'graphql'
import type { AuthContext } from '../../src/core/auth-context.js'
import type { PermissionSource } from '../../src/core/permissions/source.js'
import { NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY } from '../../src/core/permissions/special.js'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { compileRequirements } from '../../src/schema/requirement-table.js'
import { type Caller, contextOf, dataOf, Protected, refusals, schemaOf, testAuth } from './support.js'

interface Contract {
  readonly id: string
  readonly userId: string | null
  readonly tenantId: string
}

const CONTRACTS = new Map<string, Contract>(
  (
    [
      ['k1', 'ada', 't1'],
      ['k2', 'bob', 't1'],
      ['k3', 'ada', 't2'],
      ['k4', null, 't1'],
    ] as const
  ).map(([id, userId, tenantId]) => [id, { id, userId, tenantId }]),
)

const contract = (_: unknown, { id }: { id: string }): Contract | null => CONTRACTS.get(id) ?? null
const mayUpdate = anyOf(
  'contract.update.any',
  allOf(
    'contract.update.own',
    owner((row: Contract) => row.userId),
  ),
)

function contracts(settings: CommonSettings = {}): Protected {
  const schema = schemaOf(
    `type Query { contracts: [Contract!]! }
     type Contract { id: ID! terms: String audit: String @policy(policies: [["${TENANT_ADMIN_ONLY}"]]) }
     type Mutation { update(id: ID!): String sign(id: ID!): String erase: String purge: String @policy(policies: [["${NOBODY}"]]) }`,
    {
      Query: { contracts: () => [...CONTRACTS.values()] },
      Contract: {
        terms: requirePerm(
          anyOf(
            'contract.read.any',
            owner((row: Contract) => row.userId),
          ),
        )(({ id }: Contract) => `terms of ${id}`),
        audit: () => 'audit',
      },
      Mutation: {
        update: requirePerm(mayUpdate, { object: contract })((_: unknown, { id }: Contract) => `updated ${id}`),
        sign: requirePerm('contract.sign', {
          owner: (row: Contract) => row.userId,
          object: contract,
          tenant: (...args) => contract(args[0], args[1])?.tenantId,
        })((_: unknown, { id }: Contract) => `signed ${id}`),
        erase: requirePerm(SUPER_ADMIN_ONLY)(() => 'erased'),
        purge: () => 'purged',
      },
    },
  )
  return new Protected(schema, { roles: { clerk: ['contract.update.own', 'contract.sign'], chief: ['contract.update.any'] }, ...settings })
}

async function data(served: Protected, source: string, caller: Caller): Promise<unknown> {
  const result = await served.ask(source, caller)
  return [dataOf(result), refusals(result)]
}

describe('a rule on a field', () => {
  const every = 'mutation { a: update(id: "k1") b: update(id: "k2") c: update(id: "k9") }'

  it.each<[string, Caller, object]>([
    ['lets the chief update every contract', { roles: ['chief'] }, { a: 'updated k1', b: 'updated k2', c: 'updated k9' }],
    ['lets the clerk update his own', { roles: ['clerk'] }, { a: 'updated k1', b: null, c: null }],
    ['lets another clerk update his', { roles: ['clerk'], subject: 'bob' }, { a: null, b: 'updated k2', c: null }],
    ['lets no client update what belongs to a user of its name', { roles: ['clerk'], kind: 'client' }, { a: null, b: null, c: null }],
  ])('%s', async (_, caller, expected) => {
    expect(dataOf(await contracts().ask(every, caller))).toEqual(expected)
  })

  it('refuses before execution whom it refuses whatever the row is', async () => {
    expect(refusals(await contracts().ask(every, {}))).toEqual(['Mutation.update INSUFFICIENT_PERMISSION'])
    expect(refusals(await contracts().ask(every))).toEqual(['Mutation.update MISSING_TOKEN'])
  })

  it('looks the same for a row of somebody else and for one that does not exist', async () => {
    const { errors = [] } = await contracts().ask(every, { roles: ['clerk'] })
    const shown = errors.map(({ message, extensions: { auth, code } }) => ({ message, code, ...(auth as object), decisionId: null }))
    expect(shown).toHaveLength(2)
    expect(shown[0]).toEqual({ message: 'Forbidden', code: 'FORBIDDEN', reason: 'INSUFFICIENT_PERMISSION', coordinate: 'Mutation.update', decisionId: null })
    expect(shown[1]).toEqual(shown[0])
  })

  it('is asked about each row by itself, however the field is selected', async () => {
    const result = await contracts().ask('{ contracts { id a: terms ...F } } fragment F on Contract { b: terms }', { subject: 'ada' })
    expect(dataOf(result)).toEqual({
      contracts: [
        { id: 'k1', a: 'terms of k1', b: 'terms of k1' },
        { id: 'k2', a: null, b: null },
        { id: 'k3', a: 'terms of k3', b: 'terms of k3' },
        { id: 'k4', a: null, b: null },
      ],
    })
    expect(refusals(result)).toHaveLength(4)
  })

  it('is asked before a subscription begins, and again for every event', async () => {
    const allowed = [true, true, false, true]
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: {
        ticks: {
          subscribe: requirePerm(allOf(() => allowed.shift() === true))(async function* () {
            for (const ticks of [1, 2, 3]) yield { ticks }
          }),
        },
      },
    })
    const served = new Protected(schema)
    const stream = (await subscribe({
      schema: served.schema,
      document: parse('subscription { ticks }'),
      contextValue: contextOf(served.auth, {}),
    })) as AsyncIterable<ExecutionResult>
    const results: unknown[] = []
    for await (const result of stream) results.push(dataOf(result))
    expect(results).toEqual([{ ticks: 1 }, { ticks: null }, { ticks: 3 }])
  })

  it('can be written under extensions.auth, with its object, owner and tenant', async () => {
    const schema = schemaOf('type Query { rule(id: ID!): Int owned(id: ID!): Int }')
    const fields = schema.getQueryType()?.getFields()
    const tenant = (_: unknown, { id }: Contract): unknown => CONTRACTS.get(id)?.tenantId
    Object.assign(fields?.rule ?? {}, { extensions: { auth: { permissions: not('suspended'), tenant } }, resolve: () => 1 })
    Object.assign(fields?.owned ?? {}, { extensions: { auth: { permissions: 'p', owner: (row: Contract) => row.userId, object: contract } }, resolve: () => 1 })
    const served = new Protected(schema)
    const ask = (source: string, caller: Caller): Promise<unknown> => data(served, source, caller)
    expect(await ask('{ a: rule(id: "k1") b: rule(id: "k3") }', { tenant: 't1' })).toEqual([{ a: 1, b: null }, ['b INSUFFICIENT_PERMISSION']])
    expect(await ask('{ rule(id: "k1") }', { tenant: 't1', permissions: ['suspended'] })).toEqual([undefined, ['Query.rule INSUFFICIENT_PERMISSION']])
    expect(await ask('{ a: owned(id: "k1") b: owned(id: "k2") }', { permissions: ['p'] })).toEqual([{ a: 1, b: null }, ['b INSUFFICIENT_PERMISSION']])
    for (const auth of [{ owner: contract }, { tenant }, { permissions: 'p', owner: 'userId' }, { permissions: 'p', tenant: undefined }]) {
      const broken = schemaOf('type Query { a: Int }')
      Object.assign(broken.getQueryType()?.getFields().a ?? {}, { extensions: { auth } })
      expect(() => new Protected(broken)).toThrow(/expected/)
    }
  })
})

describe('administrators and special permissions in a schema', () => {
  const admins: CommonSettings = { admins: { super: { role: 'root' }, tenant: { role: 'boss' } } }
  const everything = 'mutation { erase sign(id: "k2") }'

  it('let a super admin do everything but what nobody may', async () => {
    const served = contracts(admins)
    expect(await data(served, 'mutation { erase a: sign(id: "k2") b: sign(id: "k3") c: update(id: "k9") }', { roles: ['root'] })).toEqual([
      { erase: 'erased', a: 'signed k2', b: 'signed k3', c: 'updated k9' },
      [],
    ])
    expect(await data(served, 'mutation { purge }', { roles: ['root'] })).toEqual([undefined, ['Mutation.purge INSUFFICIENT_PERMISSION']])
  })

  it('let a tenant admin do what permissions allow in his tenant, and own nothing', async () => {
    const served = contracts(admins)
    const boss: Caller = { roles: ['boss'], tenant: 't1' }
    expect(await data(served, everything, boss)).toEqual([undefined, ['Mutation.erase INSUFFICIENT_PERMISSION']])
    expect(await data(served, 'mutation { a: sign(id: "k1") b: sign(id: "k2") c: sign(id: "k3") d: sign(id: "k9") }', boss)).toEqual([
      { a: 'signed k1', b: null, c: null, d: null },
      ['b', 'c', 'd'].map((path) => `${path} INSUFFICIENT_PERMISSION`),
    ])
    expect(await data(served, '{ contracts { audit } }', boss)).toEqual([{ contracts: Array(4).fill({ audit: 'audit' }) }, []])
  })

  it('let nobody else do what is theirs, whatever his token says', async () => {
    const served = contracts(admins)
    const forger: Caller = { tenant: 't1', permissions: [NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY], scopes: [SUPER_ADMIN_ONLY] }
    expect(await data(served, 'mutation { erase purge }', forger)).toEqual([
      undefined,
      ['Mutation.erase INSUFFICIENT_PERMISSION', 'Mutation.purge INSUFFICIENT_PERMISSION'],
    ])
    expect(await data(served, '{ contracts { audit } }', forger)).toEqual([undefined, ['Contract.audit INSUFFICIENT_PERMISSION']])
  })

  it('are told by the settings alone: without them there are none', async () => {
    expect(await data(contracts(), 'mutation { erase }', { roles: ['root'] })).toEqual([undefined, ['Mutation.erase INSUFFICIENT_PERMISSION']])
  })
})

describe('permissions from scopes', () => {
  it('are those of the token, where the settings count scopes', async () => {
    const schema = schemaOf('type Query { a: Int @policy(policies: [["orders:read"]]) }', { Query: { a: () => 1 } })
    const caller: Caller = { scopes: ['orders:read'] }
    expect(refusals(await new Protected(schema).ask('{ a }', caller))).toEqual(['Query.a INSUFFICIENT_PERMISSION'])
    expect(dataOf(await new Protected(schema, { scopes: { asPermissions: true } }).ask('{ a }', caller))).toEqual({ a: 1 })
  })
})

describe('requirements that say the same', () => {
  it('are one object, also where they are rules with functions', () => {
    const userId = (row: Contract): string | null => row.userId
    const tenant = (): string => 't1'
    const rule = (): ReturnType<typeof requirePerm> => requirePerm(anyOf('p', owner(userId)), { tenant })
    const schema = schemaOf('type Query { a: Int b: Int c: Int d: Int e: Int }', {
      Query: {
        a: rule()(() => 1),
        b: rule()(() => 1),
        c: requirePerm(
          anyOf(
            'p',
            owner((row) => row.userId),
          ),
          { tenant },
        )(() => 1),
        d: requirePerm(anyOf('p', owner(userId)))(() => 1),
        e: requirePerm(allOf('p', owner(userId)), { tenant })(() => 1),
      },
    })
    const table = compileRequirements(schema, testAuth().settings)
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => table.ruleOf('Query', name)?.requirements[0])
    expect(a).toBe(b)
    expect(new Set([a, c, d, e]).size).toBe(4)
  })
})

describe('what was answered', () => {
  const objects = { object: (_: unknown, { id }: { id: string }) => id }

  /** Grants that a mutation changes, and a field below it that asks about them. */
  function grants(): { readonly served: Protected; readonly calls: () => number } {
    const granted = new Set(['1'])
    let calls = 0
    const check: PermissionSource['check'] = async (_, questions) => {
      calls += 1
      return questions.map(({ object }) => granted.has(object as string))
    }
    const node = (): { id: string } => ({ id: '1' })
    const schema = schemaOf(
      `type Query { node: Node! use(id: ID!): Int revoke(forget: Boolean!): Node! }
       type Mutation { revoke(id: ID!): Node! }
       type Node { secret: Int }`,
      {
        Query: {
          node,
          use: requirePerm('use', objects)(() => 7),
          revoke: async (_: unknown, { forget }: { forget: boolean }, { auth }: { auth: AuthContext }) => {
            await auth.may('use', '1')
            granted.delete('1')
            if (forget) auth.forgetAnswers()
            return node()
          },
        },
        Mutation: {
          revoke: requirePerm(
            'use',
            objects,
          )((_: unknown, { id }: { id: string }) => {
            granted.delete(id)
            return node()
          }),
        },
        Node: { secret: requirePerm(anyOf('use'), { object: ({ id }: { id: string }) => id })(() => 42) },
      },
    )
    return { served: new Protected(schema, { permissions: { check } }), calls: () => calls }
  }

  it('is asked once for an operation, however many rules ask', async () => {
    const { served, calls } = grants()
    expect(dataOf(await served.ask('{ a: use(id: "1") b: use(id: "1") node { secret other: secret } }', {}))).toEqual({
      a: 7,
      b: 7,
      node: { secret: 42, other: 42 },
    })
    expect(calls()).toBe(1)
  })

  it('is forgotten below a mutation that took the permission away', async () => {
    const { served } = grants()
    expect(await data(served, 'mutation { revoke(id: "1") { secret } }', {})).toEqual([{ revoke: { secret: null } }, ['revoke.secret INSUFFICIENT_PERMISSION']])
  })

  it('is forgotten when the application says so', async () => {
    expect(dataOf(await grants().served.ask('{ revoke(forget: false) { secret } }', {}))).toEqual({ revoke: { secret: 42 } })
    expect(dataOf(await grants().served.ask('{ revoke(forget: true) { secret } }', {}))).toEqual({ revoke: { secret: null } })
  })
})
