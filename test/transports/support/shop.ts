import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GraphQLSchema } from 'graphql'
import type { AuditLogger } from '../../../src/core/audit.js'
import { type Auth, createEngine } from '../../../src/core/auth.js'
import { AuthContext } from '../../../src/core/auth-context.js'
import type { TokenBackend, VerifiedToken } from '../../../src/core/backend.js'
import { BackendUnavailableError, InvalidTokenError, TokenExpiredError, TokenRevokedError } from '../../../src/core/errors.js'
import { type CommonSettings, resolveSettings } from '../../../src/core/settings.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { authTypeDefs } from '../../../src/schema/directives.js'

/** The time of every test, in milliseconds. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

/** Where every challenge of the shop points to. */
export const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource'

/** What only the shop's own log may ever hold; no token is in it either. */
export interface Shop {
  readonly auth: Auth
  readonly schema: GraphQLSchema
  /** How often each resolver ran. */
  readonly calls: Map<string, number>
  /** How often the backend was asked. */
  readonly verified: string[]
  /** Every line of the audit log, as text. */
  readonly log: string[]
}

const TOKENS: Readonly<Record<string, () => VerifiedToken>> = {
  reader: () => user({ scopes: ['orders:read'] }),
  clerk: () => user({ scopes: ['orders:read', 'orders:write'], permissions: ['order.cancel', 'report.view'] }),
  strong: () => user({ acr: 'urn:example:mfa', authenticatedAt: NOW / 1000 - 60 }),
  weak: () => user({ acr: 'urn:example:password', authenticatedAt: NOW / 1000 - 86_400 }),
  old: () => {
    throw new TokenExpiredError()
  },
  late: () => user({ expiresAt: NOW / 1000 }),
  gone: () => {
    throw new TokenRevokedError()
  },
  busy: () => {
    throw new BackendUnavailableError({ retryAfter: 7 })
  },
  broken: () => {
    throw new TypeError('connection string postgres://secret@db')
  },
}

function user(verified: Partial<VerifiedToken>): VerifiedToken {
  return { issuer: 'https://sso.example.com', subject: 'u1', ...verified }
}

const typeDefs = /* GraphQL */ `
  type Query {
    open: String! @public
    me: String
    slow: String
    orders: [Order!]! @requiresScopes(scopes: [["orders:read", "orders:write"], ["orders:read"]])
    drafts: [Order!] @requiresScopes(scopes: [["orders:write"]])
    report: String @policy(policies: [["report.view"]])
    vault: String
    anything: Node @public
    nothing: String
  }
  type Mutation {
    cancelOrder(id: ID!): Boolean
    touch: Int
  }
  interface Node { id: ID! }
  type Order implements Node {
    id: ID!
    total: Int
    margin: Int @policy(policies: [["report.view"]])
  }
  type Product implements Node {
    id: ID!
    margin: Int
  }
`

/** A small shop with every kind of requirement, a backend that knows a few tokens by heart, and ears for what is logged and called. */
export function openShop(settings: CommonSettings = {}): Shop {
  const calls = new Map<string, number>()
  const verified: string[] = []
  const log: string[] = []
  const counted =
    <T>(name: string, value: (args: Record<string, unknown>, context: unknown) => T) =>
    (_source: unknown, args: Record<string, unknown>, context: unknown): T => {
      calls.set(name, (calls.get(name) ?? 0) + 1)
      return value(args, context)
    }
  const backend: TokenBackend = {
    name: 'table',
    async verify({ token }) {
      verified.push(token)
      if (/^user-\d+$/.test(token)) return user({ subject: token })
      const known = Object.hasOwn(TOKENS, token) ? TOKENS[token] : undefined
      if (known === undefined) throw new InvalidTokenError({ detail: 'not in the table' })
      return known()
    },
  }
  const line = (event: object): void => void log.push(JSON.stringify(event))
  const logger: AuditLogger = { debug: line, info: line, error: line }
  const auth = createEngine(
    resolveSettings({ realm: 'shop', resourceMetadata: METADATA, audit: { logger }, now: () => NOW, cacheSize: 0, ...settings }, [backend]),
  )
  const orders = [{ __typename: 'Order', id: '1', total: 10, margin: 3 }]
  const schema = makeExecutableSchema({
    typeDefs: [authTypeDefs, typeDefs],
    resolvers: {
      Query: {
        open: counted('open', () => 'hello'),
        me: counted('me', (_, context) => AuthContext.of(context)?.principal?.subject ?? null),
        slow: counted('slow', async (_, context) => {
          await new Promise((resolve) => setImmediate(resolve))
          return AuthContext.of(context)?.principal?.subject ?? null
        }),
        orders: counted('orders', () => orders),
        drafts: counted('drafts', () => orders),
        report: counted('report', () => 'figures'),
        vault: requireOAuth({ acr: 'urn:example:mfa', maxAge: 300 })(counted('vault', () => 'gold')),
        anything: counted('anything', () => orders[0]),
        nothing: counted('nothing', () => null),
      },
      Mutation: {
        cancelOrder: requirePerm('order.cancel')(counted('cancelOrder', () => true)),
        touch: counted('touch', () => 1),
      },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      Order: { margin: counted('margin', () => 3) },
    },
  })
  return { auth, schema, calls, verified, log }
}
