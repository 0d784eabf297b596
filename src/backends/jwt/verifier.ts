import { type CryptoKey, compactVerify, errors } from 'jose'
import type { Credentials } from '../../core/caller/credentials.js'
import { AuthError, BackendUnavailableError, InvalidTokenError } from '../../core/errors.js'
import type { FindKey, KeySource } from '../keys/key-source.js'
import type { KeyHeader } from '../keys/local-keys.js'
import { readJwt } from './compact.js'
import { type ClaimsRules, checkTimes, registeredClaims } from './registered-claims.js'
import type { KindCheck } from './token-kind.js'

/** What a token must be to be believed. */
export interface VerifierOptions extends ClaimsRules {
  /** Either all symmetric or all asymmetric; the caller sees to it. */
  readonly algorithms: readonly string[]
  readonly keys: KeySource
  readonly checkKind: KindCheck
}

/** A token that was proved. */
export interface ProvedToken {
  readonly claims: Readonly<Record<string, unknown>>
  /** Whether the proof still stands: the issuer's keys are the same, and not too old to say so. */
  readonly isCurrent: () => boolean
}

/** Proves a token. */
export type Verifier = (credentials: Credentials) => Promise<ProvedToken>

/**
 * Makes a verifier for the tokens of one issuer: the strict reading first, then header and kind, then jose for the signature, and last
 * the registered claims of what was signed. `exp` is needed unless `needsExp` is `false`.
 *
 * jose's `jwtVerify` would read the claims a second time, less strictly. What it refuses of them, {@link registeredClaims} refuses.
 *
 * When a signature does not match, keys that are not brand-new are loaded once more: an issuer may have replaced a key under its
 * old id. A token that several keys fit is tried with each of them.
 *
 * Does not check whether the token was revoked, nor that it is used for the first time.
 *
 * The verifier throws {InvalidTokenError}, {TokenExpiredError} (only when all else is right) or {BackendUnavailableError}; none of
 * them repeats anything of the token.
 *
 * @see RFC 7519 §7.2, RFC 8725 §3, RFC 9068 §4
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { keys, checkKind } = options
  const algorithms = new Set(options.algorithms)
  const verifyOptions = { algorithms: [...algorithms] }
  const checkClaims = registeredClaims(options)

  async function verifySignature(token: string, header: KeyHeader, find: FindKey, mayRefresh = true): Promise<void> {
    try {
      const key = find(header)
      await compactVerify(token, key instanceof Promise ? await key : key, verifyOptions)
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        for await (const key of error) if (await isSignedBy(key, token)) return
      } else if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
      if (!mayRefresh || !(await keys.refresh())) throw new errors.JWSSignatureVerificationFailed()
      await verifySignature(token, header, find, false)
    }
  }

  async function isSignedBy(key: CryptoKey, token: string): Promise<boolean> {
    try {
      await compactVerify(token, key, verifyOptions)
      return true
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return false
      throw error
    }
  }

  return async (credentials) => {
    const jwt = readJwt(credentials)
    const { token, claims } = jwt
    const { alg, kid } = jwt.header
    if (typeof alg !== 'string' || !algorithms.has(alg)) throw new InvalidTokenError({ detail: 'algorithm not accepted' })
    checkTimes(claims)
    checkKind(jwt)
    try {
      const { isCurrent } = await keys.use((find) => verifySignature(token, { alg, kid }, find))
      checkClaims(claims)
      return { claims, isCurrent }
    } catch (error) {
      throw translate(error)
    }
  }
}

/** Details of what jose says about a token. Whatever is not in this list is not the token's fault. */
const DETAILS: ReadonlyMap<string, string> = new Map([
  [errors.JWSSignatureVerificationFailed.code, 'signature does not match'],
  [errors.JWKSNoMatchingKey.code, 'no key of the issuer fits'],
  [errors.JWSInvalid.code, 'not a signed JWT'],
  [errors.JOSEAlgNotAllowed.code, 'algorithm not accepted'],
])

/** Puts jose's errors into ours. None is kept as a cause unless no token is involved. */
function translate(error: unknown): AuthError {
  if (error instanceof AuthError) return error
  const detail = error instanceof errors.JOSEError ? DETAILS.get(error.code) : undefined
  if (detail !== undefined) return new InvalidTokenError({ detail })
  return new BackendUnavailableError({ detail: 'the token could not be verified' }, { cause: error })
}
