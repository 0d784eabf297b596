import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { decide, judge } from '../../src/core/decisions/decision.js'
import type { DecisionRules } from '../../src/core/decisions/standing.js'
import { type GrantSettings, Grants, resolveGrants } from '../../src/core/permissions/grants.js'
import { NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY } from '../../src/core/permissions/special.js'
import { permissionRequirement, type Requirement } from '../../src/core/rules/requirement.js'
import { allOf, anyOf, not, owner, type RuleOperand } from '../../src/core/rules/rule.js'
import { NOW, principal } from './support.js'

const RULES: DecisionRules = { scopesEnabled: true, permissions: null }
const unasked = (): never => {
  throw new Error('no function is asked before execution')
}
const mine = owner(unasked)

/** What is known of a rule for a caller: `met`, `open`, or why it is refused. */
function known(operand: RuleOperand, parts: Partial<VerifiedToken> = {}, rules: Partial<DecisionRules> = {}): string {
  const verdict = judge(permissionRequirement(allOf(operand)), principal(parts), NOW, { ...RULES, ...rules })
  return typeof verdict === 'string' ? verdict : verdict.reason === 'INSUFFICIENT_PERMISSION' ? 'refused' : verdict.reason
}

describe('before execution, a rule', () => {
  const held: Partial<VerifiedToken> = { permissions: ['yes'], scopes: ['yes'], roles: ['yes'] }
  const leaves: readonly (readonly [string, RuleOperand, string])[] = [
    ['true', 'yes', 'met'],
    ['false', 'no', 'refused'],
    ['open', unasked, 'open'],
  ]
  const least = (a: string, b: string): string => (a === 'refused' || b === 'refused' ? 'refused' : a === 'open' || b === 'open' ? 'open' : 'met')
  const most = (a: string, b: string): string => (a === 'met' || b === 'met' ? 'met' : a === 'open' || b === 'open' ? 'open' : 'refused')
  const opposite: Readonly<Record<string, string>> = { met: 'refused', refused: 'met', open: 'open' }
  const pairs = leaves.flatMap((left) => leaves.map((right) => [left, right] as const))

  it.each(pairs)('follows Kleene: %p with %p', ([, a, left], [, b, right]) => {
    expect([known(allOf(a, b), held), known(anyOf(a, b), held)]).toEqual([least(left, right), most(left, right)])
    expect(known(not(allOf(a, b)), held)).toBe(opposite[least(left, right)])
    expect(known(not(anyOf(a, b)), held)).toBe(opposite[most(left, right)])
    expect(known(not(not(anyOf(a, b))), held)).toBe(most(left, right))
  })

  it.each<[string, RuleOperand, string]>([
    ['permissions held', 'yes', 'met'],
    ['permissions held in part', 'yes no', 'refused'],
    ['alternatives of which one is held', { anyOf: [['no'], ['yes']] }, 'met'],
    ['scopes held', { scopes: 'yes' }, 'met'],
    ['scopes not held', { scopes: ['yes', 'no'] }, 'refused'],
    ['roles held', { roles: 'yes' }, 'met'],
    ['roles not held', { roles: { anyOf: [['no'], ['yes', 'no']] } }, 'refused'],
    ['a role called like a member of every object', { roles: 'constructor' }, 'refused'],
    ['an owner', mine, 'open'],
    ['an owner that is not enough', allOf('no', mine), 'refused'],
    ['an owner that is not needed', anyOf('yes', mine), 'met'],
  ])('knows %s', (_, operand, expected) => {
    expect(known(operand, held)).toBe(expected)
  })

  it('knows what no caller is let in for: nobody, also under not', () => {
    for (const operand of ['no', not('no'), not(not('yes')), unasked, not(unasked), mine, not(mine)] as const) {
      expect(decide(permissionRequirement(allOf(operand)), null, NOW, RULES)).toEqual({ reason: 'MISSING_TOKEN' })
      expect(decide(permissionRequirement(allOf(operand)), principal({ expiresAt: NOW }), NOW, RULES)).toEqual({ reason: 'TOKEN_EXPIRED' })
    }
  })

  it('takes scopes for held where they are not checked, but under not', () => {
    const rules = { scopesEnabled: false }
    expect([known({ scopes: 'no' }, held, rules), known(not({ scopes: 'no' }), held, rules), known(not({ scopes: 'yes' }), held, rules)]).toEqual([
      'met',
      'met',
      'refused',
    ])
  })

  it.each<[string, Requirement, object]>([
    [
      'a list of permissions, which is told to the client',
      permissionRequirement(allOf('yes', 'no')),
      { requiredPermissions: [['no']], detail: 'allOf[1]: permissions' },
    ],
    [
      'permissions beside an owner',
      permissionRequirement('no', undefined, { owner: unasked }),
      { requiredPermissions: [['no']], detail: 'allOf[0]: permissions' },
    ],
    ['scopes', permissionRequirement(allOf(anyOf({ scopes: 'no' }), mine)), { detail: 'allOf[0]: anyOf[0]: scopes' }],
    ['roles', permissionRequirement(allOf({ roles: 'no' })), { detail: 'allOf[0]: roles' }],
    ['several alternatives', permissionRequirement(anyOf('no', allOf({ roles: 'no' }, mine))), { detail: 'anyOf[0]: permissions, anyOf[1]: allOf[0]: roles' }],
    ['what must not be', permissionRequirement(allOf('yes', not('yes'))), { detail: 'allOf[1]: not' }],
  ])('says at which clause it failed: %s', (_, requirement, refusal) => {
    expect(judge(requirement, principal(held), NOW, RULES)).toEqual({ reason: 'INSUFFICIENT_PERMISSION', ...refusal })
  })

  it('is needed beside scopes, permissions and step-up of the same requirement', () => {
    const both: Requirement = { ...permissionRequirement('yes'), rule: allOf('also') }
    expect([decide(both, principal({ permissions: ['yes', 'also'] }), NOW, RULES), decide(both, principal(held), NOW, RULES)?.detail]).toEqual([
      null,
      'allOf[1]: allOf[0]: permissions',
    ])
    expect(decide({ rule: allOf('yes'), scopes: [['no']] }, principal(held), NOW, RULES)?.reason).toBe('INSUFFICIENT_SCOPE')
    expect(decide({ rule: allOf('yes'), acr: ['gold'] }, principal(held), NOW, RULES)?.reason).toBe('INSUFFICIENT_AUTHENTICATION')
  })
})

