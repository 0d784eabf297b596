import { describe, expect, it } from '@jest/globals'
import { asking, describeSameOverHttp } from './support/behaviour.js'
import { describeBatchesOf, describeInvalidDocuments } from './support/differences.js'
import { startPage } from './support/page.js'

const apollo = { name: 'apollo-server' }
const plugins = 'plugins: [apolloAuth(auth)]'

describeSameOverHttp(apollo)
describeBatchesOf({ ...apollo, enable: [plugins, `allowBatchedHttpRequests: true, ${plugins}`] })
describeInvalidDocuments(apollo, 400)

describe('one of the parts left out', () => {
  const withoutPlugin = asking({ ...apollo, replace: [[plugins, 'plugins: []']] })
  const withoutContext = asking({ ...apollo, replace: [[', { context: ({ req }) => httpContext(auth, req) }', '']] })

  it('without the plugin, a refusal is 200 and null, of introspection too', async () => {
    const refused = await withoutPlugin.ask('{ item { id } }')
    expect([refused.status, refused.body.data]).toEqual([200, { item: null }])
    const hidden = await withoutPlugin.ask('{ __schema { queryType { name } } }')
    expect([hidden.status, hidden.body.data ?? null]).toEqual([200, null])
  })

  it('without the context, nothing runs', async () => {
    const { status, body } = await withoutContext.ask('{ about }', 'orders:read')
    expect([status, body.data ?? null]).toEqual([500, null])
  })

  it('without the protected schema, the server does not start', async () => {
    const unprotected = startPage('apollo-server', {
      replace: [['schema, plugins', 'schema: makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs] }), plugins']],
    })
    await expect(unprotected).rejects.toThrow('apolloAuth: schema: expected the schema that protectSchema returned')
  })
})
