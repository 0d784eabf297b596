import { createServer } from 'node:http'
import { createHandler } from 'graphql-http/lib/use/http'
import { graphqlHttp } from '../../dist/transports/http/index.js'
import { gatehouse } from './bearer.mjs'
import { forGatehouse, plain } from './schemas.mjs'

export const servers = {
  'no auth': () => createServer(createHandler({ schema: plain() })),
  gatehouse: (issued) => createServer(createHandler(graphqlHttp(gatehouse(issued), { schema: forGatehouse() }))),
}
