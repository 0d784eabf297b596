import { describe, expect, it, jest } from '@jest/globals'
import { asking, describeSameOverHttp } from './support/behaviour.js'
import { describeBatchesOf, describeInvalidDocuments } from './support/differences.js'

// Serves Mercurius' IDE, which no test opens; it requires an ES module, which Jest cannot do before Node 24.
jest.mock('@fastify/static', () => ({}))

const mercurius = { name: 'mercurius' }

describeSameOverHttp(mercurius)
describeBatchesOf({ ...mercurius, enable: ['...options', 'allowBatchedQueries: true, ...options'] })
describeInvalidDocuments(mercurius, 401)

describe('without attach', () => {
  const here = asking({ ...mercurius, replace: [['attach(app)\n', '']] })

  it('answers nothing', async () => {
    const { status, body } = await here.ask('{ about }', 'orders:read')
    expect([status, body.data ?? null]).toEqual([500, null])
  })
})
