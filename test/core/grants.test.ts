import { describe, expect, it } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { type GrantSettings, Grants, resolveGrants } from '../../src/core/permissions/grants.js'
import { NOBODY, SUPER_ADMIN_ONLY, TENANT_ADMIN_ONLY } from '../../src/core/permissions/special.js'
import { resolveSettings } from '../../src/core/settings.js'
import { bearer, believes, carrier, engine, principal, tokenFor } from './support.js'

const held = (settings: GrantSettings, parts: Partial<VerifiedToken>, scopesAsPermissions = false): string[] =>
  [...new Grants(resolveGrants(settings, scopesAsPermissions), () => undefined).permissionsOf(principal(parts))].sort()

describe('what a principal holds', () => {
  const roles = { editor: ['order.read', 'order.edit'], chief: ['order.edit', 'order.approve'], guest: [] }

  it.each<[string, Partial<VerifiedToken>, boolean, readonly string[]]>([
    ['nothing, when neither token nor roles say anything', {}, false, []],
    ['what the token says', { permissions: ['a'] }, false, ['a']],
    ['what his role gives', { roles: ['editor'] }, false, ['order.edit', 'order.read']],
    [
      'what his roles and his token give, each once',
      { roles: ['editor', 'chief'], permissions: ['a'] },
      false,
      ['a', 'order.approve', 'order.edit', 'order.read'],
    ],
    ['nothing for a role that gives nothing', { roles: ['guest'] }, false, []],
    ['nothing for a role that is not known', { roles: ['admin', 'Editor', ''] }, false, []],
    ['nothing for roles called like members of every object', { roles: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'] }, false, []],
    ['no scopes, unless the settings count them', { scopes: ['orders:read'] }, false, []],
    ['his scopes, where the settings count them', { scopes: ['orders:read'], permissions: ['a'] }, true, ['a', 'orders:read']],
    ['no special permission, whatever the token says', { permissions: [NOBODY, TENANT_ADMIN_ONLY, SUPER_ADMIN_ONLY, 'a'] }, false, ['a']],
    ['no special permission, whatever the scopes say', { scopes: [SUPER_ADMIN_ONLY, 's'] }, true, ['s']],
  ])('is %s', (_, parts, scopesAsPermissions, expected) => {
    expect(held({ roles }, parts, scopesAsPermissions)).toEqual(expected)
  })

  it('is no special permission, also where the settings say nothing', () => {
    expect(held({}, { permissions: [NOBODY, 'a', TENANT_ADMIN_ONLY, SUPER_ADMIN_ONLY] })).toEqual(['a'])
  })

  it('is nothing for a role that only the prototype of the map has', () => {
    expect(held({ roles: Object.create({ editor: ['order.edit'] }) as Record<string, string[]> }, { roles: ['editor'] })).toEqual([])
  })

  it('is worked out once for each principal', () => {
    const grants = new Grants(resolveGrants({ roles }, false), () => undefined)
    const ada = principal({ roles: ['editor'] })
    expect(grants.permissionsOf(ada)).toBe(grants.permissionsOf(ada))
    expect(grants.namesOf(ada)).toBe(grants.namesOf(ada))
    expect(Object.isFrozen(grants.namesOf(ada))).toBe(true)
  })

  it('is what context.auth.permissions lists, and what hasPermissions asks', async () => {
    const { auth } = engine([believes], { roles, scopes: { asPermissions: true } })
    const context = auth.createContext(await auth.authenticate(bearer(tokenFor({ roles: ['editor'], scopes: ['s'] }))))
    expect([...context.permissions].sort()).toEqual(['order.edit', 'order.read', 's'])
    expect([context.hasPermissions('order.edit s'), context.hasPermissions('order.approve')]).toEqual([true, false])
    expect(() => context.requirePermissions('order.approve')).toThrow('Forbidden')
  })

  it('is nothing for nobody', async () => {
    const { auth } = engine([believes], { roles })
    expect(auth.createContext(await auth.authenticate(carrier())).permissions).toEqual([])
  })
})

describe('what a principal is', () => {
  const rank = (settings: GrantSettings, parts: Partial<VerifiedToken> = {}, faults: string[] = []): unknown =>
    new Grants(resolveGrants(settings, false), (what) => faults.push(what)).rankOf(principal(parts))

  it.each<[string, GrantSettings, Partial<VerifiedToken>, string]>([
    ['nobody in particular, when the settings name no administrators', {}, { roles: ['admin', 'root'] }, 'none'],
    ['a super admin by his role', { admins: { super: { role: 'root' } } }, { roles: ['root'] }, 'super'],
    ['none by another role', { admins: { super: { role: 'root' } } }, { roles: ['Root', 'roots'] }, 'none'],
    ['a super admin by a function', { admins: { super: ({ subject }) => subject === 'ada' } }, {}, 'super'],
    ['none by a function', { admins: { super: ({ subject }) => subject === 'bob' } }, {}, 'none'],
    ['a tenant admin', { admins: { tenant: { role: 'boss' } } }, { roles: ['boss'], tenant: 't1' }, 'tenant'],
    ['none without a tenant to be admin of', { admins: { tenant: { role: 'boss' } } }, { roles: ['boss'] }, 'none'],
    ['none with an empty tenant', { admins: { tenant: () => true } }, { tenant: '' }, 'none'],
    ['a super admin before a tenant admin', { admins: { super: { role: 'root' }, tenant: { role: 'root' } } }, { roles: ['root'], tenant: 't1' }, 'super'],
  ])('is %s', (_, settings, parts, expected) => {
    expect(rank(settings, parts)).toBe(expected)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('canary')
      },
    ],
    ['promises', async () => true],
    ['answers nothing', () => undefined],
    ['answers 1', () => 1],
    ['answers a text', () => 'true'],
  ])('cannot be found out when the test %s, and the fault is reported', (_, test) => {
    const faults: string[] = []
    expect(rank({ admins: { super: test as () => boolean } }, {}, faults)).toBeNull()
    expect(rank({ admins: { tenant: test as () => boolean } }, { tenant: 't1' }, faults)).toBeNull()
    expect(faults).toEqual(['administrator test', 'administrator test'])
  })

  it('is found out once for each principal, but after a failure', () => {
    let asked = 0
    const grants = new Grants(
      resolveGrants(
        {
          admins: {
            super: () => {
              asked += 1
              if (asked === 1) throw new Error('not yet')
              return true
            },
          },
        },
        false,
      ),
      () => undefined,
    )
    const ada = principal()
    expect([grants.rankOf(ada), grants.rankOf(ada), grants.rankOf(ada), asked]).toEqual([null, 'super', 'super', 2])
  })
})

