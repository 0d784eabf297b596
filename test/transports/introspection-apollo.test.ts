import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { startStandaloneServer } from '@apollo/server/standalone'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { apolloAuth, type HttpContext, httpContext } from '../../src/transports/http/index.js'
import { describeIntrospection } from './support/introspection-cases.js'

describeIntrospection({
  name: 'Apollo Server',
  batches: true,
  async start({ auth, schema }) {
    const server = new ApolloServer<HttpContext>({
      schema: protectSchema(schema, auth),
      introspection: true,
      allowBatchedHttpRequests: true,
      plugins: [apolloAuth(auth), ApolloServerPluginLandingPageDisabled()],
      includeStacktraceInErrorResponses: false,
    })
    const { url } = await startStandaloneServer(server, { context: ({ req }) => httpContext(auth, req), listen: { host: '127.0.0.1', port: 0 } })
    return { url, close: () => server.stop() }
  },
})
