import type { IResolvers } from '@graphql-tools/utils'
import { afterEach, describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, type GraphQLSchema, parse, subscribe } from 'graphql'
import type { AuditLogger } from '../../src/core/audit.js'
import { createEngine } from '../../src/core/auth.js'
import type { AuthContext } from '../../src/core/auth-context.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import type { AuthorizationReport } from '../../src/core/report.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { finishOperation, takeReport } from '../../src/schema/report.js'
import { type Caller, contextOf, Protected, type Question, schemaOf, testAuth } from './support.js'

const PERMISSIONS = {
  check: async (_: unknown, questions: readonly { readonly object: unknown }[]) => questions.map(({ object }) => object === 'own'),
}

const TYPES = `
  type Query {
    open: String @public
    mine: String
    box: Box @public
    boxes: [Box] @public
    strict: [Box!]! @public
    colors: [Color] @public
    tight: [Color!] @public
    color: Color @public
    find(secret: String @requiresScopes(scopes: [["find"]]), filter: Filter): String @public
    document(id: String): Document @public
    checked: String @public
    twice: Box @public
  }
  enum Color { BLUE  RED @requiresScopes(scopes: [["red"]]) }
  input Filter { state: String  owner: String @policy(policies: [["filter"]]) }
  type Box { label: String  secret: String @requiresScopes(scopes: [["box"]])  must: String! @requiresScopes(scopes: [["box"]])  inner: Box  solid: Box! }
  type Document @authenticated { text: String  pages: [Page] }
  type Page { text: String @requiresScopes(scopes: [["box"]]) }
  type Subscription { ticks: Int @policy(policies: [["ticks"]])  open: Box @public }
`

const box = { label: 'label', secret: 'secret', must: 'must', inner: () => box, solid: () => box }

const RESOLVERS: IResolvers = {
  Query: {
    open: () => 'open',
    mine: () => 'mine',
    box: () => box,
    boxes: () => [box, box],
    strict: () => [box, box],
    twice: async () => box,
    colors: () => ['BLUE', 'RED', 'RED'],
    tight: () => ['BLUE', 'RED', 'RED'],
    color: () => 'RED',
    find: () => 'found',
    document: requirePerm('read', { object: (_: unknown, { id }: { id: string }) => id })(() => ({ text: 'text', pages: [{ text: 'one' }, { text: 'two' }] })),
    checked: (_: unknown, __: unknown, { auth }: { auth: AuthContext }) => {
      auth.requireScopes('checked')
      auth.requirePermissions('also.checked')
      return 'checked'
    },
  },
  Subscription: {
    ticks: {
      subscribe: async function* () {
        yield { ticks: 1 }
        yield { ticks: 2 }
      },
    },
    open: {
      subscribe: async function* () {
        yield { open: box }
        yield { open: box }
      },
    },
  },
} as IResolvers

const schema = (): GraphQLSchema => schemaOf(TYPES, RESOLVERS)

async function ask(on: Protected, source: string, caller: Caller, { variables = {} }: Question = {}): Promise<ExecutionResult> {
  const contextValue = contextOf(on.auth, caller)
  const args = { schema: on.schema, document: parse(source), variableValues: variables, contextValue }
  const errors = authorizeOperation(args)
  return errors.length > 0 ? { errors } : finishOperation(on.auth, contextValue, await execute(args))
}

const reportOf = ({ extensions }: ExecutionResult): AuthorizationReport | undefined => extensions?.authorization as AuthorizationReport | undefined

function enforced({ errors = [] }: ExecutionResult): readonly object[] {
  return errors.map(({ path, extensions }) => ({ ...(extensions.auth as object), decisionId: undefined, path }))
}

function reported(result: ExecutionResult): readonly object[] {
  return (reportOf(result)?.refused ?? []).map((refusal) => ({ ...refusal, decisionId: undefined, path: refusal.path }))
}

