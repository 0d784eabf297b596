import { createServer } from 'node:http'
import { createHandler } from 'graphql-http/lib/use/http'
import { createYoga } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { listen } from '../transports/support/listen.js'
import { describeHttpAttacks } from './support/http-attacks.js'

const traits = { foreignBody: 415, negotiates: true, batches: false }

describeHttpAttacks({
  ...traits,
  name: 'Yoga',
  start: ({ auth, schema }) => listen(createServer(createYoga({ schema, plugins: [useAuth(auth)], logging: false, landingPage: false, graphiql: false }))),
})

describeHttpAttacks({
  ...traits,
  name: 'graphql-http',
  start: ({ auth, schema }) => listen(createServer(createHandler(graphqlHttp(auth, { schema })))),
})
