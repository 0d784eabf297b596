import { makeExecutableSchema } from '@graphql-tools/schema'
import { CALLERS, concrete, resolvers, typeDefs } from '../support/model.mjs'

/** The model without any requirement. */
export const plainSchema = () => makeExecutableSchema({ typeDefs: typeDefs(), resolvers: resolvers() })

/** What peers find of the caller in the context of an operation. */
export const contextOf = (caller) => ({ user: CALLERS[caller] })

/** Whether the caller in that context holds a scope. */
export const holds = (context, scope) => context.user?.scope.includes(scope) === true

/** Two servers that are asked the same: one without auth, and one with. */
export function compared(base, guarded) {
  return { asked: concrete, base: { run: base, contextOf }, guarded: { run: guarded, contextOf } }
}
