import { createServer } from 'node:http'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { authTypeDefs, classResolvers, createAuth, requireOAuth } from 'graphql-gatehouse'
import { useAuth } from 'graphql-gatehouse/envelop'
import { createTestIssuer } from 'graphql-gatehouse/testing'
import { createYoga } from 'graphql-yoga'

class Orders {
  @requireOAuth('orders:read')
  orders(_source: unknown, args: { first: number }) {
    return ['A-1', 'A-2', 'A-3'].slice(0, args.first)
  }
}

const issuer = await createTestIssuer() // stands in for your identity provider
const auth = createAuth({ backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }] })

const typeDefs = 'type Query { orders(first: Int = 2): [String!]! }'
const schema = makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs], resolvers: classResolvers({ Query: Orders }) })

createServer(createYoga({ schema, plugins: [useAuth(auth)] })).listen(4000)
const token = await issuer.token({ scope: 'orders:read' })
console.log(`curl localhost:4000/graphql -H 'content-type: application/json' -d '{"query":"{ orders }"}' -H 'authorization: Bearer ${token}'`)
