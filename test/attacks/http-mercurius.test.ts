import { jest } from '@jest/globals'
import fastify from 'fastify'
import { mercuriusAuth } from '../../src/transports/http/index.js'
import { describeHttpAttacks } from './support/http-attacks.js'

// Serves Mercurius' IDE, which no test opens; it requires an ES module, which Jest cannot do before Node 24.
jest.mock('@fastify/static', () => ({}))
const { mercurius } = await import('mercurius')

describeHttpAttacks({
  name: 'Mercurius',
  negotiates: false,
  foreignBody: 400,
  batches: false,
  async start({ auth, schema }) {
    const app = fastify()
    const { options, attach } = mercuriusAuth(auth, { errorFormatter: mercurius.defaultErrorFormatter })
    await app.register(mercurius, { schema, ...options })
    attach(app)
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return { url: `${url}/graphql`, close: () => app.close() }
  },
})
