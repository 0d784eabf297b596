import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { enforce } from '../../src/core/decisions/enforcement.js'
import { NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY } from '../../src/core/permissions/special.js'
import { type PermissionScope, permissionRequirement, type Requirement } from '../../src/core/rules/requirement.js'
import { allOf, not, owner } from '../../src/core/rules/rule.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { ARGUMENTS, no, ruled, setup, yes } from './rule-support.js'

describe('administrators at run time', () => {
  const admins: CommonSettings = { admins: { super: { role: 'root' }, tenant: { role: 'boss' } } }
  const root = { roles: ['root'], tenant: 't0' }
  const boss = { roles: ['boss'], tenant: 't1' }
  const at = (tenant: unknown): PermissionScope => ({ tenant: () => tenant })

  it.each<[string, Partial<VerifiedToken>, Requirement, boolean]>([
    ['a super admin may on any object', root, permissionRequirement('p', () => '1'), true],
    ['a super admin may in any tenant', root, permissionRequirement('p', () => '1', at('t9')), true],
    ['a super admin may where no tenant is named', root, permissionRequirement('p', () => '1', at(undefined)), true],
    [
      'a super admin may what is somebody else’s',
      root,
      ruled(
        allOf(
          'p',
          owner(() => 'bob'),
          no,
        ),
        () => null,
      ),
      true,
    ],
    ['a super admin may what is for him alone', root, permissionRequirement(SUPER_ADMIN_ONLY, () => '1'), true],
    ['a super admin may not what nobody may', root, permissionRequirement(NOBODY, () => '1'), false],
    ['a super admin is asked about under not', root, ruled(not(yes)), false],
    ['a super admin is asked about on objects under not', root, ruled(not('q'), () => '1'), false],
    ['a tenant admin may in his tenant', boss, permissionRequirement('p', undefined, at('t1')), true],
    ['a tenant admin may not in another', boss, permissionRequirement('p', undefined, at('t2')), false],
    ['a tenant admin may on objects of his tenant', boss, permissionRequirement('p', () => '1', at('t1')), true],
    ['a tenant admin may not on objects of another', boss, permissionRequirement('p', () => '1', at('t2')), false],
    ['a tenant admin is asked about on objects of who knows which', boss, permissionRequirement('p', () => '1'), false],
    ['a tenant admin may what the source allows him', boss, permissionRequirement('q', () => '1'), true],
    ['a tenant admin may what is for him alone', boss, permissionRequirement(TENANT_ADMIN_ONLY, () => '1', at('t1')), true],
    ['a tenant admin may not what is for super admins', boss, permissionRequirement(SUPER_ADMIN_ONLY, undefined, at('t1')), false],
    [
      'a tenant admin owns nothing by being one',
      boss,
      ruled(
        allOf(
          'p',
          owner(() => 'bob'),
        ),
        () => ({}),
        at('t1'),
      ),
      false,
    ],
    ['a tenant admin is asked about by functions', boss, ruled(allOf('p', no), undefined, at('t1')), false],
    ['a guest of the tenant may not', { tenant: 't1' }, permissionRequirement('p', () => '1', at('t1')), false],
    ['a guest may not what the source would allow by that name', { tenant: 't1' }, permissionRequirement(TENANT_ADMIN_ONLY, () => '1', at('t1')), false],
  ])('%s', async (_, parts, requirement, allowed) => {
    const { auth, asked } = await setup(parts, ['q:1', `${NOBODY}:1`, `${TENANT_ADMIN_ONLY}:1`, `${SUPER_ADMIN_ONLY}:1`], admins)
    expect((await enforce([requirement], auth, ARGUMENTS)) === null).toBe(allowed)
    expect(asked.flat().filter((question) => question.startsWith('gatehouse:'))).toEqual([])
  })

  it('are what context.auth.may answers by, without asking', async () => {
    const allowed = ['q:1', `${NOBODY}:1`, `${SUPER_ADMIN_ONLY}:1`]
    const may = async (parts: Partial<VerifiedToken> | null, permission: string): Promise<boolean> =>
      (await setup(parts, allowed, admins)).auth.may(permission, '1')
    expect([await may(root, 'p'), await may(root, SUPER_ADMIN_ONLY), await may(root, NOBODY)]).toEqual([true, true, false])
    expect([await may(boss, 'p'), await may(boss, 'q'), await may(boss, SUPER_ADMIN_ONLY), await may(boss, TENANT_ADMIN_ONLY)]).toEqual([
      false,
      true,
      false,
      false,
    ])
    expect([await may({}, 'q'), await may(null, 'q'), await may(null, 'p')]).toEqual([true, false, false])
  })

  it('whose test throws are asked about nothing: context.auth.may rejects', async () => {
    const { auth } = await setup({}, ['q:1'], {
      admins: {
        super: () => {
          throw new Error('canary')
        },
      },
    })
    await expect(auth.may('q', '1')).rejects.toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
    expect(await enforce([permissionRequirement('q', () => '1')], auth, ARGUMENTS)).toMatchObject({ reason: 'BACKEND_UNAVAILABLE' })
  })
})
