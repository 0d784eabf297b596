import { createServer } from 'node:http'
import { createHandler } from 'graphql-http/lib/use/http'
import { createYoga } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { describeIntrospection } from './support/introspection-cases.js'
import { listen } from './support/listen.js'

describeIntrospection({
  name: 'graphql-http',
  batches: false,
  start: ({ auth, schema }) => listen(createServer(createHandler(graphqlHttp(auth, { schema })))),
})

const quiet = { batching: true, logging: false, landingPage: false, graphiql: false } as const

describeIntrospection({
  name: 'Yoga',
  batches: true,
  start: ({ auth, schema }) => listen(createServer(createYoga({ ...quiet, schema, plugins: [useAuth(auth)] }))),
})

describeIntrospection({
  name: 'Yoga without its cache of documents',
  batches: true,
  start: ({ auth, schema }) => listen(createServer(createYoga({ ...quiet, schema, plugins: [useAuth(auth)], parserAndValidationCache: false }))),
})
