import { InvalidTokenError, TokenRevokedError } from '../../core/errors.js'
import type { Claims } from '../claims.js'
import type { Introspect } from '../introspection/client.js'

/**
 * Asks Keycloak whether a token that has been verified is still active, and what it says of it now.
 *
 * Rights come from the answer alone, so that a role which was taken away is gone; of the rest the answer wins over the token, but for
 * `aud` and `exp`: Keycloak runs its mappers anew for the answer, which can add an audience that the token never had.
 *
 * Does not take Keycloak's word for anything but the very token that was asked about.
 *
 * @param claims of the token, verified
 * @throws {TokenRevokedError} when it is not active: logged out, revoked, older than a not-before, or its user is gone or disabled.
 * @throws {InvalidTokenError} when the answer is about another token.
 * @throws {BackendUnavailableError} when Keycloak cannot be asked.
 * @see RFC 7662 §2.2
 */
export async function askKeycloak(introspect: Introspect, token: string, claims: Claims, signal: AbortSignal): Promise<Claims> {
  const answer = await introspect(token, signal)
  if (answer === null) throw new TokenRevokedError({ detail: 'Keycloak calls the token inactive' })
  const differs =
    SAME.some((name) => answer[name] !== claims[name]) || SAME_IF_SIGNED.some((name) => claims[name] !== undefined && answer[name] !== claims[name])
  if (differs) throw new InvalidTokenError({ detail: 'Keycloak answered for another token' })
  const { active: _, client_id: __, ...now } = answer
  const signed = Object.entries(claims).filter(([name]) => !RIGHTS.includes(name))
  return { ...Object.fromEntries(signed), ...now, aud: claims.aud, exp: claims.exp }
}

/** Members that are the token's identity. */
const SAME = ['iss', 'jti', 'typ', 'azp'] as const
/** Members that lightweight tokens leave out. */
const SAME_IF_SIGNED = ['sub', 'sid'] as const
/** What the caller may, as opposed to who he is. */
const RIGHTS: readonly string[] = ['realm_access', 'resource_access', 'groups', 'scope', 'permissions', 'authorization']
