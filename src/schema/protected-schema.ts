import type { GraphQLSchema, OperationDefinitionNode } from 'graphql'
import type { Auth } from '../core/auth.js'
import type { AuthContext } from '../core/auth-context.js'
import type { AuthError } from '../core/errors.js'
import type { Refusal } from '../core/refusal.js'
import type { Requirement } from '../core/rules/requirement.js'
import { haveSameMembers } from '../core/same-members.js'
import { type ConditionVariable, conditionValues, conditionVariables } from './conditions.js'
import type { Fragments } from './fragments.js'
import { checksOfVariables } from './inputs/planned-values.js'
import { Introspection } from './introspection/introspection.js'
import { compilePlan, type Plan, type PlanObserver } from './plan.js'
import type { PlannedCheck } from './planned-check.js'
import type { RequirementTable } from './requirement-table.js'

/** One operation of a document, with what it can reach. */
export interface Operation {
  readonly operation: OperationDefinitionNode
  readonly fragments: Fragments
  /** As they came, or coerced; `null` when they are not known, which makes every condition count as true. */
  readonly variables: Readonly<Record<string, unknown>> | null
  /** What the operation runs with; the refusals of a dry run are reported to it. */
  readonly contextValue: unknown
}

/** A schema's requirements, and the plans of the operations that were held against them. */
export class ProtectedSchema {
  readonly table: RequirementTable
  /** Whose settings it was compiled under. */
  readonly auth: Auth
  readonly introspection: Introspection
  #schema: GraphQLSchema
  readonly #plans = new WeakMap<OperationDefinitionNode, OperationPlans[]>()
  readonly #judged = new WeakMap<AuthContext, Map<OperationDefinitionNode, Judgement>>()

  constructor(auth: Auth, schema: GraphQLSchema, table: RequirementTable) {
    this.auth = auth
    this.#schema = schema
    this.table = table
    this.introspection = new Introspection(auth, schema, table)
  }

  /** Plans against this schema from now on: the guarded copy of the one that the table was compiled from. */
  attach(schema: GraphQLSchema): void {
    this.#schema = schema
    this.introspection.enforceOn(schema)
  }

  /**
   * Holds an operation against the caller before it runs. Answers an empty list when it may run, and then remembers that for the
   * guards; else one error for each refused coordinate, audited. In a dry run the refusals are reported, and the list is empty.
   *
   * In the mode `denied: 'null'` it refuses only for bad credentials and for introspection; fields are the guards' part.
   */
  authorize(context: AuthContext, operation: Operation): readonly AuthError[] {
    if (this.#clears(context, operation)) return NO_ERRORS
    const errors = this.#judge(context, operation, 'json')
    if (errors.length === 0) this.#remember(context, operation, { variables: null, fragments: operation.fragments, errors })
    return errors
  }

  /**
   * Spares plan and guards what they would all find: that the caller meets everything that the operation can come by. Whatever its
   * variables say, since in a batch the same operation runs with others in the same context.
   */
  #clears(context: AuthContext, { operation, fragments }: Operation): boolean {
    const { reachable, introspection } = this.#planOf({ operation, fragments, variables: null })
    if (!context.meets(reachable) || introspection.some(({ coordinate }) => this.introspection.refusalOf(context, coordinate) !== null)) return false
    context.clear(operation, this, fragments)
    return true
  }

  /** The same for a guard that meets a running operation: holds it against the caller once, where nothing did so before it ran. */
  authorizeRunning(context: AuthContext, operation: Operation): readonly AuthError[] {
    if (context.isCleared(operation.operation, this, operation.fragments)) return NO_ERRORS
    const known = this.#judged.get(context)?.get(operation.operation)
    // A document that is cached runs many times, and a batch shares its context: what was found for other variables does not count.
    const isKnown = known !== undefined && (known.variables === null || known.variables === operation.variables)
    if (isKnown && haveSameMembers(known.fragments, operation.fragments)) return known.errors
    const errors = this.#judge(context, operation, 'coerced')
    this.#remember(context, operation, { variables: operation.variables, fragments: operation.fragments, errors })
    return errors
  }

