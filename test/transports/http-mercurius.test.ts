import { on, once } from 'node:events'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import fastify, { type FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'
import { AuthContext } from '../../src/core/auth-context.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { httpContext, mercuriusAuth } from '../../src/transports/http/index.js'
import { challenge } from './support/http-cases.js'
import { ask } from './support/http-client.js'
import type { RunningServer } from './support/http-serving.js'
import { describeHttp } from './support/http-suite.js'
import { openShop, type Shop } from './support/shop.js'

// Serves Mercurius' IDE, which no test opens; it requires an ES module, which Jest cannot do before Node 24.
jest.mock('@fastify/static', () => ({}))
const { mercurius } = await import('mercurius')

async function serve({ auth, schema }: Shop, jit: number): Promise<RunningServer> {
  const app = fastify()
  const { options, attach } = mercuriusAuth(auth, { errorFormatter: mercurius.defaultErrorFormatter })
  await app.register(mercurius, { schema, ...options, jit, allowBatchedQueries: true })
  attach(app)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url: `${url}/graphql`, close: () => app.close() }
}

const traits = { foreignBody: 400, negotiates: false, batches: true }

describeHttp({ ...traits, name: 'Mercurius', start: (shop) => serve(shop, 0) })
describeHttp({ ...traits, name: 'Mercurius with compiled queries', start: (shop) => serve(shop, 1) })

