import { type DocumentNode, GraphQLError, type GraphQLFormattedError, type GraphQLSchema, getOperationAST, Kind } from 'graphql'
import type { Auth } from '../../core/auth.js'
import { AuthContext } from '../../core/auth-context.js'
import type { AnyRequest } from '../../core/caller/carrier.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { concealErrors, documentOf } from '../../schema/introspection/conceal.js'
import { protectSchema } from '../../schema/protect-schema.js'
import { REPORT_EXTENSION, takeReport } from '../../schema/report.js'
import { type ContextWithAuth, httpContext, withAuth } from './http-context.js'
import { answerToBatch, answerToCredentials, answerToDocument, answerToOperation, type HttpAnswer } from './respond.js'

/** The part of Fastify's request that the adapter reads. */
export interface MercuriusRequest {
  readonly raw: AnyRequest
  readonly method: string
  readonly body: unknown
  readonly query: unknown
}

/** The part of Fastify's reply that the adapter writes. */
export interface MercuriusReply {
  code(status: number): unknown
  headers(headers: Record<string, string>): unknown
}

/** What an error formatter is given. */
export interface MercuriusExecution {
  readonly data?: unknown
  readonly errors: readonly GraphQLError[]
}

/** What an error formatter answers with. */
export interface MercuriusFormatted {
  readonly statusCode: number
  readonly response: { data?: Record<string, unknown> | null; errors?: readonly GraphQLFormattedError[] }
}

/** Options of {@link mercuriusAuth}. */
export interface MercuriusAuthOptions<Request extends MercuriusRequest, Reply extends MercuriusReply> {
  /** `mercurius.defaultErrorFormatter`, or the application's own: formats what is not a refusal of the whole operation. */
  // biome-ignore lint/suspicious/noExplicitAny: formatters declare more of the context than the adapter knows, which Mercurius gives them.
  readonly errorFormatter: (execution: any, context: any) => MercuriusFormatted
  /** Makes the application's part of the context; `auth` is added to a copy. @default nothing */
  readonly context?: (request: Request, reply: Reply) => object | Promise<object>
}

/** The part of a Fastify server with Mercurius that the adapter uses. */
export interface MercuriusServer {
  addHook(name: 'onReady', hook: () => Promise<void>): unknown
  readonly graphql: {
    schema: GraphQLSchema
    replaceSchema(schema: GraphQLSchema): unknown
    addHook(name: 'preParsing', hook: (schema: GraphQLSchema, source: string, context: object) => Promise<void>): void
    addHook(
      name: 'preExecution',
      hook: (
        schema: GraphQLSchema,
        document: DocumentNode,
        context: object,
        variables?: Record<string, unknown>,
      ) => Promise<{ document: DocumentNode } | undefined>,
    ): void
    addHook(name: 'onResolution', hook: (execution: { extensions?: Record<string, unknown> }, context: object) => Promise<void>): void
  }
}

/** What {@link mercuriusAuth} makes. Both members are needed. */
export interface MercuriusAuth<Request extends MercuriusRequest, Reply extends MercuriusReply> {
  /** To be spread into Mercurius' options. */
  readonly options: {
    readonly context: (request: Request, reply: Reply) => Promise<ContextWithAuth>
    readonly errorFormatter: (execution: MercuriusExecution, context: object) => MercuriusFormatted
  }
  /** To be called with the server once Mercurius is registered, before it is ready. */
  attach(app: MercuriusServer): void
}

/**
 * The adapter for Mercurius 16 on Fastify 5:
 *
 * ```ts
 * const { options, attach } = mercuriusAuth(auth, { errorFormatter: mercurius.defaultErrorFormatter })
 * await app.register(mercurius, { schema, resolvers, ...options })
 * attach(app)
 * ```
 *
 * Protects the schema once the server is ready, when resolvers and loaders are in place; a schema that replaces it later must be
 * protected by whoever replaces it, or nothing runs. Refuses what exceeds the settings' limits, and then bad credentials, before the
 * document is parsed, and holds each operation
 * against the caller before it runs. A refused operation is answered without data, with every error, and with HTTP's status and
 * challenge; in a batch, with 200 unless the credentials refuse all of it.
 *
 * In routes of the application that call `reply.graphql` with `httpContext(auth, request)`, every operation of the document must be
 * allowed, since hooks are not told which one runs; what is refused there is an error with `statusCode` and `headers`.
 *
 * Does not cover Mercurius' subscriptions: guarded fields refuse there.
 *
 * @throws {ConfigurationError} without an error formatter.
 */
