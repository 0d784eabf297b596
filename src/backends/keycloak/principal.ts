import type { VerifiedToken } from '../../core/backend.js'
import { InvalidTokenError } from '../../core/errors.js'
import { type Claims, claimsReader, readClaims } from '../claims.js'
import { organizationOf } from './organization.js'
import { rolesOf } from './roles.js'

/** How the claims of one realm are read. */
export interface PrincipalRules {
  /** The API's own client, whose roles are spelled without a prefix. */
  readonly clientId: string
  /** The realm's name where realms are tenants; `null` where the organization is. */
  readonly tenant: string | null
}

/**
 * Makes the reader of verified Keycloak claims: scopes from `scope`, roles and tenant as {@link rolesOf} and {@link organizationOf} say,
 * groups from `groups`, the session from `sid`, the client from `azp`, permissions from a mapper's `permissions` if there is one.
 *
 * Does not verify the claims.
 *
 * The reader throws {InvalidTokenError} when a claim has another form than Keycloak gives it, or `sub` is missing, as in lightweight
 * tokens: the client's id in its place would make a user the client that he uses.
 */
export function principalReader({ clientId, tenant }: PrincipalRules): (claims: Claims) => VerifiedToken {
  const reader = claimsReader({
    scope: 'scope',
    roles: (claims) => rolesOf(claims, clientId),
    groups: 'groups',
    clientId: 'azp',
    sessionId: 'sid',
    tenant: tenant === null ? organizationOf : () => tenant,
  })
  return (claims) => {
    if (typeof claims.sub !== 'string') throw new InvalidTokenError({ detail: 'claim sub: missing' })
    return { ...readClaims(claims, reader), kind: kindOf(claims) }
  }
}

/**
 * A service account is a client that acts for itself. Its `sub` is the id of a hidden user like any other, so it shows in three other
 * ways: Keycloak put the client's own id into `client_id`, the account is named after the client, and there is no login session. Two
 * must hold: each can be missing or come about by a mapper, and a user may have registered under such a name.
 */
function kindOf(claims: Claims): 'user' | 'client' {
  const { azp, client_id: clientId, sid, username, preferred_username: name = username } = claims
  if (typeof azp !== 'string') return 'user'
  const marks = [clientId === azp, name === `service-account-${azp.toLowerCase()}`, sid === undefined]
  return marks.filter(Boolean).length >= 2 ? 'client' : 'user'
}
