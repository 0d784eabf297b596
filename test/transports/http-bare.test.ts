import { beforeEach, describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse } from 'graphql'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { httpContext } from '../../src/transports/http/index.js'
import { openShop } from './support/shop.js'

/** graphql-js by itself: nothing asks before an operation runs, so the guards at the resolvers are all there is. */
describe('a protected schema that is executed with nothing around it', () => {
  const { auth, schema, calls, log } = openShop()
  const copy = protectSchema(schema, auth)

  async function run(source: string, token?: string, variableValues: Record<string, unknown> = {}): Promise<ExecutionResult> {
    const request = new Request('http://127.0.0.1/', token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
    return await execute({ schema: copy, document: parse(source), variableValues, contextValue: await httpContext(auth, request) })
  }
  const reasons = ({ errors }: ExecutionResult): unknown[] =>
    (errors ?? []).map(({ path, extensions }) => [path?.join('.'), extensions.code, Reflect.get(extensions.auth as object, 'reason')])

  beforeEach(() => {
    calls.clear()
    log.length = 0
  })

  it('answers what is allowed', async () => {
    expect(await run('{ open me orders { id } }', 'reader')).toEqual({ data: { open: 'hello', me: 'u1', orders: [{ id: '1' }] } })
  })

  it('runs no resolver of an operation that is refused in part', async () => {
    const result = await run('{ nothing me mine: me }')
    expect(result.data).toEqual({ nothing: null, me: null, mine: null })
    expect(reasons(result)).toEqual([
      ['nothing', 'UNAUTHENTICATED', 'MISSING_TOKEN'],
      ['me', 'UNAUTHENTICATED', 'MISSING_TOKEN'],
      ['mine', 'UNAUTHENTICATED', 'MISSING_TOKEN'],
    ])
    expect(calls.size).toBe(0)
  })

  it('gives each field its own error, and a neighbour that would be allowed the first of the others', async () => {
    const result = await run('{ me report vault }', 'reader')
    expect(reasons(result)).toEqual([
      ['me', 'FORBIDDEN', 'INSUFFICIENT_PERMISSION'],
      ['report', 'FORBIDDEN', 'INSUFFICIENT_PERMISSION'],
      ['vault', 'UNAUTHENTICATED', 'INSUFFICIENT_AUTHENTICATION'],
    ])
    expect(calls.size).toBe(0)
  })

  it('writes one line to the audit log, however many fields are refused', async () => {
    await run(`{ ${Array.from({ length: 200 }, (_, index) => `f${index}: me`).join(' ')} }`)
    expect(log).toHaveLength(1)
  })

  it.each(['old', 'gone', 'stranger', 'busy'])('refuses every field of the bad token %s', async (token) => {
    const result = await run('{ nothing me __typename }', token)
    expect(result.data).toEqual({ nothing: null, me: null, __typename: 'Query' })
    expect(calls.size).toBe(0)
  })

  it('reads the coerced variables, defaults included', async () => {
    const source = 'query ($a: Boolean = false, $b: Boolean = true) { nothing report @include(if: $a) hidden: report @skip(if: $b) }'
    expect(await run(source, 'reader')).toEqual({ data: { nothing: null } })
    expect(reasons(await run(source, 'reader', { a: true }))).toHaveLength(2)
    expect(reasons(await run(source, 'reader', { b: false }))).toHaveLength(2)
    expect(await run(source, 'clerk', { a: true, b: false })).toEqual({ data: { nothing: null, report: 'figures', hidden: 'figures' } })
  })

  it('counts variables as unknown that are called like the two records of graphql 17, and so refuses more', async () => {
    const source = 'query ($sources: Boolean!, $coerced: Boolean!) { nothing report @include(if: $sources) vault @include(if: $coerced) }'
    const result = await run(source, 'clerk', { sources: false, coerced: false })
    expect(reasons(result)).toEqual([['nothing', 'UNAUTHENTICATED', 'INSUFFICIENT_AUTHENTICATION']])
    expect(calls.size).toBe(0)
  })

  it('asks again when the same context runs the same document with other variables', async () => {
    const contextValue = await httpContext(auth, new Request('http://127.0.0.1/', { headers: { authorization: 'Bearer reader' } }))
    const document = parse('query ($a: Boolean!) { nothing report @include(if: $a) }')
    const once = async (a: boolean): Promise<ExecutionResult> => execute({ schema: copy, document, variableValues: { a }, contextValue })
    expect((await once(false)).errors).toBeUndefined()
    expect((await once(true)).errors).toHaveLength(2)
    expect((await once(false)).errors).toBeUndefined()
  })
})
