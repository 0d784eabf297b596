import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { GraphQLError } from 'graphql'
import { protectSchema } from '../../dist/index.js'
import { apolloAuth, httpContext } from '../../dist/transports/http/index.js'
import { gatehouse, joseReader } from './bearer.mjs'
import { forGatehouse, plain, withShield } from './schemas.mjs'

const LISTEN = { port: 0, host: '127.0.0.1' }
const start = async ({ context, ...options }) => {
  const { url } = await startStandaloneServer(new ApolloServer(options), { listen: LISTEN, ...(context === undefined ? {} : { context }) })
  return url
}

export const servers = {
  'no auth': () => start({ schema: plain() }),
  jose: (issued) => {
    const read = joseReader(issued)
    return start({
      schema: plain(),
      context: async ({ req }) => {
        const user = await read(req.headers.authorization)
        if (user === null) throw new GraphQLError('Unauthorized', { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } })
        return { user }
      },
    })
  },
  'jose and shield': (issued) => {
    const read = joseReader(issued)
    return start({
      schema: withShield(plain(), ({ user }, scope) => user !== null && String(user.scope).split(' ').includes(scope)),
      context: async ({ req }) => ({ user: await read(req.headers.authorization) }),
    })
  },
  gatehouse: (issued) => {
    const auth = gatehouse(issued)
    return start({ schema: protectSchema(forGatehouse(), auth), plugins: [apolloAuth(auth)], context: ({ req }) => httpContext(auth, req) })
  },
}
