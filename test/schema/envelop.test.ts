import { envelop, type Plugin, useEngine, useExtendContext, useMaskedErrors, useSchema } from '@envelop/core'
import { MapperKind, mapSchema } from '@graphql-tools/utils'
import { describe, expect, it } from '@jest/globals'
import { defaultFieldResolver, type ExecutionResult, execute, type GraphQLSchema, parse, specifiedRules, subscribe, validate } from 'graphql'
import { createYoga } from 'graphql-yoga'
import { createEngine } from '../../src/core/auth.js'
import { AuthContext } from '../../src/core/auth-context.js'
import type { TokenBackend } from '../../src/core/backend.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { createPrincipal } from '../../src/core/principal.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { useAuth } from '../../src/schema/envelop.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { compileRequirements } from '../../src/schema/requirement-table.js'
import { contextOf, dataOf, demands, NOW, refusals, schemaOf, type testAuth } from './support.js'

// biome-ignore lint/suspicious/noExplicitAny: plugins of one server add different members to one context.
type AnyPlugin = Plugin<any>

const engine = useEngine({ parse, validate, specifiedRules, execute, subscribe })

function fixture(settings: CommonSettings = {}): { auth: ReturnType<typeof testAuth>; schema: GraphQLSchema; ran: string[]; verified: string[] } {
  const ran: string[] = []
  const verified: string[] = []
  const backend: TokenBackend = {
    name: 'echo',
    async verify({ token }) {
      verified.push(token)
      if (token === 'bad') throw new InvalidTokenError()
      return { issuer: 'https://issuer.test', subject: token, scopes: token === 'keeper' ? ['secrets'] : [] }
    },
  }
  const silent = { debug: () => undefined, info: () => undefined, error: () => undefined }
  const auth = createEngine(resolveSettings({ audit: { logger: silent }, now: () => NOW * 1000, cacheSize: 0, ...settings }, [backend]))
  const read =
    <T>(name: string, value: T) =>
    (): T => {
      ran.push(name)
      return value
    }
  const schema = schemaOf(
    `
      type Query { open: String @public mine: String secret: String @requiresScopes(scopes: [["secrets"]]) node: Node @public breaks: String @public who: String @public decorated: String freed: String }
      interface Node { id: ID secret: String }
      type User implements Node { id: ID secret: String @requiresScopes(scopes: [["secrets"]]) }
      type Bot implements Node { id: ID secret: String }
    `,
    {
      Query: {
        open: read('open', 'open'),
        mine: read('mine', 'mine'),
        secret: read('secret', 'secret'),
        node: () => ({ __typename: 'User', id: 1, secret: 'user secret' }),
        breaks: () => {
          throw new TypeError('postgres://secret@db')
        },
        who: (_: unknown, __: unknown, context: object) => AuthContext.of(context)?.principal?.subject ?? 'nobody',
        decorated: requireOAuth('secrets')(read('decorated', 'decorated')),
        freed: publicAccess()(read('freed', 'freed')),
      },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
    },
  )
  return { auth, schema, ran, verified }
}

const requestOf = (token?: string): Request => new Request('http://127.0.0.1/', token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })

/** Runs a document through plugins as a server on Envelop does. */
async function run(plugins: readonly AnyPlugin[], source: string, initial: object): Promise<ExecutionResult> {
  const proxy = envelop({ plugins: [engine, ...plugins] })(initial as Record<string, unknown>)
  const document = proxy.parse(source)
  const invalid = proxy.validate(proxy.schema, document)
  if (invalid[0] !== undefined) throw invalid[0]
  const contextValue = await proxy.contextFactory()
  return (await proxy.execute({ schema: proxy.schema, document, contextValue })) as ExecutionResult
}

