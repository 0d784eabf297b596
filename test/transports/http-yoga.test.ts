import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createYoga, type Plugin } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { type GraphqlBody, type Reply, send } from './support/http-client.js'
import type { RunningServer } from './support/http-serving.js'
import { describeHttp } from './support/http-suite.js'
import { listen } from './support/listen.js'
import { openShop } from './support/shop.js'

describeHttp({
  name: 'Yoga with useAuth',
  start: ({ auth, schema }) =>
    listen(createServer(createYoga({ schema, plugins: [useAuth(auth)], batching: true, logging: false, landingPage: false, graphiql: false }))),
  foreignBody: 415,
  negotiates: true,
  batches: true,
})

describe('a batch on Yoga whose token is bad', () => {
  const servers: RunningServer[] = []
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()))
  })

  async function serve(settings: Parameters<typeof openShop>[0] = {}, before: Plugin[] = [], behind: Plugin[] = []): Promise<string> {
    const { auth, schema } = openShop(settings)
    const plugins = [...before, useAuth(auth), ...behind]
    const cors = { origin: 'https://shop.example.com', credentials: true }
    const server = await listen(createServer(createYoga({ schema, plugins, cors, batching: true, logging: false, landingPage: false, graphiql: false })))
    servers.push(server)
    return server.url
  }
  const batch = (url: string, queries: readonly string[], headers: Readonly<Record<string, string | readonly string[]>>): Promise<Reply> =>
    send(url, { headers: { origin: 'https://shop.example.com', ...headers }, body: queries.map((query) => ({ query })) })
  const stranger = { authorization: 'Bearer stranger' }
  const entriesOf = ({ body }: Reply): readonly GraphqlBody[] => body as unknown as readonly GraphqlBody[]

  it('keeps its body, its other headers, and what plugins behind make of the response', async () => {
    const seen: number[] = []
    const onlooker: Plugin = {
      onResponse({ response }) {
        seen.push(response.status)
        response.headers.append('set-cookie', 'a=1')
        response.headers.append('set-cookie', 'b=2')
      },
    }
    for (const [before, behind] of [
      [[onlooker], []],
      [[], [onlooker]],
    ] as const) {
      const reply = await batch(await serve({}, [...before], [...behind]), ['{ open }', '{ me }', '{ report }'], stranger)
      expect([reply.status, reply.headers['access-control-allow-origin'], reply.distinct['set-cookie']]).toEqual([
        401,
        'https://shop.example.com',
        ['a=1', 'b=2'],
      ])
      expect(reply.headers['content-type']).toMatch(/^application\/(graphql-response\+)?json; charset=utf-8$/)
      expect(entriesOf(reply).map(({ errors }) => errors?.map(({ extensions }) => extensions?.auth?.reason))).toEqual([
        ['INVALID_TOKEN'],
        ['INVALID_TOKEN'],
        ['INVALID_TOKEN'],
      ])
    }
    expect(seen).toEqual([401, 401])
  })

  it('is 401 also beside documents that are not valid, and as for anybody where none is', async () => {
    const url = await serve()
    const mixed = await batch(url, ['{ nobody }', '{ open }'], stranger)
    expect([mixed.status, mixed.headers['www-authenticate']]).toEqual([401, expect.stringContaining('error="invalid_token"')])
    const invalid = await batch(url, ['{ nobody }', '{'], stranger)
    expect([invalid.status, invalid.headers['www-authenticate']]).toEqual([200, undefined])
  })

  it('is 200 as long as another plugin has answered an operation with data', async () => {
    const answering: Plugin = {
      onParams: ({ params, setResult }) => (params.query === '{ open }' ? setResult({ data: { open: 'kept' } }) : undefined),
    }
    const reply = await batch(await serve({}, [answering]), ['{ open }', '{ me }'], stranger)
    expect([reply.status, reply.headers['www-authenticate'], entriesOf(reply)[0]]).toEqual([200, undefined, { data: { open: 'kept' } }])
    expect(entriesOf(reply)[1]?.errors?.[0]?.extensions?.auth?.reason).toBe('INVALID_TOKEN')
  })

  it('is 400 where two tokens came, and 200 in a dry run', async () => {
    const twice = await batch(await serve(), ['{ open }', '{ me }'], { authorization: ['Bearer reader', 'Bearer reader'] })
    expect([twice.status, twice.headers['www-authenticate']]).toEqual([400, expect.stringContaining('error="invalid_request"')])
    const dry = await batch(await serve({ dryRun: true }), ['{ open }', '{ me }'], stranger)
    expect([dry.status, dry.headers['www-authenticate'], entriesOf(dry)[0]?.data]).toEqual([200, undefined, { open: 'hello' }])
  })

  it('is 401 with an operation that is too large once its fragments are followed, and 200 where all are', async () => {
    const url = await serve({ limits: { rootFields: 2 } })
    const large = '{ ...F ... { ...F } } fragment F on Query { a: open b: open }'
    const mixed = await batch(url, [large, '{ open }'], stranger)
    expect([mixed.status, mixed.headers['www-authenticate']]).toEqual([401, expect.stringContaining('error="invalid_token"')])
    expect((await batch(url, [large, large], stranger)).status).toBe(200)
  })

  it('leaves batches of good and of no credentials at 200, whatever they lack', async () => {
    const url = await serve()
    for (const headers of [{}, { authorization: 'Bearer reader' }]) {
      const reply = await batch(url, ['{ report }', '{ report }'], headers)
      expect([reply.status, reply.headers['www-authenticate'], entriesOf(reply).map(({ data }) => data)]).toEqual([200, undefined, [undefined, undefined]])
    }
  })
})
