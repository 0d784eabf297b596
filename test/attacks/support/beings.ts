import type { SchemaExtension } from '../../support/transport-schema.js'

const USER = { __typename: 'User', id: 'user:1', name: 'Ada', secret: 'CANARY-secret', hidden: 'CANARY-hidden', note: 'open' }
const BOT = { __typename: 'Bot', id: 'bot:1', name: 'Marvin', secret: 'no secret', hidden: 'CANARY-hidden' }
const LEAVES = Array.from({ length: 100 }, (_, index) => ({
  __typename: index % 2 === 0 ? 'Even' : 'Odd',
  index,
  value: index % 2 === 0 ? 'leaf' : 'CANARY-leaf',
}))

const typeOf = { __resolveType: ({ __typename }: { __typename: string }) => __typename }

/** A guard on an object's field, one on an interface's field, one on a type, and every way there. */
export const BEINGS: SchemaExtension = {
  typeDefs: /* GraphQL */ `
    directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @stream(if: Boolean! = true, label: String, initialCount: Int! = 0) on FIELD

    interface Node { id: ID! }
    "Asks nothing itself: User's secret is guarded, Bot's is not."
    interface Named { name: String secret: String }
    "Guards the field on whatever implements it."
    interface Hiding { hidden: String @requiresScopes(scopes: [["secrets"]]) }
    type User implements Node & Named & Hiding {
      id: ID!
      name: String
      secret: String @requiresScopes(scopes: [["secrets"]])
      hidden: String
      note: String
      friends: [User!]!
      chest: Chest
    }
    type Bot implements Node & Named & Hiding { id: ID! name: String secret: String hidden: String }
    "Guarded as a whole."
    type Chest @requiresScopes(scopes: [["secrets"]]) { gold: String label: String }
    union Being = User | Bot
    type UserEdge { cursor: String! node: User! }
    type UserConnection { edges: [UserEdge!]! }
    interface Leaf { index: Int! value: String! }
    type Even implements Leaf { index: Int! value: String! }
    type Odd implements Leaf { index: Int! value: String! @requiresScopes(scopes: [["secrets"]]) }

    extend type Query {
      user: User @public
      bot: Bot @public
      named: [Named!] @public
      beings: [Being!] @public
      users: UserConnection @public
      node(id: ID!): Node @public
      nodes(ids: [ID!]!): [Node] @public
      hiding: [Hiding!] @public
      leaves: [Leaf]! @public
    }
    "As Relay's mutations answer."
    type Payload { query: Query }
    extend type Mutation { act: Payload @public }
    extend type Subscription {
      named: Named @public
      users: User @public
    }
  `,
  resolvers: {
    Query: {
      user: () => USER,
      bot: () => BOT,
      named: () => [USER, BOT],
      beings: () => [USER, BOT],
      users: () => ({ edges: [{ cursor: '1', node: USER }] }),
      node: (_: unknown, { id }: { id: string }) => [USER, BOT].find((being) => being.id === id) ?? null,
      nodes: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => [USER, BOT].find((being) => being.id === id) ?? null),
      hiding: () => [USER, BOT],
      leaves: () => LEAVES,
    },
    Mutation: { act: () => ({ query: {} }) },
    Subscription: {
      named: {
        subscribe: async function* () {
          yield BOT
          yield USER
        },
        resolve: (value: unknown) => value,
      },
      users: {
        subscribe: async function* () {
          yield USER
        },
        resolve: (value: unknown) => value,
      },
    },
    User: { friends: () => [USER], chest: () => ({ gold: 'CANARY-gold', label: 'CANARY-label' }) },
    Node: typeOf,
    Named: typeOf,
    Hiding: typeOf,
    Being: typeOf,
    Leaf: typeOf,
  },
}

/** Who may see all of it. */
export const KEEPER = { scope: 'secrets' }
