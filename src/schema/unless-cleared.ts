import { defaultFieldResolver, type GraphQLResolveInfo } from 'graphql'
import { AuthContext } from '../core/auth-context.js'
import type { AnyFunction } from '../decorators/declaration.js'
import type { ProtectedSchema } from './protected-schema.js'

/**
 * Runs a resolver at once in operations that were cleared, and asks in all others. graphql-js' own resolver is called by its name: the
 * engine can then inline it, and a list of rows costs no more than without a guard.
 */
export function unlessCleared(inner: AnyFunction, ask: AnyFunction, made: ProtectedSchema): AnyFunction {
  if (inner === defaultFieldResolver) {
    return (source: unknown, args: Record<string, unknown>, context: unknown, info: GraphQLResolveInfo): unknown =>
      isCleared(context, info, made) ? defaultFieldResolver(source, args, context, info) : ask(source, args, context, info)
  }
  return function (this: unknown, source: unknown, args: unknown, context: unknown, info: GraphQLResolveInfo): unknown {
    return isCleared(context, info, made) ? inner.call(this, source, args, context, info) : ask.call(this, source, args, context, info)
  }
}

/** What was found to be cleared last. The values of a list all ask the same, and what was cleared stays so. */
const last: { auth: unknown; operation: unknown; fragments: unknown; made: unknown } = { auth: null, operation: null, fragments: null, made: null }

function isCleared(context: unknown, info: GraphQLResolveInfo, made: ProtectedSchema): boolean {
  const auth = (context as { auth?: unknown } | null | undefined)?.auth
  if (auth === last.auth && info.operation === last.operation && info.fragments === last.fragments && made === last.made) return true
  if (AuthContext.of(context)?.isCleared(info.operation, made, info.fragments) !== true) return false
  last.auth = auth
  last.operation = info.operation
  last.fragments = info.fragments
  last.made = made
  return true
}
