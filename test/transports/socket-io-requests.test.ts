import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Plugin } from 'graphql-yoga'
import { type Engine, type Servers, startServers } from '../support/transport-servers.js'
import { connectedSocket, type HeardSocket, heardEvent } from '../support/transport-socket.js'
import { eventually } from '../support/transport-wire.js'

const BAD_REQUEST = { errors: [{ message: 'Bad Request', extensions: { code: 'BAD_REQUEST' } }] }

describe.each<Engine>(['getEnveloped', 'schema'])('a request with an acknowledgement, run with %s', (engine) => {
  let servers: Servers
  let client: HeardSocket
  const ask = (payload: unknown): Promise<Record<string, unknown>> => client.socket.timeout(10_000).emitWithAck('graphql:request', payload)

  beforeAll(async () => {
    servers = await startServers({
      engine,
      socketIo: { context: (socket, { operationName }) => ({ note: `${socket.data.auth.principal.subject} ${operationName}` }) },
      extension: {
        typeDefs: 'extend type Query { note: String echo(text: String!): String big: Bytes circular: Any } scalar Bytes scalar Any',
        resolvers: {
          Query: {
            note: (_: unknown, __: unknown, { note }: { note: string }) => note,
            echo: (_: unknown, { text }: { text: string }) => text,
            big: () => Buffer.from('bytes'),
            circular: () => {
              const loop: Record<string, unknown> = {}
              loop.loop = loop
              return loop
            },
          },
        },
      },
    })
    client = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada', scope: 'orders:read' }))
  })
  afterAll(async () => {
    client.socket.disconnect()
    await servers.close()
  })

  it('is answered with data', async () => {
    expect(await ask({ query: '{ me orders }' })).toEqual({ data: { me: 'ada', orders: 'orders' } })
    expect(await ask({ query: 'mutation { ping }' })).toEqual({ data: { ping: 'pong' } })
  })

  it('takes variables, an operation name and extensions', async () => {
    const query = 'query A($text: String!) { echo(text: $text) note } query B { vault }'
    expect(await ask({ query, variables: { text: 'x' }, operationName: 'A', extensions: { trace: 1 } })).toEqual({ data: { echo: 'x', note: 'ada A' } })
    expect(await ask({ query: '{ hello }', variables: null, operationName: null, extensions: null })).toEqual({ data: { hello: 'world' } })
  })

  it('is answered with errors: syntax, validation, variables, authorization, the resolver’s own', async () => {
    const firstOf = async (payload: unknown): Promise<unknown> => ((await ask(payload)).errors as Array<{ message: string }>)[0]?.message
    expect(await firstOf({ query: '{ me' })).toMatch(/Syntax Error/)
    expect(await firstOf({ query: '{ nothing }' })).toMatch(/Cannot query field/)
    expect(await firstOf({ query: 'query ($text: String!) { echo(text: $text) }' })).toMatch(/\$text/)
    expect(await firstOf({ query: 'query A { me }', operationName: 'B' })).toBe('Unable to identify operation')
    expect(await ask({ query: '{ vault }' })).toEqual({
      errors: [
        {
          message: 'Forbidden',
          extensions: {
            code: 'FORBIDDEN',
            auth: { reason: 'INSUFFICIENT_PERMISSION', coordinate: 'Query.vault', requiredPermissions: [['vault.open']], decisionId: expect.any(String) },
          },
        },
      ],
    })
    expect(await ask({ query: '{ throws }' })).toMatchObject({ data: { throws: null }, errors: [{ extensions: { code: 'TEAPOT' } }] })
  })

  it('says that a subscription belongs on the stream, and does not start it', async () => {
    const before = servers.ran.length
    expect(await ask({ query: 'subscription { steps }' })).toEqual({
      errors: [{ message: 'Subscriptions run on the stream, not in a request', extensions: { code: 'BAD_REQUEST' } }],
    })
    expect(servers.ran).toHaveLength(before)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', '{ hello }'],
    ['a number', 7],
    ['a list', ['{ hello }']],
    ['bytes', Buffer.from('{ hello }')],
    ['no query', { variables: {} }],
    ['a query that is a list', { query: ['{ hello }'] }],
    ['a query that is an object', { query: { toString: '{ hello }' } }],
    ['variables that are a list', { query: '{ hello }', variables: [] }],
    ['variables that are a string', { query: '{ hello }', variables: '{}' }],
    ['an operation name that is a number', { query: '{ hello }', operationName: 7 }],
    ['extensions that are a string', { query: '{ hello }', extensions: 'x' }],
    ['a query on the prototype', JSON.parse('{"__proto__":{"query":"{ hello }"}}')],
  ])('C19: answers %s as a bad request', async (_, payload) => {
    expect(await ask(payload)).toEqual(BAD_REQUEST)
  })

  it('C19: takes no part of a request from a polluted prototype', async () => {
    Object.defineProperty(Object.prototype, 'query', { value: 'mutation { greet }', configurable: true })
    try {
      expect(await ask({})).toEqual(BAD_REQUEST)
    } finally {
      delete (Object.prototype as { query?: unknown }).query
    }
    expect(servers.ran).not.toContain('Mutation.greet')
  })

  it('C19: answers a request without a payload', async () => {
    expect(await client.socket.timeout(10_000).emitWithAck('graphql:request')).toEqual(BAD_REQUEST)
  })

  it('C19: runs nothing for a request that asks for no acknowledgement', async () => {
    const before = servers.ran.length
    for (const args of [[{ query: 'mutation { greet }' }], [], [null], ['x', 'y'], [{ query: 'mutation { greet }' }, 'no function']])
      client.socket.emit('graphql:request', ...args)
    await ask({ query: '{ me }' })
    expect(servers.ran).toHaveLength(before)
  })

  it('C19: takes variables named like members of every object', async () => {
    const query = 'query ($constructor: String!, $toString: String!) { a: echo(text: $constructor) b: echo(text: $toString) }'
    const variables = JSON.parse('{"__proto__":{"polluted":true},"constructor":"x","toString":"y"}')
    expect(await ask({ query, variables })).toEqual({ data: { a: 'x', b: 'y' } })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('answers what can be encoded, and says so of what cannot', async () => {
    expect(await ask({ query: '{ big }' })).toEqual({ data: { big: Buffer.from('bytes') } })
    expect(await ask({ query: '{ circular }' })).toEqual({ errors: [{ message: 'Internal Server Error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] })
    expect(await ask({ query: '{ me }' })).toEqual({ data: { me: 'ada' } })
  })
})

describe('requests', () => {
  let servers: Servers
  afterEach(() => servers.close())

  it('come on every event that the options name, and on no other', async () => {
    servers = await startServers({ socketIo: { requests: ['query', 'mutate'] } })
    const { socket } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }))
    expect(await socket.emitWithAck('query', { query: '{ me }' })).toEqual({ data: { me: 'ada' } })
    expect(await socket.emitWithAck('mutate', { query: 'mutation { ping }' })).toEqual({ data: { ping: 'pong' } })
    await expect(socket.timeout(100).emitWithAck('graphql:request', { query: '{ me }' })).rejects.toThrow('timed out')
    socket.disconnect()
  })

  it('are each told when the login ends while they wait, before the socket goes, and their results are kept back', async () => {
    const contexts: string[] = []
    servers = await startServers({
      socketIo: {
        context: (_, { query }) => {
          contexts.push(query)
          return {}
        },
      },
    })
    const { socket, heard } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }))
    const answers: Array<Promise<unknown>> = []
    for (const kind of ['query', 'mutation']) {
      const waiting = servers.waiting()
      answers.push(socket.emitWithAck('graphql:request', { query: `${kind} { slow }` }))
      await waiting
    }
    servers.clock.offset = 300_000
    const gone = heardEvent(socket, 'disconnect')
    answers.push(socket.emitWithAck('graphql:request', { query: 'mutation { greet }' }))
    for (const answer of await Promise.all(answers)) {
      expect(answer).toEqual({
        errors: [{ message: 'Unauthorized', extensions: { code: 'UNAUTHENTICATED', auth: { reason: 'TOKEN_EXPIRED', decisionId: expect.any(String) } } }],
      })
    }
    await gone
    servers.release()
    expect(heard.at(-1)?.[0]).toBe('auth:expired')
    expect(servers.ran).toEqual(['Query.slow', 'Mutation.slow'])
    expect(contexts).toEqual(['query { slow }', 'mutation { slow }'])
    expect(servers.sent.join()).not.toContain('late')
  })

  it('keep their results back when the login ends while they run and nothing else looks at the clock', async () => {
    servers = await startServers()
    const { socket } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }))
    const waiting = servers.waiting()
    const answer = socket.emitWithAck('graphql:request', { query: '{ slow }' })
    await waiting
    servers.clock.offset = 300_000
    servers.release()
    expect(await answer).toEqual({
      errors: [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED', auth: { reason: 'TOKEN_EXPIRED', decisionId: expect.any(String) } } })],
    })
    await eventually(() => !socket.connected)
    expect(servers.sent.join()).not.toContain('late')
  })

  it('that give a stream of results are told that it does not fit, and the stream is ended', async () => {
    let returned = false
    const incremental: Plugin = {
      onExecute({ setResultAndStopExecution }) {
        const results: AsyncIterableIterator<never> = {
          next: async () => ({ done: false, value: { data: {}, hasNext: true } as never }),
          async return() {
            returned = true
            return { done: true, value: undefined }
          },
          [Symbol.asyncIterator]: () => results,
        }
        setResultAndStopExecution(results as never)
      },
    }
    servers = await startServers({ plugins: [incremental] })
    const { socket } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }))
    expect(await socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({
      errors: [{ message: 'Incremental results run on the stream, not in a request', extensions: { code: 'BAD_REQUEST' } }],
    })
    expect(returned).toBe(true)
    socket.disconnect()
  })

  it('tell the client nothing of what the application throws', async () => {
    servers = await startServers({
      socketIo: {
        context: () => {
          throw new Error('CANARY')
        },
      },
    })
    const { socket } = await connectedSocket(servers, await servers.issuer.token({ sub: 'ada' }))
    expect(await socket.emitWithAck('graphql:request', { query: '{ me }' })).toEqual({
      errors: [{ message: 'Internal Server Error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    })
    expect(servers.log() + servers.sent.join()).not.toContain('CANARY')
    socket.disconnect()
  })
})
