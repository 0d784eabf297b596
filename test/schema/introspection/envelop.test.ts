import { envelop, type Plugin, useEngine, useSchema } from '@envelop/core'
import { describe, expect, it } from '@jest/globals'
import type { ExecutionResult, GraphQLError } from 'graphql'
import * as graphql from 'graphql'
import { useAuth } from '../../../src/schema/envelop.js'
import { openHouse, TYPOS, type Typo } from '../../transports/support/introspection-house.js'
import { contextOf } from '../support.js'
import { messages } from './support.js'

const engine = useEngine({ parse: graphql.parse, validate: graphql.validate, specifiedRules: graphql.specifiedRules, execute: graphql.execute })

/** A server on Envelop that is not Yoga: it validates, and builds the context when the document is valid. */
function serve(introspection: 'private' | 'filtered' | 'public', before: readonly Plugin[] = [], behind: readonly Plugin[] = []) {
  const { auth, schema } = openHouse({ introspection })
  const getEnveloped = envelop({ plugins: [engine, useSchema(schema), ...before, useAuth(auth), ...behind] })
  const read = async ({ query, variables = {} }: Typo, initial: object): Promise<readonly string[]> => {
    const proxy = getEnveloped(initial as Record<string, unknown>)
    const document = proxy.parse(query)
    const invalid = proxy.validate(proxy.schema, document) as readonly GraphQLError[]
    if (invalid.length > 0) return invalid.map(({ message }) => message)
    const contextValue = await proxy.contextFactory()
    return messages((await proxy.execute({ schema: proxy.schema, document, contextValue, variableValues: variables })) as ExecutionResult)
  }
  const byRequest = (token?: string): object => ({
    request: new Request('http://127.0.0.1/', token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  })
  return { auth, read, byRequest }
}

const invalid = TYPOS.filter(({ variables }) => variables === undefined)
const unfit = TYPOS.filter(({ variables }) => variables !== undefined)

describe.each(['private', 'filtered'] as const)('B15 on a server that validates before it knows the caller, under %s introspection', (introspection) => {
  it.each(invalid)('everybody reads of a typo near $what what an anonymous caller reads', async (row) => {
    const { read, byRequest } = serve(introspection)
    const open = serve('public')
    expect((await open.read(row, open.byRequest())).join()).toMatch(row.secret)
    const anonymous = await read(row, byRequest())
    expect(anonymous.join()).toMatch(row.told)
    expect(anonymous.join()).not.toMatch(row.secret)
    if (introspection === 'private') expect(anonymous.join()).not.toMatch(/Did you mean/)
    for (const token of ['clerk', 'reader', 'stranger']) expect(await read(row, byRequest(token))).toEqual(anonymous)
  })

  it.each(invalid)('a caller whom the transport has put into the context reads of a typo near $what what he may', async (row) => {
    const { auth, read } = serve(introspection)
    const clerk = contextOf(auth, { scopes: ['bills'] })
    for (const [caller, mayKnow] of [
      [clerk, true],
      [contextOf(auth, null), false],
      [contextOf(auth, { scopes: ['read'] }), introspection === 'private'],
      [clerk, true],
    ] as const) {
      expect(row.secret.test((await read(row, { ...caller })).join())).toBe(mayKnow)
    }
  })

  it.each(unfit)('each reads of a typo near $what what he may, since the caller is known by then', async (row) => {
    const { read, byRequest } = serve(introspection)
    for (const [token, mayKnow] of [
      ['clerk', true],
      [undefined, false],
      ['reader', introspection === 'private'],
      ['clerk', true],
    ] as const) {
      const told = (await read(row, byRequest(token))).join()
      expect(told).toMatch(row.told)
      expect(row.secret.test(told)).toBe(mayKnow)
    }
  })

  it('an auth that a context is left with from another request says nothing of this one', async () => {
    const { read, byRequest, auth } = serve(introspection)
    const left = { ...contextOf(auth, { scopes: ['bills'] }), ...byRequest() }
    expect((await read(invalid[0] as Typo, left)).join()).not.toMatch(/invoices/)
  })

  it.each(['before', 'behind'] as const)('a cache of results %s the plugin gives nobody what another caller may read', async (place) => {
    const known = new Map<string, readonly unknown[]>()
    const cache: Plugin = {
      onValidate({ params, setResult }) {
        const text = graphql.print(params.documentAST)
        const found = known.get(text)
        if (found !== undefined) return void setResult(found as GraphQLError[])
        return ({ result }) => void known.set(text, result)
      },
    }
    const { auth, read, byRequest } = place === 'before' ? serve(introspection, [cache]) : serve(introspection, [], [cache])
    const clerk = contextOf(auth, { scopes: ['bills'] })
    for (const [context, mayKnow] of [
      [{ ...clerk }, true],
      [byRequest(), false],
      [byRequest('clerk'), false],
      [{ ...clerk }, true],
      [{ ...contextOf(auth, null) }, false],
    ] as const) {
      for (const row of invalid) expect(row.secret.test((await read(row, context)).join())).toBe(mayKnow)
    }
    expect(known.size).toBe(invalid.length)
  })
})
