import { describe, expect, it } from '@jest/globals'
import { type DocumentNode, type ExecutionArgs, type ExecutionResult, execute, type GraphQLResolveInfo, Kind, parse } from 'graphql'
import type { AnyFunction } from '../../src/decorators/declaration.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { type Execute, type JitOptions, jitExecute } from '../../src/schema/graphql-jit.js'
import { type Caller, contextOf, dataOf, Protected, refusals, schemaOf } from './support.js'

const sdl = `
  type Query {
    rows: [Row] @requiresScopes(scopes: [["read"]])
    nodes: [Node] @public
    again: String @public
    mine(id: ID!): String @public
    open: String @public
    echo(text: String): String @public
  }
  interface Node { id: ID secret: String }
  type Row implements Node { id: ID secret: String @requiresScopes(scopes: [["secrets"]]) upper: String @requiresScopes(scopes: [["read"]]) }
  type Free implements Node { id: ID secret: String }
  type Mutation { first: String @requiresScopes(scopes: [["read"]]) second: String @requiresScopes(scopes: [["read"]]) }
  type Subscription { ticks: String @requiresScopes(scopes: [["read"]]) }
`
const withEnum = `
  type Query { roles: [Role] @public }
  enum Role { READER ADMIN @requiresScopes(scopes: [["admin"]]) }
`
const rows = Array.from({ length: 3 }, (_, index) => ({ __typename: 'Row', id: `${index}`, secret: `secret ${index}` }))
const NESTED = parse('{ rows { secret } }')
const resolvers = {
  Query: {
    rows: () => rows,
    nodes: () => [...rows, { __typename: 'Free', id: 'free', secret: 'told' }],
    // A resolver that asks its own schema something that nobody has held against the caller.
    again: async (_: unknown, _args: object, contextValue: unknown, { schema }: GraphQLResolveInfo) =>
      JSON.stringify((await execute({ schema, document: NESTED, contextValue })).data),
    mine: requirePerm('read', { object: (_, { id }: { id: string }) => id })(() => 'mine'),
    open: () => 'open',
    echo: (_: unknown, { text }: { text?: string }) => text ?? null,
  },
  Row: { upper: ({ secret }: { secret: string }) => secret.toUpperCase() },
  Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
  Mutation: { first: () => 'first', second: () => 'second' },
  Subscription: {
    ticks: {
      async *subscribe() {
        yield { ticks: '1' }
      },
    },
  },
}
const permissions = { check: (_: unknown, questions: readonly { object: unknown }[]) => questions.map(({ object }) => object === 'mine') }
const NOBODY: Caller = null
const READER: Caller = { scopes: ['read'] }
const OWNER: Caller = { scopes: ['read', 'secrets'] }
const ADMIN: Caller = { scopes: ['read', 'secrets', 'admin'] }

/** A server that executes by one `execute` for as long as it lives. */
class Server {
  readonly served: Protected
  readonly execute: Execute
  /** How often the operation was left to graphql-js. */
  interpreted = 0
  readonly #documents = new Map<string, DocumentNode>()

  constructor({ denied = 'reject', ...options }: JitOptions & { readonly denied?: 'reject' | 'null' } = {}) {
    this.served = new Protected(schemaOf(sdl, resolvers), { denied, permissions })
    this.execute = jitExecute({ compileAt: 1, ...options }, (args) => {
      this.interpreted += 1
      return execute(args)
    })
  }

  document(source: string): DocumentNode {
    const document = this.#documents.get(source) ?? parse(source)
    this.#documents.set(source, document)
    return document
  }

  async ask(source: string | DocumentNode, caller: Caller, more: Partial<ExecutionArgs> = {}): Promise<ExecutionResult> {
    const document = typeof source === 'string' ? this.document(source) : source
    const args = { schema: this.served.schema, document, variableValues: {}, contextValue: contextOf(this.served.auth, caller), ...more }
    const errors = authorizeOperation(args)
    return errors.length > 0 ? { errors } : ((await this.execute(args)) as ExecutionResult)
  }
}

const SOURCES = [
  '{ rows { id secret upper } }',
  '{ open rows { id } }',
  '{ nodes { id secret ... on Row { upper } } }',
  '{ open mine(id: "mine") }',
  '{ open mine(id: "other") }',
  'query ($on: Boolean = false) { open rows @include(if: $on) { secret } }',
  'mutation { first second }',
  '{ __schema { queryType { name } } open }',
  '{ ...All } fragment All on Query { nodes { ...Part } } fragment Part on Node { hidden: secret }',
]

