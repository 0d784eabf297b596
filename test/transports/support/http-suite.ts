import { describe, expect, it } from '@jest/globals'
import { challenge, hostileStrings, refused, simpleRequests } from './http-cases.js'
import type { GraphqlBody, Reply } from './http-client.js'
import { describeDryRun } from './http-dry-run.js'
import { expectNoData, type HttpServer, serving } from './http-serving.js'
import { METADATA } from './shop.js'

/** Runs every case on a server. */
export function describeHttp(server: HttpServer): void {
  describe(`over ${server.name}`, () => {
    describeRefusals(server)
    describeAnswers(server)
    describeSettings(server)
    describeForgery(server)
    describeHostileStrings(server)
    describeDryRun(server)
    if (server.batches) describeBatches(server)
  })
}

function describeRefusals(server: HttpServer): void {
  describe('refuses', () => {
    const here = serving(server)

    it.each(refused)('$name', async ({ query, token, sent, status, challenge: expected, code, reasons, coordinates }) => {
      const reply = await here.ask(query, token, sent)
      expect(reply.status).toBe(status)
      expect(reply.distinct['www-authenticate']).toEqual(expected === null ? undefined : [expected])
      expect(reply.distinct['cache-control']).toEqual(['no-store'])
      expectNoData(reply.body)
      expect(reply.body.errors?.map(({ extensions }) => extensions?.auth?.reason)).toEqual(reasons)
      expect(reply.body.errors?.map(({ extensions }) => extensions?.code)).toEqual(reasons.map(() => code))
      if (coordinates !== undefined) expect(reply.body.errors?.map(({ extensions }) => extensions?.auth?.coordinate)).toEqual(coordinates)
      expect(here.shop.calls).toEqual(new Map())
    })

    it('says when to come back while a provider is out of reach', async () => {
      expect((await here.ask('{ me }', 'busy')).headers['retry-after']).toBe('7')
      expect((await here.ask('{ me }', 'broken')).headers['retry-after']).toBe('5')
    })

    it('names what was missing, and nothing of the caller', async () => {
      const { body, text } = await here.ask('{ orders { id } }', 'strong')
      expect(body.errors?.[0]).toEqual({
        message: 'Forbidden',
        extensions: {
          code: 'FORBIDDEN',
          auth: {
            reason: 'INSUFFICIENT_SCOPE',
            coordinate: 'Query.orders',
            requiredScopes: [['orders:read', 'orders:write'], ['orders:read']],
            decisionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          },
        },
      })
      expect(text).not.toMatch(/sso\.example|u1|strong/)
    })

    it('with the decision id of one line in the audit log, without the token', async () => {
      const { body, headers } = await here.ask('{ me }', 'stranger')
      const { decisionId } = body.errors?.[0]?.extensions?.auth ?? {}
      expect(here.shop.log.filter((line) => line.includes(String(decisionId)))).toHaveLength(1)
      expect(here.shop.log.join()).not.toContain('stranger')
      expect(JSON.stringify([body, headers])).not.toContain('stranger')
    })

    it('without a word of what a provider said', async () => {
      const { text } = await here.ask('{ me }', 'broken')
      expect(`${text}${here.shop.log.join()}`).not.toContain('postgres')
    })

    it('in the media type that the client accepts', async () => {
      for (const accept of ['application/graphql-response+json', 'application/json']) {
        const { headers, status } = await here.ask('{ me }', undefined, { headers: { accept } })
        expect(status).toBe(401)
        expect(headers['content-type']).toBe(`${server.negotiates ? accept : 'application/json'}; charset=utf-8`)
      }
    })

    it('a query by GET', async () => {
      const reply = await here.send({ method: 'GET', search: `?query=${encodeURIComponent('{ me }')}` })
      expect(reply.status).toBe(401)
      expectNoData(reply.body)
    })

    it('the operation that is selected, and not for its neighbours in the document', async () => {
      const document = 'query Open { open } query Mine { me } query Schema { __schema { queryType { name } } }'
      const open = await here.ask(document, undefined, { operationName: 'Open' })
      expect([open.status, open.body]).toEqual([200, { data: { open: 'hello' } }])
      for (const operationName of ['Mine', 'Schema']) {
        const { status, body } = await here.ask(document, undefined, { operationName })
        expect(status).toBe(401)
        expectNoData(body)
      }
      const again = await here.ask(document, undefined, { operationName: 'Open' })
      expect([again.status, again.body]).toEqual([200, { data: { open: 'hello' } }])
    })

    it('by the variables of each request, also when the document is remembered', async () => {
      const document = 'query ($a: Boolean!) { open __schema @include(if: $a) { queryType { name } } }'
      for (const a of [false, true, false, true]) {
        const { status, body } = await here.ask(document, undefined, { variables: { a } })
        expect([status, 'data' in body]).toEqual(a ? [401, false] : [200, true])
      }
    })
  })
}

