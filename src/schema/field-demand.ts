import type { AuthContext } from '../core/auth-context.js'
import { enforce, type ResolverArguments } from '../core/decisions/enforcement.js'
import type { Refusal } from '../core/refusal.js'
import { isDynamic } from '../core/rules/requirement.js'
import { EnumGuard } from './inputs/enum-guard.js'
import { InputGuard } from './inputs/input-guard.js'
import type { CoordinateRule, RequirementTable } from './requirement-table.js'
import type { Field } from './statements.js'

/** All that is asked where one field is resolved: of the field, of what is passed to it, and of what it answers. */
export interface FieldDemand {
  readonly rule: CoordinateRule
  readonly inputs: InputGuard | null
  readonly output: EnumGuard | null
  /** Whether the whole answer depends on the caller alone. */
  readonly isStatic: boolean
}

/** The demand of a field; `null` when it demands nothing. */
export function fieldDemand(table: RequirementTable, typeName: string, field: Field): FieldDemand | null {
  const rule = table.ruleOf(typeName, field.name)
  if (rule === undefined) return null
  const inputs = InputGuard.of(table, typeName, field)
  const output = EnumGuard.of(table, `${typeName}.${field.name}`, field.type)
  if (rule.requirements.length === 0 && inputs === null && output === null) return null
  const all = [...rule.requirements, ...(inputs?.requirements ?? []), ...(output?.requirements ?? [])]
  return { rule, inputs, output, isStatic: !all.some(isDynamic) }
}

/** The first refusal of a field or of what is passed to it; that of an argument or input field says its own coordinate. */
export function enforceDemand({ rule, inputs }: FieldDemand, auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
  const ofField = rule.requirements.length === 0 ? null : enforce(rule.requirements, auth, resolver)
  if (inputs === null || (ofField !== null && !(ofField instanceof Promise))) return ofField
  const ofInputs = inputs.hold(auth, resolver)
  if (ofField === null) return ofInputs
  if (ofInputs === null) return ofField
  return ofInputs instanceof Promise ? Promise.all([ofField, ofInputs]).then(([first, second]) => first ?? second) : ofInputs
}