describe('compiled operations', () => {
  it.each(SOURCES)('answer each caller what graphql-js answers, whoever came first: %s', async (source) => {
    for (const denied of ['reject', 'null'] as const) {
      for (const callers of [
        [NOBODY, READER, OWNER, ADMIN],
        [ADMIN, OWNER, READER, NOBODY],
      ]) {
        const server = new Server({ denied })
        for (const caller of [...callers, ...callers]) {
          const expected = await server.served.ask(source, caller)
          const compiled = await server.ask(source, caller)
          expect([caller, dataOf(compiled), [...refusals(compiled)].sort()]).toEqual([caller, dataOf(expected), [...refusals(expected)].sort()])
        }
        expect(server.interpreted).toBe(0)
      }
    }
  })

  it('ask no guard that has nothing to ask, and read fields without a resolver as they are', async () => {
    const server = new Server()
    const looksOf = async (caller: Caller): Promise<number> => {
      let looks = 0
      const { auth } = contextOf(server.served.auth, caller)
      const contextValue = Object.defineProperty({}, 'auth', {
        get: () => {
          looks += 1
          return auth
        },
      })
      await server.ask('{ nodes { id secret } }', null, { contextValue })
      return looks
    }
    const ofOwner = await looksOf(OWNER)
    // Four rows, of which three have a guard.
    expect(await looksOf(READER)).toBeGreaterThanOrEqual(ofOwner + 3)
  })

  it('put every guard back where it was', async () => {
    const server = new Server()
    const guards = guardsOf(server)
    await server.ask('{ rows { id secret upper } }', OWNER)
    expect(guardsOf(server)).toEqual(guards)
    expect(guards.get('Row.secret')).toBeDefined()
    expect(refusals(await server.served.askBare('{ rows { secret } }', READER))).toContain('rows INSUFFICIENT_SCOPE')
  })

  it('put every guard back when the compiler throws', async () => {
    const server = new Server({ compiler: { resolverInfoEnricher: 'no function' as never } })
    const guards = guardsOf(server)
    await expect(server.ask('{ rows { id } }', OWNER)).rejects.toThrow('resolverInfoEnricher must be a function')
    expect(guardsOf(server)).toEqual(guards)
  })

  it('give resolvers the guarded schema, so that what they ask it is held against the caller', async () => {
    const server = new Server()
    expect(dataOf(await server.ask('{ again }', READER))).toEqual({ again: JSON.stringify({ rows: null }) })
    expect(dataOf(await server.ask('{ again }', OWNER))).toEqual({ again: JSON.stringify({ rows: rows.map(({ secret }) => ({ secret })) }) })
  })

  it('are not shared by documents that share an operation, and not its fragments', async () => {
    const server = new Server()
    const plain = parse('query Q { ...F } fragment F on Query { open }')
    const other = parse('fragment F on Query { open rows { secret } }')
    const operation = plain.definitions[0]
    if (operation === undefined) throw new Error('no operation')
    const swapped: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...other.definitions] }
    const contextValue = contextOf(server.served.auth, READER)
    expect(dataOf(await server.ask(plain, null, { contextValue }))).toEqual({ open: 'open' })
    // Executed as it is, without being authorized: it was not cleared by the other.
    const result = (await server.execute({ schema: server.served.schema, document: swapped, contextValue })) as ExecutionResult
    expect(dataOf(result)).toEqual({ open: null, rows: null })
  })

  it('are chosen by the name of the operation', async () => {
    const server = new Server()
    const source = 'query A { open } query B { rows { secret } }'
    expect(dataOf(await server.ask(source, READER, { operationName: 'A' }))).toEqual({ open: 'open' })
    expect(refusals(await server.ask(source, READER, { operationName: 'B' }))).toEqual(['Row.secret INSUFFICIENT_SCOPE'])
    expect(dataOf(await server.ask(source, OWNER, { operationName: 'B' }))).toEqual({ rows: rows.map(({ secret }) => ({ secret })) })
    expect(dataOf(await server.ask(source, READER, { operationName: 'A' }))).toEqual({ open: 'open' })
    expect(server.interpreted).toBe(0)
  })

  it('coerce variables as graphql-js does', async () => {
    const server = new Server()
    const source = 'query ($text: String) { echo(text: $text) }'
    expect(dataOf(await server.ask(source, NOBODY, { variableValues: { text: 'yes' } }))).toEqual({ echo: 'yes' })
    const { errors } = await server.ask(source, NOBODY, { variableValues: { text: 1 } })
    expect(errors?.[0]?.message).toContain('String cannot represent a non string value')
  })

  it('come after the first use, unless the options say otherwise', async () => {
    const server = new Server({ compileAt: 3 })
    for (const interpreted of [1, 2, 2, 2]) {
      await server.ask('{ open }', NOBODY)
      expect(server.interpreted).toBe(interpreted)
    }
    const second = new Server({ compileAt: 2 })
    for (const interpreted of [1, 1]) {
      await second.ask('{ open }', NOBODY)
      expect(second.interpreted).toBe(interpreted)
    }
  })

  it.each([0, -1, 1.5, Number.NaN, '2' as never])('do not start with compileAt %p', (compileAt) => {
    expect(() => jitExecute({ compileAt })).toThrow('compileAt')
  })
})

