import { defaultFieldResolver, type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql'
import type { AnyFunction } from '../decorators/declaration.js'
import type { ProtectedSchema } from './protected-schema.js'

/** The resolvers under the guards that have nothing to ask in a cleared operation. */
const settled = new WeakMap<AnyFunction, { readonly inner: AnyFunction; readonly made: ProtectedSchema }>()

/** Notes that a guard does nothing in an operation that was cleared but to call the resolver under it. */
export function rememberSettled(guard: AnyFunction, inner: AnyFunction, made: ProtectedSchema): void {
  settled.set(guard, { inner, made })
}

/**
 * Runs a function while the schema's fields stand without the guards that have nothing to ask in a cleared operation, and puts them back
 * before it returns. For compilers, which read every resolver they will call while they compile, and write fields without one into
 * their code. What they make of it may only run operations that were cleared.
 *
 * The schema, its types and its fields stay the same objects, so that resolvers find the guarded schema in `info`. Guards of other
 * schemas stay in place, and so do those that something else was wrapped around.
 *
 * @param compile is synchronous, and executes nothing: else whatever runs meanwhile would run unguarded
 */
export function withoutSettledGuards<Result>(schema: GraphQLSchema, made: ProtectedSchema, compile: () => Result): Result {
  const lifted: Array<readonly [GraphQLField<unknown, unknown>, AnyFunction]> = []
  try {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type)) continue
      for (const field of Object.values(type.getFields())) {
        const guard = field.resolve
        const known = guard === undefined ? undefined : settled.get(guard)
        if (guard === undefined || known === undefined || known.made !== made) continue
        lifted.push([field, guard])
        ;(field as { resolve: AnyFunction | undefined }).resolve = known.inner === defaultFieldResolver ? undefined : known.inner
      }
    }
    return compile()
  } finally {
    for (const [field, guard] of lifted) field.resolve = guard
  }
}
