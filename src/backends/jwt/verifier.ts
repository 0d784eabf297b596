import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { Credentials } from '../../core/credentials.js'
import { AuthError, BackendUnavailableError, InvalidTokenError, TokenExpiredError } from '../../core/errors.js'
import type { FindKey, KeySource } from '../keys/key-source.js'
import { readJwt, type UnverifiedJwt } from './compact.js'
import type { KindCheck } from './token-kind.js'

/** What a token must be to be believed. */
export interface VerifierOptions {
  /** Compared character by character. */
  readonly issuer: string
  /** One of them must be in `aud`. */
  readonly audience: string | readonly string[]
  /** Either all symmetric or all asymmetric; the caller sees to it. */
  readonly algorithms: readonly string[]
  readonly keys: KeySource
  readonly checkKind: KindCheck
  /** Seconds that the issuer's clock and ours may differ. */
  readonly clockTolerance: number
  readonly requiredClaims: readonly string[]
  /** Whether `exp` must be there; without it only `maxTokenAge` ends a token. @default true */
  readonly needsExp?: boolean
  /** Seconds since `iat`. */
  readonly maxTokenAge?: number | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
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
 * Makes a verifier for the tokens of one issuer: the strict reading first, then header, kind and times, then jose's `jwtVerify`
 * for signature and claims. `exp` is needed unless `needsExp` is `false`.
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
  const { keys, now, clockTolerance } = options
  const algorithms = new Set(options.algorithms)

  const claimsOptions = (): JWTVerifyOptions => ({
    issuer: options.issuer,
    audience: [options.audience].flat(),
    algorithms: [...options.algorithms],
    requiredClaims: options.needsExp === false ? [...options.requiredClaims] : ['exp', ...options.requiredClaims],
    clockTolerance,
    currentDate: new Date(now()),
    ...(options.maxTokenAge === undefined ? {} : { maxTokenAge: options.maxTokenAge }),
  })

  async function verifyWith(token: string, find: FindKey): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, find, claimsOptions())).payload
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
      for await (const key of error) {
        const payload = await jwtVerify(token, key, claimsOptions()).then((result) => result.payload, unlessBadSignature)
        if (payload !== null) return payload
      }
      throw new errors.JWSSignatureVerificationFailed()
    }
  }

  async function verifySignature(token: string, find: FindKey): Promise<JWTPayload> {
    try {
      return await verifyWith(token, find)
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed) || !(await keys.refresh())) throw error
      return verifyWith(token, find)
    }
  }

  return async (credentials) => {
    const jwt = readJwt(credentials)
    const { alg } = jwt.header
    if (typeof alg !== 'string' || !algorithms.has(alg)) throw new InvalidTokenError({ detail: 'algorithm not accepted' })
    checkTimes(jwt)
    options.checkKind(jwt)
    try {
      const { value: claims, isCurrent } = await keys.use((find) => verifySignature(jwt.token, find))
      if (claims.iat !== undefined && claims.iat > now() / 1000 + clockTolerance) throw new InvalidTokenError({ detail: 'claim iat: in the future' })
      return { claims, isCurrent }
    } catch (error) {
      throw translate(error)
    }
  }
}

function unlessBadSignature(error: unknown): null {
  if (error instanceof errors.JWSSignatureVerificationFailed) return null
  throw error
}

/** RFC 7519 §2: a NumericDate is a JSON number. One that is too large for a number has become infinite, and would never expire. */
function checkTimes({ claims }: UnverifiedJwt): void {
  for (const name of ['exp', 'nbf', 'iat']) {
    if (Object.hasOwn(claims, name) && !Number.isFinite(claims[name])) throw new InvalidTokenError({ detail: `claim ${name}: not a finite number` })
  }
}

/** Details of what jose says about a token. Whatever is not in this list is not the token's fault. */
const DETAILS: ReadonlyMap<string, string> = new Map([
  [errors.JWSSignatureVerificationFailed.code, 'signature does not match'],
  [errors.JWKSNoMatchingKey.code, 'no key of the issuer fits'],
  [errors.JWSInvalid.code, 'not a signed JWT'],
  [errors.JWTInvalid.code, 'not a JWT'],
  [errors.JOSEAlgNotAllowed.code, 'algorithm not accepted'],
])

/** Puts jose's errors into ours. Theirs hold the claims, so none is kept as a cause unless no token is involved. */
function translate(error: unknown): AuthError {
  if (error instanceof AuthError) return error
  if (error instanceof errors.JWTExpired) return new TokenExpiredError({ detail: `claim ${error.claim}: too far in the past` })
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new InvalidTokenError({ detail: `claim ${error.claim}: ${error.reason === 'missing' ? 'missing' : 'not accepted'}` })
  }
  const detail = error instanceof errors.JOSEError ? DETAILS.get(error.code) : undefined
  if (detail !== undefined) return new InvalidTokenError({ detail })
  return new BackendUnavailableError({ detail: 'the token could not be verified' }, { cause: error })
}
