import type { GraphQLError } from 'graphql'
import type { Auth } from '../../core/auth.js'
import { AuthContext } from '../../core/auth-context.js'
import type { HttpRefusal } from '../../core/challenge.js'
import type { LimitExceededError } from '../../core/limit-exceeded-error.js'
import { authorizeOperation, type OperationArguments } from '../../schema/authorize-operation.js'
import { checkBatch, checkDocument, type Origin } from '../../schema/limits/check-limits.js'

/** How HTTP answers an operation that does not run: no data, every error, a status and its challenge. */
export interface HttpAnswer {
  readonly status: HttpRefusal['status'] | LimitExceededError['status'] | 200
  readonly headers: Readonly<Record<string, string>>
  readonly errors: readonly GraphQLError[]
}

/** The answer to credentials that are not good, before the document is read; `null` when they are, none came, or it is a dry run. */
export function answerToCredentials(auth: Auth, context: AuthContext): HttpAnswer | null {
  return context.refusal === null || context.reports?.dryRun === true ? null : answerOf(auth.refuse(context, [context.refusal]))
}

/**
 * The answer to a document that is larger than the settings allow, before it is parsed; `null` when it is not.
 *
 * @param batched as for {@link answerToOperation}
 */
export function answerToDocument(auth: Auth, text: string, origin: Origin, batched = false): HttpAnswer | null {
  const exceeded = checkDocument(auth, text, origin)
  if (exceeded === null) return null
  return batched ? { status: 200, headers: NO_HEADERS, errors: [exceeded] } : answerOf([exceeded])
}

/** The answer to a request with more operations than the settings allow; `null` when it has not. None of them may run. */
export function answerToBatch(auth: Auth, operations: number, origin: Origin): HttpAnswer | null {
  const exceeded = checkBatch(auth, operations, origin)
  return exceeded === null ? null : answerOf([exceeded])
}

/**
 * The answer to an operation that must not run; `null` when it may.
 *
 * @param batched whether other operations are answered by the same response. Only bad credentials, which refuse all of them, then
 * decide its status: data is never sent under 4xx (GraphQL over HTTP §6.4).
 * @throws {ConfigurationError} when the schema was not protected, or the context carries no `auth`.
 */
export function answerToOperation(args: OperationArguments, batched = false): HttpAnswer | null {
  const errors = authorizeOperation(args)
  if (errors.length === 0) return null
  const alone = !batched || AuthContext.of(args.contextValue)?.refusal !== null
  return alone ? answerOf(errors) : { status: 200, headers: NO_HEADERS, errors }
}

/**
 * The media type of a response for an `Accept` header: the first of the two that it names. Quality values are not weighed.
 *
 * Does not tell whether the header accepts either: servers have answered 406 before.
 */
export function responseMediaType(accept: string | null | undefined): string {
  const named = (accept ?? '')
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';', 1)[0]?.trim() ?? '')
  const first = named.find((range) => range === GRAPHQL_RESPONSE || JSON_RANGES.has(range))
  return `${first === GRAPHQL_RESPONSE ? GRAPHQL_RESPONSE : 'application/json'}; charset=utf-8`
}

const GRAPHQL_RESPONSE = 'application/graphql-response+json'
const JSON_RANGES: ReadonlySet<string> = new Set(['application/json', 'application/*', '*/*'])
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

/** What the first error says of HTTP, as the engine and the limits put it there. */
function answerOf(errors: readonly GraphQLError[]): HttpAnswer {
  const { status, headers = NO_HEADERS } = (errors[0] as GraphQLError).extensions.http as Pick<HttpAnswer, 'status'> & Partial<HttpAnswer>
  return { status, headers, errors }
}
