import { createServer, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import express from 'express'
import fastify from 'fastify'
import { type ExecutionResult, execute, GraphQLError, GraphQLObjectType, GraphQLSchema, GraphQLString, parse } from 'graphql'
import { createHandler as expressHandler } from 'graphql-http/lib/use/express'
import { createHandler as fastifyHandler } from 'graphql-http/lib/use/fastify'
import { createHandler as fetchHandler } from 'graphql-http/lib/use/fetch'
import { type HandlerOptions, createHandler as nodeHandler } from 'graphql-http/lib/use/http'
import { AuthContext } from '../../src/core/auth-context.js'
import type { ContextWithAuth } from '../../src/transports/http/http-context.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { ask } from './support/http-client.js'
import type { RunningServer } from './support/http-serving.js'
import { describeHttp } from './support/http-suite.js'
import { listen } from './support/listen.js'
import { openShop } from './support/shop.js'

const traits = { foreignBody: 415, negotiates: true, batches: false }

describeHttp({
  ...traits,
  name: 'graphql-http on node:http',
  start: ({ auth, schema }) => listen(createServer(nodeHandler(graphqlHttp(auth, { schema })))),
})

describeHttp({
  ...traits,
  name: 'graphql-http on Express',
  start: ({ auth, schema }) => listen(createServer(express().all('/graphql', expressHandler(graphqlHttp(auth, { schema }))))),
})

describeHttp({
  ...traits,
  name: 'graphql-http on Express behind a body parser and a mount path',
  start: ({ auth, schema }) =>
    listen(
      createServer(
        express()
          .use(express.json())
          .use('/api', express.Router().all('/graphql', expressHandler(graphqlHttp(auth, { schema })))),
      ),
      '/api/graphql',
    ),
})

describeHttp({
  ...traits,
  name: 'graphql-http on Fastify',
  async start({ auth, schema }) {
    const app = fastify()
    app.addContentTypeParser(/^(?!application\/json)/, (_request, _payload, done) => done(null))
    app.all('/graphql', fastifyHandler(graphqlHttp(auth, { schema })))
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return { url: `${url}/graphql`, close: () => app.close() }
  },
})

describeHttp({
  ...traits,
  name: 'graphql-http on fetch',
  start: ({ auth, schema }) => {
    const handle = fetchHandler(graphqlHttp(auth, { schema }))
    return listen(
      createServer(async (incoming, outgoing) => {
        const response = await handle(await toFetch(incoming))
        outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
      }),
    )
  },
})

async function toFetch(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) for (const value of values ?? []) headers.append(name, value)
  return new Request(`http://127.0.0.1${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers,
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  })
}

describe('graphqlHttp', () => {
  const servers: RunningServer[] = []
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()))
  })

  async function serve(options: HandlerOptions<ContextWithAuth>): Promise<string> {
    const running = await listen(createServer(nodeHandler(options)))
    servers.push(running)
    return running.url
  }

  const whoAmI = (seen: unknown[]): GraphQLSchema =>
    new GraphQLSchema({
      query: new GraphQLObjectType({
        name: 'Query',
        fields: {
          me: {
            type: GraphQLString,
            resolve: (_source, _args, context) => {
              seen.push(context)
              return AuthContext.of(context)?.principal?.subject
            },
          },
        },
      }),
    })

  it('adds auth to a copy of a context that all requests share', async () => {
    const { auth } = openShop()
    const seen: Array<Record<string, unknown>> = []
    const shared = { db: {} }
    const url = await serve(graphqlHttp(auth, { schema: whoAmI(seen), context: shared }))
    const replies = await Promise.all(['user-1', 'user-2'].map((token) => ask(url, '{ me }', token)))
    expect(replies.map(({ body }) => body.data)).toEqual([{ me: 'user-1' }, { me: 'user-2' }])
    expect(seen.map(({ db }) => db === shared.db)).toEqual([true, true])
    expect(shared).toEqual({ db: {} })
  })

  it('adds auth to what the context function makes, of whatever class, in place of an auth of its own', async () => {
    const { auth } = openShop()
    const seen: RequestContext[] = []
    class RequestContext {
      readonly auth = 'admin'
      readonly method: string
      constructor(method: string) {
        this.method = method
      }
    }
    const url = await serve(graphqlHttp(auth, { schema: whoAmI(seen), context: ({ raw }: { raw: IncomingMessage }) => new RequestContext(raw.method ?? '') }))
    expect((await ask(url, '{ me }', 'user-1')).body.data).toEqual({ me: 'user-1' })
    expect(Object.getPrototypeOf(seen[0])).toBe(RequestContext.prototype)
    expect(seen[0]?.method).toBe('POST')
    expect(AuthContext.of(seen[0])?.principal?.subject).toBe('user-1')
  })

  it('passes on a response that the context function answers with', async () => {
    const { auth, schema, calls } = openShop()
    const teapot = [null, { status: 418, statusText: "I'm a teapot" }] as const
    const url = await serve(graphqlHttp(auth, { schema, context: () => teapot }))
    expect((await ask(url, '{ open }')).status).toBe(418)
    expect(calls.size).toBe(0)
  })

  it('refuses bad credentials before the document is read, and before callbacks of the application', async () => {
    const { auth, schema } = openShop()
    const onSubscribe = jest.fn(() => undefined)
    const context = jest.fn(() => ({}))
    const readDocument = jest.fn(parse)
    const url = await serve({ ...graphqlHttp(auth, { schema, onSubscribe, context }), parse: readDocument })
    expect((await ask(url, '{ not even { a document', 'stranger')).status).toBe(401)
    expect([onSubscribe, context, readDocument].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0])
    await ask(url, '{ open }')
    expect([onSubscribe, context, readDocument].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1])
  })

  it('hides refused operations from onOperation, and lets it change the others', async () => {
    const { auth, schema } = openShop()
    const onOperation = jest.fn((_request: unknown, _args: unknown, result: ExecutionResult) => ({ ...result, extensions: { seen: true } }))
    const url = await serve(graphqlHttp(auth, { schema, onOperation }))
    expect((await ask(url, '{ me }')).status).toBe(401)
    expect(onOperation).not.toHaveBeenCalled()
    expect((await ask(url, '{ open }')).body).toEqual({ data: { open: 'hello' }, extensions: { seen: true } })
  })

  it('executes with the execute that it was given, once the operation may run', async () => {
    const { auth, schema } = openShop()
    const run = jest.fn(execute)
    const url = await serve(graphqlHttp(auth, { schema, execute: run }))
    await ask(url, '{ me }')
    expect(run).not.toHaveBeenCalled()
    await ask(url, '{ open }')
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('formats every error of a refusal as the server formats errors', async () => {
    const { auth, schema } = openShop()
    const formatError = (error: Error): GraphQLError => new GraphQLError(`${error.message}!`)
    const url = await serve(graphqlHttp(auth, { schema, formatError }))
    const { status, body } = await ask(url, '{ me report }')
    expect([status, body]).toEqual([401, { errors: [{ message: 'Unauthorized!' }, { message: 'Unauthorized!' }] }])
    const plain = await serve(graphqlHttp(auth, { schema, formatError: () => new Error('plain') }))
    expect((await ask(plain, '{ me }')).body).toEqual({ errors: [{ message: 'plain' }] })
  })

  it('protects a schema that is chosen for each request, and compiles it once', async () => {
    const { auth, schema } = openShop()
    const used = new Set<GraphQLSchema>()
    const run: typeof execute = (args) => {
      used.add(args.schema)
      return execute(args)
    }
    const url = await serve(graphqlHttp(auth, { schema: () => schema, execute: run }))
    expect((await ask(url, '{ me }')).status).toBe(401)
    await ask(url, '{ open }')
    await ask(url, '{ me }', 'reader')
    expect(used.size).toBe(1)
  })

  it('holds what onSubscribe makes of a request against the caller, whatever schema and context it brings', async () => {
    const { auth, schema, calls } = openShop()
    const document = parse('{ me }')
    const url = await serve(
      graphqlHttp(auth, { schema, onSubscribe: () => ({ schema, document, contextValue: { auth: { principal: { subject: 'root' } } } }) }),
    )
    const refused = await ask(url, '{ open }')
    expect([refused.status, calls.size]).toEqual([401, 0])
    expect((await ask(url, '{ open }', 'reader')).body).toEqual({ data: { me: 'u1' } })
    const without = await serve(graphqlHttp(auth, { schema, onSubscribe: () => ({ schema, document }) }))
    expect((await ask(without, '{ open }')).status).toBe(401)
    expect((await ask(without, '{ open }', 'reader')).body).toEqual({ data: { me: 'u1' } })
  })

  it('runs nothing when its context is replaced by one without auth', async () => {
    const { auth, schema, calls } = openShop()
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined)
    const url = await serve({ ...graphqlHttp(auth, { schema }), context: () => ({ auth: 'root' }) } as never)
    const { status, text } = await ask(url, '{ open }', 'reader')
    log.mockRestore()
    expect([status, text, calls.size]).toEqual([500, '', 0])
  })

  it('answers 406 to who accepts neither media type, bad token or not', async () => {
    const { auth, schema } = openShop()
    const url = await serve(graphqlHttp(auth, { schema }))
    expect((await ask(url, '{ me }', 'stranger', { headers: { accept: 'image/png' } })).status).toBe(406)
  })
})