function describeAnswers(server: HttpServer): void {
  describe('answers', () => {
    const here = serving(server)

    it.each([
      ['a public field to nobody', '{ open __typename }', undefined, { open: 'hello', __typename: 'Query' }],
      ['a caller with the token alone', '{ me open }', 'reader', { me: 'u1', open: 'hello' }],
      ['a caller with the scope', '{ orders { id total } }', 'reader', { orders: [{ id: '1', total: 10 }] }],
      ['a caller with the permission', '{ report orders { margin } }', 'clerk', { report: 'figures', orders: [{ margin: 3 }] }],
      ['a caller with a strong and fresh login', '{ vault }', 'strong', { vault: 'gold' }],
      ['a mutation', 'mutation { cancelOrder(id: 1) touch }', 'clerk', { cancelOrder: true, touch: 1 }],
      ['introspection by somebody', '{ __type(name: "Order") { name } }', 'reader', { __type: { name: 'Order' } }],
      ['a skipped field that he may not have', '{ open report @skip(if: true) }', undefined, { open: 'hello' }],
    ])('%s', async (_name, query, token, data) => {
      const reply = await here.ask(query, token)
      expect(reply.body).toEqual({ data })
      expect(reply.status).toBe(200)
      expect(reply.headers['www-authenticate']).toBeUndefined()
    })

    it('after one verification of the token', async () => {
      await here.ask('{ me open orders { id } vault }', 'clerk')
      await here.ask('{ me open orders { id } }', 'clerk')
      expect(here.shop.verified).toEqual(['clerk', 'clerk'])
    })

    it('each of many callers at once as himself', async () => {
      const names = Array.from({ length: 60 }, (_, index) => `user-${index}`)
      const replies = await Promise.all(names.map((name) => here.ask('{ slow me }', name)))
      expect(replies.map(({ body }) => body)).toEqual(names.map((name) => ({ data: { slow: name, me: name } })))
    })

    it('the scheme in any case', async () => {
      expect((await here.ask('{ me }', undefined, { headers: { authorization: 'bEARER reader' } })).body).toEqual({ data: { me: 'u1' } })
    })
  })
}

function describeSettings(server: HttpServer): void {
  describe("with denied: 'null'", () => {
    const here = serving(server, { denied: 'null' })

    it('answers 200, with null and an error at the path of what was refused', async () => {
      const reply = await here.ask('{ open mine: me report }', 'reader')
      expect(reply.status).toBe(200)
      expect(reply.headers['www-authenticate']).toBeUndefined()
      expect(reply.body.data).toEqual({ open: 'hello', mine: 'u1', report: null })
      expect(reply.body.errors).toEqual([
        expect.objectContaining({ message: 'Forbidden', path: ['report'], extensions: expect.objectContaining({ code: 'FORBIDDEN' }) }),
      ])
      expect([...here.shop.calls.keys()].sort()).toEqual(['me', 'open'])
    })

    it('nulls a refused field in each row, and runs none of its resolvers', async () => {
      const reply = await here.ask('{ orders { id margin } }', 'reader')
      expect([reply.status, reply.body.data]).toEqual([200, { orders: [{ id: '1', margin: null }] }])
      expect(here.shop.calls.has('margin')).toBe(false)
    })

    it('still refuses credentials that are bad', async () => {
      const { status, body, headers } = await here.ask('{ open }', 'stranger')
      expect([status, headers['www-authenticate']]).toEqual([401, challenge(', error="invalid_token"')])
      expectNoData(body)
    })

    it('still refuses introspection before it runs', async () => {
      const { status, body } = await here.ask('{ open __schema { queryType { name } } }')
      expect(status).toBe(401)
      expectNoData(body)
    })
  })

  describe('with public access', () => {
    const here = serving(server, { access: 'public' })

    it('answers nobody where nothing is demanded, introspection included', async () => {
      expect((await here.ask('{ me __type(name: "Order") { name } }')).body).toEqual({ data: { me: null, __type: { name: 'Order' } } })
    })

    it('still holds to what is demanded', async () => {
      const { status, body } = await here.ask('{ me report }')
      expect(status).toBe(401)
      expectNoData(body)
    })
  })

  describe('with public introspection alone', () => {
    const here = serving(server, { introspection: 'public' })

    it('shows the schema to nobody, and no field', async () => {
      expect((await here.ask('{ __schema { queryType { name } } }')).body).toEqual({ data: { __schema: { queryType: { name: 'Query' } } } })
      expect((await here.ask('{ __schema { queryType { name } } me }')).status).toBe(401)
    })
  })
}

