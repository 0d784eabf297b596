import { envelop, useEngine } from '@envelop/core'
import { describe, expect, it } from '@jest/globals'
import {
  type DocumentNode,
  defaultFieldResolver,
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  isObjectType,
  parse,
  specifiedRules,
  subscribe,
  validate,
} from 'graphql'
import { createYoga } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { type JitOptions, useJit } from '../../src/schema/graphql-jit.js'
import { type AnyPlugin, fixture, requestOf } from './envelop-support.js'
import { dataOf, refusals } from './support.js'

/** Counts what graphql-jit compiles: it asks this for each resolver of an operation. */
function counted(): { readonly options: JitOptions; readonly compiled: () => number } {
  let compiled = 0
  const resolverInfoEnricher = (): object => {
    compiled += 1
    return {}
  }
  return { options: { compiler: { resolverInfoEnricher } }, compiled: () => compiled }
}

/** A server on Envelop that keeps parsed documents, by their text. */
function server(plugins: readonly AnyPlugin[]): (source: string, token?: string) => Promise<ExecutionResult> {
  const documents = new Map<string, DocumentNode>()
  const parseOnce = (source: string): DocumentNode => {
    const document = documents.get(source) ?? parse(source)
    documents.set(source, document)
    return document
  }
  const engine = useEngine({ parse: parseOnce as typeof parse, validate, specifiedRules, execute, subscribe })
  const getEnveloped = envelop({ plugins: [engine, ...plugins] })
  return async (source, token) => {
    const proxy = getEnveloped({ request: requestOf(token) })
    const document = proxy.parse(source)
    const contextValue = await proxy.contextFactory()
    return (await proxy.execute({ schema: proxy.schema, document, contextValue })) as ExecutionResult
  }
}

const useSchemaOf = (schema: ReturnType<typeof fixture>['schema']): AnyPlugin => ({ onPluginInit: ({ setSchema }) => setSchema(schema) })

describe('useJit on Envelop', () => {
  it.each([
    ['behind useAuth', (auth: AnyPlugin, jit: AnyPlugin) => [auth, jit]],
    ['before useAuth', (auth: AnyPlugin, jit: AnyPlugin) => [jit, auth]],
  ])('answers as without it, %s', async (_order, plugins) => {
    const { auth, schema } = fixture()
    const { options, compiled } = counted()
    const ask = server([useSchemaOf(schema), ...plugins(useAuth(auth), useJit(options))])
    const plain = server([useSchemaOf(schema), useAuth(auth)])
    for (let time = 0; time < 4; time += 1) {
      for (const source of ['{ open who }', '{ mine }', '{ secret }', '{ node { id secret } }', '{ decorated freed }', '{ breaks }']) {
        for (const token of [undefined, 'keeper', 'ada', 'bad']) {
          const found = await ask(source, token)
          const expected = await plain(source, token)
          expect([source, token, dataOf(found), refusals(found)]).toEqual([source, token, dataOf(expected), refusals(expected)])
        }
      }
    }
    expect(compiled()).toBeGreaterThan(0)
  })

  it('compiles at the second use, once for each way to run it', async () => {
    const { auth, schema } = fixture()
    const { options, compiled } = counted()
    const ask = server([useSchemaOf(schema), useAuth(auth), useJit(options)])
    const counts: number[] = []
    for (const token of ['keeper', 'keeper', 'keeper', 'ada', 'ada']) {
      await ask('{ node { id secret } }', token)
      counts.push(compiled())
    }
    // The node and its type; for whoever is not cleared, its secret has a guard as well.
    expect(counts).toEqual([0, 2, 2, 5, 5])
  })

  it('keeps what other plugins have wrapped around resolvers', async () => {
    const { auth, schema } = fixture()
    const resolved: string[] = []
    const useOnResolve: AnyPlugin = {
      onSchemaChange({ schema: current }) {
        for (const type of Object.values(current.getTypeMap())) {
          if (!isObjectType(type) || type.name.startsWith('__')) continue
          for (const field of Object.values(type.getFields())) {
            const inner: GraphQLFieldResolver<unknown, unknown> = field.resolve ?? defaultFieldResolver
            field.resolve = (...args) => {
              resolved.push(`${type.name}.${field.name}`)
              return inner(...args)
            }
          }
        }
      },
    }
    for (const plugins of [[], [useJit({ compileAt: 1 })]]) {
      const ask = server([useSchemaOf(schema), useAuth(auth), useOnResolve, ...plugins])
      expect(dataOf(await ask('{ secret }', 'keeper'))).toEqual({ secret: 'secret' })
      expect(refusals(await ask('{ secret }', 'ada'))).toEqual(['Query.secret INSUFFICIENT_SCOPE'])
      expect(new Set(resolved.splice(0))).toEqual(new Set(['Query.secret']))
    }
  })

  it('says with which option it does not start', () => {
    expect(() => useJit({ compileAt: 0 })).toThrow('compileAt')
  })
})

describe('useJit on Yoga', () => {
  it('enforces what it enforces without', async () => {
    const { auth, schema } = fixture()
    const { options, compiled } = counted()
    const yoga = createYoga({ schema, plugins: [useAuth(auth), useJit(options)], logging: false })
    const ask = async (token?: string): Promise<readonly [number, unknown]> => {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      }
      const response = await yoga.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body: JSON.stringify({ query: '{ secret }' }) })
      return [response.status, ((await response.json()) as ExecutionResult).data]
    }
    for (let time = 0; time < 3; time += 1) {
      expect(await ask('keeper')).toEqual([200, { secret: 'secret' }])
      expect(await ask('ada')).toEqual([403, undefined])
      expect(await ask('bad')).toEqual([401, undefined])
      expect(await ask()).toEqual([401, undefined])
    }
    expect(compiled()).toBe(1)
  })

  it("keeps the application's errors masked, and refusals as they are", async () => {
    const { auth, schema } = fixture()
    const yoga = createYoga({ schema, plugins: [useAuth(auth), useJit({ compileAt: 1 })], logging: false })
    const ask = async (query: string): Promise<ExecutionResult> => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer ada' }
      const response = await yoga.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) })
      return (await response.json()) as ExecutionResult
    }
    expect(await ask('{ breaks }')).toMatchObject({ data: { breaks: null }, errors: [{ message: 'Unexpected error.', path: ['breaks'] }] })
    expect(await ask('{ node { secret } }')).toMatchObject({ data: { node: { secret: null } }, errors: [{ extensions: { code: 'FORBIDDEN' } }] })
  })
})
