import { useMaskedErrors, useSchema } from '@envelop/core'
import { describe, expect, it } from '@jest/globals'
import { createYoga } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { fixture, requestOf, run } from './envelop-support.js'

describe('masking', () => {
  const kinds: ReadonlyArray<[string, string | undefined, string, string | undefined, string]> = [
    ['an operation that is refused', undefined, '{ mine }', 'UNAUTHENTICATED', 'Unauthorized'],
    ['a missing scope', 'ada', '{ secret }', 'FORBIDDEN', 'Forbidden'],
    ['a bad token', 'bad', '{ open }', 'UNAUTHENTICATED', 'Unauthorized'],
    ['a field that is refused at run time', 'ada', '{ node { secret } }', 'FORBIDDEN', 'Forbidden'],
  ]

  it.each(kinds)('by useMaskedErrors leaves the error of %s as it is, before and after useAuth', async (_name, token, source, code, message) => {
    for (const first of [true, false]) {
      const { auth, schema } = fixture()
      const plugins = first ? [useSchema(schema), useMaskedErrors(), useAuth(auth)] : [useSchema(schema), useAuth(auth), useMaskedErrors()]
      const { errors } = await run(plugins, source, { request: requestOf(token) })
      const [error] = JSON.parse(JSON.stringify(errors)) as Array<{ message: string; extensions: { code: string; auth: { reason: string } } }>
      expect([error?.message, error?.extensions.code, typeof error?.extensions.auth.reason]).toEqual([message, code, 'string'])
    }
  })

  it.each(kinds)("by Yoga leaves the error of %s as it is, without what is Yoga's part of it", async (_name, token, source, code, message) => {
    const { auth, schema } = fixture()
    const yoga = createYoga({ schema, plugins: [useAuth(auth)], logging: false })
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const response = await yoga.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body: JSON.stringify({ query: source }) })
    const { errors } = (await response.json()) as { errors: Array<{ message: string; extensions: { code: string; http?: unknown; originalError?: unknown } }> }
    expect([errors[0]?.message, errors[0]?.extensions.code, errors[0]?.extensions.http, errors[0]?.extensions.originalError]).toEqual([
      message,
      code,
      undefined,
      undefined,
    ])
  })

  it('hides other errors behind it, and how the server is not wired', async () => {
    const { auth, schema } = fixture()
    const broken = await run([useSchema(schema), useAuth(auth), useMaskedErrors()], '{ breaks }', { request: requestOf('ada') })
    expect(broken.errors?.map(({ message }) => message)).toEqual(['Unexpected error.'])
    const unwired = await run([useSchema(schema), useMaskedErrors()], '{ decorated }', {})
    expect(unwired.errors?.map(({ message }) => message)).toEqual(['Unexpected error.'])
  })
})