function describeForgery(server: HttpServer): void {
  describe('with a cookie', () => {
    const here = serving(server, { credentials: { cookie: { name: 'login', allowedOrigins: ['https://app.example.com'] } } })

    it.each(simpleRequests)('runs nothing for %s from a foreign page', async (_name, sent) => {
      for (const origin of ['https://evil.example', 'null', 'https://app.example.com.evil.example']) {
        const reply = await here.send({ ...sent, headers: { ...sent.headers, cookie: 'login=clerk', origin } })
        expect(reply.status).toBeGreaterThanOrEqual(400)
        expect(reply.status).toBeLessThan(500)
        expect(reply.body.data ?? null).toBeNull()
        expect(here.shop.calls).toEqual(new Map())
      }
    })

    it('knows the caller when the page is one of the application', async () => {
      const headers = { cookie: 'login=clerk', origin: 'https://app.example.com' }
      expect((await here.ask('{ me }', undefined, { headers })).body).toEqual({ data: { me: 'u1' } })
    })

    it('takes no cookie beside a token', async () => {
      const headers = { cookie: 'login=clerk', origin: 'https://app.example.com' }
      expect((await here.ask('{ me }', 'reader', { headers })).status).toBe(400)
    })
  })

  describe('without credentials', () => {
    const here = serving(server, { access: 'public' })

    it('runs no mutation by GET', async () => {
      const reply = await here.send({ method: 'GET', search: `?query=${encodeURIComponent('mutation { touch }')}` })
      expect(reply.status).toBe(405)
      expect(reply.body.data ?? null).toBeNull()
      expect(here.shop.calls).toEqual(new Map())
    })

    it('takes no document as plain text', async () => {
      const reply = await here.send({ type: 'text/plain', body: '{"query":"mutation { touch }"}' })
      expect(reply.status).toBe(server.foreignBody)
      expect(here.shop.calls).toEqual(new Map())
    })
  })
}

function describeHostileStrings(server: HttpServer): void {
  describe('with strings made to break things', () => {
    const here = serving(server, { realm: 'a"b\\c", Basic realm="d' })
    const quoted = 'Bearer realm="a\\"b\\\\c\\", Basic realm=\\"d"'

    it.each(hostileStrings)('refuses the token %j, and repeats none of it', async (token) => {
      const reply = await here.ask('{ open }', token)
      const malformed = reply.status === 400
      expect([400, 401]).toContain(reply.status)
      expect(reply.distinct['www-authenticate']).toEqual([
        `${quoted}, error="${malformed ? 'invalid_request' : 'invalid_token'}", resource_metadata="${METADATA}"`,
      ])
      expect(reply.body).toEqual({
        errors: [
          {
            message: malformed ? 'Bad Request' : 'Unauthorized',
            extensions: {
              code: malformed ? 'BAD_CREDENTIALS' : 'UNAUTHENTICATED',
              auth: { reason: malformed ? 'MALFORMED_TOKEN' : 'INVALID_TOKEN', decisionId: expect.any(String) },
            },
          },
        ],
      })
      expect(here.shop.calls).toEqual(new Map())
      expect(here.shop.log.join()).not.toContain(`:${JSON.stringify(token)}`)
    })
  })
}

function describeBatches(server: HttpServer): void {
  describe('in a batch', () => {
    const here = serving(server)
    const batch = async (
      queries: readonly (string | { query: string; variables: object })[],
      token?: string,
    ): Promise<{ status: number; headers: Reply['headers']; bodies: readonly GraphqlBody[] }> => {
      const { status, headers, body } = await here.send({
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        body: queries.map((query) => (typeof query === 'string' ? { query } : query)),
      })
      return { status, headers, bodies: body as readonly GraphqlBody[] }
    }

    it('refuses an operation, and answers its neighbours', async () => {
      const { status, headers, bodies } = await batch(['{ open }', '{ me }', '{ open again: open }'])
      expect(status).toBe(200)
      expect(headers['www-authenticate']).toBeUndefined()
      expect(bodies[0]).toEqual({ data: { open: 'hello' } })
      expectNoData(bodies[1] as GraphqlBody)
      expect(bodies[2]).toEqual({ data: { open: 'hello', again: 'hello' } })
      expect(here.shop.calls).toEqual(new Map([['open', 3]]))
    })

    it.each(['stranger', 'old', 'busy'])('refuses every operation of a bad token, with status and challenge of a single one: %s', async (token) => {
      const single = await here.send({ headers: { authorization: `Bearer ${token}` }, body: { query: '{ open }' } })
      const { status, headers, bodies } = await batch(['{ open }', '{ me }'], token)
      expect([status, headers['www-authenticate'], headers['retry-after']]).toEqual([
        single.status,
        single.headers['www-authenticate'],
        single.headers['retry-after'],
      ])
      expect(bodies).toHaveLength(2)
      for (const body of bodies) expectNoData(body)
      expect(here.shop.calls).toEqual(new Map())
    })

    it('judges one document by the variables of each of its operations', async () => {
      const query = 'query ($a: Boolean!) { open __schema @include(if: $a) { queryType { name } } }'
      const { bodies } = await batch([false, true, false, true].map((a) => ({ query, variables: { a } })))
      expect(bodies.map((body) => 'data' in body)).toEqual([true, false, true, false])
    })

    it('verifies the token once', async () => {
      await batch(['{ me }', '{ me }', '{ slow }'], 'reader')
      expect(here.shop.verified).toEqual(['reader'])
    })
  })
}
