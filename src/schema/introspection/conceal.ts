import {
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  isSpecifiedScalarType,
  parse,
  print,
  specifiedRules,
  validate,
} from 'graphql'
import { AuthContext } from '../../core/auth-context.js'
import { resolveLimits } from '../../core/limits.js'
import { exceededByVariables } from '../limits/variables.js'
import { protectedSchemaOf } from '../protected-schema.js'
import { derivedIntrospection, type Readable } from './derived.js'

/** What was asked, and by whom. What is not known is left out; the errors may then say less. */
export interface Asked {
  /** As it was protected. */
  readonly schema: GraphQLSchema
  readonly document?: DocumentNode | undefined
  readonly operationName?: string | null | undefined
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined
  /** Without an `auth`, the caller counts as anonymous. */
  readonly contextValue?: unknown
}

/**
 * The errors of an operation that does not run, of validation or of its variables, as this caller may read them: they name nothing
 * that introspection would not tell him of. Where it tells him of a part of the schema, they are those of that part; suggestions
 * go to whoever may see what they suggest.
 *
 * Idempotent, and blind to what came before: what another caller was told, a cache may give back here. Returns the very same errors
 * when there is nothing to conceal.
 *
 * Does not touch errors of resolvers, refusals, and errors with a code of their own: they say what their authors chose.
 */
export function concealErrors(errors: readonly GraphQLError[], asked: Asked): readonly GraphQLError[] {
  const raw = concealedFrom.get(errors)?.raw ?? errors
  const general = raw.filter(isRequestError)
  const introspection = protectedSchemaOf(asked.schema)?.introspection ?? derivedIntrospection(asked.schema)
  const readable = general.length === 0 ? null : (introspection?.readableTo(AuthContext.of(asked.contextValue)) ?? null)
  if (readable === null) return raw
  const read = withinLimits(asked)
  const shown =
    readable.view === null ? withoutNames(general, read, readable) : (errorsOnView(readable.view, readable, read) ?? withoutNames(general, read, readable))
  const concealed = [...answeredAs(shown, general), ...raw.filter((error) => !isRequestError(error))]
  const { contextValue, ...question } = asked
  concealedFrom.set(concealed, { raw, question })
  return concealed
}

/** Whether these errors were made by {@link concealErrors}, and may tell another caller more. */
export function isConcealed(errors: readonly GraphQLError[]): boolean {
  return concealedFrom.has(errors)
}

/**
 * The same errors for a caller who was not known when they were concealed, such as by a server that validates before it authenticates.
 * Returns errors that were not concealed as they are.
 */
export function revealErrors(errors: readonly GraphQLError[], contextValue: unknown): readonly GraphQLError[] {
  const known = concealedFrom.get(errors)
  if (known === undefined) return errors
  return answeredAs(concealErrors(known.raw, { ...known.question, contextValue }), errors.filter(isRequestError))
}

/** The same for what an execution gave: a result without data, whose errors are the request's and not a resolver's. */
export function concealResult<Result>(result: Result, asked: Asked): Result {
  const { data, errors } = (result ?? {}) as ExecutionResult
  if (data !== undefined || errors === undefined) return result
  const concealed = concealErrors(errors, asked)
  return concealed === errors ? result : { ...result, errors: concealed }
}

/** Whether an error is graphql-js' own, of the request: not a resolver's, nor an application's, nor one with a code of its own, as refusals have. */
function isRequestError(error: GraphQLError): boolean {
  if (!(error instanceof GraphQLError) || error.path !== undefined) return false
  const { nodes, originalError } = error
  // Compiled queries make errors without extensions.
  const { code } = (error.extensions as GraphQLError['extensions'] | undefined) ?? {}
  // A scalar may throw whatever it likes, and graphql-js says where: what is thrown elsewhere has no place in the document.
  const isOwn = nodes !== undefined || originalError === undefined || originalError === null || originalError instanceof GraphQLError
  return isOwn && (code === undefined || SERVERS_OWN.has(code))
}

/** What servers put on the errors of graphql-js. */
const SERVERS_OWN: ReadonlySet<unknown> = new Set(['GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT'])

/**
 * What was concealed, by what was shown in its place: a cache of validation results keeps the latter, and is asked for other callers.
 * So it does not keep the caller.
 */
const concealedFrom = new WeakMap<readonly GraphQLError[], { readonly raw: readonly GraphQLError[]; readonly question: Asked }>()

/** Some servers validate before anything has measured the variables: those that exceed a limit are not looked at, since that takes recursion. */
function withinLimits(asked: Asked): Asked {
  const { variableValues, ...rest } = asked
  const limits = protectedSchemaOf(asked.schema)?.auth.settings.limits ?? resolveLimits()
  return variableValues === undefined || variableValues === null || exceededByVariables(variableValues, limits) === null ? asked : rest
}