describe('useAuth', () => {
  it.each([
    ['a fetch request under request', (token: string) => ({ request: requestOf(token) })],
    ['a fetch request under req', (token: string) => ({ req: requestOf(token) })],
    [
      'a node:http request under req, before a fetch request',
      (token: string) => ({ request: requestOf('other'), req: { url: '/', headersDistinct: { authorization: [`Bearer ${token}`] } } }),
    ],
  ])('finds %s', async (_name, contextFor) => {
    const { auth, schema } = fixture()
    expect(dataOf(await run([useSchema(schema), useAuth(auth)], '{ who }', contextFor('ada')))).toEqual({ who: 'ada' })
  })

  it('authenticates a request once, however many operations come by it', async () => {
    const { auth, schema, verified } = fixture()
    const request = requestOf('ada')
    const plugins = [useSchema(schema), useAuth(auth)]
    await Promise.all([run(plugins, '{ who }', { request }), run(plugins, '{ mine }', { request })])
    expect(verified).toEqual(['ada'])
  })

  it('keeps the auth that a transport has put into the context, and does not believe another', async () => {
    const { auth, schema, verified } = fixture()
    const plugins = [useSchema(schema), useAuth(auth)]
    expect(dataOf(await run(plugins, '{ who }', { ...contextOf(auth, { subject: 'socket' }), request: requestOf('ada') }))).toEqual({ who: 'socket' })
    expect(verified).toEqual([])
    expect(dataOf(await run(plugins, '{ who }', { auth: { principal: { subject: 'root' } }, request: requestOf('ada') }))).toEqual({ who: 'ada' })
  })

  it('says what is missing when there is neither a request nor an auth', async () => {
    const { auth, schema } = fixture()
    await expect(run([useSchema(schema), useAuth(auth)], '{ open }', {})).rejects.toThrow('useAuth: expected the request in the context')
  })

  it('refuses before any resolver, and any plugin that looks at execution, gets to see the operation', async () => {
    const { auth, schema, ran } = fixture()
    const seen: string[] = []
    const later: Plugin = { onExecute: () => void seen.push('execute') }
    const result = await run([useSchema(schema), useAuth(auth), later], '{ open mine secret }', { request: requestOf() })
    expect([result.data, refusals(result), ran]).toEqual([undefined, ['Query.mine MISSING_TOKEN', 'Query.secret MISSING_TOKEN'], []])
  })

  it('refuses an operation for what a later plugin puts into its context', async () => {
    const { auth, schema } = fixture()
    const overwrite = useExtendContext(() => ({ auth: { principal: { subject: 'root' } } }))
    await expect(run([useSchema(schema), useAuth(auth), overwrite], '{ open }', { request: requestOf('ada') })).rejects.toThrow(
      'context.auth, which nothing has set on this server',
    )
  })

  describe('beside plugins that change the schema', () => {
    /** Wraps every resolver in a function that the package knows nothing of, once. */
    const wrapping = (): Plugin => {
      let mine: GraphQLSchema | undefined
      return {
        onSchemaChange({ schema, replaceSchema }) {
          if (schema === mine) return
          mine = mapSchema(schema, {
            [MapperKind.OBJECT_FIELD]: (field) => {
              const { resolve = defaultFieldResolver } = field
              return { ...field, resolve: (...args) => resolve(...args) }
            },
          })
          replaceSchema(mine)
        },
      }
    }
    /** The same, but only of what it is first given. */
    const wrappingOnce = (): Plugin => {
      let done = false
      const inner = wrapping()
      return {
        onSchemaChange(payload) {
          if (done) return
          done = true
          inner.onSchemaChange?.(payload as never)
        },
      }
    }
    const orders: ReadonlyArray<[string, (schema: GraphQLSchema, plugin: AnyPlugin) => readonly AnyPlugin[]]> = [
      ['before it', (schema, plugin) => [useSchema(schema), wrappingOnce(), plugin]],
      ['after it', (schema, plugin) => [useSchema(schema), plugin, wrappingOnce()]],
      ['on both sides', (schema, plugin) => [useSchema(schema), wrappingOnce(), plugin, wrappingOnce()]],
    ]

    it.each(orders)('%s, guards what the SDL demands', async (_name, arrange) => {
      const { auth, schema, ran } = fixture()
      const plugins = arrange(schema, useAuth(auth))
      expect(refusals(await run(plugins, '{ mine secret }', { request: requestOf('ada') }))).toEqual(['Query.secret INSUFFICIENT_SCOPE'])
      const partial = await run(plugins, '{ node { id secret } }', { request: requestOf('ada') })
      expect([dataOf(partial), refusals(partial)]).toEqual([{ node: { id: '1', secret: null } }, ['node.secret INSUFFICIENT_SCOPE']])
      expect(ran).toEqual([])
      expect(dataOf(await run(plugins, '{ open mine secret node { secret } }', { request: requestOf('keeper') }))).toEqual({
        open: 'open',
        mine: 'mine',
        secret: 'secret',
        node: { secret: 'user secret' },
      })
      expect(dataOf(await run(plugins, '{ open }', { request: requestOf() }))).toEqual({ open: 'open' })
    })

    it.each(orders)('%s, guards what decorators demand', async (_name, arrange) => {
      const { auth, schema, ran } = fixture()
      const plugins = arrange(schema, useAuth(auth))
      const refused = await run(plugins, '{ decorated }', { request: requestOf('ada') })
      expect([dataOf(refused)?.valueOf() ?? { decorated: null }, ran]).toEqual([{ decorated: null }, []])
      expect(refusals(refused)[0]).toMatch(/ INSUFFICIENT_SCOPE$/)
      expect(dataOf(await run(plugins, '{ decorated }', { request: requestOf('keeper') }))).toEqual({ decorated: 'decorated' })
    })

    it('after it, opens what decorators open', async () => {
      const { auth, schema } = fixture()
      expect(dataOf(await run([useSchema(schema), useAuth(auth), wrappingOnce()], '{ freed }', { request: requestOf() }))).toEqual({ freed: 'freed' })
    })

    it('before it, opens nothing that only a decorator opens, since it cannot be seen', async () => {
      const { auth, schema, ran } = fixture()
      const result = await run([useSchema(schema), wrappingOnce(), useAuth(auth)], '{ freed }', { request: requestOf() })
      expect([refusals(result), ran]).toEqual([['Query.freed MISSING_TOKEN'], []])
    })
  })

  it('keeps what is declared small, however often the schema is changed and protected again', () => {
    const { auth, schema } = fixture()
    const again = (given: GraphQLSchema): GraphQLSchema => mapSchema(protectSchema(given, auth), { [MapperKind.OBJECT_FIELD]: (field) => ({ ...field }) })
    const often = Array.from({ length: 20 }).reduce<GraphQLSchema>(again, schema)
    expect(demands(compileRequirements(often, auth.settings), 'Query.decorated')).toEqual(['scopes secrets'])
    expect(often.getQueryType()?.getFields().decorated?.extensions).toMatchObject({ 'gatehouse.declared': { own: [{ scopes: [['secrets']] }] } })
  })
})

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

