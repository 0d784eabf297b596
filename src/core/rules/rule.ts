import { ConfigurationError } from '../configuration-error.js'
import { type AnyOf, type Names, normalizeNames } from '../names.js'
import { combinedRule, functionRule, isRule, namesRule, negatedRule, type OwnerSelector, ownerRule, type Rule, type RuleFunction } from './node.js'

/**
 * What rules are made of: permissions by name, as `requirePerm` takes them; `{ scopes }` and `{ roles }`, spelled the same way; a
 * function of your own; or another rule.
 */
export type RuleOperand = Names | { readonly scopes: Names } | { readonly roles: Names } | RuleFunction | Rule

/**
 * Needs every operand: `allOf('contract.update.own', owner((row) => row.userId))`.
 *
 * Operands are asked in order, and what one that answers at once has settled spares those after it. Those that answer later are asked side
 * by side, so that questions about objects share a call: none may rely on one before it that answers later.
 *
 * @throws {ConfigurationError} when there is no operand, or one is malformed.
 */
export function allOf(...operands: readonly RuleOperand[]): Rule {
  return combinedRule('allOf', operandsOf('allOf', operands))
}

/**
 * Needs one operand: `anyOf('contract.update.any', allOf('contract.update.own', owner((row) => row.userId)))`. Asked as
 * {@link allOf} asks. An operand that was asked and could not say refuses the whole requirement, whatever the others say.
 *
 * @throws {ConfigurationError} when there is no operand, or one is malformed.
 */
export function anyOf(...operands: readonly RuleOperand[]): Rule {
  return combinedRule('anyOf', operandsOf('anyOf', operands))
}

/**
 * Needs the operand to refuse. Never lets in a caller who is not authenticated, nor anybody for whom the operand could not say. Under it
 * an administrator counts by what he really holds, and scopes are looked at also where the settings leave them unchecked.
 *
 * @throws {ConfigurationError} when the operand is malformed, or there is more than one.
 */
export function not(operand: RuleOperand, ...nothing: []): Rule {
  if (nothing.length > 0) throw new ConfigurationError('not', 'one operand', "not(anyOf('suspended', 'archived'))")
  return negatedRule(operandOf('not', operand))
}

/**
 * Needs the caller to own the stored row: `owner((row) => row.userId)`. The row is what the requirement's `object` returned, and then it
 * has to be the entity and not its id; without `object` it is the resolver's source. Never the arguments: those are the caller's to write.
 *
 * An id is compared as text, to the letter, with the principal's `subject`, and owns only for principals of kind `user`, since an OAuth
 * client's `sub` may equal some user's id. Several rows must all be owned. `null` is a row without an owner; `undefined` refuses.
 *
 * Does not compare issuers or tenants: return a boolean to compare what you like, `owner((row, principal) => …)`.
 *
 * @throws {ConfigurationError} when `owners` is not a function.
 */
export function owner(owners: OwnerSelector, ...nothing: []): Rule {
  if (typeof owners !== 'function' || nothing.length > 0) throw notASelector('owner')
  return ownerRule(owners)
}

/** What is told where a function that reads owners is expected. */
function notASelector(option: string): ConfigurationError {
  return new ConfigurationError(option, 'one function (row, principal) => id, list of ids, or boolean', '(row) => row.userId')
}

const OPERANDS = "'order.edit', { roles: 'editor' }, { scopes: 'orders:write' }, owner((row) => row.userId) or (principal, { args }) => true"

function operandsOf(option: string, operands: readonly unknown[]): readonly Rule[] {
  if (operands.length === 0) throw new ConfigurationError(option, 'at least one operand', OPERANDS)
  return [...operands].map((operand, index) => operandOf(`${option}[${index}]`, operand))
}

function operandOf(option: string, operand: unknown): Rule {
  if (isRule(operand)) return operand
  if (typeof operand === 'function') return functionRule(operand as RuleFunction)
  if (typeof operand === 'string' || Array.isArray(operand)) return namesRule('permissions', normalizeNames(option, operand))
  const member = typeof operand === 'object' && operand !== null ? Object.keys(operand).join() : ''
  if (member === 'anyOf') return namesRule('permissions', normalizeNames(option, operand))
  if (member !== 'scopes' && member !== 'roles') throw new ConfigurationError(option, 'permissions, scopes, roles, a function or a rule', OPERANDS)
  return namesRule(member, namesIn(option, operand as Readonly<Record<string, unknown>>, member))
}

function namesIn(option: string, operand: Readonly<Record<string, unknown>>, member: string): AnyOf {
  return normalizeNames(`${option}.${member}`, operand[member])
}
