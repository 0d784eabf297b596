import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isScalarType } from 'graphql'
import type { AuthContext } from '../../core/auth-context.js'
import { rolesOf } from '../../core/caller/principal.js'
import { publicDetails } from '../../core/errors.js'
import type { Requirement } from '../../core/rules/requirement.js'
import { namesOf } from '../assert-secure/names.js'
import type { RequirementSource } from '../directives.js'
import type { CoordinateRule, RequirementTable } from '../requirement-table.js'
import { dependences, describe } from './demands.js'
import type { ClauseExplanation, ConcreteExplanation, Dependence, NameExplanation, SourceExplanation, Verdict } from './explanation.js'

/** Who asks, and what of. */
export interface Case {
  readonly caller: AuthContext
  readonly table: RequirementTable
  readonly schema: GraphQLSchema
}

/** What one concrete coordinate asks, requirement by requirement, as the engine decides it. */
export function explainRule(rule: CoordinateRule, about: Case): ConcreteExplanation {
  const clauses = [...rule.requirements.map((requirement) => explainClause(rule.coordinate, requirement, about)), ...explainAnswers(rule, about)]
  return { coordinate: rule.coordinate, ...combined(clauses, 'all'), clauses }
}

/** The verdict over several: of what is needed in full, or of the types that a coordinate can turn out to be on. */
export function combined(
  parts: readonly { readonly verdict: Verdict; readonly dependsOn?: readonly Dependence[] }[],
  needed: 'all' | 'whichever',
): { readonly verdict: Verdict; readonly dependsOn?: readonly Dependence[] } {
  const verdicts = new Set(parts.map(({ verdict }) => verdict))
  if (verdicts.size === 0) return { verdict: 'allowed' }
  if (needed === 'all' ? verdicts.has('refused') : verdicts.size === 1 && verdicts.has('refused')) return { verdict: 'refused' }
  if (verdicts.size === 1 && verdicts.has('allowed')) return { verdict: 'allowed' }
  const below = parts.flatMap(({ dependsOn = [] }) => dependsOn)
  return { verdict: 'depends', dependsOn: [...new Set<Dependence>(needed === 'whichever' && verdicts.size > 1 ? ['type', ...below] : below)] }
}

function explainClause(coordinate: string, requirement: Requirement, { caller, table, schema }: Case): ClauseExplanation {
  const verdict = caller.judge(requirement)
  const shared = {
    demands: describe(requirement),
    sources: table.sourcesOf(coordinate, requirement).map((source) => explainSource(source, schema)),
    names: namesAskedFor(requirement, caller),
  }
  if (verdict === 'met') return { verdict: 'allowed', ...shared }
  if (verdict === 'open') return { verdict: 'depends', dependsOn: dependences(requirement), ...shared }
  const { detail } = verdict
  return { verdict: 'refused', ...shared, ...publicDetails(verdict), ...(detail === undefined ? {} : { detail }) }
}

/** A field that returns an enum is refused for the values that the caller may not have, once it answers one. */
function explainAnswers({ coordinate, kind }: CoordinateRule, about: Case): readonly ClauseExplanation[] {
  if (kind !== 'field') return []
  const [typeName = '', fieldName = ''] = coordinate.split('.')
  const parent = about.schema.getType(typeName)
  const type = isObjectType(parent) ? about.schema.getType(innermost(String(parent.getFields()[fieldName]?.type))) : undefined
  if (!isEnumType(type)) return []
  return type.getValues().flatMap(({ name }) => {
    const rule = about.table.inputRuleOf(type.name, name)
    return (rule?.requirements ?? [])
      .map((requirement) => explainClause(`${type.name}.${name}`, requirement, about))
      .map((clause) =>
        clause.verdict === 'allowed' ? { ...clause, value: name } : { ...clause, verdict: 'depends' as const, dependsOn: ['value' as const], value: name },
      )
  })
}

function innermost(type: string): string {
  return type.replace(/[[\]!]/g, '')
}

/** What a source of names says is asked at run time; what the token says is known now. */
function namesAskedFor(requirement: Requirement, caller: AuthContext): readonly NameExplanation[] {
  const { principal } = caller
  const asksSource = requirement.object !== undefined
  const roles = principal === null ? new Set<string>() : rolesOf(principal)
  return [
    ...namesOf(requirement, 'scopes').map((name) => ({ kind: 'scope' as const, name, held: caller.hasScopes(name) })),
    ...namesOf(requirement, 'permissions').map((name) => ({ kind: 'permission' as const, name, held: asksSource ? null : caller.hasPermissions(name) })),
    ...namesOf(requirement, 'roles').map((name) => ({ kind: 'role' as const, name, held: roles.has(name) })),
  ]
}

function explainSource(source: RequirementSource, schema: GraphQLSchema): SourceExplanation {
  return { ...source, on: placeOf(source, schema) }
}

function placeOf({ at, by }: RequirementSource, schema: GraphQLSchema): SourceExplanation['on'] {
  if (by === 'default') return 'setting'
  if (at.includes('(')) return 'argument'
  const [typeName = '', member] = at.split('.')
  const type = schema.getType(typeName)
  if (isInputObjectType(type)) return member === undefined ? 'input type' : 'input field'
  if (isEnumType(type)) return member === undefined ? 'enum' : 'enum value'
  if (isScalarType(type)) return 'scalar'
  if (member !== undefined) return 'field'
  return isInterfaceType(type) ? 'interface' : 'type'
}