export function mercuriusAuth<Request extends MercuriusRequest = MercuriusRequest, Reply extends MercuriusReply = MercuriusReply>(
  auth: Auth,
  options: MercuriusAuthOptions<Request, Reply>,
): MercuriusAuth<Request, Reply> {
  const { errorFormatter, context: contextOf } = options ?? {}
  if (typeof errorFormatter !== 'function') {
    throw new ConfigurationError(
      'mercuriusAuth: errorFormatter',
      "Mercurius' own formatter, or the application's",
      '{ errorFormatter: mercurius.defaultErrorFormatter }',
    )
  }
  let server: MercuriusServer | null = null
  return {
    options: {
      async context(request, reply) {
        if (server === null) throw new ConfigurationError('mercuriusAuth', 'attach(app) after Mercurius was registered', 'attach(app)')
        const context = withAuth(await contextOf?.(request, reply), await httpContext(auth, request))
        return Object.defineProperty(context, OWN_REQUEST, { value: request })
      },
      errorFormatter(execution, context) {
        const refused = execution.errors[0]?.originalError
        if (!(refused instanceof OperationRefused))
          return errorFormatter(server === null ? execution : concealed(execution, server.graphql.schema, context), context)
        const { reply } = context as { reply?: MercuriusReply }
        // In a batch, Mercurius takes no status from here.
        reply?.code(refused.statusCode)
        reply?.headers({ ...refused.headers })
        return { statusCode: refused.statusCode, response: { errors: refused.errors.map((error) => error.toJSON()) } }
      },
    },
    attach(app) {
      server = app
      app.graphql.addHook('preParsing', async (_schema, source, context) => {
        const caller = AuthContext.of(context)
        const origin = caller ?? 'http'
        const answer =
          batchAnswer(context, (operations) => answerToBatch(auth, operations, origin)) ??
          answerToDocument(auth, source, origin, isBatched(context)) ??
          (caller === null ? null : answerToCredentials(auth, caller))
        if (answer !== null) throw new OperationRefused(answer)
      })
      app.graphql.addHook('preExecution', async (schema, document, context, variables) => {
        const run = documentToRun(document, context)
        documents.set(context, run)
        for (const operationName of operationNames(run)) {
          const answer = answerToOperation({ schema, document: run, operationName, variableValues: variables, contextValue: context }, isBatched(context))
          if (answer !== null) throw new OperationRefused(answer)
        }
        return run === document ? undefined : { document: run }
      })
      app.graphql.addHook('onResolution', async (execution, context) => {
        const report = takeReport(context)
        if (report !== null) execution.extensions = { ...execution.extensions, [REPORT_EXTENSION]: report }
      })
      app.addHook('onReady', async () => {
        const { schema } = app.graphql
        const copy = protectSchema(schema, auth)
        if (copy !== schema) app.graphql.replaceSchema(copy)
      })
    },
  }
}

/** The request, on contexts of Mercurius' own routes: there the operation is the one that the request names. */
const OWN_REQUEST = Symbol('request')

/**
 * The document, without the operations that the request does not name. Hooks are not told which operation runs, and a compiled
 * query runs the one that it was first compiled for: with only one left, what is judged is what runs.
 */
function documentToRun(document: DocumentNode, context: object): DocumentNode {
  const { [OWN_REQUEST]: request } = context as { [OWN_REQUEST]?: MercuriusRequest }
  if (request === undefined || operationNames(document).length < 2) return document
  const selected = getOperationAST(document, operationNameOf(request, context))
  return { ...document, definitions: document.definitions.filter((definition) => definition.kind !== Kind.OPERATION_DEFINITION || definition === selected) }
}

/** Read where Mercurius reads it. */
function operationNameOf(request: MercuriusRequest, context: object): string | null | undefined {
  return paramsOf(request, context).operationName
}

