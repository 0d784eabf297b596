import { afterEach, describe, expect, it, jest } from '@jest/globals'
import fastify, { type FastifyInstance } from 'fastify'
import { GraphQLError, type ValidationRule } from 'graphql'
import { mercuriusAuth } from '../../src/transports/http/index.js'
import { ask, type Reply, send } from './support/http-client.js'
import type { RunningServer } from './support/http-serving.js'
import { describeIntrospection } from './support/introspection-cases.js'
import { type House, openHouse, TYPOS } from './support/introspection-house.js'

// Serves Mercurius' IDE, which no test opens; it requires an ES module, which Jest cannot do before Node 24.
jest.mock('@fastify/static', () => ({}))
const { mercurius } = await import('mercurius')

async function serve({ auth, schema }: House, jit: number): Promise<RunningServer> {
  const app = fastify()
  const { options, attach } = mercuriusAuth(auth, { errorFormatter: mercurius.defaultErrorFormatter })
  await app.register(mercurius, { schema, ...options, jit, allowBatchedQueries: true })
  attach(app)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url: `${url}/graphql`, close: () => app.close() }
}

describeIntrospection({ name: 'Mercurius', batches: true, start: (house) => serve(house, 0) })
describeIntrospection({ name: 'Mercurius with compiled queries', batches: true, isTerse: true, start: (house) => serve(house, 1) })

describe('Mercurius under filtered introspection', () => {
  const apps: FastifyInstance[] = []
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()))
  })

  async function open(options: object, errorFormatter = mercurius.defaultErrorFormatter): Promise<{ app: FastifyInstance; listen(): Promise<string> }> {
    const { auth, schema } = openHouse({ introspection: 'filtered' })
    const app = fastify()
    apps.push(app)
    const adapter = mercuriusAuth(auth, { errorFormatter })
    await app.register(mercurius, { schema, ...adapter.options, ...options })
    adapter.attach(app)
    return { app, listen: async () => `${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql` }
  }

  it('B15 a rule of the application with a code of its own opens nothing that stands beside it', async () => {
    const tooDeep: ValidationRule = (context) => ({
      Document: () => context.reportError(new GraphQLError('deep', { extensions: { code: 'TOO_DEEP' } })),
    })
    const url = await (await open({ validationRules: [tooDeep] })).listen()
    for (const token of ['clerk', undefined, 'reader', 'clerk']) {
      const { body, text } = await ask(url, '{ invoic }', token)
      expect(body.errors?.map(({ extensions }) => extensions?.code).toSorted()).toEqual(['TOO_DEEP', undefined])
      expect(/invoices/.test(text)).toBe(token === 'clerk')
    }
  })

  it('leaves what a hook of the application throws as it is, with its status', async () => {
    const { app, listen } = await open({})
    app.graphql.addHook('preExecution', async () => {
      throw new mercurius.ErrorWithProps('no "Invoice" and no "invoices" today', { code: undefined }, 418)
    })
    const reply = await ask(await listen(), '{ product { name } }')
    expect([reply.status, reply.body.errors?.[0]?.message]).toEqual([418, 'no "Invoice" and no "invoices" today'])
  })

  it('B15 leaves an error formatter of the application what it knows of an error, but for what is hidden', async () => {
    const seen: unknown[] = []
    const formatter: typeof mercurius.defaultErrorFormatter = (execution, context) => {
      const { originalError } = execution.errors?.[0] ?? {}
      const { code, statusCode, errors } = originalError as unknown as { code: string; statusCode: number; errors: readonly Error[] }
      seen.push([code, statusCode, originalError instanceof Error, errors.map(({ message }) => message).join()])
      return mercurius.defaultErrorFormatter(execution, context)
    }
    const url = await (await open({}, formatter)).listen()
    for (const token of [undefined, 'clerk']) await ask(url, '{ invoic }', token)
    expect(seen).toEqual([
      ['MER_ERR_GQL_VALIDATION', 400, true, expect.not.stringContaining('invoices')],
      ['MER_ERR_GQL_VALIDATION', 400, true, expect.stringContaining('invoices')],
    ])
  })

  it('reads the variables of the operation that failed, wherever it stands in a batch', async () => {
    const url = await (await open({ allowBatchedQueries: true })).listen()
    const [typo] = TYPOS.slice(-1)
    const other = 'query Other($by: Int!) { __typename @skip(if: false) product { name } }'
    const body = [
      { query: other, variables: { by: 1 } },
      { query: typo?.query, variables: typo?.variables },
      { query: '{ product { nam } }', variables: { by: 'MARGI' } },
    ]
    const reply = await send(url, { body, headers: { authorization: 'Bearer clerk' } })
    const results = reply.body as unknown as ReadonlyArray<{ readonly errors: ReadonlyArray<{ readonly message: string }> }>
    expect(results[1]?.errors[0]?.message).toMatch(/\$by.*Did you mean.*MARGIN/)
    expect(results[2]?.errors[0]?.message).toMatch(/Did you mean "name"/)
  })

  describe.each([0, 1])('where variables come as text in a query string, with jit %i', (jit) => {
    const query = 'query Q($by: Sorting!) { search(by: $by) { name } }'
    const get = (url: string, variables: string, token?: string): Promise<Reply> =>
      send(url, {
        method: 'GET',
        search: `?${new URLSearchParams({ query, variables })}`,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })

    it.each(['{"by":"MARGI"}', '{"by":1}', '{"by":null}', '{"by":"NAME"}', '{}', 'null', '5', '[]', '"text"', '{"by":', ''])(
      'whoever may see everything is answered %s as without auth',
      async (variables) => {
        const url = await (await open({ jit })).listen()
        const plain = fastify()
        apps.push(plain)
        await plain.register(mercurius, { schema: openHouse({}).schema, jit })
        const [expected, reply] = [await get(`${await plain.listen({ host: '127.0.0.1', port: 0 })}/graphql`, variables), await get(url, variables, 'clerk')]
        expect([reply.status, reply.text]).toEqual([expected.status, expected.text])
      },
    )

    it('B15 others are told what is wrong, and no name that is hidden', async () => {
      const url = await (await open({ jit })).listen()
      for (const token of [undefined, 'clerk', 'reader']) {
        const { status, text } = await get(url, '{"by":"MARGI"}', token)
        expect([token, status, /invalid value|MARGI/.test(text), /was not provided/.test(text)]).toEqual([token, expect.any(Number), true, false])
        if (token !== 'clerk') expect(text).not.toMatch(/MARGIN/)
      }
    })
  })
})
