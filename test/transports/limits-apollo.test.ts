import { createHash } from 'node:crypto'
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { startStandaloneServer } from '@apollo/server/standalone'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { LimitSettings } from '../../src/core/limits.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { apolloAuth, type HttpContext, httpContext } from '../../src/transports/http/index.js'
import { type Reply, send } from './support/http-client.js'
import { describeBatchLimits, describeLimits } from './support/limit-cases.js'
import { type LimitHouse, type LimitTransport, openHouse, repeat } from './support/limit-house.js'
import { overHttp } from './support/limit-http.js'

const transport: LimitTransport = {
  name: 'Apollo Server',
  transport: 'http',
  async start({ auth, schema }) {
    const server = new ApolloServer<HttpContext>({
      schema: protectSchema(schema, auth),
      plugins: [apolloAuth(auth), ApolloServerPluginLandingPageDisabled()],
      allowBatchedHttpRequests: true,
      includeStacktraceInErrorResponses: false,
    })
    const { url } = await startStandaloneServer(server, { context: ({ req }) => httpContext(auth, req), listen: { host: '127.0.0.1', port: 0 } })
    return overHttp({ url, close: () => server.stop() }, { 'apollo-require-preflight': 'yes' })
  },
}

describeLimits(transport)
describeBatchLimits(transport)

describe('limits and documents that are registered by their hash, over Apollo Server', () => {
  const running: Array<() => Promise<unknown>> = []
  afterEach(async () => {
    await Promise.all(running.splice(0).map((close) => close()))
  })

  const document = `{ ${repeat(90, (index) => `a${index}: hello`)} }`
  const hash = createHash('sha256').update(document).digest('hex')
  const extensions = { persistedQuery: { version: 1, sha256Hash: hash } }

  async function serve(limits: LimitSettings, stored: Map<string, string>): Promise<{ readonly house: LimitHouse; ask(body: object): Promise<Reply> }> {
    const house = openHouse(limits)
    const cache = {
      get: async (key: string) => stored.get(key),
      set: async (key: string, value: string) => void stored.set(key, value),
      delete: async (key: string) => stored.delete(key),
    }
    const server = new ApolloServer<HttpContext>({
      schema: protectSchema(house.schema, house.auth),
      plugins: [apolloAuth(house.auth), ApolloServerPluginLandingPageDisabled()],
      persistedQueries: { cache },
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    })
    running.push(() => server.stop())
    const { url } = await startStandaloneServer(server, { context: ({ req }) => httpContext(house.auth, req), listen: { host: '127.0.0.1', port: 0 } })
    return { house, ask: (body) => send(url, { body }) }
  }

  it('refuse to register one that is too large', async () => {
    const stored = new Map<string, string>()
    const { ask, house } = await serve({ aliases: 89 }, stored)
    const { status, body } = await ask({ query: document, extensions })
    expect([status, body.data, body.errors?.[0]?.extensions?.code]).toEqual([400, undefined, 'DOCUMENT_TOO_LARGE'])
    expect([stored.size, house.ran]).toEqual([0, []])
    expect((await ask({ extensions })).body.errors?.[0]?.extensions?.code).toBe('PERSISTED_QUERY_NOT_FOUND')
  })

  it('refuse one that another server has registered under larger limits', async () => {
    const stored = new Map<string, string>()
    const lenient = await serve({}, stored)
    expect((await lenient.ask({ query: document, extensions })).status).toBe(200)
    expect(stored.size).toBe(1)
    const strict = await serve({ aliases: 89 }, stored)
    const { status, body } = await strict.ask({ extensions })
    expect([status, body.data, body.errors?.[0]?.extensions?.code]).toEqual([400, undefined, 'DOCUMENT_TOO_LARGE'])
    expect(strict.house.ran).toEqual([])
    expect((await lenient.ask({ extensions })).status).toBe(200)
  })
})
