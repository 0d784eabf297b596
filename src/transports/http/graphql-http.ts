import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  execute as graphqlExecute,
  type parse as graphqlParse,
  type validate as graphqlValidate,
} from 'graphql'
import type { Auth } from '../../core/auth.js'
import type { AuthContext } from '../../core/auth-context.js'
import { concealErrors, concealResult } from '../../schema/introspection/conceal.js'
import { protectSchema } from '../../schema/protect-schema.js'
import { finishOperation } from '../../schema/report.js'
import { DocumentCache } from './document-cache.js'
import { type ContextWithAuth, type HttpContext, type HttpRequest, httpContext, withAuth } from './http-context.js'
import { answerToCredentials, answerToDocument, answerToOperation, type HttpAnswer, responseMediaType } from './respond.js'

/** A request as graphql-http hands it to its callbacks. */
export interface GraphqlHttpRequest<Raw, Extra> {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string | string[] | undefined } | { get(name: string): string | null }
  /** The server's own request: of node:http, Express, Fastify or fetch. */
  readonly raw: Raw
  readonly context: Extra
}

/** What graphql-http read from a request. */
export interface GraphqlHttpParams {
  readonly operationName?: string | null | undefined
  readonly query: string
  readonly variables?: Record<string, unknown> | null | undefined
  readonly extensions?: Record<string, unknown> | null | undefined
}

/** A response as graphql-http knows it. */
export type GraphqlHttpResponse = readonly [
  body: string | null,
  init: { readonly status: number; readonly statusText: string; readonly headers?: Record<string, string> },
]

/** What an operation is executed with. */
export type GraphqlHttpArgs = ExecutionArgs & { contextValue?: ContextWithAuth }

type OrPromise<T> = T | Promise<T>
// biome-ignore lint/suspicious/noConfusingVoidType: a callback that only looks returns nothing.
type OrNothing<T> = OrPromise<T | void>
type Formatted = (error: Readonly<GraphQLError | Error>) => GraphQLError | Error

/** The options of graphql-http that auth has a part in. What else graphql-http takes is added to what {@link graphqlHttp} returns. */
export interface GraphqlHttpOptions<Raw, Extra> {
  /** The schema, or what chooses one for a request; protected already or not. */
  readonly schema:
    | GraphQLSchema
    | ((request: GraphqlHttpRequest<Raw, Extra>, args: Omit<GraphqlHttpArgs, 'schema'>) => OrPromise<GraphQLSchema | GraphqlHttpResponse>)
  /** The application's part of the context, or what makes it for a request; `auth` is added to a copy. @default nothing */
  readonly context?: object | ((request: GraphqlHttpRequest<Raw, Extra>, params: GraphqlHttpParams) => OrNothing<object | GraphqlHttpResponse>)
  /**
   * As in graphql-http, but not called for credentials that are not good. Arguments that it returns are held against the caller like
   * any other operation; a result that it returns is sent as it is.
   */
  readonly onSubscribe?: (
    request: GraphqlHttpRequest<Raw, Extra>,
    params: GraphqlHttpParams,
  ) => OrNothing<ExecutionResult | ExecutionArgs | readonly GraphQLError[] | GraphqlHttpResponse>
  /** As in graphql-http, but not called for operations that were refused. */
  readonly onOperation?: (
    request: GraphqlHttpRequest<Raw, Extra>,
    args: GraphqlHttpArgs,
    result: ExecutionResult,
  ) => OrNothing<ExecutionResult | GraphqlHttpResponse>
  /** Executes what may run. @default graphql-js' execute */
  readonly execute?: typeof graphqlExecute
  /** Parses documents; not called again for a text that is remembered. @default graphql-js' parse */
  readonly parse?: typeof graphqlParse
  /** Validates documents, for every request anew. @default graphql-js' validate, whose own rules are not asked again about a document that is remembered */
  readonly validate?: typeof graphqlValidate
  /** Formats every error that is sent, refusals included. @default none */
  readonly formatError?: Formatted
}

/** The part of graphql-http's options that {@link graphqlHttp} provides. */
export interface GraphqlHttpWiring<Raw, Extra> {
  readonly schema:
    | GraphQLSchema
    | ((request: GraphqlHttpRequest<Raw, Extra>, args: Omit<GraphqlHttpArgs, 'schema'>) => Promise<GraphQLSchema | GraphqlHttpResponse>)
  readonly context: (request: GraphqlHttpRequest<Raw, Extra>, params: GraphqlHttpParams) => Promise<ContextWithAuth | GraphqlHttpResponse>
  readonly onSubscribe: (
    request: GraphqlHttpRequest<Raw, Extra>,
    params: GraphqlHttpParams,
  ) => Promise<ExecutionResult | GraphqlHttpArgs | readonly GraphQLError[] | GraphqlHttpResponse | undefined>
  readonly onOperation: (
    request: GraphqlHttpRequest<Raw, Extra>,
    args: GraphqlHttpArgs,
    result: ExecutionResult,
  ) => Promise<ExecutionResult | GraphqlHttpResponse | undefined>
  readonly execute: typeof graphqlExecute
  readonly parse: typeof graphqlParse
  readonly validate: typeof graphqlValidate
  readonly formatError: Formatted
}