describe.each(['reject', 'null'] as const)("a dry run of denied: '%s'", (denied) => {
  const settings: CommonSettings = { denied, permissions: PERMISSIONS }
  const enforcing = new Protected(schema(), settings)
  const trying = new Protected(schema(), { ...settings, dryRun: true })

  it.each<[string, string, Caller, object?]>([
    ['a root field', '{ open mine }', null],
    ['a field below a refused one', '{ box { inner { secret inner { secret } } secret } }', null],
    ['a field that may not be null', '{ box { label must secret } open }', {}],
    ['what holds a field that may not be null', '{ box { inner { solid { solid { must } secret } label } secret } mine }', {}],
    ['a list whose items may be null', '{ boxes { label must secret } }', {}],
    ['a list whose items may not be null', '{ strict { label must secret } open }', {}],
    ['one place under two names and two fragments', '{ a: box { ...F } b: box { ... on Box { m: must } } } fragment F on Box { x: must y: secret }', {}],
    ['enum values in a list', '{ colors }', {}],
    ['enum values in a list without null', '{ tight color }', {}],
    ['an argument', '{ find(secret: "x") }', {}],
    ['an argument by variable', 'query ($s: String) { find(secret: $s) open }', {}, { s: 'x' }],
    ['an input field by variable', 'query ($f: Filter) { find(filter: $f) open }', {}, { f: { owner: 'x' } }],
    ['an object', '{ a: document(id: "own") { text } b: document(id: "other") { text pages { text } } }', {}],
    ['nobody, asking about an object', '{ document(id: "own") { text } }', null],
    ['introspection', '{ __schema { description } open }', null],
    ['a bad token', '{ open mine }', { refusal: { reason: 'TOKEN_REVOKED' } }],
    ['an unreachable provider', '{ open }', { refusal: { reason: 'BACKEND_UNAVAILABLE', retryAfter: 3 } }],
    ['an expired login', '{ open mine box { secret } }', { scopes: ['box'], expiresAt: 1 }],
  ])('reports %s as enforcement refuses it', async (_, source, caller, variables = {}) => {
    const errors = enforced(await ask(enforcing, source, caller, { variables: variables as Record<string, unknown> }))
    const result = await ask(trying, source, caller, { variables: variables as Record<string, unknown> })
    expect(errors.length).toBeGreaterThan(0)
    expect(result.errors).toBeUndefined()
    expect(Object.values(result.data ?? {})).not.toContain(null)
    expect(reported(result)).toEqual(errors)
  })

  it('reports nothing of what is allowed', async () => {
    const result = await ask(trying, '{ open mine box { secret must } colors }', { scopes: ['box', 'red'] })
    expect([result.errors, result.extensions]).toEqual([undefined, undefined])
  })
})

