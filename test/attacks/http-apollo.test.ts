import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { apolloAuth, type HttpContext, httpContext } from '../../src/transports/http/index.js'
import { describeHttpAttacks } from './support/http-attacks.js'

// Without the header that Apollo asks for beside a simple request: these are the attacker's.
describeHttpAttacks({
  name: 'Apollo Server',
  negotiates: true,
  foreignBody: 400,
  batches: false,
  async start({ auth, schema }) {
    const server = new ApolloServer<HttpContext>({
      schema: protectSchema(schema, auth),
      plugins: [apolloAuth(auth)],
      includeStacktraceInErrorResponses: false,
    })
    const { url } = await startStandaloneServer(server, { context: ({ req }) => httpContext(auth, req), listen: { host: '127.0.0.1', port: 0 } })
    return { url, close: () => server.stop() }
  },
})

// With the check switched off: what is left is our own.
describeHttpAttacks({
  name: 'Apollo Server without its own check',
  negotiates: true,
  foreignBody: 400,
  batches: false,
  async start({ auth, schema }) {
    const server = new ApolloServer<HttpContext>({
      schema: protectSchema(schema, auth),
      plugins: [apolloAuth(auth)],
      csrfPrevention: false,
      includeStacktraceInErrorResponses: false,
    })
    const { url } = await startStandaloneServer(server, { context: ({ req }) => httpContext(auth, req), listen: { host: '127.0.0.1', port: 0 } })
    return { url, close: () => server.stop() }
  },
})
