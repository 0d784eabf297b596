import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  isSchema,
  type OperationTypeNode,
  parse,
  subscribe,
  validate,
} from 'graphql'
import type { Auth } from '../../core/auth.js'
import type { AuthContext } from '../../core/auth-context.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { authorizeOperation } from '../../schema/authorize-operation.js'
import { concealErrors, concealResult } from '../../schema/introspection/conceal.js'
import { checkDocument } from '../../schema/limits/check-limits.js'
import { protectSchema } from '../../schema/protect-schema.js'
import { finishOperation } from '../../schema/report.js'

/** What a client asks for: the members of a GraphQL request. */
export interface OperationRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined
}

type Awaitable<T> = T | Promise<T>

/** What running an operation gives: one result, or a stream of them. */
export type OperationResult = ExecutionResult | AsyncIterable<ExecutionResult>

/** The functions that Envelop puts around graphql-js, for one operation. */
export interface Enveloped {
  readonly schema: GraphQLSchema
  parse(source: string): Awaitable<DocumentNode>
  validate(schema: GraphQLSchema, document: DocumentNode): Awaitable<readonly GraphQLError[]>
  contextFactory(extension: object): Awaitable<unknown>
  execute(args: ExecutionArgs): Awaitable<OperationResult>
  subscribe(args: ExecutionArgs): Awaitable<OperationResult>
}

/** Operations run through Envelop: `yoga.getEnveloped`, or what `envelop()` returned, with `useAuth(auth)` among the plugins. */
export interface EnvelopedSource {
  readonly getEnveloped: (initialContext: object) => Enveloped
  readonly schema?: undefined
}

/** Operations run on a schema. It is protected here, unless `protectSchema` has done so already. */
export interface SchemaSource {
  readonly schema: GraphQLSchema
  readonly getEnveloped?: undefined
  /** @default graphql-js' own */
  readonly parse?: typeof parse | undefined
  /** @default graphql-js' own */
  readonly validate?: typeof validate | undefined
  /** @default graphql-js' own */
  readonly execute?: ((args: ExecutionArgs) => Awaitable<OperationResult>) | undefined
  /** @default graphql-js' own */
  readonly subscribe?: ((args: ExecutionArgs) => Awaitable<OperationResult>) | undefined
}

/** Where the operations of a live connection are parsed, validated and run. */
export type OperationSource = EnvelopedSource | SchemaSource

/** The caller's part in an operation. */
export interface OperationCaller {
  readonly auth: AuthContext
  /** What the application adds to the context. Asked for when the document is valid. */
  readonly context: () => Awaitable<object>
}

/** A document that the application puts in place of the request's text, such as a persisted operation. */
export type ReplacedOperation = Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues' | 'rootValue'>

/** An operation that the caller may run. */
export interface PreparedOperation {
  readonly type: OperationTypeNode
  readonly args: ExecutionArgs
  /** Runs it. Does not reject: what the server throws becomes an error in the result. */
  run(): Promise<OperationResult>
}

/** Turns the requests of live connections into operations that may run: parsed, validated, in their context, authorized. */
export class Operations {
  readonly #auth: Auth
  readonly #getEnveloped: (initialContext: object) => Enveloped

  /** @throws {ConfigurationError} when the source is neither Envelop nor a schema, or the schema cannot be protected. */
  constructor(auth: Auth, source: OperationSource) {
    this.#auth = auth
    this.#getEnveloped = getEnvelopedOf(auth, source)
  }