interface MercuriusParams {
  readonly query?: unknown
  readonly operationName?: string | null
  readonly variables?: Readonly<Record<string, unknown>> | null
}

function paramsOf({ method, query, body }: MercuriusRequest, context: object): MercuriusParams {
  const { operationId = 0 } = context as { operationId?: number }
  if (method === 'GET') return paramsOfSearch((query ?? {}) as Readonly<Record<string, unknown>>)
  return ((Array.isArray(body) ? body[operationId] : body) ?? {}) as MercuriusParams
}

/** In a query string, variables are text. Mercurius parses it for itself, and hands on nothing of an operation that failed. */
function paramsOfSearch(search: Readonly<Record<string, unknown>>): MercuriusParams {
  if (typeof search.variables !== 'string') return search as MercuriusParams
  try {
    return { ...search, variables: JSON.parse(search.variables) }
  } catch {
    // Mercurius has refused it.
    return { ...search, variables: null }
  }
}

/** Of an operation that failed. In a batch, Mercurius hands on the context of all of them: what cannot be told by its text counts as unknown. */
function failedParams(document: DocumentNode | undefined, context: object): MercuriusParams {
  const { [OWN_REQUEST]: request, operationId } = context as { [OWN_REQUEST]?: MercuriusRequest; operationId?: number }
  if (request === undefined) return {}
  if (operationId !== undefined || !Array.isArray(request.body)) return paramsOf(request, context)
  const sent = (request.body as ReadonlyArray<MercuriusParams | null>).filter((params) => params?.query === document?.loc?.source.body)
  return sent.length === 1 ? (sent[0] ?? {}) : {}
}

/** Mercurius keeps the errors of a document for whoever sends it next: they are concealed on their way out, for each caller anew. */
function concealed(execution: MercuriusExecution, schema: GraphQLSchema, context: object): MercuriusExecution {
  const [first] = execution.errors
  const { errors: inner } = (first?.originalError ?? {}) as { errors?: unknown }
  const nested = Array.isArray(inner) ? (inner as readonly GraphQLError[]) : undefined
  const errors = nested ?? execution.errors
  if (first === undefined || (execution.data ?? null) !== null) return execution
  // Errors of compiled queries do not say what they are about.
  const document = documentOf(errors) ?? documents.get(context)
  const { operationName, variables } = failedParams(document, context)
  const shown = concealErrors(errors, { schema, document, operationName, variableValues: variables, contextValue: context })
  if (shown === errors) return execution
  if (nested === undefined) return { ...execution, errors: shown }
  const originalError = Object.defineProperty(Object.create(first.originalError ?? null), 'errors', { value: shown })
  return { ...execution, errors: [new GraphQLError(first.message, { originalError })] }
}

/** What runs in a context. */
const documents = new WeakMap<object, DocumentNode>()

function operationNames(document: DocumentNode): ReadonlyArray<string | undefined> {
  return document.definitions.flatMap((definition) => (definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : []))
}

function isBatched(context: object): boolean {
  return operationsIn(context) > 1
}

function operationsIn(context: object): number {
  return (context as { operationsCount?: number }).operationsCount ?? 1
}

/** The verdict on a batch, which holds for each of its operations and is asked for once. */
function batchAnswer(context: object, judge: (operations: number) => HttpAnswer | null): HttpAnswer | null {
  const { [OWN_REQUEST]: request } = context as { [OWN_REQUEST]?: MercuriusRequest }
  if (request === undefined || !isBatched(context)) return null
  let answer = batchAnswers.get(request)
  if (answer === undefined) {
    answer = judge(operationsIn(context))
    batchAnswers.set(request, answer)
  }
  return answer
}

const batchAnswers = new WeakMap<MercuriusRequest, HttpAnswer | null>()

/** Ends an operation before it runs: what a hook throws is all that Mercurius does not go on from. */
class OperationRefused extends Error {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly errors: readonly GraphQLError[]

  constructor({ status, headers, errors }: HttpAnswer) {
    super(errors[0]?.message)
    this.statusCode = status
    this.headers = headers
    this.errors = errors
  }
}
