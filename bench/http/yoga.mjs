import { createServer } from 'node:http'
import { useGenericAuth } from '@envelop/generic-auth'
import { createInlineSigningKeyProvider, useJWT } from '@graphql-yoga/plugin-jwt'
import { createYoga } from 'graphql-yoga'
import { useAuth } from '../../dist/schema/envelop.js'
import { AUDIENCE } from '../support/issuer.mjs'
import { gatehouse, joseReader } from './bearer.mjs'
import { forGatehouse, forGenericAuth, plain } from './schemas.mjs'

const serverOf = (schema, plugins = []) => createServer(createYoga({ schema, plugins, logging: false, graphiql: false, landingPage: false }))

export const servers = {
  'no auth': () => serverOf(plain()),
  gatehouse: (issued) => serverOf(forGatehouse(), [useAuth(gatehouse(issued))]),
  'generic-auth and jose': (issued) => {
    const read = joseReader(issued)
    return serverOf(forGenericAuth(), [
      useGenericAuth({ mode: 'protect-granular', resolveUserFn: ({ request }) => read(request.headers.get('authorization') ?? undefined) }),
    ])
  },
  useJWT: ({ issuer, pem }) =>
    serverOf(plain(), [
      useJWT({ signingKeyProviders: [createInlineSigningKeyProvider(pem)], tokenVerification: { algorithms: ['RS256'], issuer, audience: AUDIENCE } }),
    ]),
}
