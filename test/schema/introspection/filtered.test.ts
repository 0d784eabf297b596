import { describe, expect, it } from '@jest/globals'
import { GraphQLSchema } from 'graphql'
import { Protected, schemaOf } from '../support.js'
import { shownTo } from './support.js'

const reader = { scopes: ['read'] }
const scoped = '@requiresScopes(scopes: [["admin"]])'

/** The SDL that is left of a schema under public access. */
async function left(typeDefs: string, caller: { scopes: string[] } | null = reader, settings: object = {}): Promise<string> {
  return (await shownTo(new Protected(schemaOf(typeDefs), { access: 'public', introspection: 'filtered', ...settings }), caller)).replace(/\s+/g, ' ')
}

describe('filtered introspection', () => {
  it('works', async () => {
    expect(await left(`type Query { a: String b: String ${scoped} }`)).toBe('type Query { a: String }')
    expect(GraphQLSchema).toBeDefined()
  })
})
