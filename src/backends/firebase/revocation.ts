import type { VerifiedToken } from '../../core/backend.js'
import { AuthError, InvalidTokenError, TokenExpiredError, TokenRevokedError } from '../../core/errors.js'
import { providerUnavailable } from '../keys/json-document.js'

/** What is looked at of a user, as firebase-admin's `UserRecord` has it. */
export interface FirebaseUser {
  readonly disabled: boolean
  /** A date as `Date.parse` reads it: logins before it do not count any more. */
  readonly tokensValidAfterTime?: string | null | undefined
}

/**
 * Whoever can say whether a token still counts: firebase-admin's `Auth`, its tenant-aware kin, or any object with one of these. Where
 * there is `getUser`, nothing else is called.
 */
export interface FirebaseAdmin {
  getUser?(uid: string): Promise<FirebaseUser | null>
  /** Rejects with a `code` such as `auth/id-token-revoked`. */
  verifyIdToken?(idToken: string, checkRevoked: boolean): Promise<unknown>
  /** As `verifyIdToken`, for session cookies. */
  verifySessionCookie?(sessionCookie: string, checkRevoked: boolean): Promise<unknown>
}

/** The admin that knows the users of a tenant, or of the project itself for `null`. */
export type FirebaseAdminOf = (tenant: string | null) => FirebaseAdmin

/** What is asked about. */
export interface RevocationQuestion {
  readonly admin: FirebaseAdmin
  readonly token: string
  readonly isSessionCookie: boolean
  readonly verified: VerifiedToken
}

/**
 * Asks whether a proved token still counts: one call to the admin, each time.
 *
 * @throws {TokenRevokedError} when the login was revoked, or the user is disabled or gone.
 * @throws {InvalidTokenError} when the admin refuses the token for another reason.
 * @throws {BackendUnavailableError} when it did not answer, or with something that is no answer.
 */
export async function checkNotRevoked({ admin, token, isSessionCookie, verified }: RevocationQuestion): Promise<void> {
  try {
    if (admin.getUser !== undefined) checkUser(await admin.getUser(verified.subject), verified)
    else if (isSessionCookie && admin.verifySessionCookie !== undefined) await admin.verifySessionCookie(token, true)
    else if (!isSessionCookie && admin.verifyIdToken !== undefined) await admin.verifyIdToken(token, true)
    else throw providerUnavailable('the admin object cannot say whether the token was revoked')
  } catch (error) {
    throw translate(error)
  }
}

function checkUser(user: FirebaseUser | null, { authenticatedAt = 0 }: VerifiedToken): void {
  if (user === null) throw new TokenRevokedError({ detail: 'the user is gone' })
  const { disabled, tokensValidAfterTime } = user
  if (typeof disabled !== 'boolean') throw providerUnavailable('the admin object answered with something other than a user')
  if (disabled) throw new TokenRevokedError({ detail: 'the user is disabled' })
  if (tokensValidAfterTime === undefined || tokensValidAfterTime === null) return
  const validAfter = Date.parse(tokensValidAfterTime)
  if (Number.isNaN(validAfter)) throw providerUnavailable('the admin object answered with something other than a date')
  if (authenticatedAt * 1000 < validAfter) throw new TokenRevokedError({ detail: 'claim auth_time: before the logins that count' })
}

/** Codes by which the admin blames the token or the user; every other is its own trouble. */
const VERDICTS: ReadonlyMap<unknown, () => InvalidTokenError> = new Map([
  ['auth/id-token-revoked', () => new TokenRevokedError({ detail: 'the login was revoked' })],
  ['auth/session-cookie-revoked', () => new TokenRevokedError({ detail: 'the login was revoked' })],
  ['auth/user-disabled', () => new TokenRevokedError({ detail: 'the user is disabled' })],
  ['auth/user-not-found', () => new TokenRevokedError({ detail: 'the user is gone' })],
  ['auth/id-token-expired', () => new TokenExpiredError({ detail: 'claim exp: too far in the past' })],
  ['auth/session-cookie-expired', () => new TokenExpiredError({ detail: 'claim exp: too far in the past' })],
  ['auth/argument-error', () => new InvalidTokenError({ detail: 'the admin object does not accept the token' })],
  ['auth/mismatching-tenant-id', () => new InvalidTokenError({ detail: 'the token is of another tenant' })],
])

/** The admin's messages quote the token's claims, so they go no further than the cause of an outage. */
function translate(error: unknown): AuthError {
  if (error instanceof AuthError) return error
  const verdict = VERDICTS.get((error as { readonly code?: unknown } | null | undefined)?.code)
  return verdict === undefined ? providerUnavailable('the admin object could not say whether the token was revoked', error) : verdict()
}
