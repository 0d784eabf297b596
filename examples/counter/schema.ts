import { makeExecutableSchema } from '@graphql-tools/schema'
import { GraphQLError, type GraphQLSchema } from 'graphql'
import { type AuthContext, authTypeDefs, classResolvers, publicAccess, requireOAuth } from 'graphql-gatehouse'
import { type ChangeEvent, changes, type EventBus } from 'graphql-gatehouse/orm/sequelize'
import { Counter, THE_COUNTER } from './counter.js'

const typeDefs = /* GraphQL */ `
  type Query {
    "What this server is. Everybody may ask."
    about: String!
    "The counter as it stands. Needs counter:read."
    counter: Counter!
  }

  type Mutation {
    "Sets the counter, 0 to 100; it then counts down by itself. Needs counter:write."
    setCounter(value: Int!): Counter!
  }

  type Subscription {
    "The counter after each change. Needs counter:read."
    counter: Counter!
  }

  type Counter {
    value: Int!
    "The value, said by whoever asks. Needs counter:read, however the counter was reached."
    protectedValue: String!
  }
`

interface Context {
  readonly auth: AuthContext
}

class Queries {
  @publicAccess()
  about(): string {
    return 'A counter that counts down, and says so only to those who may know.'
  }

  @requireOAuth('counter:read')
  counter(): Promise<Counter> {
    return theCounter()
  }
}

class Mutations {
  @requireOAuth('counter:write')
  async setCounter(_: unknown, { value }: { value: number }): Promise<Counter> {
    if (value < 0 || value > 100) throw new GraphQLError('Choose a number from 0 to 100.', { extensions: { code: 'BAD_USER_INPUT' } })
    await Counter.update({ value }, { where: { id: THE_COUNTER } })
    return theCounter()
  }
}

class CounterFields {
  @requireOAuth('counter:read')
  protectedValue({ value }: Counter, _: unknown, { auth }: Context): string {
    return `${nameOf(auth)} says: ${value}`
  }
}

/** The schema, whose subscription follows the bus. */
export function counterSchema(bus: EventBus): GraphQLSchema {
  const classes = classResolvers({ Query: Queries, Mutation: Mutations, Counter: CounterFields })
  const Subscription = {
    counter: {
      // The same requirement around a function: a subscription has two, and this is the one that starts it.
      subscribe: requireOAuth('counter:read')(() => changes(bus, Counter)),
      // An event brings no values. The row is read for each subscriber, and its fields are guarded as his.
      resolve: ({ id }: ChangeEvent) => Counter.findByPk(id),
    },
  }
  return makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs], resolvers: { ...classes, Subscription } })
}

function theCounter(): Promise<Counter> {
  return Counter.findByPk(THE_COUNTER, { rejectOnEmpty: true })
}

/** The verified name of whoever asks: over a subscription that is the subscriber, whoever has written. */
function nameOf({ principal }: AuthContext): string {
  const name = principal?.claims.name
  return typeof name === 'string' ? name : (principal?.subject ?? 'nobody')
}
