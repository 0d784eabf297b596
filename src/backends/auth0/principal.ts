import type { VerifiedToken } from '../../core/backend.js'
import { InvalidTokenError } from '../../core/errors.js'

/**
 * Puts right what Auth0 says in its own way: a client that acts for itself has the subject `<client id>@clients`, and the grant type
 * `client-credentials`. Either says so: no user's id has that form, since it names his connection before a `|`.
 *
 * @param organizations whose tokens are taken; `null` for any, and for none
 * @throws {InvalidTokenError} when the token is of another organization, or of none.
 */
export function auth0Principal(verified: VerifiedToken, organizations: readonly string[] | null): VerifiedToken {
  const { gty, org_id: organization } = verified.claims ?? {}
  if (organizations !== null && !(typeof organization === 'string' && organizations.includes(organization))) {
    throw new InvalidTokenError({ detail: 'claim org_id: not accepted' })
  }
  const isClient = verified.kind === 'client' || gty === 'client-credentials' || CLIENT_SUBJECT.test(verified.subject)
  return { ...verified, kind: isClient ? 'client' : 'user' }
}

const CLIENT_SUBJECT = /^[^|]+@clients$/
