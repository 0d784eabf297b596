import { type DocumentNode, type GraphQLError, type GraphQLSchema, getOperationAST } from 'graphql'
import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { notWired } from '../decorators/guard.js'
import { fragmentsOf } from './fragments.js'
import { checkOperation, checkVariables } from './limits/check-limits.js'
import { protectedSchemaOf } from './protected-schema.js'

/** The part of graphql-js' execution arguments that authorization reads. */
export interface OperationArguments {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName?: string | null | undefined
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined
  readonly contextValue?: unknown
}

/**
 * Holds an operation against the caller in its context, before it runs. Answers an empty list when it may run, else one error for
 * each refused coordinate, audited; the first says under a non-enumerable `extensions.http` how HTTP answers. In a dry run the list
 * is always empty, and the refusals are in the report that {@link finishOperation} puts into the result.
 *
 * An operation that exceeds a limit of the settings is one error more, in place of all others, and in a dry run too: it is not looked
 * at any further, whoever asks.
 *
 * Does not validate the document; a document without the named operation passes here and fails in execution.
 *
 * @throws {ConfigurationError} when the schema was not protected, or the context carries no `auth`.
 */
export function authorizeOperation({ schema, document, operationName, variableValues, contextValue }: OperationArguments): readonly GraphQLError[] {
  const made = protectedSchemaOf(schema)
  if (made === undefined) throw new ConfigurationError('schema', 'the schema that protectSchema returned', 'protectSchema(schema, auth)')
  const auth = AuthContext.of(contextValue)
  if (auth === null) throw notWired('the operation')
  const operation = getOperationAST(document, operationName)
  if (operation === null || operation === undefined) return []
  const fragments = fragmentsOf(document)
  const exceeded = checkOperation(made.auth, { document, operation, fragments }, auth) ?? checkVariables(made.auth, variableValues ?? NO_VARIABLES, auth)
  if (exceeded !== null) return [exceeded]
  auth.reports?.begin(contextValue as object, operation)
  return made.authorize(auth, { operation, fragments, variables: variableValues ?? {}, contextValue })
}

const NO_VARIABLES = Object.freeze({})
