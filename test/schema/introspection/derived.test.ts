import { makeExecutableSchema } from '@graphql-tools/schema'
import { getResolversFromSchema, MapperKind, mapSchema } from '@graphql-tools/utils'
import { describe, expect, it } from '@jest/globals'
import {
  buildClientSchema,
  defaultFieldResolver,
  type ExecutionResult,
  execute,
  GraphQLInt,
  GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  introspectionFromSchema,
  lexicographicSortSchema,
  parse,
  printSchema,
  validate,
} from 'graphql'
import type { CommonSettings } from '../../../src/core/settings.js'
import { authorizeOperation } from '../../../src/schema/authorize-operation.js'
import { useAuth } from '../../../src/schema/envelop.js'
import { concealErrors } from '../../../src/schema/introspection/conceal.js'
import { protectSchema } from '../../../src/schema/protect-schema.js'
import { type Caller, contextOf, dataOf, Protected, refusals, schemaOf } from '../support.js'

const typeDefs = `
  type Query { open: Product closed: Secret @requiresScopes(scopes: [["admin"]]) }
  type Product { name: String cost(unit: String @requiresScopes(scopes: [["admin"]])): Int }
  type Secret @requiresScopes(scopes: [["admin"]]) { code: Int }
`
const resolvers = { Query: { open: () => ({ name: 'pen', cost: 3 }), closed: () => ({ code: 7 }) } }
const admin = { scopes: ['admin'] }
const reader = { scopes: ['read'] }

function serve(settings: CommonSettings): Protected {
  return new Protected(schemaOf(typeDefs, resolvers), { access: 'public', ...settings })
}

/** What people do to a schema that is protected already. */
const transformations: ReadonlyArray<readonly [string, (schema: GraphQLSchema) => GraphQLSchema]> = [
  ['mapSchema that changes nothing', (schema) => mapSchema(schema, {})],
  [
    'mapSchema that wraps every resolver',
    (schema) =>
      mapSchema(schema, {
        [MapperKind.OBJECT_FIELD]: (field) => ({ ...field, resolve: (...args) => (field.resolve ?? defaultFieldResolver)(...args) }),
      }),
  ],
  [
    'mapSchema that forgets what it knows of each field but its resolver',
    (schema) =>
      mapSchema(schema, { [MapperKind.OBJECT_FIELD]: ({ type, args = {}, astNode, resolve }) => ({ type, args, astNode, resolve: resolve as never }) }),
  ],
  [
    'mapSchema that forgets everything but resolvers',
    (schema) => mapSchema(schema, { [MapperKind.OBJECT_FIELD]: ({ type, args = {}, resolve }) => ({ type, args, resolve: resolve as never }) }),
  ],
  ['mapSchema twice', (schema) => mapSchema(mapSchema(schema, { [MapperKind.QUERY]: (type) => type }), {})],
  ['sorting', lexicographicSortSchema],
  ['a schema of the same types', (schema) => new GraphQLSchema({ query: schema.getQueryType() ?? null })],
  ['a schema of the same configuration without extensions', (schema) => new GraphQLSchema({ ...schema.toConfig(), extensions: {} })],
]

async function ask(schema: GraphQLSchema, server: Protected, source: string, caller: Caller): Promise<ExecutionResult> {
  return await execute({ schema, document: parse(source), contextValue: contextOf(server.auth, caller) })
}

async function shownTo(schema: GraphQLSchema, server: Protected, caller: Caller): Promise<string> {
  const result = await ask(schema, server, getIntrospectionQuery(), caller)
  if (result.errors !== undefined) throw result.errors[0]
  return printSchema(lexicographicSortSchema(buildClientSchema(dataOf(result) as IntrospectionQuery)))
}