describe('a dry run', () => {
  const trying = new Protected(schema(), { dryRun: true, permissions: PERMISSIONS })
  const { NODE_ENV } = process.env
  afterEach(() => {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  })

  it('reports what resolvers check by themselves, which have no place in the result', async () => {
    const result = await ask(trying, '{ checked }', {})
    expect([result.data, result.errors]).toEqual([{ checked: 'checked' }, undefined])
    expect(reported(result)).toEqual([
      { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['checked']] },
      { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['also.checked']] },
    ])
  })

  it('lets guards through that only decorators have made', () => {
    const auth = testAuth({ dryRun: true })
    const context = contextOf(auth, { scopes: [] })
    const resolver = requireOAuth('secrets')(function vault(_source: unknown, _args: unknown, _context: unknown): string {
      return 'gold'
    })
    expect(resolver(null, {}, context)).toBe('gold')
    expect(takeReport(context)).toEqual({
      dryRun: true,
      decisionId: expect.any(String),
      refused: [{ reason: 'INSUFFICIENT_SCOPE', coordinate: 'vault', requiredScopes: [['secrets']] }],
    })
  })

  it('reports where no hook runs before the operation', async () => {
    const contextValue = contextOf(trying.auth, null)
    const result = await execute({ schema: trying.schema, document: parse('{ open mine }'), contextValue })
    expect(result).toEqual({ data: { open: 'open', mine: 'mine' } })
    expect(takeReport(contextValue)?.refused).toEqual([{ reason: 'MISSING_TOKEN', coordinate: 'Query.mine' }])
  })

  it.each([
    ['the operation', 'subscription { ticks }', [[{ reason: 'INSUFFICIENT_PERMISSION', coordinate: 'Subscription.ticks', requiredPermissions: [['ticks']] }]]],
    [
      'each event by itself',
      'subscription { open { secret } }',
      [[{ reason: 'INSUFFICIENT_SCOPE', coordinate: 'Box.secret', requiredScopes: [['box']], path: ['open', 'secret'] }]],
    ],
  ])('reports in every event of a subscription what refuses %s', async (name, source, refused) => {
    const on = new Protected(schema(), { dryRun: true, permissions: PERMISSIONS, denied: name === 'the operation' ? 'reject' : 'null' })
    const contextValue = contextOf(on.auth, {})
    const args = { schema: on.schema, document: parse(source), contextValue }
    expect(authorizeOperation(args)).toEqual([])
    const results: ExecutionResult[] = []
    for await (const result of finishOperation(on.auth, contextValue, (await subscribe(args)) as AsyncIterable<ExecutionResult>)) results.push(result)
    expect(results.map(({ errors }) => errors)).toEqual([undefined, undefined])
    expect(results.map((result) => reportOf(result)?.refused)).toEqual([refused[0], refused[0]])
  })

  it('takes credentials that are not good for none, and hands them to nobody', async () => {
    const lines: object[] = []
    const logger: AuditLogger = {
      debug: () => undefined,
      info: (event) => void lines.push(event),
      error: () => undefined,
      warn: (event) => void lines.push(event),
    }
    const backend = { name: 'no', verify: () => Promise.reject(new InvalidTokenError({ detail: 'bad signature' })) }
    const auth = createEngine(resolveSettings({ dryRun: true, audit: { logger } }, [backend]))
    expect(lines).toEqual([{ event: 'warning', code: 'dry-run' }])
    const authentication = await auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? ['Bearer canary'] : []) })
    const context = auth.createContext(authentication)
    expect([context.principal, context.token, context.scopes, context.hasScopes('a')]).toEqual([null, null, [], false])
    expect(auth.admit(authentication)).toBeNull()
    expect(lines[1]).toEqual({
      event: 'would-refuse',
      decisionId: expect.any(String),
      transport: 'test',
      anonymous: true,
      refusals: [expect.objectContaining({ reason: 'INVALID_TOKEN', detail: 'bad signature' })],
    })
    expect(JSON.stringify(lines)).not.toContain('canary')
  })

  it('keeps leases alive when the token expires', () => {
    let now = 1_000_000
    const auth = testAuth({ dryRun: true, now: () => now })
    const lease = auth.openLease({ principal: contextOf(auth, { expiresAt: 1_001 }).auth.principal, transport: 'test' })
    now = 2_000_000
    expect([lease.expiresAt, lease.isAlive()]).toEqual([1_001, true])
    lease.end('closed')
  })

  it('does not start in production unless it is asked twice', () => {
    process.env.NODE_ENV = ' Production'
    const { logger } = { logger: { debug: () => undefined, info: () => undefined, error: () => undefined } }
    expect(() => resolveSettings({ dryRun: true }, [])).toThrow('dryRun: expected false where NODE_ENV is production')
    expect(resolveSettings({ dryRun: true, dangerouslyDryRunInProduction: true, audit: { logger } }, []).dryRun).toBe(true)
    expect(resolveSettings({ dangerouslyDryRunInProduction: true }, []).dryRun).toBe(false)
  })
})

describe('a report beside the errors', () => {
  it('is there only where the settings ask for it, and shares one decision id with errors and log', async () => {
    const lines: Array<{ readonly event: string; readonly decisionId?: string }> = []
    const info = (event: object): void => void lines.push(event as never)
    const logger: AuditLogger = { debug: () => undefined, info, error: () => undefined }
    const source = '{ open box { secret inner { must } } }'
    const silent = await ask(new Protected(schema(), { denied: 'null', permissions: PERMISSIONS }), source, {})
    expect([silent.errors?.length, silent.extensions]).toEqual([2, undefined])
    const result = await ask(new Protected(schema(), { denied: 'null', permissions: PERMISSIONS, report: true, audit: { logger } }), source, {})
    const report = reportOf(result)
    expect(report).toMatchObject({ dryRun: false, refused: [{ path: ['box', 'secret'] }, { path: ['box', 'inner', 'must'] }] })
    expect(reported(result)).toEqual(enforced(result))
    const ids = [
      ...(result.errors ?? []).map(({ extensions }) => (extensions.auth as { decisionId: string }).decisionId),
      ...lines.flatMap(({ decisionId }) => decisionId ?? []),
    ]
    expect(ids.length).toBe(4)
    expect(new Set(ids)).toEqual(new Set([report?.decisionId]))
  })
})
