import { InvalidTokenError, TokenExpiredError } from '../../core/errors.js'

/** What the registered claims of a token must say. */
export interface ClaimsRules {
  /** Compared character by character. */
  readonly issuer: string
  /** One of them must be in `aud`. */
  readonly audience: string | readonly string[]
  /** Claims that must be there, beside `iss` and `aud`. */
  readonly requiredClaims: readonly string[]
  /** Whether `exp` must be there; without it only `maxTokenAge` ends a token. @default true */
  readonly needsExp?: boolean
  /** Seconds that the issuer's clock and ours may differ. */
  readonly clockTolerance: number
  /** Seconds since `iat`, which is then needed. */
  readonly maxTokenAge?: number | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Refuses claims that are not for here or not for now. */
export type ClaimsCheck = (claims: Readonly<Record<string, unknown>>) => void

/**
 * Makes the check of the registered claims `iss`, `aud`, `exp`, `nbf` and `iat`. Times are looked at last, so that a token is called
 * expired only when all else in it is right.
 *
 * Does not check the signature, nor that times are finite numbers ({@link checkTimes} does).
 *
 * It throws {InvalidTokenError} or {TokenExpiredError}.
 *
 * @see RFC 7519 §4.1, RFC 9068 §4
 */
export function registeredClaims(rules: ClaimsRules): ClaimsCheck {
  const { issuer, clockTolerance, maxTokenAge, now } = rules
  const audience = new Set<unknown>([rules.audience].flat())
  const required = [...(rules.needsExp === false ? [] : ['exp']), ...rules.requiredClaims, ...(maxTokenAge === undefined ? [] : ['iat'])]

  return (claims) => {
    for (const name of required) if (!Object.hasOwn(claims, name)) refuse(name, 'missing')
    if (claims.iss !== issuer) refuse('iss', Object.hasOwn(claims, 'iss') ? 'not accepted' : 'missing')
    const { aud } = claims
    if (!(Array.isArray(aud) ? aud.some((name) => audience.has(name)) : audience.has(aud))) refuse('aud', aud === undefined ? 'missing' : 'not accepted')
    const seconds = Math.floor(now() / 1000)
    const { exp, nbf, iat } = claims as { readonly [name: string]: number | undefined }
    if (nbf !== undefined && nbf > seconds + clockTolerance) refuse('nbf', 'not accepted')
    if (iat !== undefined && iat > now() / 1000 + clockTolerance) refuse('iat', 'in the future')
    if (exp !== undefined && exp <= seconds - clockTolerance) expired('exp')
    if (maxTokenAge !== undefined && iat !== undefined && seconds - iat - clockTolerance > maxTokenAge) expired('iat')
  }
}

/**
 * RFC 7519 §2: a NumericDate is a JSON number. One that is too large for a number has become infinite, and would never expire.
 *
 * @throws {InvalidTokenError} when one of the times is there and is anything else.
 */
export function checkTimes(claims: Readonly<Record<string, unknown>>): void {
  for (const name of TIMES) if (claims[name] !== undefined && !Number.isFinite(claims[name])) refuse(name, 'not a finite number')
}

const TIMES = ['exp', 'nbf', 'iat'] as const

function refuse(name: string, why: string): never {
  throw new InvalidTokenError({ detail: `claim ${name}: ${why}` })
}

function expired(name: string): never {
  throw new TokenExpiredError({ detail: `claim ${name}: too far in the past` })
}
