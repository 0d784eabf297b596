import type { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import type { Rule, RuleFunction } from '../../src/core/rules/node.js'
import { type ObjectSelector, type PermissionScope, permissionRequirement, type Requirement } from '../../src/core/rules/requirement.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { bearer, believes, carrier, engine, type recorder, tokenFor } from './support.js'

/** The arguments of a resolver that nobody runs. */
export const ARGUMENTS = { source: { id: 's', userId: 'ada' }, args: { id: 'a', userId: 'ada' }, context: { id: 'c' }, info: { id: 'i' } }

/** A caller, with what was asked and logged for him. */
export interface Setup {
  readonly auth: AuthContext
  /** Each call of the source, as `permission:object`. */
  readonly asked: string[][]
  readonly log: ReturnType<typeof recorder>
}

/** A caller; with a source that allows what is on the list, unless the list is `null`. */
export async function setup(parts: Partial<VerifiedToken> | null = {}, allowed: readonly string[] | null = [], settings: CommonSettings = {}): Promise<Setup> {
  const asked: string[][] = []
  const check: NonNullable<CommonSettings['permissions']>['check'] = async (_, questions) => {
    const names = questions.map(({ permission, object }) => `${permission}:${String((object as { id?: string }).id ?? object)}`)
    asked.push(names)
    return names.map((name) => allowed?.includes(name) === true)
  }
  const { auth, log } = engine([believes], { verifyTimeout: 1000, ...(allowed === null ? {} : { permissions: { check } }), ...settings })
  return { auth: auth.createContext(await auth.authenticate(parts === null ? carrier() : bearer(tokenFor(parts)))), asked, log }
}

/** A requirement on a rule. */
export const ruled = (rule: Rule, object?: ObjectSelector, scope: PermissionScope = {}): Requirement => permissionRequirement(rule, object, scope)

/** A rule that says yes at once. */
export const yes: RuleFunction = () => true

/** A rule that says no at once. */
export const no: RuleFunction = () => false

/** A rule that answers later. */
export const later =
  (answer: unknown): RuleFunction =>
  async () =>
    answer as boolean
