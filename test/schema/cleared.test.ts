import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse } from 'graphql'
import { AuthContext } from '../../src/core/auth-context.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { protectedSchemaOf } from '../../src/schema/protected-schema.js'
import { contextOf, Protected, refusals, schemaOf } from './support.js'

const served = new Protected(
  schemaOf(
    `
      type Query @public { nodes: [Node!]! }
      type Mutation { rename: String @requiresScopes(scopes: [["secrets"]]) }
      interface Node { id: ID! }
      type User implements Node { id: ID! secret: String @requiresScopes(scopes: [["secrets"]]) }
      type Bot implements Node { id: ID! }
    `,
    {
      Query: {
        nodes: () => [
          { __typename: 'User', id: '1', secret: 's' },
          { __typename: 'Bot', id: '2' },
        ],
      },
      Mutation: { rename: () => 'done' },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
    },
  ),
)

const document = parse('query ($bots: Boolean!) { nodes { id ... on User @skip(if: $bots) { secret } } }')
const [operation] = document.definitions as [object]
const made = protectedSchemaOf(served.schema) as object
const KEEPER = { scopes: ['secrets'] }
const READER = { scopes: ['other'] }

function ask(contextValue: object, variableValues: Record<string, unknown>): Promise<ExecutionResult> {
  return Promise.resolve(execute({ schema: served.schema, document, variableValues, contextValue }))
}

function isCleared({ auth }: { readonly auth: AuthContext }): boolean {
  return auth.isCleared(operation, made, {})
}

describe('an operation that was authorized', () => {
  it('is cleared for a caller who meets all that it can come by', async () => {
    const contextValue = contextOf(served.auth, KEEPER)
    expect(authorizeOperation({ schema: served.schema, document, variableValues: { bots: false }, contextValue })).toEqual([])
    expect(isCleared(contextValue)).toBe(true)
    expect((await ask(contextValue, { bots: false })).errors).toBeUndefined()
  })

  it('is not cleared by variables that leave out what the caller may not see', async () => {
    const contextValue = contextOf(served.auth, READER)
    expect(authorizeOperation({ schema: served.schema, document, variableValues: { bots: true }, contextValue })).toEqual([])
    expect(isCleared(contextValue)).toBe(false)
    expect((await ask(contextValue, { bots: true })).errors).toBeUndefined()
    expect(refusals(await ask(contextValue, { bots: false }))).toEqual(['nodes.0.secret INSUFFICIENT_SCOPE'])
  })

  it('is cleared for one context and one operation alone', () => {
    const contextValue = contextOf(served.auth, KEEPER)
    authorizeOperation({ schema: served.schema, document, variableValues: { bots: false }, contextValue })
    expect(isCleared(contextOf(served.auth, KEEPER))).toBe(false)
    expect(contextValue.auth.isCleared(parse('{ nodes { id } }').definitions[0] as object, made, {})).toBe(false)
  })

  it.each([[null], [undefined], ['text'], [{}], [{ auth: null }], [{ auth: { isCleared: () => true } }], [{ auth: Object.create(AuthContext.prototype) }]])(
    'is not cleared by a context of another make, also right after one that was: %p',
    async (context) => {
      const contextValue = contextOf(served.auth, KEEPER)
      authorizeOperation({ schema: served.schema, document, variableValues: { bots: false }, contextValue })
      expect(JSON.stringify(await ask(contextValue, { bots: false }))).toContain('"secret":"s"')
      const { data, errors } = await ask(context as object, { bots: false })
      expect(errors).toHaveLength(1)
      expect(data ?? null).toBeNull()
    },
  )
})
