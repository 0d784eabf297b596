import type { DocumentNode, GraphQLError, GraphQLFormattedError, GraphQLSchema } from 'graphql'
import type { Auth } from '../../core/auth.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { concealErrors } from '../../schema/introspection/conceal.js'
import { isTooLarge } from '../../schema/limits/check-limits.js'
import { protectedSchemaOf } from '../../schema/protected-schema.js'
import { REPORT_EXTENSION, takeReport } from '../../schema/report.js'
import { answerToBatch, answerToDocument, answerToOperation, type HttpAnswer } from './respond.js'

/** Options of {@link apolloAuth}. */
export interface ApolloAuthOptions {
  /** The server's own `formatError`, where it has one: Apollo applies it to the first error of a refusal, the plugin to the others. @default none */
  readonly formatError?: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError
}

/** The part of Apollo Server's request context that the plugin reads and writes. */
export interface ApolloRequestContext {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly request: { readonly operationName?: string | null; readonly variables?: Readonly<Record<string, unknown>> }
  readonly contextValue: unknown
  /** The text of the document. */
  readonly source: string
}

/** The same, before the document is known. The plugin may put another document in place of the client's. */
export interface ApolloIncomingContext {
  readonly request: { query?: string; readonly http?: { readonly headers: object } }
  readonly requestIsBatched: boolean
}

/** The same, when an operation has failed; the document is not known when it could not be parsed. */
export interface ApolloErrorContext {
  readonly schema: GraphQLSchema
  readonly document?: DocumentNode
  readonly request: ApolloRequestContext['request']
  readonly contextValue: unknown
  readonly errors: readonly GraphQLError[]
}

/** The same, when the response is about to be sent. */
export interface ApolloResponseContext {
  readonly errors?: readonly GraphQLError[]
  readonly contextValue: unknown
  readonly response: {
    readonly http: { status?: number; readonly headers: { set(name: string, value: string): unknown } }
    readonly body: { kind: 'single'; singleResult: ApolloResult } | { kind: 'incremental'; initialResult: ApolloResult }
  }
}

/** A result as Apollo is about to send it. */
export interface ApolloResult {
  errors?: readonly GraphQLFormattedError[]
  extensions?: Record<string, unknown>
}

/** An Apollo Server plugin, in the shape of Apollo Server 5. */
export interface ApolloAuthPlugin {
  serverWillStart(service: { readonly schema: GraphQLSchema }): Promise<void>
  requestDidStart(context: ApolloIncomingContext): Promise<{
    didResolveOperation(context: ApolloRequestContext): Promise<void>
    didEncounterErrors(context: ApolloErrorContext): Promise<void>
    willSendResponse(context: ApolloResponseContext): Promise<void>
  }>
}

/**
 * The plugin for Apollo Server 5: holds each operation against the caller before it runs, and before another plugin can answer it
 * from a cache. A refused operation is answered without data, with every error, and with HTTP's status and challenge; in a batch,
 * with 200 unless the credentials refuse all of it. Goes with a protected schema and a context that carries `auth`:
 *
 * ```ts
 * const server = new ApolloServer({ schema: protectSchema(schema, auth), plugins: [apolloAuth(auth)] })
 * await startStandaloneServer(server, { context: ({ req }) => httpContext(auth, req) })
 * ```
 *
 * What exceeds the settings' limits is refused before it is parsed. Apollo then parses and validates before it asks plugins, so a bad
 * token is refused after that. The server does not start on a schema that was not protected under the same `auth`.
 *
 * Does not check operations of a gateway, whose schema is not this server's.
 */
export function apolloAuth(auth: Auth, { formatError = (formatted) => formatted }: ApolloAuthOptions = {}): ApolloAuthPlugin {
  return {
    async serverWillStart({ schema }) {
      if (protectedSchemaOf(schema)?.auth !== auth) {
        throw new ConfigurationError(
          'apolloAuth: schema',
          'the schema that protectSchema returned for the same auth',
          '{ schema: protectSchema(schema, auth) }',
        )
      }
    },
    async requestDidStart({ request: incoming, requestIsBatched }) {
      const { query, http } = incoming
      let answer = requestIsBatched && http !== undefined ? await batchAnswer(auth, http.headers) : null
      const tooLarge = answer === null && query !== undefined && isTooLarge(auth, query)
      // Apollo reads the request after this. It has no hook that ends one operation of a batch before it is parsed and validated.
      if (answer !== null || tooLarge) Object.assign(incoming, HARMLESS)
      return {
        async didResolveOperation({ schema, document, request, contextValue, source }) {
          const { operationName, variables } = request
          // What was registered by its hash comes without its text, and is parsed before that is known.
          answer ??= answerToDocument(auth, query ?? source, 'http', requestIsBatched)
          answer ??= answerToOperation({ schema, document, operationName, variableValues: variables, contextValue }, requestIsBatched)
          // A hook can throw one error; the others, and the head, follow when Apollo has made a response of it.
          if (answer !== null) throw answer.errors[0]
        },
        async didEncounterErrors({ errors, schema, document, request, contextValue }) {
          const { operationName, variables } = request
          const concealed = concealErrors(errors, { schema, document, operationName, variableValues: variables, contextValue })
          // Apollo formats the very list that it shows here, and asks nobody for another.
          if (concealed !== errors) (errors as GraphQLError[]).splice(0, errors.length, ...concealed)
        },
        async willSendResponse({ errors, contextValue, response: { http, body } }) {
          const result = body.kind === 'single' ? body.singleResult : body.initialResult
          const report = takeReport(contextValue)
          if (report !== null) result.extensions = { ...result.extensions, [REPORT_EXTENSION]: report }
          // Another plugin's error may have come first; the answer is then that plugin's.
          if (answer === null || body.kind !== 'single' || errors?.[0] !== answer.errors[0]) return
          const others = answer.errors.slice(1).map((error) => formatError(error.toJSON(), error))
          body.singleResult.errors = [...(body.singleResult.errors ?? []), ...others]
          http.status = answer.status
          for (const [name, value] of Object.entries(answer.headers)) http.headers.set(name, value)
        },
      }
    },
  }
}

/** Stands in for a request whose document is not to be parsed. It does not run either. */
const HARMLESS = { query: '{ __typename }', operationName: undefined, extensions: undefined }

/** The operations of one request. */
interface Batch {
  operations: number
  answer: HttpAnswer | null | undefined
}

/** By the headers, which are one object for all operations of a request. */
const batches = new WeakMap<object, Batch>()

/** The verdict on the batch that an operation has come in. Apollo starts all of them before any goes on. */
async function batchAnswer(auth: Auth, headers: object): Promise<HttpAnswer | null> {
  const batch = batches.get(headers) ?? { operations: 0, answer: undefined }
  batches.set(headers, batch)
  batch.operations += 1
  await undefined
  if (batch.answer === undefined) batch.answer = answerToBatch(auth, batch.operations, 'http')
  return batch.answer
}
