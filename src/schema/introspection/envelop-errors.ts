import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql'
import { concealErrors, isConcealed, revealErrors } from './conceal.js'

/** What Yoga is about to send. */
export interface YogaResult {
  readonly context: object
  readonly result?: unknown
  setResult(result: { errors: GraphQLError[] }): void
}

/** The errors of validation, for whoever is in the context that early. */
export function concealInvalid(
  errors: readonly unknown[],
  { schema, documentAST: document }: { readonly schema: GraphQLSchema; readonly documentAST: DocumentNode },
  contextValue: object,
): GraphQLError[] {
  // Envelop takes a list that it could change, and does not.
  return concealErrors(errors as readonly GraphQLError[], { schema, document, contextValue }) as GraphQLError[]
}

/**
 * Says more in errors of validation, which Yoga answers before it authenticates, to a caller who may read more than nobody. Asks who
 * he is for no other result.
 */
export function revealInvalid({ result, setResult }: YogaResult, contextOf: () => Promise<object>): Promise<void> | undefined {
  const { errors } = (result ?? {}) as { errors?: unknown }
  return Array.isArray(errors) && isConcealed(errors)
    ? contextOf().then((context) => setResult({ ...(result as object), errors: revealErrors(errors, context) as GraphQLError[] }))
    : undefined
}