describe('incremental delivery', () => {
  const defer = 'directive @defer(if: Boolean, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT'
  const sdl = `
    ${defer}
    type Query { node: Node @public open: String @public mine: String }
    interface Node { id: ID secret: String }
    type User implements Node { id: ID secret: String @requiresScopes(scopes: [["secrets"]]) }
    type Bot implements Node { id: ID secret: String }
  `
  async function stream(source: string, token?: string, settings: CommonSettings = {}): Promise<{ status: number; text: string; ran: boolean }> {
    let ran = false
    const schema = schemaOf(sdl, {
      Query: {
        node: () => ({ __typename: 'User', id: 1 }),
        open: () => 'open',
        mine: () => {
          ran = true
          return 'mine alone'
        },
      },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      User: {
        secret: () => {
          ran = true
          return 'user secret'
        },
      },
    })
    const yoga = createYoga({ schema, plugins: [useAuth(fixture(settings).auth)], logging: false })
    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const response = await yoga.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body: JSON.stringify({ query: source }) })
    return { status: response.status, text: await response.text(), ran }
  }

  it('refuses for what is deferred like for what is not', async () => {
    const { status, text, ran } = await stream('{ open ... @defer { mine } }')
    expect([status, text.includes('"MISSING_TOKEN"'), text.includes('"data"'), ran]).toEqual([401, true, false, false])
  })

  it.each([
    ['a fragment that shows its type at run time only', '{ node { id ... @defer { secret } } }', {}],
    ["a fragment under denied: 'null'", '{ node { ... on User @defer { secret } } }', { denied: 'null' }],
    ['a named fragment', '{ node { id ...S @defer(label: "s") } } fragment S on Node { secret }', {}],
  ] as const)('sends nothing in a later payload that is refused: %s', async (_name, source, settings) => {
    const refused = await stream(source, 'ada', settings)
    expect([refused.status, refused.text.includes('"hasNext":false'), refused.text.includes('INSUFFICIENT_SCOPE'), refused.ran]).toEqual([
      200,
      true,
      true,
      false,
    ])
    expect(refused.text).not.toContain('user secret')
    expect((await stream(source, 'keeper', settings)).text).toContain('user secret')
  })
})

