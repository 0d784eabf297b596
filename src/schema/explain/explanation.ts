import type { AuthErrorCode } from '../../core/errors.js'
import type { AnyOf } from '../../core/names.js'
import type { Reason } from '../../core/refusal.js'
import type { ReportedRefusal } from '../../core/report.js'
import type { RequirementSource } from '../directives.js'

/**
 * `allowed` and `refused` whatever happens; `depends` when it only shows while the operation runs.
 */
export type Verdict = 'allowed' | 'refused' | 'depends'

/** On what a verdict depends: the concrete type, the object or its tenant, a rule of your own, or the value that the field answers. */
export type Dependence = 'type' | 'object' | 'tenant' | 'rule' | 'value'

/** What {@link explain} answers: plain data, that JSON can hold. Names no token, and no claim but scopes, permissions and roles that are asked for. */
export interface Explanation {
  readonly operation: { readonly type: 'query' | 'mutation' | 'subscription'; readonly name: string | null }
  readonly caller: CallerExplanation
  readonly denied: 'reject' | 'null'
  /** Whether the settings refuse nobody anything: what is called refused here then runs, and is reported. */
  readonly dryRun: boolean
  /** `refused` when nothing of the operation runs. */
  readonly outcome: 'runs' | 'refused'
  /** Why nothing runs: what the client is told. */
  readonly refused: readonly ReportedRefusal[]
  /**
   * In the order in which the plan comes by them. One that is selected at several places, on different types, is there once for each: at one
   * place all of its types may refuse, which refuses the operation.
   */
  readonly coordinates: readonly CoordinateExplanation[]
}

/** Who is asking, as far as it decides anything. */
export type CallerExplanation =
  | { readonly is: 'user' | 'client' }
  | { readonly is: 'nobody' }
  /** The credentials are not good. `detail` is in our own words, and for the server's people alone. */
  | { readonly is: 'refused'; readonly reason: Reason; readonly code: AuthErrorCode; readonly detail?: string }

/** One coordinate of the operation. */
export interface CoordinateExplanation {
  /** As selected: `Type.field`, where the type may be abstract; `Type.field(arg:)`, `Input.field` or `Enum.VALUE` for what is passed. */
  readonly coordinate: string
  readonly verdict: Verdict
  /** Only with `depends`. */
  readonly dependsOn?: readonly Dependence[]
  /** The same on each type that it can turn out to be on. */
  readonly types: readonly ConcreteExplanation[]
}

/** A coordinate on one concrete type. */
export interface ConcreteExplanation {
  readonly coordinate: string
  readonly verdict: Verdict
  readonly dependsOn?: readonly Dependence[]
  /** All of them are needed. */
  readonly clauses: readonly ClauseExplanation[]
}

/** One requirement. */
export interface ClauseExplanation {
  readonly verdict: Verdict
  readonly dependsOn?: readonly Dependence[]
  /** What it asks, in words. */
  readonly demands: string
  /** The enum value that the field must not answer for it to be refused, where it is about one. */
  readonly value?: string
  readonly sources: readonly SourceExplanation[]
  /** Every name that it asks for. `held` is `null` where only the permission source can say. */
  readonly names: readonly NameExplanation[]
  readonly reason?: Reason
  readonly requiredScopes?: AnyOf
  readonly requiredPermissions?: AnyOf
  readonly acrValues?: readonly string[]
  /** Seconds. */
  readonly maxAge?: number
  readonly detail?: string
}

/** A scope, permission or role that is asked for, and whether the caller holds it. */
export interface NameExplanation {
  readonly kind: 'scope' | 'permission' | 'role'
  readonly name: string
  readonly held: boolean | null
}

/** Where a requirement comes from. */
export interface SourceExplanation extends RequirementSource {
  /** What it was written on. */
  readonly on: 'field' | 'type' | 'interface' | 'argument' | 'input type' | 'input field' | 'enum' | 'enum value' | 'scalar' | 'setting'
}
