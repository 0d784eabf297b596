import { envelop, type Plugin, useEngine, useSchema } from '@envelop/core'
import { describe, expect, it } from '@jest/globals'
import * as graphql from 'graphql'
import { type GraphQLSchema, introspectionFromSchema, printSchema } from 'graphql'
import { useAuth } from '../../../src/schema/envelop.js'
import { protectSchema } from '../../../src/schema/protect-schema.js'
import { contextOf, schemaOf, testAuth } from '../support.js'

const schema = (): GraphQLSchema => schemaOf('type Query { open: String @public closed: String @requiresScopes(scopes: [["a"]]) }')

describe.each(['private', 'filtered'] as const)('introspection: %p', (introspection) => {
  it('answers plugins that introspect the schema without a context, and callers as ever', async () => {
    const auth = testAuth({ introspection })
    let seen: unknown
    const plugin: Plugin = {
      onValidate: () => {
        seen = introspectionFromSchema(getEnveloped({}).schema as GraphQLSchema)
      },
    }
    const getEnveloped = envelop({ plugins: [useEngine(graphql), useSchema(schema()), useAuth(auth), plugin] })
    const { parse, validate, contextFactory, execute, schema: served } = getEnveloped(contextOf(auth, null))
    const document = parse('{ __schema { queryType { name } } closed }')
    validate(served, document)
    expect(JSON.stringify(seen)).toContain('closed')
    const result = await execute({ schema: served, document, contextValue: await contextFactory() })
    expect(result.data).toBeUndefined()
    expect(result.errors).toHaveLength(introspection === 'private' ? 2 : 1)
  })

  it('refuses introspection without a context where no plugin sees to it', () => {
    const copy = protectSchema(schema(), testAuth({ introspection }))
    expect(() => introspectionFromSchema(copy)).toThrow()
    expect(printSchema(copy)).toContain('closed')
  })
})