describe('mercuriusAuth', () => {
  const { defaultErrorFormatter } = mercurius
  const apps: FastifyInstance[] = []
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()))
  })

  function open(): FastifyInstance {
    const app = fastify()
    apps.push(app)
    return app
  }
  const listen = async (app: FastifyInstance): Promise<string> => `${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`

  const sdl = `${authTypeDefs}
    type Query { mine: String, open: String @public, rows: [Row] @public }
    type Row { id: ID, secret: String @requiresScopes(scopes: [["secrets"]]) }
  `

  it('guards resolvers and loaders that Mercurius is given, and those that are defined before the server is ready', async () => {
    const { auth } = openShop({ denied: 'null' })
    const ran: string[] = []
    const app = open()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, {
      schema: sdl,
      resolvers: { Query: { open: () => 'open', rows: () => [{ id: 1 }, { id: 2 }] } },
      loaders: {
        Row: {
          secret: async (queries: readonly unknown[]) => {
            ran.push('secret')
            return queries.map(() => 'gold')
          },
        },
      },
      ...options,
    })
    attach(app)
    app.graphql.defineResolvers({ Query: { mine: () => ran.push('mine') } })
    const url = await listen(app)
    const { status, body } = await ask(url, '{ open mine rows { id secret } }')
    expect([status, body.data, ran]).toEqual([
      200,
      {
        open: 'open',
        mine: null,
        rows: [
          { id: '1', secret: null },
          { id: '2', secret: null },
        ],
      },
      [],
    ])
    expect((await ask(url, '{ mine }', 'reader')).body.data).toEqual({ mine: '1' })
  })

  it('adds auth to the context that the application makes, and formats other errors as it was told', async () => {
    const { auth } = openShop()
    const app = open()
    const { options, attach } = mercuriusAuth(auth, {
      context: async ({ method }) => ({ method, auth: 'admin' }),
      errorFormatter: (execution, context) => ({ statusCode: 418, response: { errors: [{ message: `${execution.errors.length} for ${context.method}` }] } }),
    })
    await app.register(mercurius, {
      schema: sdl,
      resolvers: {
        Query: { mine: (_: unknown, __: unknown, context: object) => `${Reflect.get(context, 'method')} ${AuthContext.of(context)?.principal?.subject}` },
      },
      ...options,
    })
    attach(app)
    const url = await listen(app)
    expect((await ask(url, '{ mine }', 'user-7')).body).toEqual({ data: { mine: 'POST user-7' } })
    const invalid = await ask(url, '{ missing }', 'user-7')
    expect([invalid.status, invalid.body]).toEqual([418, { errors: [{ message: '1 for POST' }] }])
    expect((await ask(url, '{ mine }')).status).toBe(401)
  })

  it.each([undefined, {}, { errorFormatter: 'default' }])('asks for an error formatter at once, when it is given %j', (options) => {
    expect(() => mercuriusAuth(openShop().auth, options as never)).toThrow("mercuriusAuth: errorFormatter: expected Mercurius' own formatter")
  })

  it('answers nothing while it is not attached', async () => {
    const { auth, schema, calls } = openShop()
    const app = open()
    await app.register(mercurius, { schema, ...mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter }).options })
    const { status, text } = await ask(await listen(app), '{ open }', 'clerk')
    expect([status, calls.size]).toEqual([500, 0])
    expect(text).not.toContain('hello')
  })

  it('runs nothing when its context is not used', async () => {
    const { auth, schema, calls } = openShop()
    const app = open()
    const { attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, { schema })
    attach(app)
    const { body } = await ask(await listen(app), '{ open }', 'clerk')
    expect([body.data, calls.size]).toEqual([null, 0])
    expect(body.errors?.[0]?.message).toContain('context.auth')
  })

  it('runs nothing on a schema that came later and is not protected, and goes on with one that is', async () => {
    const { auth, schema, calls } = openShop()
    const app = open()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, { schema, ...options })
    attach(app)
    const url = await listen(app)
    app.graphql.replaceSchema(schema)
    expect((await ask(url, '{ open }', 'clerk')).body.data).toBeNull()
    expect(calls.size).toBe(0)
    app.graphql.replaceSchema(protectSchema(schema, auth))
    expect((await ask(url, '{ open }', 'clerk')).body).toEqual({ data: { open: 'hello' } })
  })

  it("answers without GraphQL where the server's own error handler is switched off, with status and challenge", async () => {
    const { auth, schema } = openShop()
    const app = open()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, { schema, ...options, errorHandler: false })
    attach(app)
    const { status, headers, body } = await ask(await listen(app), '{ me }')
    expect([status, headers['www-authenticate'], body]).toEqual([401, challenge(), { statusCode: 401, error: 'Unauthorized', message: 'Unauthorized' }])
  })

  it('judges what a route of the application runs, every operation of the document', async () => {
    const { auth, schema, calls } = openShop()
    const app = open()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, { schema, ...options })
    attach(app)
    app.post('/own', async (request, reply) => {
      const { query, operationName } = request.body as { query: string; operationName?: string }
      return reply.graphql(query, await httpContext(auth, request), undefined, operationName)
    })
    const url = (await listen(app)).replace('/graphql', '/own')
    expect((await ask(url, '{ open }')).body).toEqual({ data: { open: 'hello' } })
    calls.clear()
    const both = 'query Open { open } query Schema { __schema { queryType { name } } }'
    for (const operationName of ['Open', 'Schema']) {
      const { status, headers, body } = await ask(url, both, undefined, { operationName })
      expect([status, headers['www-authenticate'], body.data]).toEqual([401, challenge(), undefined])
    }
    expect(calls.size).toBe(0)
    expect((await ask(url, both, 'reader', { operationName: 'Open' })).body).toEqual({ data: { open: 'hello' } })
  })

  it('never runs another operation than the judged one, also when the query was compiled for another', async () => {
    const { auth, schema } = openShop()
    const app = open()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, { schema, ...options, jit: 1 })
    attach(app)
    const url = await listen(app)
    const both = 'query Schema { __schema { queryType { name } } } query Open { open }'
    for (let round = 0; round < 4; round += 1) {
      const known = await ask(url, both, 'reader', { operationName: 'Schema' })
      expect(known.body).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } })
    }
    expect((await ask(url, both, undefined, { operationName: 'Open' })).body).toEqual({ data: { open: 'hello' } })
    expect((await ask(url, both)).body.data).toBeNull()
    expect((await ask(url, both, undefined, { operationName: 'Neither' })).body.data).toBeNull()
  })

  it("refuses every guarded field over Mercurius' own WebSocket, to whoever asks", async () => {
    const { auth } = openShop()
    const ran: string[] = []
    const app = open()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: defaultErrorFormatter })
    await app.register(mercurius, {
      schema: `${sdl} type Subscription { ticks: Int }`,
      resolvers: {
        Query: { open: () => ran.push('open') },
        Subscription: {
          ticks: {
            subscribe: async function* () {
              yield { ticks: ran.push('ticks') }
            },
          },
        },
      },
      subscription: { fullWsTransport: true },
      ...options,
    })
    attach(app)
    const socket = new WebSocket((await listen(app)).replace('http', 'ws'), 'graphql-transport-ws', { headers: { authorization: 'Bearer clerk' } })
    const messages = on(socket, 'message') as AsyncIterableIterator<[Buffer]>
    const send = (message: object): void => socket.send(JSON.stringify(message))
    const next = async (): Promise<{ type: string; payload?: { errors?: unknown; data?: unknown } }> => JSON.parse(String((await messages.next()).value[0]))
    await once(socket, 'open')
    send({ type: 'connection_init' })
    expect(await next()).toMatchObject({ type: 'connection_ack' })
    for (const [id, query] of Object.entries(['subscription { ticks }', '{ open }'])) {
      send({ id, type: 'subscribe', payload: { query } })
      const { type, payload } = await next()
      expect([type, JSON.stringify(payload).includes('context.auth'), payload?.data ?? null]).toEqual(['error', true, null])
    }
    expect(ran).toEqual([])
    socket.close()
    await once(socket, 'close')
  })
})
