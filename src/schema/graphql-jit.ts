import type { Plugin } from '@envelop/core'
import {
  type DocumentNode,
  type ExecutionArgs,
  execute as executeByGraphqlJs,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql'
import { type CompiledQuery, type CompilerOptions, compileQuery, isCompiledQuery } from 'graphql-jit'
import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { isSmallWhenCompiled } from './compiled-size.js'
import { fragmentsOf } from './fragments.js'
import { type ProtectedSchema, protectedSchemaOf } from './protected-schema.js'
import { withoutSettledGuards } from './settled-guards.js'

/** What {@link jitExecute} and {@link useJit} take. */
export interface JitOptions {
  /** The use of an operation at which it is compiled, counted from 1; earlier ones are executed as they are. Compiling takes milliseconds. @default 2 */
  readonly compileAt?: number
  /** graphql-jit's own options. */
  readonly compiler?: Partial<CompilerOptions>
}

/** graphql-js' `execute`, or what a server has in its place. */
export type Execute = typeof executeByGraphqlJs

/**
 * An `execute` that compiles operations by graphql-jit, to be used where a server takes graphql-js' own. An operation that the plan has
 * cleared for its caller runs without the guards that would have nothing to ask; for everybody else it is compiled with all of them.
 * Whether an operation was cleared is what {@link useAuth}, the transports and `authorizeOperation` find out before it runs; without
 * them, and on schemas that are not protected, it is compiled as it is.
 *
 * What graphql-jit does not know is left to `execute`: subscriptions, directives but `@skip` and `@include`, a `fieldResolver` or
 * `typeResolver` of the call; and so is what would take it long: operations of more than 2000 fields, counted once for each type that a
 * selection can meet, and variables of input types that contain themselves. So are, on schemas with requirements on enum values,
 * operations that were not cleared. Compiled operations do as graphql-jit does: fields without a resolver are read as plain properties,
 * methods and promises among them are not followed, and an abort signal is not heard.
 *
 * Compiled operations are kept as long as their documents: without a cache of parsed documents nothing is compiled.
 *
 * @param execute runs what is not compiled
 * @throws {ConfigurationError} when an option is not what it should be
 */
export function jitExecute(options: JitOptions = {}, execute: Execute = executeByGraphqlJs): Execute {
  const run = runner(options)
  return (args) => run(args, execute) as ReturnType<Execute>
}

/**
 * {@link jitExecute} as an Envelop plugin, for Yoga and every other server on Envelop; the engine's own `execute` runs what is not
 * compiled. Takes the place of `@envelop/graphql-jit`, which runs the same compiled operation for every caller, with all its guards.
 *
 * @throws {ConfigurationError} when an option is not what it should be
 */
export function useJit(options: JitOptions = {}): Plugin {
  const run = runner(options)
  return {
    onExecute({ executeFn, setExecuteFn }) {
      // Looked up when it runs: by then every plugin has had its say, and the operation was cleared or was not.
      setExecuteFn((args: ExecutionArgs) => run(args, executeFn))
    },
  }
}

type Query = CompiledQuery['query']

/** What is known of one operation of a document, on one schema. */
interface Known {
  uses: number
  isCompilable: boolean
  /** Whether it may be compiled with its guards. */
  readonly isGuardCompilable: boolean
  /** `null` before it was compiled. */
  guarded: Query | null
  /** The same, for callers whom the operation was cleared for. */
  cleared: Query | null
}

/** Runs what is compiled, and has all else executed. */
function runner(options: JitOptions): (args: ExecutionArgs, execute: (args: ExecutionArgs) => unknown) => unknown {
  const find = finder(options)
  return (args, execute) => {
    const query = find(args)
    return query === null ? execute(args) : query(args.rootValue, args.contextValue, args.variableValues)
  }
}

/** Answers the compiled query to run with these arguments; `null` when there is none. */
function finder({ compileAt = 2, compiler = {} }: JitOptions): (args: ExecutionArgs) => Query | null {
  if (!Number.isInteger(compileAt) || compileAt < 1) throw new ConfigurationError('compileAt', 'a whole number, 1 or more', '2')
  const schemas = new WeakMap<GraphQLSchema, WeakMap<DocumentNode, Map<OperationDefinitionNode, Known>>>()

  /** What cannot be compiled once is not tried again. */
  const compile = (known: Known, { schema, document, operationName }: ExecutionArgs): Query | null => {
    const compiled = compileQuery(schema, document, operationName ?? undefined, compiler)
    known.isCompilable = isCompiledQuery(compiled)
    return isCompiledQuery(compiled) ? compiled.query : null
  }

  return (args) => {
    const { schema, document, operationName, contextValue, fieldResolver, typeResolver } = args
    const operation = getOperationAST(document, operationName)
    if (operation === null || operation === undefined || isGiven(fieldResolver) || isGiven(typeResolver)) return null
    const documents = getOrCreate(schemas, schema, () => new WeakMap<DocumentNode, Map<OperationDefinitionNode, Known>>())
    const operations = getOrCreate(documents, document, () => new Map<OperationDefinitionNode, Known>())
    const made = protectedSchemaOf(schema)
    const known = getOrCreate(operations, operation, () => ({
      uses: 0,
      isCompilable: isCompilable(schema, document, operation),
      isGuardCompilable: made === undefined || !mayRefuseItems(made),
      guarded: null,
      cleared: null,
    }))
    if (!known.isCompilable) return null
    known.uses += 1
    if (known.uses < compileAt) return null
    if (made === undefined || AuthContext.of(contextValue)?.isCleared(operation, made, fragmentsOf(document)) !== true) {
      if (!known.isGuardCompilable) return null
      known.guarded ??= compile(known, args)
      return known.guarded
    }
    known.cleared ??= withoutSettledGuards(schema, made, () => compile(known, args))
    return known.cleared
  }
}

function isGiven(option: unknown): boolean {
  return option !== undefined && option !== null
}

/** Whether single items of a list may be refused: graphql-jit puts more into such a list than there was. */
function mayRefuseItems({ table }: ProtectedSchema): boolean {
  return table.rules.some(({ kind, requirements }) => kind === 'enum value' && requirements.length > 0)
}

/** Fields. More of them make code that takes longer to write than it saves, on the thread that serves everybody. */
const LARGEST = 2000

/** Whether graphql-jit knows all that the document may ask of an executor, and is done with it in no time. */
function isCompilable(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): boolean {
  if (operation.operation === OperationTypeNode.SUBSCRIPTION || !isSmallWhenCompiled(schema, operation, fragmentsOf(document), LARGEST)) return false
  let knowsAll = true
  visit(document, {
    [Kind.DIRECTIVE]({ name: { value } }) {
      knowsAll &&= value === GraphQLSkipDirective.name || value === GraphQLIncludeDirective.name
    },
  })
  return knowsAll
}

function getOrCreate<Key extends object, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  create: () => Value,
): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}