describe('what graphql-jit does not know is left to graphql-js', () => {
  it('directives of an executor', async () => {
    const server = new Server()
    await server.ask('{ open @live }', NOBODY)
    expect(server.interpreted).toBe(1)
  })

  it('resolvers of the call', async () => {
    const server = new Server()
    const fieldResolver: AnyFunction = () => 'from the call'
    await server.ask('{ open }', NOBODY, { fieldResolver })
    await server.ask('{ open }', NOBODY, { typeResolver: () => 'Row' })
    expect(server.interpreted).toBe(2)
  })

  it('an operation that is not there', async () => {
    const server = new Server()
    const { errors } = await server.ask('query A { open } query B { open }', NOBODY)
    expect(errors?.[0]?.message).toContain('Must provide operation name')
    expect(server.interpreted).toBe(1)
  })

  it('an event of a subscription', async () => {
    const server = new Server()
    const result = await server.ask('subscription { ticks }', READER, { rootValue: { ticks: '1' } })
    expect(dataOf(result)).toEqual({ ticks: '1' })
    expect(server.interpreted).toBe(1)
  })
})

describe('items of a list that are refused', () => {
  it('leave the list as long as it is', async () => {
    const { auth, schema } = new Protected(schemaOf(withEnum, { Query: { roles: () => ['READER', 'ADMIN'] } }))
    let interpreted = 0
    const run = jitExecute({ compileAt: 1 }, (args) => {
      interpreted += 1
      return execute(args)
    })
    const document = parse('{ roles }')
    const ask = async (caller: Caller): Promise<ExecutionResult> => {
      const args = { schema, document, contextValue: contextOf(auth, caller) }
      expect(authorizeOperation(args)).toEqual([])
      return (await run(args)) as ExecutionResult
    }
    expect(dataOf(await ask(ADMIN))).toEqual({ roles: ['READER', 'ADMIN'] })
    expect(interpreted).toBe(0)
    const refused = await ask(READER)
    expect([dataOf(refused), refusals(refused)]).toEqual([{ roles: ['READER', null] }, ['roles.1 INSUFFICIENT_SCOPE']])
    expect(interpreted).toBe(1)
  })
})

describe('operations that would take the compiler long', () => {
  const many = Array.from({ length: 40 }, (_, index) => `type T${index} implements Wide { wide: Wide name: String }`).join('\n')
  const wide = `
    type Query { wide: Wide @public take(tree: Tree): String @public }
    interface Wide { wide: Wide name: String }
    input Tree { left: Tree right: Tree }
    ${many}
  `
  it.each([
    ['variables of an input type that contains itself', 'query ($tree: Tree) { take(tree: $tree) }'],
    ['selections that many types meet', '{ wide { wide { wide { name } } } }'],
    ['a fragment that spreads itself where no type meets it', '{ wide { ... on Query { ...Endless } } } fragment Endless on Query { ...Endless ...Endless }'],
  ])('are left to graphql-js: %s', async (_name, source) => {
    let interpreted = 0
    const run = jitExecute({ compileAt: 1 }, (args) => {
      interpreted += 1
      return execute(args)
    })
    const before = performance.now()
    await run({ schema: schemaOf(wide), document: parse(source) })
    expect(interpreted).toBe(1)
    // It would be some ten seconds, or memory would end first.
    expect(performance.now() - before).toBeLessThan(2000)
  })

  it('are not those that fragments, types and variables keep small', async () => {
    const run = jitExecute({ compileAt: 1 }, () => {
      throw new Error('not compiled')
    })
    const source = 'query ($tree: String = "oak") { wide { ...Name ... on T1 { wide { ... on T2 { wide { name } } } } } } fragment Name on Wide { name }'
    await run({ schema: schemaOf(wide), document: parse(source) })
  })
})

describe('a schema without protection', () => {
  it('is compiled as it is', async () => {
    const run = jitExecute({ compileAt: 1 }, () => {
      throw new Error('not compiled')
    })
    const result = await run({ schema: schemaOf(sdl, resolvers), document: parse('{ rows { secret } }') })
    expect(dataOf(result as ExecutionResult)).toEqual({ rows: rows.map(({ secret }) => ({ secret })) })
  })
})

/** The resolvers of every field, by coordinate. */
function guardsOf({ served: { schema } }: Server): ReadonlyMap<string, unknown> {
  return new Map(
    Object.values(schema.getTypeMap()).flatMap((type) =>
      'getFields' in type && !type.name.startsWith('__')
        ? Object.values(type.getFields()).flatMap((field) => ('resolve' in field ? [[`${type.name}.${field.name}`, field.resolve] as const] : []))
        : [],
    ),
  )
}
