import { describe, expect, it } from '@jest/globals'
import { parse } from 'graphql'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { httpContext } from '../../src/transports/http/index.js'
import { answerToCredentials, answerToOperation, responseMediaType } from '../../src/transports/http/respond.js'
import { challenge } from './support/http-cases.js'
import { openShop } from './support/shop.js'

const JSON_TYPE = 'application/json; charset=utf-8'
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8'
const fetched = (token?: string): Request => new Request('http://127.0.0.1/', token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })

describe('responseMediaType', () => {
  it.each([
    [undefined, JSON_TYPE],
    [null, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['application/graphql-response+json', GRAPHQL_TYPE],
    ['APPLICATION/GraphQL-Response+JSON;charset=utf-8', GRAPHQL_TYPE],
    ['application/graphql-response+json, application/json;q=0.9', GRAPHQL_TYPE],
    ['application/json, application/graphql-response+json', JSON_TYPE],
    ['text/html, */*', JSON_TYPE],
    ['text/html, application/graphql-response+json', GRAPHQL_TYPE],
    ['text/html', JSON_TYPE],
  ])('answers Accept: %j with %s', (accept, expected) => {
    expect(responseMediaType(accept)).toBe(expected)
  })
})

describe('answers to a refused operation', () => {
  const { auth, schema } = openShop()
  const args = async (query: string, token?: string): Promise<Parameters<typeof answerToOperation>[0]> => ({
    schema: protectSchema(schema, auth),
    document: parse(query),
    contextValue: await httpContext(auth, fetched(token)),
  })

  it('are none for an operation that may run', async () => {
    expect(answerToOperation(await args('{ open }'))).toBeNull()
    expect(answerToOperation(await args('{ open }'), true)).toBeNull()
  })

  it('carry the status and challenge when it is the only one', async () => {
    expect(answerToOperation(await args('{ me }'))).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': challenge() } })
    expect(answerToOperation(await args('{ report }', 'reader'))).toMatchObject({ status: 403 })
    expect(answerToOperation(await args('{ open }', 'busy'))).toMatchObject({ status: 503, headers: { 'Retry-After': '7' } })
  })

  it('leave the status alone in a batch, unless the credentials refuse all of it', async () => {
    expect(answerToOperation(await args('{ me }'), true)).toMatchObject({ status: 200, headers: {}, errors: [{ message: 'Unauthorized' }] })
    expect(answerToOperation(await args('{ report }', 'reader'), true)).toMatchObject({ status: 200, headers: {} })
    expect(answerToOperation(await args('{ open }', 'stranger'), true)).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': challenge(', error="invalid_token"') },
    })
    expect(answerToOperation(await args('{ open }', 'busy'), true)).toMatchObject({ status: 503 })
  })

  it('throw for a schema that is not protected, and for a context without auth', async () => {
    const allowed = await args('{ open }', 'reader')
    expect(() => answerToOperation({ ...allowed, schema })).toThrow('schema: expected the schema that protectSchema returned')
    for (const contextValue of [undefined, null, {}, { auth: { principal: {}, refusal: null } }]) {
      expect(() => answerToOperation({ ...allowed, contextValue })).toThrow('context.auth, which nothing has set on this server')
    }
  })
})

describe('answers to credentials', () => {
  it.each([
    [undefined, null],
    ['reader', null],
    ['stranger', 401],
    ['busy', 503],
  ])('for %j: %j', async (token, status) => {
    const { auth } = openShop()
    const context = await httpContext(auth, fetched(token))
    expect(answerToCredentials(auth, context.auth)?.status ?? null).toBe(status)
  })
})
