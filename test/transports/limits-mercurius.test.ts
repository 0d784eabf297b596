import { describe, expect, it, jest } from '@jest/globals'
import fastify from 'fastify'
import { mercuriusAuth } from '../../src/transports/http/index.js'
import { type Reply, send } from './support/http-client.js'
import { describeBatchLimits, describeLimits } from './support/limit-cases.js'
import { type LimitTransport, openHouse } from './support/limit-house.js'
import { overHttp } from './support/limit-http.js'

// Serves Mercurius' IDE, which no test opens; it requires an ES module, which Jest cannot do before Node 24.
jest.mock('@fastify/static', () => ({}))
const { mercurius } = await import('mercurius')

function transport(name: string, jit: number): LimitTransport {
  return {
    name,
    transport: 'http',
    coercesFirst: true,
    async start({ auth, schema }) {
      const app = fastify({ bodyLimit: 4_000_000 })
      const { options, attach } = mercuriusAuth(auth, { errorFormatter: mercurius.defaultErrorFormatter })
      await app.register(mercurius, { schema, ...options, jit, allowBatchedQueries: true })
      attach(app)
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      return overHttp({ url: `${url}/graphql`, close: () => app.close() })
    },
  }
}

describeLimits(transport('Mercurius', 0))
describeLimits(transport('Mercurius with compiled queries', 1))
describeBatchLimits(transport('Mercurius', 0))

describe.each([0, 1])('Mercurius with variables as text in a query string, with jit %i', (jit) => {
  it.each([
    ['{"of":[1,2]}', 200, undefined],
    ['{"of":[1,2,3]}', 400, 'VARIABLES_TOO_LARGE'],
    ['{ "of" : [ 1 , 2 ], "__a" : { } }', 400, 'VARIABLES_TOO_LARGE'],
  ])('counts the values of %s, and not its characters', async (variables, status, code) => {
    for (const [index, { reply, ran }] of (await thrice(variables)).entries()) {
      expect([reply.status, reply.body.errors?.[0]?.extensions?.code, ran]).toEqual([status, code, status === 200 ? index + 1 : 0])
    }
  })

  it('does not take a text in the text for many values: graphql-js says that it is no object, and a compiled query reads nothing of it', async () => {
    const replies = await thrice(JSON.stringify('{"of":[1]}'))
    expect(replies.map(({ reply }) => reply.body.errors?.[0]?.extensions?.code)).toEqual([undefined, undefined, undefined])
    expect(replies[0]?.reply.body.errors?.[0]?.message).toMatch(/unparsed JSON string/)
    expect(replies.map(({ ran }) => ran)).toEqual([0, jit, 2 * jit])
  })

  async function thrice(variables: string): Promise<ReadonlyArray<{ readonly reply: Reply; readonly ran: number }>> {
    const house = openHouse({ variables: 3 })
    const app = fastify()
    const { options, attach } = mercuriusAuth(house.auth, { errorFormatter: mercurius.defaultErrorFormatter })
    await app.register(mercurius, { schema: house.schema, ...options, jit })
    attach(app)
    try {
      const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
      const search = `?${new URLSearchParams({ query: 'query ($of: [Int]) { value(of: $of) }', variables })}`
      const replies: Array<{ reply: Reply; ran: number }> = []
      for (let turn = 0; turn < 3; turn += 1) replies.push({ reply: await send(url, { method: 'GET', search }), ran: house.ran.length })
      return replies
    } finally {
      await app.close()
    }
  }
})
