import type { VerifiedToken } from '../../core/backend.js'
import { InvalidTokenError } from '../../core/errors.js'
import { type Claims, type ClaimsMapping, claimsReader, readClaims } from '../claims.js'

/** Whose tokens count, and how their claims are read. */
export interface FirebaseRules {
  readonly projectId: string
  /** `null` for users who are in no tenant, `'*'` for every tenant. */
  readonly tenants: readonly (string | null)[]
  /** `null` for all. */
  readonly signInProviders: readonly string[] | null
  readonly claims: ClaimsMapping
  /** Seconds. */
  readonly clockTolerance: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A user whom Firebase has signed in, and the tenant that he is in. */
export interface FirebaseCaller {
  readonly verified: VerifiedToken
  readonly tenant: string | null
}

/**
 * Makes the reader of verified claims. It checks what Firebase promises of them beyond a JWT's own rules: the audience is the project
 * and nothing else, the subject has 1 to 128 characters, the login lies in the past, and the tenant is one of those that are let in.
 *
 * Does not verify the claims. Custom claims can be named as the developer likes, so none of them makes a user a client.
 *
 * The reader throws {InvalidTokenError}.
 */
export function firebaseReader(rules: FirebaseRules): (claims: Claims) => FirebaseCaller {
  const reader = claimsReader({ clientId: () => undefined, tenant: ['firebase', 'tenant'], ...rules.claims })
  return (claims) => {
    const { aud, sub, auth_time: authenticatedAt } = claims
    if (aud !== rules.projectId) refuse('claim aud: not the project alone')
    if (typeof sub !== 'string' || sub.length < 1 || sub.length > 128) refuse('claim sub: not 1 to 128 characters')
    if (typeof authenticatedAt !== 'number' || !Number.isFinite(authenticatedAt)) refuse('claim auth_time: not a finite number')
    if (authenticatedAt > rules.now() / 1000 + rules.clockTolerance) refuse('claim auth_time: in the future')
    const { tenant, provider } = signIn(claims)
    if (!rules.tenants.includes(tenant) && !(tenant !== null && rules.tenants.includes('*'))) refuse('claim firebase.tenant: not accepted')
    if (rules.signInProviders !== null && !rules.signInProviders.includes(provider ?? '')) refuse('claim firebase.sign_in_provider: not accepted')
    return { verified: { ...readClaims(claims, reader), kind: 'user' }, tenant }
  }
}

function signIn({ firebase }: Claims): { readonly tenant: string | null; readonly provider: string | null } {
  if (typeof firebase !== 'object' || firebase === null || Array.isArray(firebase)) return refuse('claim firebase: not an object')
  return { tenant: optionalText(firebase, 'tenant'), provider: optionalText(firebase, 'sign_in_provider') }
}

/** What is there in another form must not count as absent. */
function optionalText(object: object, name: string): string | null {
  if (!Object.hasOwn(object, name)) return null
  const value = (object as Record<string, unknown>)[name]
  return typeof value === 'string' && value !== '' ? value : refuse(`claim firebase.${name}: not a text`)
}

function refuse(detail: string): never {
  throw new InvalidTokenError({ detail })
}
