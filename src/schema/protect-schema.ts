import { MapperKind, mapSchema } from '@graphql-tools/utils'
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLResolveInfo, type GraphQLSchema, OperationTypeNode } from 'graphql'
import type { Auth } from '../core/auth.js'
import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { enforce } from '../core/enforcement.js'
import { isDynamic } from '../core/requirement.js'
import { type AnyFunction, declaredResolver, declareResolver, NO_DECLARATION } from '../decorators/declaration.js'
import { notWired } from '../decorators/guard.js'
import { ProtectedSchema, protectedSchemaOf, rememberProtected } from './protected-schema.js'
import { type CoordinateRule, compileRequirements, DECLARED, declarationOf } from './requirement-table.js'

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
  const onObject = table.rules.find(({ requirements }) => requirements.some(({ object }) => object !== undefined))
  if (onObject !== undefined && auth.settings.permissions === null) {
    throw new ConfigurationError(
      'permissions',
      `a permission source, since ${onObject.coordinate} asks about an object`,
      '{ check: async (principal, questions) => questions.map(…) }',
    )
  }
  const made = new ProtectedSchema(auth, schema, table)
  const kinds = rootKinds(schema)
  const copy = mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field, fieldName, typeName) => {
      const rule = table.ruleOf(typeName, fieldName)
      const kind = kinds.get(typeName)
      if (rule === undefined || (rule.requirements.length === 0 && kind === undefined)) return field
      return guardField(field, rule, kind === undefined ? null : { made, kind })
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

/** A subscription is guarded where its stream is made and again for every event; every other field where it is resolved. */
function guardField(field: FieldConfig, rule: CoordinateRule, gate: Gate | null): FieldConfig {
  const resolve = guardResolver(field.resolve ?? defaultFieldResolver, rule, gate)
  const extensions = { ...field.extensions, [DECLARED]: declarationOf(field) }
  if (gate?.kind !== OperationTypeNode.SUBSCRIPTION) return { ...field, resolve, extensions }
  return { ...field, resolve, extensions, subscribe: guardResolver(field.subscribe ?? defaultFieldResolver, rule, gate) }
}

function guardResolver(resolver: AnyFunction, rule: CoordinateRule, gate: Gate | null): AnyFunction {
  const declared = declaredResolver(resolver)
  const inner = declared?.inner ?? resolver
  const { coordinate, requirements } = rule
  const isSettledBefore = !requirements.some(isDynamic) && (gate === null || gate.kind === OperationTypeNode.QUERY)
  const guarded: AnyFunction = function (this: unknown, source: unknown, args: unknown, context: unknown, info: GraphQLResolveInfo): unknown {
    if (isSettledBefore && AuthContext.isCleared(context, info.operation)) return inner.call(this, source, args, context, info)
    const auth = AuthContext.of(context)
    if (auth === null) throw notWired(coordinate)
    if (gate !== null) passGate(gate, auth, info)
    const verdict = requirements.length === 0 ? null : enforce(requirements, auth, { source, args, context, info })
    if (verdict === null) return inner.call(this, source, args, context, info)
    if (!(verdict instanceof Promise)) throw auth.errorAt(coordinate, verdict)
    return verdict.then((refusal) => {
      if (refusal !== null) throw auth.errorAt(coordinate, refusal)
      return inner.call(this, source, args, context, info)
    })
  }
  Object.defineProperty(guarded, 'name', { value: resolver.name, configurable: true })
  declareResolver(guarded, { declaration: declared?.declaration ?? NO_DECLARATION, inner })
  return guarded
}

/** Refuses each root field with its own error where there is one, and with the first of the operation where there is not. */
function passGate({ made, kind }: Gate, auth: AuthContext, info: GraphQLResolveInfo): void {
  const { operation, fragments, parentType, fieldName } = info
  const errors = made.authorizeRunning(auth, { operation, fragments: () => fragments, variables: variablesOf(info) })
  const error = errors.find(({ refusal }) => refusal.coordinate === `${parentType.name}.${fieldName}`) ?? errors[0]
  if (error !== undefined) throw error
  if (kind === OperationTypeNode.QUERY) return
  // A stream that no transport ends, or a mutation that took its time: the token may have expired since the operation began.
  const expired = auth.expiry()
  if (expired !== null) throw auth.errorAt(`${parentType.name}.${fieldName}`, expired)
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
