import type { EventEmitter } from 'node:events'
import { on } from 'node:events'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import type { AuthContext } from '../../src/core/auth-context.js'
import { authTypeDefs } from '../../src/schema/directives.js'

/** What resolvers of the test schema see. */
export interface TestContext {
  readonly auth: AuthContext
}

const typeDefs = /* GraphQL */ `
  type Query {
    hello: String @public
    me: String
    orders: String @requiresScopes(scopes: [["orders:read"]])
    vault: String @policy(policies: [["vault.open"]])
    "Answers when the test lets it."
    slow: String
    throws: String @public
    token: String
  }
  type Mutation {
    greet: String @public
    ping: String
    order: String @requiresScopes(scopes: [["orders:write"]])
    openVault: String @policy(policies: [["vault.open"]])
    "Answers when the test lets it."
    slow: String
  }
  type Subscription {
    steps: Int @public
    mySteps: Int
    orderSteps: Int @requiresScopes(scopes: [["orders:read"]])
    vaultSteps: Int @policy(policies: [["vault.open"]])
    "Every event named tick, for as long as the subscriber stays."
    ticks: Int
    publicTicks: Int @public
    breaks: Int @public
  }
`

/** What the resolvers of the test schema work with. */
export interface TestSources {
  /** Emits `tick` with a number. */
  readonly events: EventEmitter
  /** Called by `slow` fields; they answer when it resolves. */
  readonly wait: () => Promise<void>
  /** Called whenever a guarded or open resolver runs, with its coordinate. */
  readonly ran: (coordinate: string) => void
  /** What a test adds to the schema. */
  readonly extension?: SchemaExtension | undefined
}

/** More fields, and their resolvers by type. */
export interface SchemaExtension {
  readonly typeDefs: string
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** One schema with an open, an authenticated, a scoped and a permitted field on each root type. Not protected. */
export function testSchema({ events, wait, ran, extension }: TestSources): GraphQLSchema {
  const answer = (coordinate: string, text: string) => () => {
    ran(coordinate)
    return text
  }
  const steps = (coordinate: string) => ({
    subscribe: async function* () {
      ran(coordinate)
      yield 1
      yield 2
    },
    resolve: (value: number) => value,
  })
  const ticks = { subscribe: () => on(events, 'tick'), resolve: ([value]: [number]) => value }
  return makeExecutableSchema({
    typeDefs: [authTypeDefs, typeDefs, ...(extension === undefined ? [] : [extension.typeDefs])],
    resolvers: [
      {
        Query: {
          hello: answer('Query.hello', 'world'),
          me: (_: unknown, __: unknown, { auth }: TestContext) => auth.principal?.subject ?? null,
          orders: answer('Query.orders', 'orders'),
          vault: answer('Query.vault', 'gold'),
          slow: async () => {
            ran('Query.slow')
            await wait()
            return 'late'
          },
          throws: () => {
            throw new GraphQLError('This one was meant to be seen', { extensions: { code: 'TEAPOT' } })
          },
          token: (_: unknown, __: unknown, { auth }: TestContext) => (auth.token === null ? null : 'held'),
        },
        Mutation: {
          greet: answer('Mutation.greet', 'hi'),
          ping: answer('Mutation.ping', 'pong'),
          order: answer('Mutation.order', 'ordered'),
          openVault: answer('Mutation.openVault', 'opened'),
          slow: async () => {
            ran('Mutation.slow')
            await wait()
            return 'late'
          },
        },
        Subscription: {
          steps: steps('Subscription.steps'),
          mySteps: steps('Subscription.mySteps'),
          orderSteps: steps('Subscription.orderSteps'),
          vaultSteps: steps('Subscription.vaultSteps'),
          ticks,
          publicTicks: ticks,
          breaks: {
            // biome-ignore lint/correctness/useYield: it breaks before its first event
            subscribe: async function* () {
              throw new GraphQLError('The source broke', { extensions: { code: 'BROKEN' } })
            },
          },
        },
      },
      // The types of resolvers are a test's own.
      ...(extension === undefined ? [] : [extension.resolvers as never]),
    ],
  })
}
