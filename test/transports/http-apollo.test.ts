import { createServer } from 'node:http'
import { ApolloServer, type ApolloServerOptions, type ApolloServerPlugin, HeaderMap } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { startStandaloneServer } from '@apollo/server/standalone'
import { expressMiddleware } from '@as-integrations/express5'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import express from 'express'
import { GraphQLError } from 'graphql'
import { AuthError } from '../../src/core/errors.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { apolloAuth, type HttpContext, httpContext } from '../../src/transports/http/index.js'
import { challenge } from './support/http-cases.js'
import { ask, send } from './support/http-client.js'
import { describeHttp } from './support/http-suite.js'
import { listen } from './support/listen.js'
import { openShop, type Shop } from './support/shop.js'

const apollo = ({ auth, schema }: Shop): ApolloServer<HttpContext> =>
  new ApolloServer<HttpContext>({
    schema: protectSchema(schema, auth),
    plugins: [apolloAuth(auth), ApolloServerPluginLandingPageDisabled()],
    allowBatchedHttpRequests: true,
    includeStacktraceInErrorResponses: false,
  })

// Apollo asks for a header that no simple request can carry.
const traits = { headers: { 'apollo-require-preflight': 'yes' }, negotiates: true, foreignBody: 400, batches: true }

describeHttp({
  ...traits,
  name: 'Apollo Server, standalone',
  async start(shop) {
    const server = apollo(shop)
    const { url } = await startStandaloneServer(server, { context: ({ req }) => httpContext(shop.auth, req), listen: { host: '127.0.0.1', port: 0 } })
    return { url, close: () => server.stop() }
  },
})

describeHttp({
  ...traits,
  name: 'Apollo Server on Express',
  async start(shop) {
    const server = apollo(shop)
    await server.start()
    const app = express().use('/graphql', express.json(), expressMiddleware(server, { context: ({ req }) => httpContext(shop.auth, req) }))
    const running = await listen(createServer(app))
    return { url: running.url, close: () => Promise.all([running.close(), server.stop()]).then(() => undefined) }
  },
})

describe('apolloAuth', () => {
  const servers: ApolloServer<HttpContext>[] = []
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()))
  })

  async function serve(
    shop: Shop,
    options: Partial<ApolloServerOptions<HttpContext>> = {},
    context = (req: Parameters<typeof httpContext>[1]) => httpContext(shop.auth, req),
  ): Promise<string> {
    const server = new ApolloServer<HttpContext>({
      schema: protectSchema(shop.schema, shop.auth),
      plugins: [apolloAuth(shop.auth)],
      includeStacktraceInErrorResponses: false,
      allowBatchedHttpRequests: true,
      ...(options as object),
    })
    servers.push(server)
    return (await startStandaloneServer(server, { context: ({ req }) => context(req), listen: { host: '127.0.0.1', port: 0 } })).url
  }

  it('does not let a server start whose schema is not protected, or protected for another auth', async () => {
    const { auth, schema } = openShop()
    for (const given of [schema, protectSchema(schema, openShop().auth)]) {
      const server = new ApolloServer({ schema: given, plugins: [apolloAuth(auth)] })
      await expect(server.start()).rejects.toThrow(/apolloAuth: schema: expected the schema that protectSchema returned for the same auth/)
      await server.stop().catch(() => undefined)
    }
  })

  it('runs nothing when the context carries no auth', async () => {
    const shop = openShop()
    const url = await serve(shop, {}, async () => ({ auth: { principal: { subject: 'root' } } }) as never)
    const { status, body } = await ask(url, '{ open }', 'reader')
    expect(status).toBe(500)
    expect(body.errors?.[0]?.message).toContain('context.auth, which nothing has set on this server')
    expect([body.data, shop.calls.size]).toEqual([undefined, 0])
  })

  it('refuses before another plugin can answer from a cache', async () => {
    const shop = openShop()
    const fromCache = jest.fn(async () => ({
      http: { headers: new HeaderMap() },
      body: { kind: 'single' as const, singleResult: { data: { me: 'cached for somebody else' } } },
    }))
    const cache: ApolloServerPlugin<HttpContext> = { requestDidStart: async () => ({ responseForOperation: fromCache }) }
    const url = await serve(shop, { plugins: [cache, apolloAuth(shop.auth)] })
    const { status, body } = await ask(url, '{ me }')
    expect([status, body.data]).toEqual([401, undefined])
    expect(fromCache).not.toHaveBeenCalled()
  })

  it('shows other plugins the refusal as an AuthError', async () => {
    const shop = openShop()
    const seen: unknown[] = []
    const listener: ApolloServerPlugin<HttpContext> = { requestDidStart: async () => ({ didEncounterErrors: async ({ errors }) => void seen.push(...errors) }) }
    const url = await serve(shop, { plugins: [apolloAuth(shop.auth), listener] })
    await ask(url, '{ me }')
    expect(seen).toEqual([expect.any(AuthError)])
  })

  it('leaves the answer to a plugin whose error came first, and its errors to Apollo', async () => {
    const shop = openShop()
    const strict: ApolloServerPlugin<HttpContext> = {
      requestDidStart: async () => ({
        didResolveOperation: () => Promise.reject(new GraphQLError('Too expensive', { extensions: { code: 'COST', http: { status: 429 } } })),
      }),
    }
    const url = await serve(shop, { plugins: [strict, apolloAuth(shop.auth)] })
    const { status, body } = await ask(url, '{ me report }')
    expect([status, body]).toEqual([429, { errors: [{ message: 'Too expensive', extensions: { code: 'COST' } }] }])
  })

  it('formats the second error like the first, when it is given the formatter', async () => {
    const shop = openShop()
    const formatError = (formatted: { message: string }): { message: string } => ({ message: `${formatted.message}!` })
    const url = await serve(shop, { formatError, plugins: [apolloAuth(shop.auth, { formatError })] })
    expect((await ask(url, '{ me report }')).body).toEqual({ errors: [{ message: 'Unauthorized!' }, { message: 'Unauthorized!' }] })
  })

  it('never sends what it tells Apollo about the response', async () => {
    const shop = openShop()
    const url = await serve(shop, { formatError: (_formatted, error) => (error as GraphQLError).toJSON() })
    const { text, headers } = await ask(url, '{ me report }')
    expect(headers['www-authenticate']).toBe(challenge())
    expect(text).not.toContain('"http":{"status"')
  })

  it('lets Apollo answer what it refuses itself, bad token or not', async () => {
    const shop = openShop()
    const url = await serve(shop)
    expect((await ask(url, '{ missing }')).status).toBe(400)
    expect((await ask(url, '{ open', 'reader')).status).toBe(400)
    expect((await ask(url, 'query A { open } query B { open }')).body.errors?.[0]?.extensions?.code).toBe('OPERATION_RESOLUTION_FAILURE')
  })

  it('keeps a batch apart from its invalid and refused neighbours', async () => {
    const shop = openShop()
    const url = await serve(shop)
    const { body } = await send(url, { body: [{ query: '{ me }' }, { query: '{ missing }' }, { query: '{ open }' }] })
    expect((body as ReadonlyArray<{ data?: unknown }>).map(({ data }) => data)).toEqual([undefined, undefined, { open: 'hello' }])
  })
})
