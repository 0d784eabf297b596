import { describe, expect, it } from '@jest/globals'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { asking, describeSameOverHttp } from './support/behaviour.js'
import { describeSameOverLive } from './support/live-behaviour.js'
import { startPage } from './support/page.js'

const quiet = [['NestFactory.create(App)', 'NestFactory.create(App, { logger: false, abortOnError: false })']] as const

describeSameOverHttp({ name: 'nestjs', replace: quiet })

describeSameOverLive(
  'nestjs',
  ({ address }, token) =>
    createClient({
      url: `ws://${address}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(token === null ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    }),
  { replace: quiet },
)

describe('a decorator on a method of Nest', () => {
  const here = asking({ name: 'nestjs', replace: quiet })

  it('is asked when the method is called, so that a refusal is 200 and null', async () => {
    const { status, body } = await here.ask('{ about latest }', 'profile')
    expect([status, body.data]).toEqual([200, { about: 'Orders of the shop', latest: null }])
    expect(body.errors).toEqual([
      expect.objectContaining({ message: 'Forbidden', path: ['latest'], extensions: expect.objectContaining({ code: 'FORBIDDEN' }) }),
    ])
  })

  it('is refused for nobody before anything runs, as every root field is', async () => {
    expect((await here.ask('{ latest }')).status).toBe(401)
  })

  it('answers who may', async () => {
    expect((await here.ask('{ latest }', 'orders:read')).body).toEqual({ data: { latest: 'A-1' } })
  })
})

describe('the same program without the plugin', () => {
  const here = asking({ name: 'nestjs', replace: [...quiet, ['plugins: [apolloAuth(auth)],', '']] })

  it.each([
    ['{ about }', undefined, { about: 'Orders of the shop' }],
    ['{ item { id } }', 'profile', { item: null }],
    ['{ item { id } }', undefined, { item: null }],
  ])('answers %s with 200 for scope %s', async (query, scope, data) => {
    const { status, body } = await here.ask(query, scope)
    expect([status, body.data]).toEqual([200, data])
  })

  it('does not show the schema to nobody in particular', async () => {
    const { status, body } = await here.ask('{ __schema { queryType { name } } }')
    expect([status, body.data ?? null]).toEqual([200, null])
  })
})

describe('one of the other parts left out', () => {
  const withoutContext = asking({ name: 'nestjs', replace: [...quiet, ['context: ({ req }: { req: HttpRequest }) => httpContext(auth, req),', '']] })

  it('without the context, nothing runs', async () => {
    const { status, body } = await withoutContext.ask('{ about }', 'orders:read')
    expect([status, body.data ?? null]).toEqual([500, null])
  })

  it('without the protected schema, the server does not start', async () => {
    const unprotected = startPage('nestjs', { replace: [...quiet, ['transformSchema: (schema) => protectSchema(schema, auth),', '']] })
    await expect(unprotected).rejects.toThrow('apolloAuth: schema: expected the schema that protectSchema returned')
  })
})
