import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse } from 'graphql'
import { AuthError } from '../../src/core/errors.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { contextOf, dataOf, NOW, Protected, schemaOf } from './support.js'

const schema = schemaOf(
  `
    type Query { open: String @public mine: String orders: String @requiresScopes(scopes: [["orders"]]) fresh: String }
  `,
  { Query: { open: () => 'open', mine: () => 'mine', orders: () => 'orders', fresh: requireOAuth({ maxAge: 60 })(() => 'fresh') } },
)

const refusals = (errors: ReturnType<typeof authorizeOperation>): readonly unknown[] =>
  errors.map((error) => (error instanceof AuthError ? error.refusal : error))
const coordinates = (errors: ReturnType<typeof authorizeOperation>): readonly unknown[] =>
  errors.map((error) => (error instanceof AuthError ? error.refusal.coordinate : error))

describe('authorizeOperation', () => {
  it('answers one error for each refused coordinate, of which the first alone says how HTTP answers', () => {
    const { auth, schema: copy } = new Protected(schema)
    const errors = authorizeOperation({ schema: copy, document: parse('{ open mine a: mine orders }'), contextValue: contextOf(auth, null) })
    expect(coordinates(errors)).toEqual(['Query.mine', 'Query.orders'])
    expect(errors.map(({ extensions }) => extensions.http)).toEqual([
      { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="graphql"', 'Cache-Control': 'no-store' } },
      undefined,
    ])
    expect(JSON.stringify(errors)).not.toContain('WWW-Authenticate')
  })

  it('looks at an operation anew whenever it is asked, also in one context', () => {
    const { auth, schema: copy } = new Protected(schema)
    const contextValue = contextOf(auth, null)
    const document = parse('query ($a: Boolean!) { open mine @include(if: $a) __schema @include(if: $a) { queryType { name } } }')
    const asked = (a: boolean): readonly unknown[] => coordinates(authorizeOperation({ schema: copy, document, variableValues: { a }, contextValue }))
    expect([asked(false), asked(true), asked(false), asked(true)]).toEqual([[], ['Query.__schema', 'Query.mine'], [], ['Query.__schema', 'Query.mine']])
  })

  it('lets guards trust it: what it has allowed is not judged again for each root field', async () => {
    let looked = 0
    const { auth, schema: copy } = new Protected(schema, {
      now: () => {
        looked += 1
        return NOW * 1000
      },
    })
    const args = { schema: copy, document: parse('{ fresh a: open b: open c: open }'), contextValue: contextOf(auth, { authenticatedAt: NOW }) }
    expect(authorizeOperation(args)).toEqual([])
    looked = 0
    expect(dataOf(await execute(args))).toEqual({ fresh: 'fresh', a: 'open', b: 'open', c: 'open' })
    // How fresh a login is depends on the clock, and is not remembered: the guard of that one field looks again.
    expect(looked).toBe(1)
  })

  it.each([
    ['an operation that is not there', 'query A { mine }', 'B'],
    ['no name, where there are two operations', 'query A { mine } query B { orders }', undefined],
    ['a document without operations', 'fragment F on Query { mine }', undefined],
  ])('leaves %s to execution, which runs nothing', async (_name, source, operationName) => {
    const { auth, schema: copy } = new Protected(schema)
    const args = { schema: copy, document: parse(source), operationName, contextValue: contextOf(auth, null) }
    expect(authorizeOperation(args)).toEqual([])
    const result = (await execute(args)) as ExecutionResult
    expect([result.data, result.errors?.length]).toEqual([undefined, 1])
  })

  it('takes no variables as well as null', () => {
    const { auth, schema: copy } = new Protected(schema)
    const document = parse('query ($a: Boolean = true) { open mine @include(if: $a) }')
    for (const variableValues of [undefined, null, {}]) {
      expect(coordinates(authorizeOperation({ schema: copy, document, variableValues, contextValue: contextOf(auth, null) }))).toEqual(['Query.mine'])
    }
  })

  it('refuses bad credentials once, and names no coordinate', () => {
    const { auth, schema: copy } = new Protected(schema)
    const errors = authorizeOperation({
      schema: copy,
      document: parse('{ mine orders }'),
      contextValue: contextOf(auth, { refusal: { reason: 'INVALID_TOKEN' } }),
    })
    expect(refusals(errors)).toEqual([{ reason: 'INVALID_TOKEN' }])
  })

  it('throws on a schema that was not protected, and on a context without auth', () => {
    const { auth, schema: copy } = new Protected(schema)
    const document = parse('{ open }')
    expect(() => authorizeOperation({ schema, document, contextValue: contextOf(auth, {}) })).toThrow('schema: expected the schema that protectSchema returned')
    expect(() => authorizeOperation({ schema: copy, document, contextValue: { auth } })).toThrow('the requirement on the operation: expected context.auth')
  })

  it('remembers plans for many sets of conditions, and is right for those that it does not remember', () => {
    const { auth, schema: copy } = new Protected(schema)
    const names = Array.from({ length: 8 }, (_, index) => `v${index}`)
    const document = parse(
      `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { open ${names.map((name) => `${name}: mine @include(if: $${name})`).join(' ')} }`,
    )
    for (let bits = 0; bits < 256; bits += 1) {
      const variableValues = Object.fromEntries(names.map((name, index) => [name, (bits & (1 << index)) !== 0]))
      const errors = authorizeOperation({ schema: copy, document, variableValues, contextValue: contextOf(auth, null) })
      expect(coordinates(errors)).toEqual(bits === 0 ? [] : ['Query.mine'])
    }
  })

  it('judges many callers by one document at once', async () => {
    const served = new Protected(schema)
    const callers = Array.from({ length: 200 }, (_, index) => ({ subject: `u${index}`, scopes: index % 2 === 0 ? ['orders'] : [] }))
    const results = await Promise.all(callers.map((caller) => served.ask('{ open orders }', caller)))
    expect(results.map((result) => dataOf(result))).toEqual(callers.map(({ scopes }) => (scopes.length > 0 ? { open: 'open', orders: 'orders' } : undefined)))
  })
})
