import { MapperKind, mapSchema } from '@graphql-tools/utils'
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql'
import type { Auth } from '../core/auth.js'
import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { enforce } from '../core/enforcement.js'
import { type AnyFunction, declaredResolver, declareResolver, NO_DECLARATION } from '../decorators/declaration.js'
import { notWired } from '../decorators/guard.js'
import { ProtectedSchema, protectedSchemaOf, rememberProtected } from './protected-schema.js'
import { type CoordinateRule, compileRequirements } from './requirement-table.js'

/**
 * Returns a copy of the schema whose resolvers enforce what it demands, however a field is reached: interface, union, fragment,
 * alias, `@defer`. Execute against the copy; the schema that was given is left as it was.
 *
 * For servers without Envelop. The context of each operation must carry `auth`, as the transports set it; an operation without it
 * is refused. On servers that only ever run resolvers (no hook before execution), `__schema` and `__type` are not guarded, and a
 * refused operation answers with nulls in place of no data: use the server's adapter from `./transports/http` to have both.
 *
 * @throws {ConfigurationError} when a statement in the schema is malformed, or a requirement has an `object` and the settings no `permissions` source.
 */
export function protectSchema(schema: GraphQLSchema, auth: Auth): GraphQLSchema {
  if (protectedSchemaOf(schema) !== undefined) return schema
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
  const roots = new Set([schema.getQueryType()?.name, schema.getMutationType()?.name, schema.getSubscriptionType()?.name])
  const subscription = schema.getSubscriptionType()?.name
  const copy = mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field, fieldName, typeName) => {
      const rule = table.ruleOf(typeName, fieldName)
      if (rule === undefined || (rule.requirements.length === 0 && !roots.has(typeName))) return field
      return guardField(field, rule, roots.has(typeName) ? made : null, typeName === subscription)
    },
  })
  rememberProtected(copy, made)
  return copy
}

type FieldConfig = GraphQLFieldConfig<unknown, unknown>

/** A subscription is guarded where its stream is made and again for every event; every other field where it is resolved. */
function guardField(field: FieldConfig, rule: CoordinateRule, gate: ProtectedSchema | null, isSubscription: boolean): FieldConfig {
  const resolve = guardResolver(field.resolve ?? defaultFieldResolver, rule, gate)
  if (!isSubscription) return { ...field, resolve }
  return { ...field, resolve, subscribe: guardResolver(field.subscribe ?? defaultFieldResolver, rule, gate) }
}

/**
 * @param gate for a root field: the plans to hold the whole operation against, where nothing did so before execution.
 */
function guardResolver(resolver: AnyFunction, rule: CoordinateRule, gate: ProtectedSchema | null): AnyFunction {
  const declared = declaredResolver(resolver)
  const inner = declared?.inner ?? resolver
  const { coordinate, requirements } = rule
  const guarded: AnyFunction = function (this: unknown, source: unknown, args: unknown, context: unknown, info: GraphQLResolveInfo): unknown {
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
function passGate(gate: ProtectedSchema, auth: AuthContext, { operation, fragments, variableValues, parentType, fieldName }: GraphQLResolveInfo): void {
  const errors = gate.authorize(auth, { operation, fragments: () => fragments, variables: variableValues as Record<string, unknown> })
  const error = errors.find(({ refusal }) => refusal.coordinate === `${parentType.name}.${fieldName}`) ?? errors[0]
  if (error !== undefined) throw error
}
