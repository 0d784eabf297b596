import { jest } from '@jest/globals'
import fastify from 'fastify'
import { mercuriusAuth } from '../../src/transports/http/index.js'
import { describeBatchLimits, describeLimits } from './support/limit-cases.js'
import type { LimitTransport } from './support/limit-house.js'
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
