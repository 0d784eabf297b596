import { MapperKind, mapSchema } from '@graphql-tools/utils'
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLResolveInfo, type GraphQLSchema, isObjectType, OperationTypeNode } from 'graphql'
import type { Auth } from '../core/auth.js'
import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import type { ResolverArguments } from '../core/decisions/enforcement.js'
import { needsSource } from '../core/rules/requirement.js'
import { type AnyFunction, declaredResolver, declareResolver, NO_DECLARATION } from '../decorators/declaration.js'
import { notWired } from '../decorators/guard.js'
import { refuseField } from '../decorators/refuse-field.js'
import { assertSecure } from './assert-secure/check-secure.js'
import { DECLARED, declarationOf } from './declared-field.js'
import { enforceDemand, type FieldDemand, fieldDemand } from './field-demand.js'
import type { EnumGuard } from './inputs/enum-guard.js'
import { ProtectedSchema, protectedSchemaOf, rememberProtected } from './protected-schema.js'
import { compileRequirements } from './requirement-table.js'
import { rememberSettled } from './settled-guards.js'
import { unlessCleared } from './unless-cleared.js'

/**
 * Returns a copy of the schema whose resolvers enforce what it demands, however a field is reached: interface, union, fragment,
 * alias, `@defer`. Execute against the copy; the schema that was given is left as it was.
 *
 * For servers without Envelop. The context of each operation must carry `auth`, as the transports set it; an operation without it
 * is refused. On servers that only ever run resolvers (no hook before execution), `__schema` and `__type` are not guarded, and a
 * refused operation answers with nulls in place of no data: use the server's adapter from `./transports/http` to have both.
 *
 * @throws {ConfigurationError} when a statement in the schema is malformed, a requirement has an `object` and the settings no `permissions`
 * source, or another auth has protected the schema.
 */
export function protectSchema(schema: GraphQLSchema, auth: Auth): GraphQLSchema {
  const known = protectedSchemaOf(schema)
  if (known !== undefined && known.auth !== auth) {
    throw new ConfigurationError('schema', 'one that no other auth has protected', 'the schema as it was before protectSchema')
  }
  if (known !== undefined) return schema
  let copies = protectedCopies.get(auth)
  if (copies === undefined) {
    copies = new WeakMap()
    protectedCopies.set(auth, copies)
  }
  let copy = copies.get(schema)
  if (copy === undefined) {
    copy = guardedCopy(schema, auth)
    copies.set(schema, copy)
  }
  return copy
}

/** A server may choose its schema for each request: each is compiled once. */
const protectedCopies = new WeakMap<Auth, WeakMap<GraphQLSchema, GraphQLSchema>>()

function guardedCopy(schema: GraphQLSchema, auth: Auth): GraphQLSchema {
  const table = compileRequirements(schema, auth.settings)
  const onObject = table.rules.find(({ requirements }) => requirements.some(needsSource))
  if (onObject !== undefined && auth.settings.permissions === null) {
    throw new ConfigurationError(
      'permissions',
      `a permission source, since ${onObject.coordinate} asks about an object`,
      '{ check: async (principal, questions) => questions.map(…) }',
    )
  }
  assertSecure(auth, schema, table)
  const made = new ProtectedSchema(auth, schema, table)
  const kinds = rootKinds(schema)
  const copy = mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field, fieldName, typeName) => {
      const type = schema.getType(typeName)
      const definition = isObjectType(type) ? type.getFields()[fieldName] : undefined
      const demand = definition === undefined ? null : fieldDemand(table, typeName, definition)
      const kind = kinds.get(typeName)
      if (demand === null && kind === undefined) return field
      return guardField(field, { coordinate: `${typeName}.${fieldName}`, demand, made, gate: kind === undefined ? null : { made, kind } })
    },
  })
  rememberProtected(copy, made)
  return copy
}

type FieldConfig = GraphQLFieldConfig<unknown, unknown>

/** What a root field's guard needs beside the field's rule: the plans to hold the operation against, where nothing did so before execution. */
interface Gate {
  readonly made: ProtectedSchema
  readonly kind: OperationTypeNode
}

function rootKinds(schema: GraphQLSchema): ReadonlyMap<string, OperationTypeNode> {
  const kinds = new Map<string, OperationTypeNode>()
  for (const kind of Object.values(OperationTypeNode)) {
    const type = schema.getRootType(kind)
    if (type !== undefined && type !== null) kinds.set(type.name, kind)
  }
  return kinds
}

