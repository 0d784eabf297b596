import { type GraphQLArgument, type GraphQLResolveInfo, getNamedType } from 'graphql'
import type { AuthContext } from '../../core/auth-context.js'
import { enforce, type ResolverArguments } from '../../core/decisions/enforcement.js'
import type { Refusal } from '../../core/refusal.js'
import { isDynamic, type Requirement } from '../../core/rules/requirement.js'
import type { CoordinateRule, RequirementTable } from '../requirement-table.js'
import type { Field } from '../statements.js'
import { isDefault } from './defaults.js'
import { PassedValues } from './passed-values.js'
import { SharedValues } from './shared-values.js'
import type { Value } from './value.js'

/** Holds what is passed to one field against the caller, right before the field's resolver gets it. */
export class InputGuard {
  /** Every requirement that the arguments can come by, once. */
  readonly requirements: readonly Requirement[]
  readonly #table: RequirementTable
  readonly #arguments: readonly GuardedArgument[]
  readonly #isDynamic: boolean

  private constructor(table: RequirementTable, guarded: readonly GuardedArgument[]) {
    this.#table = table
    this.#arguments = guarded
    this.requirements = [...new Set(guarded.flatMap(({ rule, definition }) => [...rule.requirements, ...reachableFrom(table, definition)]))]
    this.#isDynamic = this.requirements.some(isDynamic)
  }

  /** The guard of a field, or `null` when nothing that is passed to it can be refused. */
  static of(table: RequirementTable, typeName: string, field: Field): InputGuard | null {
    const guarded = field.args.flatMap((definition): GuardedArgument[] => {
      const rule = table.argumentRuleOf(typeName, field.name, definition.name)
      const isDeep = reachableFrom(table, definition).length > 0
      return rule === undefined || (rule.requirements.length === 0 && !isDeep) ? [] : [{ definition, rule, isDeep }]
    })
    return guarded.length === 0 ? null : new InputGuard(table, guarded)
  }

  /** The first refusal among what is passed, with its coordinate. At once, unless something that is passed asks about an object. */
  hold(auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
    if (!this.#isDynamic && auth.meets(this.requirements)) return null
    const pending: Array<Promise<Refusal | null>> = []
    for (const { coordinate, requirements } of this.#passed(resolver)) {
      const verdict = enforce(requirements, auth, resolver)
      if (verdict === null) continue
      if (!(verdict instanceof Promise)) return { ...verdict, coordinate }
      pending.push(verdict.then((refusal) => (refusal === null ? null : { ...refusal, coordinate })))
    }
    return pending.length === 0 ? null : Promise.all(pending).then((refusals) => refusals.find((refusal) => refusal !== null) ?? null)
  }

  /** The rules of what the resolver is about to get: of its arguments, in their order, and then of what is inside of them. */
  #passed({ args, info }: ResolverArguments): readonly CoordinateRule[] {
    if (typeof args !== 'object' || args === null) return []
    const passed = new PassedValues(this.#table, SharedValues.of((info as { variableValues?: unknown } | undefined)?.variableValues))
    const rules: CoordinateRule[] = []
    for (const { definition, rule, isDeep } of this.#arguments) {
      const given: unknown = Object.hasOwn(args, definition.name) ? (args as Record<string, unknown>)[definition.name] : undefined
      if (given === undefined) continue
      const value: Value = { form: 'coerced', value: given }
      const slot = runningSlot(info, definition)
      if (isDefault(value, slot)) continue
      if (rule.requirements.length > 0) rules.push(rule)
      if (isDeep) passed.look(value, slot.type)
    }
    return [...rules, ...passed.rules]
  }
}

/** The argument in the schema that runs. It is a copy, with defaults of its own: the very objects that execution supplies. */
function runningSlot(info: unknown, definition: GraphQLArgument): GraphQLArgument {
  const { parentType, fieldName } = (info ?? {}) as Partial<GraphQLResolveInfo>
  const field = parentType === undefined || fieldName === undefined ? undefined : parentType.getFields()[fieldName]
  return field?.args.find(({ name }) => name === definition.name) ?? definition
}

interface GuardedArgument {
  readonly definition: GraphQLArgument
  readonly rule: CoordinateRule
  readonly isDeep: boolean
}

function reachableFrom(table: RequirementTable, { type }: GraphQLArgument): readonly Requirement[] {
  return table.reachableFrom(getNamedType(type).name)
}
