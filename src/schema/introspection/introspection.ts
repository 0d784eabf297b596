import { defaultFieldResolver, type GraphQLSchema } from 'graphql'
import type { Auth } from '../../core/auth.js'
import { AuthContext } from '../../core/auth-context.js'
import type { Refusal } from '../../core/refusal.js'
import type { Requirement } from '../../core/rules/requirement.js'
import { notWired } from '../../decorators/guard.js'
import { refuseField } from '../../decorators/refuse-field.js'
import { compileRequirements, type RequirementTable } from '../requirement-table.js'
import { bothDemands, type Demands, demandsOf, serviceCoordinate } from './demands.js'
import { type DerivedIntrospection, type Readable, type ShownSchema, tieIntrospection } from './derived.js'
import { answerIntrospection } from './meta-fields.js'
import { SchemaViews } from './views.js'

/** What the setting `introspection` means for one schema. */
export class Introspection {
  readonly #auth: Auth
  readonly #table: RequirementTable
  readonly #views: SchemaViews
  readonly #service: string | null
  readonly #demands: Demands
  readonly #origin: Introspection | null
  #bareIsOwn = false

  /** @param origin of the schema that this one was made from: what it demands of a coordinate holds on */
  constructor(auth: Auth, schema: GraphQLSchema, table: RequirementTable, origin: Introspection | null = null) {
    this.#auth = auth
    this.#table = table
    this.#origin = origin
    const own = demandsOf(schema, table)
    this.#demands = origin === null ? own : bothDemands(own, origin.#demands)
    this.#views = new SchemaViews(schema, this.#demands)
    this.#service = serviceCoordinate(schema)
  }

  /**
   * Why this caller may not select `__schema` or `__type`, or federation's `_service`; `null` when he may. Under `filtered`, he may
   * select the first two when there is something to tell him of, and the last when there is nothing to hide from him. Under the
   * others, `_service` has requirements of its own.
   */
  refusalOf(caller: AuthContext, coordinate: string): Refusal | null {
    if (this.#auth.settings.introspection !== 'filtered') return coordinate === this.#service ? null : this.#refusalByTable(caller)
    const isShown = coordinate === this.#service ? this.#views.isWhole(met(caller)) : this.#viewOf(caller) !== null
    return isShown ? null : notShown(caller)
  }

  /**
   * Takes introspection without any context for the program's own, as tools ask that print or compare schemas. Only for a server that
   * gives every operation of a caller a context.
   */
  trustBareIntrospection(): void {
    this.#bareIsOwn = true
  }

  /** Puts the setting in force on a schema, wherever it is executed, and on what is made from it later. */
  enforceOn(schema: GraphQLSchema): void {
    if (this.#auth.settings.introspection === 'public') return
    answerIntrospection(schema, this.#shownIn(schema))
    tieIntrospection(schema, (derived) => this.#derive(derived))
    if (this.#service !== null && this.#auth.settings.introspection === 'filtered') this.#guardService(schema, this.#service)
  }

  /** A schema that was made from this one may have lost what it demanded, and have types of its own that demand more. */
  #derive(derived: GraphQLSchema): DerivedIntrospection {
    const made = new Introspection(this.#auth, derived, compileRequirements(derived, this.#auth.settings), this)
    if (this.#bareIsOwn) made.trustBareIntrospection()
    return { shown: made.#shownIn(derived), readableTo: (caller) => made.readableTo(caller) }
  }

  #shownIn(schema: GraphQLSchema): ShownSchema {
    return (context, info) => {
      if (this.#bareIsOwn && context === undefined) return schema
      const coordinate = `${info.parentType.name}.${info.fieldName}`
      const caller = AuthContext.of(context)
      if (caller === null) throw notWired(coordinate)
      this.#enforce(caller, coordinate, context, info)
      // A dry run refuses nothing, so it hides nothing either.
      if (this.#auth.settings.introspection === 'private' || this.#auth.settings.dryRun) return schema
      return this.#viewOf(caller) ?? schema
    }
  }

  /** How much of the schema may be in messages to this caller, or to nobody known; `null` when all of it may. */
  readableTo(caller: AuthContext | null): Readable | null {
    const { introspection, dryRun } = this.#auth.settings
    if (introspection === 'public' || dryRun) return null
    const isKnown = caller !== null && caller.refusal === null && caller.principal !== null && caller.expiry() === null
    if (introspection === 'private') return isKnown ? null : { view: this.#views.for(() => false), suggestions: false }
    return { view: isKnown ? this.#viewOf(caller) : this.#views.for(() => false), suggestions: true }
  }

  #refusalByTable(caller: AuthContext): Refusal | null {
    for (const requirement of this.#table.introspection) {
      const refusal = caller.decide(requirement)
      if (refusal !== null) return refusal
    }
    return this.#origin === null ? null : this.#origin.#refusalByTable(caller)
  }

  #enforce(caller: AuthContext, coordinate: string, context: unknown, info: unknown): void {
    const refusal = caller.refusal ?? this.refusalOf(caller, coordinate)
    if (refusal !== null) refuseField(caller, coordinate, refusal, context, info)
  }

  #guardService(schema: GraphQLSchema, coordinate: string): void {
    const field = schema.getQueryType()?.getFields()._service
    if (field === undefined) return
    const resolve = field.resolve ?? defaultFieldResolver
    field.resolve = (source, args, context, info) => {
      const caller = AuthContext.of(context)
      if (caller === null) throw notWired(coordinate)
      this.#enforce(caller, coordinate, context, info)
      return resolve(source, args, context, info)
    }
  }

  #viewOf(caller: AuthContext): GraphQLSchema | null {
    return this.#views.for(met(caller))
  }
}

function met(caller: AuthContext): (requirement: Requirement) => boolean {
  return (requirement) => caller.decide(requirement) === null
}

/** Does not say what is missing: that would tell of what is there. */
function notShown(caller: AuthContext): Refusal {
  if (caller.principal === null) return { reason: 'MISSING_TOKEN' }
  return caller.expiry() ?? { reason: 'INSUFFICIENT_PERMISSION' }
}