  /**
   * Answers an operation that may run, or why not: a limit of the settings, syntax, validation or authorization errors. Does not reject, and shows the
   * client no text of an unexpected exception.
   */
  async prepare(
    request: OperationRequest,
    { auth, context }: OperationCaller,
    replaced?: ReplacedOperation,
  ): Promise<PreparedOperation | readonly GraphQLError[]> {
    try {
      const tooLarge = replaced === undefined ? checkDocument(this.#auth, request.query, auth) : null
      if (tooLarge !== null) return [tooLarge]
      const enveloped = this.#getEnveloped({ auth })
      const { schema } = enveloped
      const document = replaced?.document ?? (await enveloped.parse(request.query))
      const invalid = concealErrors(await enveloped.validate(schema, document), { schema, document, contextValue: { auth } })
      if (invalid.length > 0) return invalid
      const operationName = replaced === undefined ? request.operationName : replaced.operationName
      const operation = getOperationAST(document, operationName)
      if (operation === null || operation === undefined) return [new GraphQLError('Unable to identify operation')]
      const args: ExecutionArgs = {
        schema,
        document,
        operationName: operationName ?? null,
        variableValues: (replaced === undefined ? request.variables : replaced.variableValues) ?? {},
        // Whoever is on the connection is in the context, whatever the application adds.
        contextValue: await enveloped.contextFactory({ ...(await context()), auth }),
        ...(replaced !== undefined && 'rootValue' in replaced ? { rootValue: replaced.rootValue } : {}),
      }
      const refused = authorizeOperation(args)
      if (refused.length > 0) return refused
      return { type: operation.operation, args, run: () => this.#run(operation.operation === 'subscription' ? enveloped.subscribe : enveloped.execute, args) }
    } catch (error) {
      return this.errorsOf(error)
    }
  }

  /** What the client is told of an exception: a GraphQLError as it is, since that was made to be shown, and nothing of any other. */
  errorsOf(error: unknown): readonly GraphQLError[] {
    if (error instanceof GraphQLError) return [error]
    this.#auth.audit.fault('operation', error)
    return [new GraphQLError('Internal Server Error', { extensions: { code: 'INTERNAL_SERVER_ERROR' } })]
  }

  async #run(run: Enveloped['execute'], args: ExecutionArgs): Promise<OperationResult> {
    try {
      return await run(args)
    } catch (error) {
      return { errors: this.errorsOf(error) }
    }
  }
}

/** A result as it travels. */
export function formatResult({ errors, ...rest }: ExecutionResult): Omit<ExecutionResult, 'errors'> & { errors?: readonly GraphQLFormattedError[] } {
  return errors === undefined ? rest : { ...rest, errors: errors.map(formatError) }
}

/** An error as it travels, without `extensions.http`: what it says is for the status and headers of an HTTP response, and Yoga takes it out there too. */
export function formatError(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  // Executors of other make may put plain objects among the errors.
  const { extensions, ...formatted } = error instanceof GraphQLError ? error.toJSON() : error
  if (extensions === undefined) return formatted
  const { http, ...kept } = extensions
  return { ...formatted, extensions: kept }
}

function getEnvelopedOf(auth: Auth, source: OperationSource): (initialContext: object) => Enveloped {
  const { getEnveloped, schema } = source
  if ((getEnveloped === undefined) === (schema === undefined) || (getEnveloped !== undefined ? typeof getEnveloped !== 'function' : !isSchema(schema))) {
    throw new ConfigurationError('getEnveloped', 'either getEnveloped or a schema', '{ getEnveloped: yoga.getEnveloped }')
  }
  return getEnveloped ?? envelopSchema(auth, source)
}

function envelopSchema(auth: Auth, source: SchemaSource): () => Enveloped {
  const leased =
    (run: NonNullable<SchemaSource['execute']>): Enveloped['execute'] =>
    async (args) =>
      finishOperation(auth, args.contextValue, concealResult(await run(args), args))
  const enveloped: Enveloped = {
    schema: protectSchema(source.schema, auth),
    parse: source.parse ?? parse,
    validate: source.validate ?? validate,
    contextFactory: (extension) => extension,
    execute: leased(source.execute ?? (execute as NonNullable<SchemaSource['execute']>)),
    subscribe: leased(source.subscribe ?? (subscribe as NonNullable<SchemaSource['subscribe']>)),
  }
  return () => enveloped
}
