/** A permission that nobody holds, super admins included. In the SDL it is spelled `@policy(policies: [["gatehouse:nobody"]])`. */
export const NOBODY = 'gatehouse:nobody'

/** A permission that only tenant admins and super admins hold, as the setting `admins` tells them; no token, role or source grants it. */
export const TENANT_ADMIN_ONLY = 'gatehouse:tenant-admin-only'

/** A permission that only super admins hold, as the setting `admins` tells them; no token, role or source grants it. */
export const SUPER_ADMIN_ONLY = 'gatehouse:super-admin-only'

/** Whether a name is one of the three that no token, role or source grants. */
export function isSpecial(name: string): boolean {
  return name === NOBODY || name === TENANT_ADMIN_ONLY || name === SUPER_ADMIN_ONLY
}

/** What a principal is beside what he holds. */
export type Rank = 'super' | 'tenant' | 'none'

/** How a permission name is asked about. */
export interface NameQuestion {
  /** Whether it is asked about an object. */
  readonly isOnObject: boolean
  /** Whether the object, or the place, is of the principal's own tenant: nothing else is asked before that is proved. */
  readonly isInOwnTenant: boolean
}

/**
 * What a principal's rank says of a permission name: whether he holds it, or `null` where his rank does not decide. In this order: nobody
 * holds {@link NOBODY}; a super admin holds everything; a tenant admin holds everything but {@link SUPER_ADMIN_ONLY}, on objects only
 * where they are of his tenant.
 *
 * @param favours `false` under a `not`: a rank lifts nothing there, and decides the special names alone.
 */
export function answerByRank(name: string, rank: Rank, { isOnObject, isInOwnTenant }: NameQuestion, favours: boolean): boolean | null {
  if (name === NOBODY) return false
  const counts = favours || isSpecial(name)
  if (rank === 'super' && counts) return true
  if (name === SUPER_ADMIN_ONLY) return false
  if (rank === 'tenant' && counts && (!isOnObject || isInOwnTenant || !favours)) return true
  return name === TENANT_ADMIN_ONLY ? false : null
}
