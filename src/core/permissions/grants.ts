import { z } from 'zod'
import { type Principal, permissionsOf } from '../caller/principal.js'
import { isName } from '../names.js'
import { hint, text } from '../options.js'
import { isSpecial, type Rank } from './special.js'

/** Who is an administrator: whoever has a role, or of whom a function says `true`. */
export type AdminTest = { readonly role: string } | ((principal: Principal) => boolean)

/** Settings that say what principals hold beside what their tokens say. */
export interface GrantSettings {
  /** The permissions that each role gives. A role that is not named gives none. @default {} */
  readonly roles?: Readonly<Record<string, readonly string[]>>
  /**
   * Administrators. A super admin may whatever `requirePerm` asks, in every tenant; a tenant admin holds every permission within his own
   * tenant. Neither is spared scopes, step-up or authentication. A function is asked once for each principal, at once and not with
   * a promise; what is no boolean, and a throw, refuses. @default nobody
   */
  readonly admins?: { readonly super?: AdminTest; readonly tenant?: AdminTest }
}

/** The same, checked and complete. */
export interface ResolvedGrants {
  readonly roles: ReadonlyMap<string, readonly string[]>
  readonly scopesAsPermissions: boolean
  readonly admins: { readonly super: AdminTest | null; readonly tenant: AdminTest | null }
}

const permissionName = hint("a permission's name without spaces, quotes and backslashes, and no special one", "'order.edit'")
const rolesHint = hint('permissions by role', "{ editor: ['order.read', 'order.edit'] }")
const adminHint = hint('a role or a function', "{ role: 'support-admin' }")

/** The shape of {@link GrantSettings.roles}. */
export const rolesShape: z.ZodType = z.record(
  z.string(),
  z.array(
    z.custom<string>((name) => isName(name) && !isSpecial(name), permissionName),
    rolesHint,
  ),
  rolesHint,
)

const adminShape = z.union(
  [z.strictObject({ role: text("'support-admin'") }), z.custom<AdminTest>((value) => typeof value === 'function', adminHint)],
  adminHint,
)

/** The shape of {@link GrantSettings.admins}. */
export const adminsShape: z.ZodType = z.strictObject(
  { super: adminShape.optional(), tenant: adminShape.optional() },
  hint('an object', "{ super: { role: 'support-admin' } }"),
)

/** Fills in the defaults. @param settings checked already */
export function resolveGrants({ roles = {}, admins = {} }: GrantSettings, scopesAsPermissions: boolean): ResolvedGrants {
  return Object.freeze({
    roles: new Map(Object.entries(roles).map(([role, permissions]) => [role, Object.freeze([...permissions])])),
    scopesAsPermissions,
    admins: Object.freeze({ super: admins.super ?? null, tenant: admins.tenant ?? null }),
  })
}

/**
 * What principals hold: what the token says, what the settings give to their roles, their scopes where these count as permissions, and
 * what they are as administrators. Worked out once for each principal. One for a server.
 */
export class Grants {
  readonly #settings: ResolvedGrants
  readonly #fault: (what: string, error: unknown) => void
  readonly #isPlain: boolean
  readonly #hasAdmins: boolean
  readonly #permissions = new WeakMap<Principal, ReadonlySet<string>>()
  readonly #names = new WeakMap<Principal, readonly string[]>()
  readonly #ranks = new WeakMap<Principal, Rank>()

  /** @param fault is told of an administrator test that failed */
  constructor(settings: ResolvedGrants, fault: (what: string, error: unknown) => void) {
    this.#settings = settings
    this.#fault = fault
    this.#isPlain = settings.roles.size === 0 && !settings.scopesAsPermissions
    this.#hasAdmins = settings.admins.super !== null || settings.admins.tenant !== null
  }

  /** Every permission that the principal holds on no object in particular. The special ones are never among them. */
  permissionsOf(principal: Principal): ReadonlySet<string> {
    let held = this.#permissions.get(principal)
    if (held === undefined) {
      held = this.#collect(principal)
      this.#permissions.set(principal, held)
    }
    return held
  }

  /** The same as a frozen list. */
  namesOf(principal: Principal): readonly string[] {
    let names = this.#names.get(principal)
    if (names === undefined) {
      names = Object.freeze([...this.permissionsOf(principal)])
      this.#names.set(principal, names)
    }
    return names
  }

  /** Whether he is an administrator; `null` when that could not be found out. A tenant admin without a tenant is none. */
  rankOf(principal: Principal): Rank | null {
    if (!this.#hasAdmins) return 'none'
    const known = this.#ranks.get(principal)
    if (known !== undefined) return known
    try {
      const rank = this.#rank(principal)
      this.#ranks.set(principal, rank)
      return rank
    } catch (error) {
      this.#fault('administrator test', error)
      return null
    }
  }

  #collect(principal: Principal): ReadonlySet<string> {
    const own = permissionsOf(principal)
    if (this.#isPlain && !principal.permissions.some(isSpecial)) return own
    const { roles, scopesAsPermissions } = this.#settings
    const held = new Set(own)
    for (const role of principal.roles) for (const permission of roles.get(role) ?? []) held.add(permission)
    if (scopesAsPermissions) for (const scope of principal.scopes) held.add(scope)
    for (const name of held) if (isSpecial(name)) held.delete(name)
    return held
  }

  #rank(principal: Principal): Rank {
    const { admins } = this.#settings
    if (admins.super !== null && passes(admins.super, principal)) return 'super'
    return admins.tenant !== null && principal.tenant !== null && passes(admins.tenant, principal) ? 'tenant' : 'none'
  }
}

/** Of a server that was told nothing about grants: what the token says. */
export const TOKEN_GRANTS: Grants = new Grants(resolveGrants({}, false), () => undefined)

function passes(test: AdminTest, principal: Principal): boolean {
  if (typeof test !== 'function') return principal.roles.includes(test.role)
  const answer: unknown = test(principal)
  if (typeof answer !== 'boolean') throw new TypeError('an administrator test returns a boolean, and no promise')
  return answer
}