/** What a server of the view alone would answer; `null` when it would find nothing wrong. */
function errorsOnView(view: GraphQLSchema, { suggestions }: Readable, asked: Asked): readonly GraphQLError[] | null {
  const { document, operationName, variableValues } = asked
  if (document === undefined) return null
  const options = { hideSuggestions: !suggestions }
  const invalid = validate(view, document, specifiedRules, options)
  if (invalid.length > 0) return invalid
  const operation = getOperationAST(document, operationName)
  if (operation === null || operation === undefined || variableValues === undefined) return null
  const { errors } = getVariableValues(view, operation.variableDefinitions ?? [], variableValues ?? {}, { maxErrors: MAX_ERRORS, ...options })
  return errors ?? null
}

/** graphql-js' own limit for variables. */
const MAX_ERRORS = 50

/** What is left of messages that do not come from the view: no suggestions, and no name that the caller neither sent nor may see. */
function withoutNames(errors: readonly GraphQLError[], { schema, document, variableValues }: Asked, { view }: Readable): readonly GraphQLError[] {
  const sent = namesIn([document === undefined ? '' : (document.loc?.source.body ?? print(document)), JSON.stringify(variableValues ?? null)].join(' '))
  const known = namesOf(schema)
  const seen = view === null ? rootsOf(schema) : namesOf(view)
  return errors.map((error) => {
    const message = error.message.replace(/ ?Did you mean\b[\s\S]*$/, '')
    const quoted = namesIn([...message.matchAll(/"[^"]*"|'[^']*'/g)].join(' '))
    const isTold = [...quoted].every((name) => !known.has(name) || seen.has(name) || sent.has(name))
    return isTold && message === error.message ? error : withMessage(error, isTold && message !== '' ? message : 'The operation is not valid.')
  })
}

function withMessage({ nodes, source, positions }: GraphQLError, message: string): GraphQLError {
  return new GraphQLError(message, { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null })
}

/** Servers say by extensions how an error is answered: errors that take the place of others are answered alike. */
function answeredAs(errors: readonly GraphQLError[], replaced: readonly GraphQLError[]): readonly GraphQLError[] {
  return errors.map((error, index) => (isRequestError(error) ? withExtensions(error, replaced[index] ?? replaced[0]) : error))
}

function withExtensions(error: GraphQLError, replaced: GraphQLError | undefined): GraphQLError {
  const { code, http } = replaced?.extensions ?? {}
  if (replaced === error || (code === undefined && http === undefined)) return error
  const { message, nodes, source, positions, originalError } = error
  const extensions = { ...(code === undefined ? {} : { code }), ...(http === undefined ? {} : { http }), ...error.extensions }
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    originalError: originalError ?? null,
    extensions,
  })
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.match(/[_A-Za-z][_0-9A-Za-z]*/g))
}

/** Everybody knows that there is a query type, and may ask for its name. */
function rootsOf(schema: GraphQLSchema): ReadonlySet<string> {
  const scalars = Object.values(schema.getTypeMap()).filter(isSpecifiedScalarType)
  return new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType(), ...scalars].flatMap((type) => type?.name ?? []))
}

const namesBySchema = new WeakMap<GraphQLSchema, ReadonlySet<string>>()

/** Every name that a schema gives to anything. */
function namesOf(schema: GraphQLSchema): ReadonlySet<string> {
  let names = namesBySchema.get(schema)
  if (names === undefined) {
    names = new Set(everyName(schema))
    namesBySchema.set(schema, names)
  }
  return names
}

function* everyName(schema: GraphQLSchema): Iterable<string> {
  for (const type of Object.values(schema.getTypeMap())) {
    yield type.name
    if ('getValues' in type) for (const { name } of type.getValues()) yield name
    if (!('getFields' in type)) continue
    for (const field of Object.values(type.getFields())) {
      yield field.name
      if ('args' in field) for (const { name } of field.args) yield name
    }
  }
  for (const { name, args } of schema.getDirectives()) {
    yield name
    for (const arg of args) yield arg.name
  }
}

/** The document that errors are about, where a server has handed on nothing but the errors. */
export function documentOf(errors: readonly GraphQLError[]): DocumentNode | undefined {
  const source = errors.flatMap(({ nodes }) => nodes ?? []).find(({ loc }) => loc !== undefined)?.loc?.source
  try {
    return source === undefined ? undefined : parse(source)
  } catch {
    return undefined
  }
}
