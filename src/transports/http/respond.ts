import type { Auth } from '../../core/auth.js'
import { AuthContext } from '../../core/auth-context.js'
import type { HttpRefusal } from '../../core/challenge.js'
import type { AuthError } from '../../core/errors.js'
import { authorizeOperation, type OperationArguments } from '../../schema/authorize-operation.js'

/** How HTTP answers an operation that does not run: no data, every error, a status and its challenge. */
export interface HttpAnswer {
  readonly status: HttpRefusal['status'] | 200
  readonly headers: Readonly<Record<string, string>>
  readonly errors: readonly AuthError[]
}

/** The answer to credentials that are not good, before the document is read; `null` when they are, or none came. */
export function answerToCredentials(auth: Auth, context: AuthContext): HttpAnswer | null {
  return context.refusal === null ? null : answerOf(auth.refuse(context, [context.refusal]))
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

function answerOf(errors: readonly AuthError[]): HttpAnswer {
  const { status, headers } = (errors[0] as AuthError).extensions.http as HttpRefusal
  return { status, headers, errors }
}
