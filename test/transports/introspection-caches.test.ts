import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { GraphQLError } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { ask } from './support/http-client.js'
import type { RunningServer } from './support/http-serving.js'
import { openHouse, TYPOS } from './support/introspection-house.js'
import { listen } from './support/listen.js'

type Errors = readonly GraphQLError[]

/** Remembers by the text of a document what validation itself has found, and hands the same list to everybody. */
function cacheAroundValidation(hits: string[]): Plugin {
  const known = new Map<string, Errors>()
  return {
    onValidate({ params, setValidationFn, validateFn }) {
      const text = params.documentAST.loc?.source.body ?? ''
      setValidationFn((...args) => {
        const found = known.get(text) as GraphQLError[] | undefined
        if (found !== undefined) {
          hits.push(text)
          return found
        }
        const result = validateFn(...args) as GraphQLError[]
        known.set(text, result)
        return result
      })
    },
  }
}

/** Remembers what validation has come to, with all that plugins made of it, and puts it in the place of the next one. */
function cacheOfResults(hits: string[]): Plugin {
  const known = new Map<string, Errors>()
  return {
    onValidate({ params, setResult }) {
      const text = params.documentAST.loc?.source.body ?? ''
      const found = known.get(text)
      if (found !== undefined) {
        hits.push(text)
        return void setResult(found as GraphQLError[])
      }
      return ({ result }) => void known.set(text, result as Errors)
    },
  }
}

const none = (): Plugin => ({})
const CACHES: ReadonlyArray<readonly [name: string, make: (hits: string[]) => Plugin, isYogas: boolean]> = [
  ["Yoga's own cache", none, true],
  ['a cache around validation', cacheAroundValidation, false],
  ["a cache around validation, and Yoga's own", cacheAroundValidation, true],
  ['a cache of results', cacheOfResults, false],
  ["a cache of results, and Yoga's own", cacheOfResults, true],
]
const ORDERS: ReadonlyArray<readonly [string, ReadonlyArray<'clerk' | 'reader' | undefined>]> = [
  ['more rights first', ['clerk', undefined, 'reader', 'clerk', undefined]],
  ['no rights first', [undefined, 'clerk', undefined, 'reader', 'clerk']],
  ['some rights first', ['reader', 'clerk', 'reader', undefined, 'clerk']],
]
const invalid = TYPOS.slice(0, 3)

describe.each(CACHES)('B15 B19 with %s', (_cache, make, isYogas) => {
  const running: RunningServer[] = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.close()))
  })

  async function serve(introspection: 'private' | 'filtered', place: 'before' | 'behind'): Promise<{ url: string; hits: string[] }> {
    const { auth, schema } = openHouse({ introspection })
    const hits: string[] = []
    const plugins = place === 'before' ? [make(hits), useAuth(auth)] : [useAuth(auth), make(hits)]
    const yoga = createYoga({ schema, plugins, logging: false, landingPage: false, graphiql: false, parserAndValidationCache: isYogas })
    const server = await listen(createServer(yoga))
    running.push(server)
    return { url: server.url, hits }
  }

  describe.each(['before', 'behind'] as const)('%s the plugin', (place) => {
    it.each(ORDERS)('callers are told what they may read, %s', async (_order, tokens) => {
      for (const introspection of ['private', 'filtered'] as const) {
        const { url, hits } = await serve(introspection, place)
        for (const { query, secret, told } of invalid) {
          for (const token of tokens) {
            const reply = await ask(url, query, token, { headers: { accept: 'application/graphql-response+json' } })
            expect([reply.status, Object.keys(reply.body)]).toEqual([400, ['errors']])
            expect(reply.text).toMatch(told)
            const mayKnow = token === 'clerk' || (introspection === 'private' && token === 'reader')
            expect([token, secret.test(reply.text)]).toEqual([token, mayKnow])
            expect(reply.body.errors?.map(({ extensions }) => extensions)).toEqual(reply.body.errors?.map(() => ({ code: 'GRAPHQL_VALIDATION_FAILED' })))
          }
        }
        // A cache that nobody asks would show nothing here. Yoga's own stands before what validates.
        const repeated = make === none || (make === cacheAroundValidation && isYogas) ? 0 : tokens.length - 1
        expect(hits).toHaveLength(invalid.length * repeated)
      }
    })

    it('callers who ask at the same time are told what they may read', async () => {
      const { url } = await serve('filtered', place)
      const tokens = Array.from({ length: 30 }, (_, index) => (['clerk', undefined, 'reader'] as const)[index % 3])
      const replies = await Promise.all(tokens.map((token) => ask(url, '{ invoic }', token)))
      expect(replies.map(({ text }) => /invoices/.test(text))).toEqual(tokens.map((token) => token === 'clerk'))
    })

    it('what runs for one caller is judged anew for the next', async () => {
      for (const tokens of [
        ['clerk', undefined, 'reader'],
        [undefined, 'reader', 'clerk'],
      ] as const) {
        const { url } = await serve('filtered', place)
        const statuses = []
        for (const token of tokens) statuses.push((await ask(url, '{ invoices { total } }', token)).status)
        expect(statuses).toEqual(tokens.map((token) => (token === undefined ? 401 : { clerk: 200, reader: 403 }[token])))
      }
    })
  })
})