describe('a stream of results', () => {
  it("ends when the caller's token expires, with one error that says so, and closes its source", async () => {
    const clock = { seconds: NOW }
    let closed = false
    let wake = (): void => undefined
    const { auth } = fixture({ now: () => clock.seconds * 1000 })
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: {
        ticks: {
          subscribe: async function* () {
            try {
              yield { ticks: 1 }
              await new Promise<void>((resolve) => {
                wake = resolve
              })
              yield { ticks: 2 }
            } finally {
              closed = true
            }
          },
        },
      },
    })
    const proxy = envelop({ plugins: [engine, useSchema(schema), useAuth(auth)] })(contextOf(auth, { expiresAt: NOW + 60 }))
    const contextValue = await proxy.contextFactory()
    const stream = (await proxy.subscribe({
      schema: proxy.schema,
      document: proxy.parse('subscription { ticks }'),
      contextValue,
    })) as AsyncIterable<ExecutionResult>
    const iterator = stream[Symbol.asyncIterator]()
    expect(dataOf((await iterator.next()).value)).toEqual({ ticks: 1 })
    clock.seconds = NOW + 60
    const last = iterator.next()
    expect(refusals((await last).value)).toEqual(['- TOKEN_EXPIRED'])
    expect((await iterator.next()).done).toBe(true)
    wake()
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(true)
  })

  it("ends with the connection's lease, and leaves it to the transport to say why", async () => {
    const { auth } = fixture()
    let closed = false
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: {
        ticks: {
          subscribe: async function* () {
            try {
              yield { ticks: 1 }
              await new Promise(() => undefined)
            } finally {
              closed = true
            }
          },
        },
      },
    })
    const authentication = {
      principal: createPrincipal({ issuer: 'https://issuer.test', subject: 'ada' }),
      refusal: null,
      credentials: null,
      transport: 'test',
    }
    const lease = auth.openLease(authentication)
    const proxy = envelop({ plugins: [engine, useSchema(schema), useAuth(auth)] })({ auth: auth.createContext(authentication, lease) })
    const contextValue = await proxy.contextFactory()
    const stream = (await proxy.subscribe({
      schema: proxy.schema,
      document: proxy.parse('subscription { ticks }'),
      contextValue,
    })) as AsyncIterable<ExecutionResult>
    const iterator = stream[Symbol.asyncIterator]()
    expect(dataOf((await iterator.next()).value)).toEqual({ ticks: 1 })
    const waiting = iterator.next()
    lease.end('closed')
    expect((await waiting).done).toBe(true)
    // The source waits for what never comes: it is told to return, and nobody waits for it.
    expect(closed).toBe(false)
  })

  it('is not opened for who may not have it', async () => {
    const { auth } = fixture()
    let started = false
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int @requiresScopes(scopes: [["ticks"]]) }', {
      Subscription: {
        ticks: {
          subscribe: () => {
            started = true
          },
        },
      },
    })
    const proxy = envelop({ plugins: [engine, useSchema(schema), useAuth(auth)] })({ request: requestOf('ada') })
    const contextValue = await proxy.contextFactory()
    const result = (await proxy.subscribe({ schema: proxy.schema, document: proxy.parse('subscription { ticks }'), contextValue })) as ExecutionResult
    expect([refusals(result), started]).toEqual([['Subscription.ticks INSUFFICIENT_SCOPE'], false])
  })
})