  #judge(context: AuthContext, operation: Operation, form: 'json' | 'coerced'): readonly AuthError[] {
    const refusals = context.refusal === null ? this.#refusalsOf(context, this.#planOf(operation), operation.variables, form) : [context.refusal]
    if (refusals.length === 0) return NO_ERRORS
    if (context.reports?.dryRun !== true) return this.auth.refuse(context, refusals)
    context.reports.of(operation.contextValue as object).refuseOperation(refusals)
    return NO_ERRORS
  }

  #remember(context: AuthContext, { operation }: Operation, judgement: Judgement): void {
    const known = this.#judged.get(context)
    if (known === undefined) this.#judged.set(context, new Map([[operation, judgement]]))
    else known.set(operation, judgement)
  }

  #refusalsOf(context: AuthContext, plan: Plan, variables: Operation['variables'], form: 'json' | 'coerced'): readonly Refusal[] {
    const introspection = plan.introspection.length === 0 ? [] : this.#introspectionRefusals(context, plan)
    if (this.auth.settings.denied === 'null') return introspection
    if (plan.distinct.every((requirement) => context.decide(requirement) === null)) return introspection
    const checks = [...plan.checks, ...checksOfVariables(plan.inputs, variables, form)]
    return [
      ...new Map(
        [...introspection, ...checks.flatMap((check) => refusalOf(context, check))].map((refusal) => [`${refusal.coordinate} ${refusal.reason}`, refusal]),
      ).values(),
    ]
  }

  /**
   * Looks at an operation as {@link ProtectedSchema.authorize} does, and as if it ran with these variables, but refuses nothing and
   * writes nothing down.
   *
   * @param observe is told of every coordinate that the operation comes by
   */
  inspect(context: AuthContext, { operation, fragments, variables }: Omit<Operation, 'contextValue'>, observe: PlanObserver): Inspection {
    const values = conditionValues(conditionVariables(operation, fragments), variables ?? {})
    const plan = compilePlan(this.#schema, this.table, operation, fragments, values, observe)
    return {
      refusals: context.refusal === null ? this.#refusalsOf(context, plan, variables, 'json') : [context.refusal],
      checks: [...plan.checks, ...checksOfVariables(plan.inputs, variables, 'json')],
      introspection: plan.introspection,
    }
  }

  #introspectionRefusals(context: AuthContext, { introspection }: Plan): readonly Refusal[] {
    return introspection.flatMap(({ coordinate }) => {
      const refusal = this.introspection.refusalOf(context, coordinate)
      return refusal === null ? [] : [{ ...refusal, coordinate }]
    })
  }

  /** Whoever rewrites the fragments of a document may leave its operation as it is: they are held against the caller by their own plan. */
  #plansOf(operation: OperationDefinitionNode, fragments: Fragments): OperationPlans {
    let known = this.#plans.get(operation)
    if (known === undefined) {
      known = []
      this.#plans.set(operation, known)
    }
    let plans = known.find((candidate) => haveSameMembers(candidate.fragments, fragments))
    if (plans === undefined) {
      plans = { fragments, conditions: conditionVariables(operation, fragments), whole: null, byValues: new Map() }
      known.unshift(plans)
      if (known.length > MAX_DOCUMENTS_PER_OPERATION) known.pop()
    }
    return plans
  }

  #planOf({ operation, fragments, variables }: Omit<Operation, 'contextValue'>): Plan {
    const plans = this.#plansOf(operation, fragments)
    if (plans.whole !== null && (variables === null || plans.conditions.length === 0)) return plans.whole
    const values = variables === null ? {} : conditionValues(plans.conditions, variables)
    const key = plans.conditions.map(({ name }) => values[name] ?? '?').join(' ')
    let plan = plans.byValues.get(key)
    if (plan === undefined) {
      plan = compilePlan(this.#schema, this.table, operation, fragments, values)
      // Many conditions make many plans; a caller who tries them all costs time, not memory.
      if (plans.byValues.size < MAX_PLANS_PER_OPERATION) plans.byValues.set(key, plan)
      if (variables === null || plans.conditions.length === 0) plans.whole = plan
    }
    return plan
  }
}

/** What {@link ProtectedSchema.inspect} finds. */
export interface Inspection {
  /** Of the operation as a whole, before it runs. */
  readonly refusals: readonly Refusal[]
  readonly checks: readonly PlannedCheck[]
  readonly introspection: readonly PlannedCheck[]
}

/** What was found about an operation. */
interface Judgement {
  /** For which variables, by identity; `null` for whatever it runs with, since it was asked before it ran. */
  readonly variables: object | null
  readonly fragments: Fragments
  readonly errors: readonly AuthError[]
}

interface OperationPlans {
  readonly fragments: Fragments
  readonly conditions: readonly ConditionVariable[]
  /** With every condition true: the only plan of an operation without conditions. */
  whole: Plan | null
  readonly byValues: Map<string, Plan>
}

const MAX_PLANS_PER_OPERATION = 64
/** A server that rewrites fragments for every request makes many; the latest stay. */
const MAX_DOCUMENTS_PER_OPERATION = 8
const NO_ERRORS: readonly AuthError[] = Object.freeze([])

const protectedSchemas = new WeakMap<GraphQLSchema, ProtectedSchema>()

/** What was made of a schema that protectSchema returned; `undefined` for any other schema. */
export function protectedSchemaOf(schema: GraphQLSchema): ProtectedSchema | undefined {
  return protectedSchemas.get(schema)
}

/** Ties a guarded schema to its requirements. */
export function rememberProtected(schema: GraphQLSchema, made: ProtectedSchema): void {
  made.attach(schema)
  protectedSchemas.set(schema, made)
  const known = schemasByAuth.get(made.auth)
  if (known === undefined) schemasByAuth.set(made.auth, new Set([new WeakRef(schema)]))
  else known.add(new WeakRef(schema))
}

const schemasByAuth = new WeakMap<Auth, Set<WeakRef<GraphQLSchema>>>()

/** The guarded schemas of one auth that are still in use. */
export function protectedSchemasOf(auth: Auth): readonly GraphQLSchema[] {
  const known = schemasByAuth.get(auth)
  if (known === undefined) return []
  const live: GraphQLSchema[] = []
  for (const reference of known) {
    const schema = reference.deref()
    if (schema === undefined) known.delete(reference)
    else live.push(schema)
  }
  return live
}

/** A check refuses when every possible concrete type does; what is reported is what the first of them misses. */
function refusalOf(context: AuthContext, { coordinate, alternatives }: PlannedCheck): readonly Refusal[] {
  let first: Refusal | null = null
  for (const requirements of alternatives) {
    const refusal = firstRefusal(context, requirements)
    if (refusal === null) return []
    first ??= refusal
  }
  return first === null ? [] : [{ ...first, coordinate }]
}

function firstRefusal(context: AuthContext, requirements: readonly Requirement[]): Refusal | null {
  for (const requirement of requirements) {
    const refusal = context.decide(requirement)
    if (refusal !== null) return refusal
  }
  return null
}