describe.each(transformations)('a protected schema behind %s', (_what, transform) => {
  it('shows under filtered introspection what it showed before', async () => {
    const server = serve({ introspection: 'filtered' })
    const derived = transform(server.schema)
    expect(derived === server.schema).toBe(false)
    for (const caller of [null, reader, admin, null]) {
      const shown = await shownTo(derived, server, caller)
      expect(shown).toBe(await shownTo(server.schema, server, caller))
      expect(/Secret|closed|unit/.test(shown)).toBe(caller === admin)
    }
    const types = '{ __type(name: "Secret") { name } open { name } }'
    expect(dataOf(await ask(derived, server, types, reader))).toEqual({ __type: null, open: { name: 'pen' } })
    expect(dataOf(await ask(derived, server, types, admin))).toEqual({ __type: { name: 'Secret' }, open: { name: 'pen' } })
  })

  it('refuses private introspection to whom it refused it before', async () => {
    const server = serve({ introspection: 'private' })
    const derived = transform(server.schema)
    expect(refusals(await ask(derived, server, '{ __schema { queryType { name } } }', null))).toEqual(['__schema MISSING_TOKEN'])
    expect(dataOf(await ask(derived, server, '{ __type(name: "Secret") { name } }', reader))).toEqual({ __type: { name: 'Secret' } })
  })

  it('answers public introspection as ever, and refuses any other without an auth in the context', async () => {
    const open = serve({ introspection: 'public' })
    expect(await shownTo(transform(open.schema), open, null)).toMatch(/Secret/)
    for (const introspection of ['private', 'filtered'] as const) {
      const derived = transform(serve({ introspection }).schema)
      const result = await execute({ schema: derived, document: parse('{ __schema { queryType { name } } }'), contextValue: {} })
      expect([result.data, result.errors?.[0]?.message]).toEqual([null, expect.stringContaining('Query.__schema')])
      expect(() => introspectionFromSchema(derived)).toThrow()
    }
  })

  it('lets no error name what a caller may not see', () => {
    const server = serve({ introspection: 'filtered' })
    const derived = transform(server.schema)
    const document = parse('{ close }')
    const raw = validate(derived, document)
    expect(raw.join()).toMatch(/"closed"/)
    const told = (caller: Caller): string => concealErrors(raw, { schema: derived, document, contextValue: contextOf(server.auth, caller) }).join()
    expect(told(reader)).toMatch(/Cannot query field/)
    expect(told(reader)).not.toMatch(/closed/)
    expect(told(admin)).toBe(raw.join())
  })

  it('still refuses what it refused, and runs nowhere that asks before execution', async () => {
    const server = serve({ introspection: 'filtered' })
    const derived = transform(server.schema)
    expect(refusals(await ask(derived, server, '{ closed { code } }', reader))).toEqual(['closed INSUFFICIENT_SCOPE'])
    const args = { schema: derived, document: parse('{ open { name } }'), contextValue: contextOf(server.auth, admin) }
    expect(() => authorizeOperation(args)).toThrow('protectSchema')
  })

  it('can be protected again, and then shows the same', async () => {
    const server = serve({ introspection: 'filtered' })
    const again = protectSchema(transform(server.schema), server.auth)
    for (const caller of [null, admin]) expect(await shownTo(again, server, caller)).toBe(await shownTo(server.schema, server, caller))
  })
})

describe('a schema that was made from a protected one', () => {
  it('opens nothing that it has lost the leave to', async () => {
    const server = new Protected(schemaOf(typeDefs.replace('open: Product', 'open: Product @public'), resolvers), { introspection: 'filtered' })
    const anew = makeExecutableSchema({ typeDefs: printSchema(server.schema), resolvers: getResolversFromSchema(server.schema) })
    expect(await shownTo(server.schema, server, null)).toMatch(/Product/)
    expect(refusals(await ask(anew, server, '{ __schema { queryType { name } } }', null))).toEqual(['__schema MISSING_TOKEN'])
    // What its SDL does not say any more is still hidden.
    expect(await shownTo(anew, server, reader)).toBe(await shownTo(server.schema, server, reader))
    expect(await shownTo(anew, server, admin)).toMatch(/Secret/)
  })

  it('shows what was added to it, to whom it is open', async () => {
    const server = serve({ introspection: 'filtered' })
    const derived = mapSchema(server.schema, {
      [MapperKind.OBJECT_TYPE]: (type) => {
        const { fields, ...config } = type.toConfig()
        if (type.name !== 'Product') return undefined
        const extra = { stock: { type: GraphQLInt }, margin: { type: GraphQLInt, extensions: { auth: { scopes: 'admin' } } } }
        return new (type.constructor as typeof import('graphql').GraphQLObjectType)({ ...config, fields: { ...fields, ...extra } })
      },
    })
    expect(await shownTo(derived, server, reader)).toMatch(/stock/)
    expect(await shownTo(derived, server, reader)).not.toMatch(/margin/)
    expect(await shownTo(derived, server, admin)).toMatch(/margin/)
  })

  it('answers plugins that introspect it without a context where every caller has one', () => {
    const { auth, schema } = serve({ introspection: 'private' })
    let served: GraphQLSchema | undefined
    useAuth(auth).onSchemaChange?.({
      schema,
      replaceSchema: (replaced: GraphQLSchema) => {
        served = replaced
      },
    } as never)
    const derived = mapSchema(served ?? schema, {})
    expect(JSON.stringify(introspectionFromSchema(derived))).toContain('Secret')
  })

  it('is one only as far as it shares something with it: a schema of other resolvers is its own', async () => {
    const server = serve({ introspection: 'private' })
    const anew = makeExecutableSchema({ typeDefs: printSchema(server.schema), resolvers })
    expect((await ask(anew, server, '{ __schema { queryType { name } } }', null)).errors).toBeUndefined()
  })
})
