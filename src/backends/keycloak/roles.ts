import { InvalidTokenError } from '../../core/errors.js'
import type { Claims } from '../claims.js'

/**
 * Reads the roles of a Keycloak token, spelled so that no two of them can be taken for each other: `admin` is a role of the API's
 * own client, `realm:admin` one of the realm, `other-app:admin` one of another client. What stands before the first colon is always
 * `realm` or a client.
 *
 * A role of the own client with a colon in its name gets the client's id in front like those of other clients; a colon or percent
 * sign in a client's id is percent-encoded. A client that is itself called `realm` has no spelling of its own, so such roles are left out.
 *
 * Composite roles come resolved by Keycloak. Nothing is inherited here.
 *
 * @throws {InvalidTokenError} when `realm_access` or `resource_access` has another form.
 */
export function rolesOf(claims: Claims, clientId: string): readonly string[] {
  const roles = access(claims, 'realm_access').map((role) => `realm:${role}`)
  const clients = member(claims, 'resource_access')
  for (const client of Object.keys(clients)) {
    for (const role of access(clients, client)) {
      if (client === clientId && !role.includes(':')) roles.push(role)
      else if (client !== 'realm') roles.push(`${client.replaceAll('%', '%25').replaceAll(':', '%3A')}:${role}`)
    }
  }
  return roles
}

/** The `roles` of the member of this name; none when it is absent. */
function access(object: Claims, name: string): string[] {
  const { roles = [] } = member(object, name)
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string')) throw malformed()
  return [...roles]
}

function member(object: Claims, name: string): Claims {
  const value = Object.hasOwn(object, name) ? (object[name] ?? {}) : {}
  if (typeof value !== 'object' || Array.isArray(value)) throw malformed()
  return value as Claims
}

function malformed(): InvalidTokenError {
  return new InvalidTokenError({ detail: 'roles: not of the expected form' })
}