/** What is asked where a field is resolved. */
interface FieldGuard {
  /** `Type.field`. */
  readonly coordinate: string
  readonly demand: FieldDemand | null
  /** Whose requirements they are. */
  readonly made: ProtectedSchema
  readonly gate: Gate | null
}

/** A subscription is guarded where its stream is made and again for every event; every other field where it is resolved. */
function guardField(field: FieldConfig, guard: FieldGuard): FieldConfig {
  const resolve = guardResolver(field.resolve ?? defaultFieldResolver, guard, guard.demand?.output ?? null)
  const extensions = { ...field.extensions, [DECLARED]: declarationOf(field) }
  if (guard.gate?.kind !== OperationTypeNode.SUBSCRIPTION) return { ...field, resolve, extensions }
  return { ...field, resolve, extensions, subscribe: guardResolver(field.subscribe ?? defaultFieldResolver, guard, null) }
}

function guardResolver(resolver: AnyFunction, { coordinate, demand, made, gate }: FieldGuard, output: EnumGuard | null): AnyFunction {
  const declared = declaredResolver(resolver)
  const inner = declared?.inner ?? resolver
  const isSettledBefore = demand?.isStatic !== false && (gate === null || gate.kind === OperationTypeNode.QUERY)
  const isMutation = gate?.kind === OperationTypeNode.MUTATION
  const ask: AnyFunction = function (this: unknown, source: unknown, args: unknown, context: unknown, info: GraphQLResolveInfo): unknown {
    const auth = AuthContext.of(context)
    if (auth === null) throw notWired(coordinate)
    if (gate !== null) passGate(gate, auth, context, info)
    if (demand === null) return inner.call(this, source, args, context, info)
    const resolverArguments = { source, args, context, info }
    const verdict = enforceDemand(demand, auth, resolverArguments)
    if (verdict instanceof Promise) {
      return verdict.then((refusal) => {
        if (refusal !== null) refuseField(auth, refusal.coordinate ?? coordinate, refusal, context, info)
        // What the guard was told is older than what the resolver is about to change, and of no use to the fields below it.
        if (isMutation) auth.forgetAnswers()
        return answer(inner.call(this, source, args, context, info), auth, resolverArguments)
      })
    }
    if (verdict !== null) refuseField(auth, verdict.coordinate ?? coordinate, verdict, context, info)
    return answer(inner.call(this, source, args, context, info), auth, resolverArguments)
  }
  const answer = (result: unknown, auth: AuthContext, resolverArguments: ResolverArguments): unknown =>
    output === null ? result : output.hold(result, auth, resolverArguments)
  const guarded = isSettledBefore ? unlessCleared(inner, ask, made) : ask
  if (isSettledBefore) rememberSettled(guarded, inner, made)
  Object.defineProperty(guarded, 'name', { value: resolver.name, configurable: true })
  declareResolver(guarded, { declaration: declared?.declaration ?? NO_DECLARATION, inner })
  return guarded
}

/** Refuses each root field with its own error where there is one, and with the first of the operation where there is not. */
function passGate({ made, kind }: Gate, auth: AuthContext, contextValue: unknown, info: GraphQLResolveInfo): void {
  const { operation, fragments, parentType, fieldName } = info
  const errors = made.authorizeRunning(auth, { operation, fragments, variables: variablesOf(info), contextValue })
  const own = `${parentType.name}.${fieldName}`
  const error = errors.find(({ refusal: { coordinate } }) => coordinate === own || coordinate?.startsWith(`${own}(`) === true) ?? errors[0]
  if (error !== undefined) throw error
  if (kind === OperationTypeNode.QUERY) return
  // A stream that no transport ends, or a mutation that took its time: the token may have expired since the operation began.
  const expired = auth.expiry()
  if (expired !== null) refuseField(auth, `${parentType.name}.${fieldName}`, expired, contextValue, info)
  // The mutation before this one, or whatever happened since the last event, may have changed what the caller may do.
  auth.forgetAnswers()
}

/**
 * The coerced values of an operation's variables. graphql 17 hands resolvers two records, one of them with the values; an operation
 * whose own variables are called like those two cannot be told from that, and its values count as unknown.
 */
function variablesOf({ variableValues, operation }: GraphQLResolveInfo): Readonly<Record<string, unknown>> | null {
  const { sources, coerced } = variableValues as { sources?: unknown; coerced?: Readonly<Record<string, unknown>> }
  if (sources === undefined || coerced === undefined) return variableValues as Readonly<Record<string, unknown>>
  const names = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? []
  return names.includes('sources') || names.includes('coerced') ? null : coerced
}
