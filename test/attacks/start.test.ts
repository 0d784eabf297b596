import { createServer } from 'node:http'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import { Server as SocketIoServer } from 'socket.io'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { type AuthSettings, createAuth } from '../../src/create-auth.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { useAuth } from '../../src/schema/envelop.js'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'
import { graphqlWs } from '../../src/transports/graphql-ws/index.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { attachSocketIo } from '../../src/transports/socket-io/index.js'
import { describeAttacks } from './support/rows.js'

const SCOPE = 'FORBIDDEN INSUFFICIENT_SCOPE'

/** Federation's directives under the names that a schema gives them. */
const linked = (link: string, definition: string, use: string) => ({
  typeDefs: `
    scalar link__Import
    enum link__Purpose { SECURITY EXECUTION }
    directive @link(url: String, as: String, import: [link__Import], for: link__Purpose) repeatable on SCHEMA
    directive ${definition} repeatable on FIELD_DEFINITION
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.6"${link})
    type Renamed { secret: String ${use} }
    extend type Query { renamed: Renamed @public }
  `,
  resolvers: { Query: { renamed: () => ({ secret: 'CANARY' }) } },
})

describe.each([
  {
    name: 'imported under another name',
    extension: linked(', import: [{ name: "@requiresScopes", as: "@needs" }]', '@needs(scopes: [[String!]!]!)', '@needs(scopes: [["secrets"]])'),
  },
  {
    name: 'under the prefix of its specification',
    extension: linked('', '@federation__requiresScopes(scopes: [[String!]!]!)', '@federation__requiresScopes(scopes: [["secrets"]])'),
  },
  {
    name: 'under a prefix of its own',
    extension: linked(', as: "fed"', '@fed__requiresScopes(scopes: [[String!]!]!)', '@fed__requiresScopes(scopes: [["secrets"]])'),
  },
])('a directive $name', ({ extension }) => {
  describeAttacks(
    [
      {
        name: 'B4 guards what it stands on',
        query: '{ renamed { secret } }',
        nulled: { renamed: { secret: null } },
        refusals: [`renamed.secret ${SCOPE}`],
        rejections: [`Renamed.secret ${SCOPE}`],
      },
    ],
    { extension, keeper: { scope: 'secrets' } },
  )
})

interface Mistake {
  readonly name: string
  readonly typeDefs: string
  readonly settings?: Partial<AuthSettings>
  /** What the start says. */
  readonly says: RegExp
}

const CATALOGUE: Partial<AuthSettings> = { catalogue: { scopes: ['orders:read', 'orders:write'], permissions: ['vault.open'] } }

const MISTAKES: readonly Mistake[] = [
  {
    name: 'a scope that nobody can hold',
    typeDefs: 'type Query { a: String @requiresScopes(scopes: [["order:read"]]) }',
    settings: CATALOGUE,
    says: /unknown-scope.*order:read/s,
  },
  {
    name: 'a permission that nobody can hold',
    typeDefs: 'type Query { a: String @policy(policies: [["vault.opne"]]) }',
    settings: CATALOGUE,
    says: /unknown-permission.*vault\.opne/s,
  },
  {
    name: 'a directive that is spelled wrong',
    typeDefs: 'type Query { a: String @requireScopes(scopes: [["orders:read"]]) }',
    says: /misspelled-directive.*requireScopes/s,
  },
  { name: 'an empty list of scopes', typeDefs: 'type Query { a: String @requiresScopes(scopes: []) }', says: /Query\.a/ },
  { name: 'an empty alternative', typeDefs: 'type Query { a: String @requiresScopes(scopes: [[]]) }', says: /Query\.a/ },
  {
    name: 'a requirement on a union',
    typeDefs: 'directive @authenticated on UNION type Query { a: U } union U @authenticated = A type A { a: String }',
    says: /^U\b|U:/m,
  },
  {
    name: 'a prefix that no @link gives',
    typeDefs:
      'directive @fed__requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION type Query { a: String @fed__requiresScopes(scopes: [["orders:read"]]) }',
    says: /fed__requiresScopes/,
  },
]

/** Every way of serving a schema, up to the moment in which it would listen. */
const SERVERS: Readonly<Record<string, (auth: ReturnType<typeof createAuth>, schema: GraphQLSchema) => unknown>> = {
  'HTTP and SSE with Yoga': (auth, schema) => createYoga({ schema, plugins: [useAuth(auth)], logging: false }),
  'HTTP with graphql-http': (auth, schema) => graphqlHttp(auth, { schema }),
  'graphql-ws': (auth, schema) => graphqlWs(auth, { schema }),
  'Socket.IO': (auth, schema) => attachSocketIo(new SocketIoServer(createServer(), { serveClient: false }), auth, { schema }),
}

describe('B4 a server does not start', () => {
  let issuer: TestIssuer
  beforeAll(async () => {
    issuer = await createTestIssuer({ algorithms: ['ES256'] })
  })
  afterAll(() => issuer.close())

  const serve = async (server: string, typeDefs: string, settings: Partial<AuthSettings> = {}): Promise<void> => {
    const silent = { debug: () => undefined, info: () => undefined, error: () => undefined, warn: () => undefined }
    const auth = createAuth({ backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }], audit: { logger: silent }, ...settings })
    try {
      // Other libraries let through what they were told not to look at.
      const definitions = typeDefs.includes('directive @authenticated on UNION') ? [] : [authTypeDefs]
      SERVERS[server]?.(auth, makeExecutableSchema({ typeDefs: [...definitions, typeDefs], assumeValidSDL: true }))
    } finally {
      await auth.close()
    }
  }

  describe.each(Object.keys(SERVERS))('over %s', (server) => {
    it.each(MISTAKES)('with $name', async ({ typeDefs, settings, says }) => {
      const start = serve(server, typeDefs, settings)
      await expect(start).rejects.toThrow(ConfigurationError)
      await expect(start).rejects.toThrow(says)
    })

    it('unless everything is in order', async () => {
      await serve(server, 'type Query { a: String @requiresScopes(scopes: [["orders:read"]]) b: String @policy(policies: [["vault.open"]]) }', CATALOGUE)
    })
  })
})