describe('permissions of an object beside an owner', () => {
  const requirement = permissionRequirement('edit', () => ({}), { owner: unasked })

  it('are the caller’s own where there is no source', () => {
    expect([{ permissions: ['edit'] }, {}].map((parts) => judge(requirement, principal(parts), NOW, RULES))).toEqual([
      'open',
      { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['edit']], detail: 'allOf[0]: permissions' },
    ])
  })

  it('are left to the guards where it is not known whether there is a source', () => {
    expect(judge(requirement, principal(), NOW, { scopesEnabled: true })).toBe('open')
  })

  it('are left to the source where there is one', () => {
    expect(judge(requirement, principal(), NOW, { scopesEnabled: true, permissions: { check: unasked } })).toBe('open')
  })
})

describe('administrators', () => {
  const admins: GrantSettings = { admins: { super: { role: 'root' }, tenant: { role: 'boss' } } }
  const callers = {
    nobody: null,
    super: { roles: ['root'] },
    boss: { roles: ['boss'], tenant: 't1' },
    'boss of nothing': { roles: ['boss'] },
    holder: { permissions: ['p'], tenant: 't1' },
    guest: { tenant: 't1' },
  } satisfies Record<string, Partial<VerifiedToken> | null>
  const rules: DecisionRules = { scopesEnabled: true, permissions: null, grants: new Grants(resolveGrants(admins, false), () => undefined) }
  const everybody = (requirement: Requirement): string[] =>
    Object.values(callers).map((parts) => {
      const verdict = judge(requirement, parts === null ? null : principal(parts), NOW, rules)
      return typeof verdict === 'string'
        ? verdict
        : verdict.reason === 'MISSING_TOKEN'
          ? 'nobody'
          : verdict.reason === 'INSUFFICIENT_PERMISSION'
            ? 'no'
            : verdict.reason
    })
  const tenant = (): string => 't1'
  const object = (): string => 'o1'

  it.each<[string, Requirement, readonly string[]]>([
    // nobody, super, boss, boss of nothing, holder, guest
    ['a permission', permissionRequirement('p'), ['nobody', 'met', 'met', 'no', 'met', 'no']],
    ['NOBODY', permissionRequirement(NOBODY), ['nobody', 'no', 'no', 'no', 'no', 'no']],
    ['a permission and NOBODY', permissionRequirement(['p', NOBODY]), ['nobody', 'no', 'no', 'no', 'no', 'no']],
    ['NOBODY or a permission', permissionRequirement({ anyOf: [[NOBODY], ['p']] }), ['nobody', 'met', 'met', 'no', 'met', 'no']],
    ['SUPER_ADMIN_ONLY', permissionRequirement(SUPER_ADMIN_ONLY), ['nobody', 'met', 'no', 'no', 'no', 'no']],
    ['TENANT_ADMIN_ONLY', permissionRequirement(TENANT_ADMIN_ONLY), ['nobody', 'met', 'met', 'no', 'no', 'no']],
    ['a permission in a tenant', permissionRequirement('p', undefined, { tenant }), ['nobody', 'met', 'open', 'no', 'open', 'no']],
    ['TENANT_ADMIN_ONLY in a tenant', permissionRequirement(TENANT_ADMIN_ONLY, undefined, { tenant }), ['nobody', 'met', 'open', 'no', 'no', 'no']],
    ['SUPER_ADMIN_ONLY in a tenant', permissionRequirement(SUPER_ADMIN_ONLY, undefined, { tenant }), ['nobody', 'met', 'no', 'no', 'no', 'no']],
    ['a permission on an object', permissionRequirement('p', object), ['nobody', 'met', 'open', 'open', 'open', 'open']],
    ['NOBODY on an object', permissionRequirement(NOBODY, object), ['nobody', 'no', 'no', 'no', 'no', 'no']],
    ['SUPER_ADMIN_ONLY on an object', permissionRequirement(SUPER_ADMIN_ONLY, object), ['nobody', 'met', 'no', 'no', 'no', 'no']],
    ['TENANT_ADMIN_ONLY on an object of who knows which tenant', permissionRequirement(TENANT_ADMIN_ONLY, object), ['nobody', 'met', 'no', 'no', 'no', 'no']],
    ['TENANT_ADMIN_ONLY on an object of his tenant', permissionRequirement(TENANT_ADMIN_ONLY, object, { tenant }), ['nobody', 'met', 'open', 'no', 'no', 'no']],
    ['an owner', permissionRequirement(allOf(mine)), ['nobody', 'met', 'open', 'open', 'open', 'open']],
    ['a permission and an owner', permissionRequirement('p', undefined, { owner: unasked }), ['nobody', 'met', 'open', 'no', 'open', 'no']],
    ['a function', permissionRequirement(allOf(unasked)), ['nobody', 'met', 'open', 'open', 'open', 'open']],
    ['a role', permissionRequirement(allOf({ roles: 'x' })), ['nobody', 'met', 'no', 'no', 'no', 'no']],
    ['scopes, which no rank replaces', permissionRequirement(allOf({ scopes: 'x' })), ['nobody', 'no', 'no', 'no', 'no', 'no']],
    ['not a permission, where what is really held counts', permissionRequirement(not('p')), ['nobody', 'met', 'met', 'met', 'no', 'met']],
    ['not a function, where everybody is asked about', permissionRequirement(not(unasked)), ['nobody', 'open', 'open', 'open', 'open', 'open']],
    ['not an owner, where everybody is asked about', permissionRequirement(not(mine)), ['nobody', 'open', 'open', 'open', 'open', 'open']],
    ['not not a permission', permissionRequirement(not(not('p'))), ['nobody', 'met', 'met', 'no', 'met', 'no']],
    ['not SUPER_ADMIN_ONLY', permissionRequirement(not(SUPER_ADMIN_ONLY)), ['nobody', 'no', 'met', 'met', 'met', 'met']],
    ['not TENANT_ADMIN_ONLY', permissionRequirement(not(TENANT_ADMIN_ONLY)), ['nobody', 'no', 'no', 'met', 'met', 'met']],
    ['not NOBODY', permissionRequirement(not(NOBODY)), ['nobody', 'met', 'met', 'met', 'met', 'met']],
  ])('meet %s', (_, requirement, expected) => {
    expect(everybody(requirement)).toEqual(expected)
  })

  it('of no tenant may nothing in any, and that is known before execution', () => {
    const inTenant = permissionRequirement('p', undefined, { tenant: unasked })
    expect(judge(inTenant, principal({ permissions: ['p'] }), NOW, RULES)).toEqual({
      reason: 'INSUFFICIENT_PERMISSION',
      requiredPermissions: [['p']],
      detail: 'not the tenant of the principal',
    })
    expect(judge(inTenant, principal({ permissions: ['p'], tenant: 't1' }), NOW, RULES)).toBe('open')
  })

  it('are spared neither scopes, nor a stronger or fresher login, nor a token that is good', () => {
    const root = principal({ roles: ['root'], acr: 'silver' })
    expect(decide({ permissions: [['p']], scopes: [['s']] }, root, NOW, rules)?.reason).toBe('INSUFFICIENT_SCOPE')
    expect(decide({ permissions: [['p']], acr: ['gold'] }, root, NOW, rules)?.reason).toBe('INSUFFICIENT_AUTHENTICATION')
    expect(decide({ permissions: [['p']], maxAge: 5 }, root, NOW, rules)?.reason).toBe('INSUFFICIENT_AUTHENTICATION')
    expect(decide(permissionRequirement('p'), principal({ roles: ['root'], expiresAt: NOW }), NOW, rules)?.reason).toBe('TOKEN_EXPIRED')
  })

  it('whose test fails refuse everybody whatever requirePerm asks, and nothing else', () => {
    const failing: DecisionRules = {
      ...rules,
      grants: new Grants(resolveGrants({ admins: { super: unasked } }, false), () => undefined),
    }
    const holder = principal({ permissions: ['p'], scopes: ['s'] })
    for (const requirement of [permissionRequirement('p'), permissionRequirement(not('x')), permissionRequirement(not(SUPER_ADMIN_ONLY))]) {
      expect(decide(requirement, holder, NOW, failing)?.reason).toBe('BACKEND_UNAVAILABLE')
    }
    expect(decide({ scopes: [['s']] }, holder, NOW, failing)).toBeNull()
    expect(decide({}, holder, NOW, failing)).toBeNull()
  })
})
