import { createRequire } from 'node:module'
import { createGraphQLError, MapperKind, mapSchema } from '@graphql-tools/utils'
import { describe, expect, it } from '@jest/globals'
import { GraphQLError, GraphQLObjectType, GraphQLSchema, GraphQLString, version } from 'graphql'
import { type Context, makeServer } from 'graphql-ws'
import { createYoga } from 'graphql-yoga'
import { AuthError } from '../../src/core/errors.js'

declare const GRAPHQL_MAJOR: number

const Query = new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString, resolve: () => 'world' } } })
const schema = new GraphQLSchema({ query: Query })
const require = createRequire(import.meta.url)

/** Runs one query through graphql-ws, whose own `execute` refuses the schema of another copy of graphql. */
async function askOverGraphqlWs(): Promise<unknown> {
  const server = makeServer<Record<string, unknown>, Context['extra']>({ schema })
  const sent: string[] = []
  let receive: (message: string) => Promise<void> = () => Promise.resolve()
  const closed = server.opened(
    {
      protocol: 'graphql-transport-ws',
      send: (message) => void sent.push(message),
      close: (code, reason) => void sent.push(`${code} ${reason}`),
      onMessage: (callback) => {
        receive = callback
      },
    },
    {},
  )
  await receive('{"type":"connection_init"}')
  await receive('{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}')
  await closed(1000, 'done')
  return sent.map((message) => JSON.parse(message) as unknown)[1]
}

describe('the graphql of this run', () => {
  it('has the major version that the project asks for', () => {
    expect(version).toMatch(new RegExp(`^${GRAPHQL_MAJOR}\\.`))
  })

  it.each(['@envelop/core', '@envelop/generic-auth', '@graphql-tools/schema', '@graphql-tools/utils', 'graphql-ws', 'graphql-yoga', 'graphql-http'])(
    'is the one that %s reaches',
    (name) => {
      const seen = createRequire(require.resolve(name))('graphql') as typeof import('graphql')
      expect(seen.version).toBe(version)
      expect(seen.GraphQLSchema).toBe(GraphQLSchema)
    },
  )

  it('makes the errors of the toolkit and of @graphql-tools/utils', () => {
    expect(AuthError.prototype).toBeInstanceOf(GraphQLError)
    expect(createGraphQLError('x')).toBeInstanceOf(GraphQLError)
  })

  it('makes the schemas that @graphql-tools/utils maps', () => {
    expect(mapSchema(schema, { [MapperKind.OBJECT_FIELD]: (field) => field })).toBeInstanceOf(GraphQLSchema)
  })

  it('executes for Yoga', async () => {
    const yoga = createYoga({ schema, logging: false })
    const response = await yoga.fetch('http://localhost/graphql?query={hello}')
    expect(await response.json()).toEqual({ data: { hello: 'world' } })
  })

  it('executes for graphql-ws', async () => {
    expect(await askOverGraphqlWs()).toEqual({ type: 'next', id: '1', payload: { data: { hello: 'world' } } })
  })
})
