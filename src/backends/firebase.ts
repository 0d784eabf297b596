import type { TokenBackend, VerifiedToken } from '../core/backend.js'
import type { Credentials } from '../core/caller/credentials.js'
import { InvalidTokenError } from '../core/errors.js'
import { isUnsigned, readEmulatorToken } from './firebase/emulator.js'
import { googleKeys } from './firebase/google-keys.js'
import { type FirebaseOptions, type ResolvedFirebaseOptions, resolveFirebaseOptions } from './firebase/options.js'
import { firebaseReader } from './firebase/principal.js'
import { checkNotRevoked } from './firebase/revocation.js'
import { unverifiedIssuer } from './jwt/compact.js'
import type { KindCheck } from './jwt/token-kind.js'
import { createVerifier, type ProvedToken } from './jwt/verifier.js'
import type { KeySource } from './keys/key-source.js'

export type { ClaimSelector, Claims, ClaimsMapping } from './claims.js'
export type { FirebaseOptions } from './firebase/options.js'
export type { FirebaseAdmin, FirebaseAdminOf, FirebaseUser } from './firebase/revocation.js'

/**
 * Verifies the ID tokens of one Firebase project, which are what a Firebase client has to show; its session cookies too where the
 * options say so. Tokens of users in tenants are refused unless `tenantId` names the tenant.
 *
 * Checked are the form, the key id, RS256, the signature by Google's keys, `iss`, `aud`, `sub`, `exp`, `iat`, `auth_time` and
 * `firebase.tenant`; with `checkRevoked` also whether the login was revoked or the user disabled, by one call at each use. Without it
 * a token counts until `exp`, an hour at most, and a session cookie for up to two weeks. Not checked are `email_verified`, App Check
 * tokens, and how the user signed in unless `signInProviders` are given: users who signed in anonymously are users.
 *
 * Nothing is fetched until the first token comes. Keys are kept for as long as Google's answer says.
 *
 * Its `verify` throws {InvalidTokenError} and its kin, and {BackendUnavailableError} when keys or the admin's answer cannot be had.
 *
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} naming the option that is wrong, and for an emulator in production.
 * @example
 * firebase({ projectId: 'shop-prod', checkRevoked: getAuth() })
 */
export function firebase(options: FirebaseOptions, path = 'firebase'): TokenBackend {
  const settings = resolveFirebaseOptions(options, path)
  const { projectId, sessionCookies, adminOf, revocationTtl, now } = settings
  const idTokens = openIssuer(`https://securetoken.google.com/${projectId}`, settings.jwksUri, settings)
  const cookies = sessionCookies ? openIssuer(`https://session.firebase.google.com/${projectId}`, settings.sessionJwksUri, settings) : null
  const issuers = new Map([idTokens, cookies].filter((each) => each !== null).map((each) => [each.issuer, each]))
  const read = firebaseReader(settings)

  async function verify(credentials: Credentials): Promise<VerifiedToken> {
    const open = issuers.get(unverifiedIssuer(credentials) ?? '')
    if (open === undefined) throw new InvalidTokenError({ detail: 'issuer not accepted' })
    const { claims, isCurrent } = await open.prove(credentials)
    const { verified, tenant } = read(claims)
    if (adminOf === null) return { ...verified, cache: { isCurrent } }
    await checkNotRevoked({ admin: adminOf(tenant), token: credentials.token, isSessionCookie: open === cookies, verified })
    return { ...verified, cache: { isCurrent, until: revocationTtl === 0 ? null : now() / 1000 + revocationTtl } }
  }

  return Object.freeze<TokenBackend>({
    name: settings.name,
    loosened: settings.acceptEmulatorTokens ? ['dangerouslyAcceptEmulatorTokens'] : [],
    readsTokenAlone: true,
    attach: settings.host.attach,
    accepts: (credentials) => credentials.scheme === 'bearer' && issuers.has(unverifiedIssuer(credentials) ?? ''),
    verify,
    close() {
      for (const { keys } of issuers.values()) keys.close()
    },
  })
}

interface OpenIssuer {
  readonly issuer: string
  readonly keys: KeySource
  readonly prove: (credentials: Credentials) => Promise<ProvedToken>
}

const REQUIRED_CLAIMS = ['sub', 'iat', 'auth_time'] as const

function openIssuer(issuer: string, jwksUri: string, settings: ResolvedFirebaseOptions): OpenIssuer {
  const { projectId: audience, acceptEmulatorTokens, clockTolerance, now } = settings
  const keys = googleKeys({ ...settings, jwksUri })
  const rules = { issuer, audience, clockTolerance, now, requiredClaims: REQUIRED_CLAIMS }
  const proveSigned = createVerifier({ ...rules, algorithms: ['RS256'], keys, checkKind: firebaseTokens })
  return {
    issuer,
    keys,
    async prove(credentials) {
      if (!acceptEmulatorTokens || !isUnsigned(credentials)) return proveSigned(credentials)
      return { claims: readEmulatorToken(credentials, rules), isCurrent: () => true }
    },
  }
}

/**
 * Google signs nothing else with these keys; what calls itself something else is none of Firebase's. Without a key id a token would be
 * tried with whatever key there is.
 */
const firebaseTokens: KindCheck = ({ header: { kid, typ } }) => {
  if (typeof kid !== 'string') throw new InvalidTokenError({ detail: 'header kid: missing' })
  if (typ !== undefined && typ !== 'JWT') throw new InvalidTokenError({ detail: 'typ of another kind of token' })
}
