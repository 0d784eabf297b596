import { createServer } from 'node:http'
import { createYoga } from 'graphql-yoga'
import { useAuth } from '../../src/schema/envelop.js'
import { describeHttp } from './support/http-suite.js'
import { listen } from './support/listen.js'

describeHttp({
  name: 'Yoga with useAuth',
  start: ({ auth, schema }) =>
    listen(createServer(createYoga({ schema, plugins: [useAuth(auth)], batching: true, logging: false, landingPage: false, graphiql: false }))),
  foreignBody: 415,
  negotiates: true,
  badBatch: 200,
})