/**
 * Options for the `createHandler` of graphql-http, on node:http, Express, Fastify, Koa or fetch:
 * `createHandler(graphqlHttp(auth, { schema, context: () => ({ db }) }))`. Options that auth has no part in are added beside it:
 * `createHandler({ ...graphqlHttp(auth, { schema }), validationRules })`.
 *
 * Protects the schema, refuses bad credentials before the document is read, and holds each operation against the caller before it
 * runs. A refused operation is answered without data, with every error, and with HTTP's status and challenge.
 *
 * Documents that exceed the settings' limits are refused before that, and before a token is looked at. Does not limit the rate of
 * operations.
 *
 * Documents that were parsed and found valid are remembered, within bounds, and are not parsed and held against graphql-js' rules
 * again. Rules of the application are asked for every request. A `parse` or `validate` that is added beside leaves that out.
 *
 * @throws {ConfigurationError} when a statement in the schema is malformed.
 */
export function graphqlHttp<Raw = unknown, Extra = unknown>(auth: Auth, options: GraphqlHttpOptions<Raw, Extra>): GraphqlHttpWiring<Raw, Extra> {
  const { execute = graphqlExecute, formatError = (error) => error } = options
  const documents = new DocumentCache(options)
  const contexts = new WeakMap<object, Promise<HttpContext>>()
  const answers = new WeakMap<object, HttpAnswer>()
  const protect = (schema: GraphQLSchema): GraphQLSchema => protectSchema(schema, auth)
  const { schema } = options
  // At once: what is wrong with the schema stops the start, and not each request.
  const fixed = typeof schema === 'function' ? null : protect(schema)
  const callers = new DocumentCallers()

  const contextOf = (request: GraphqlHttpRequest<Raw, Extra>): Promise<HttpContext> => {
    let context = contexts.get(request)
    if (context === undefined) {
      context = httpContext(auth, request.raw as HttpRequest)
      contexts.set(request, context)
    }
    return context
  }
  const respond = ({ headers: sent }: GraphqlHttpRequest<Raw, Extra>, { status, headers, errors }: HttpAnswer): GraphqlHttpResponse => {
    const accept = typeof sent.get === 'function' ? sent.get('accept') : (sent as Record<string, string | undefined>).accept
    const body = JSON.stringify({ errors: errors.map((error) => toJSON(formatError(error))) })
    return [body, { status, statusText: STATUS_TEXTS[status], headers: { ...headers, 'content-type': responseMediaType(accept) } }]
  }

  const finish = (args: ExecutionArgs, result: OrPromise<ExecutionResult>): OrPromise<ExecutionResult> =>
    result instanceof Promise ? result.then((settled) => finish(args, settled)) : finishOperation(auth, args.contextValue, concealResult(result, args))

  return {
    schema:
      fixed !== null && auth.settings.introspection === 'public'
        ? fixed
        : async (request, args) => {
            const chosen = typeof schema === 'function' ? await schema(request, args) : schema
            if (isResponse(chosen)) return chosen
            callers.add(args.document, (await contextOf(request)).auth)
            return protect(chosen)
          },
    async context(request, params) {
      const own = typeof options.context === 'function' ? await (options.context as ContextFunction<Raw, Extra>)(request, params) : options.context
      return isResponse(own) ? own : withAuth(own, await contextOf(request))
    },
    async onSubscribe(request, params) {
      // The cheaper question first: it takes no provider to answer it.
      const tooLarge = answerToDocument(auth, params.query, 'http')
      if (tooLarge !== null) return respond(request, tooLarge)
      const context = await contextOf(request)
      const answer = answerToCredentials(auth, context.auth)
      if (answer !== null) return respond(request, answer)
      const own = (await options.onSubscribe?.(request, params)) ?? undefined
      if (own === undefined || !isArgs(own)) return own
      const args = { ...own, schema: protect(own.schema) }
      // Without a context among the arguments, graphql-http asks for one.
      return 'contextValue' in own ? { ...args, contextValue: withAuth(own.contextValue, context) } : (args as GraphqlHttpArgs)
    },
    parse: documents.parse,
    validate: (schema, document, ...rest) =>
      concealErrors(documents.validate(schema, document, ...rest), { schema, document, contextValue: callers.contextOf(document) }),
    execute(request) {
      const args = { ...request, document: documents.shared(request.document) }
      const answer = answerToOperation(args)
      if (answer === null) return finish(args, execute(args))
      const result = { errors: answer.errors }
      answers.set(result, answer)
      return result
    },
    async onOperation(request, args, result) {
      const answer = answers.get(result)
      return answer === undefined ? ((await options.onOperation?.(request, args, result)) ?? undefined) : respond(request, answer)
    },
    formatError,
  }
}

/** Who has sent a document: graphql-http validates it without a word of the request. One that several have sent, as a cache gives it, is nobody's. */
class DocumentCallers {
  readonly #callers = new WeakMap<DocumentNode, AuthContext | null>()

  add(document: DocumentNode, caller: AuthContext): void {
    this.#callers.set(document, this.#callers.has(document) ? null : caller)
  }

  contextOf(document: DocumentNode): { readonly auth: AuthContext | null | undefined } {
    return { auth: this.#callers.get(document) }
  }
}

type ContextFunction<Raw, Extra> = Extract<GraphqlHttpOptions<Raw, Extra>['context'], (...args: never[]) => unknown>

const STATUS_TEXTS: Readonly<Record<HttpAnswer['status'], string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'Content Too Large',
  503: 'Service Unavailable',
}

function isArgs(value: object): value is ExecutionArgs {
  return 'document' in value
}

function isResponse(value: unknown): value is GraphqlHttpResponse {
  return Array.isArray(value)
}

function toJSON(error: GraphQLError | Error): object {
  return error instanceof GraphQLError ? error.toJSON() : { message: error.message }
}