describe('settings of grants', () => {
  const option = (settings: object): string => {
    try {
      resolveSettings(settings, [believes])
    } catch (error) {
      if (error instanceof ConfigurationError) return error.option
      throw error
    }
    return 'none'
  }

  it.each<[object, string]>([
    [{ roles: { editor: ['a'] }, admins: { super: { role: 'x' }, tenant: () => true }, scopes: { asPermissions: true } }, 'none'],
    [{ roles: {}, admins: {} }, 'none'],
    [{ roles: { guest: [] } }, 'none'],
    [{ roles: ['a'] }, 'roles'],
    [{ roles: { editor: 'a' } }, 'roles.editor'],
    [{ roles: { editor: ['a', 'a b'] } }, 'roles.editor[1]'],
    [{ roles: { editor: ['a', 5] } }, 'roles.editor[1]'],
    [{ roles: { editor: [NOBODY] } }, 'roles.editor[0]'],
    [{ roles: { editor: ['a', SUPER_ADMIN_ONLY] } }, 'roles.editor[1]'],
    [{ roles: { editor: [TENANT_ADMIN_ONLY] } }, 'roles.editor[0]'],
    [{ admins: 'root' }, 'admins'],
    [{ admins: { super: 'root' } }, 'admins.super'],
    [{ admins: { super: { role: '' } } }, 'admins.super.role'],
    [{ admins: { tenant: { roles: 'x' } } }, 'admins.tenant'],
    [{ admins: { root: { role: 'x' } } }, 'admins.root'],
    [{ scopes: { asPermissions: 'yes' } }, 'scopes.asPermissions'],
  ])('%j: the option at fault is %s', (settings, expected) => {
    expect(option(settings)).toBe(expected)
  })
})
