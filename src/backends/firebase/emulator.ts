import { errors, UnsecuredJWT } from 'jose'
import type { Credentials } from '../../core/caller/credentials.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { InvalidTokenError, TokenExpiredError } from '../../core/errors.js'
import { parseUniqueJson } from '../jwt/unique-json.js'

/** The variable by which Firebase's own tools are pointed to the Auth emulator. */
export const EMULATOR_VARIABLE = 'FIREBASE_AUTH_EMULATOR_HOST'

/**
 * Decides whether the unsigned tokens of the Auth emulator count: only where the setting says so, the environment names an emulator,
 * and `NODE_ENV` is not `production`. Anything between yes and no stops the start.
 *
 * @param accept the setting `dangerouslyAcceptEmulatorTokens`
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} for an emulator in production, and for the setting without an emulator.
 */
export function emulatorTokensCount(accept: boolean, path: string, env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const isProduction = env.NODE_ENV?.trim().toLowerCase() === 'production'
  const isNamed = (env[EMULATOR_VARIABLE] ?? '') !== ''
  if (isProduction && isNamed) throw new ConfigurationError(`${path} (${EMULATOR_VARIABLE})`, 'this variable not to be set where NODE_ENV is production')
  if (!accept) return false
  if (isProduction) throw new ConfigurationError(`${path}.dangerouslyAcceptEmulatorTokens`, 'NODE_ENV other than production')
  if (!isNamed) throw new ConfigurationError(`${path}.dangerouslyAcceptEmulatorTokens`, `the variable ${EMULATOR_VARIABLE} beside it`, "'127.0.0.1:9099'")
  return true
}

/** What an unsigned token must say. */
export interface EmulatorRules {
  readonly issuer: string
  readonly audience: string
  readonly requiredClaims: readonly string[]
  /** Seconds. */
  readonly clockTolerance: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Whether a token says of itself that it is unsigned. */
export function isUnsigned({ token }: Credentials): boolean {
  return parseUniqueJson(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString())?.alg === 'none'
}

/**
 * Reads an unsigned token of the emulator: issuer, audience and times are compared, and nothing is proved. Anybody can write one.
 *
 * @throws {InvalidTokenError} or {TokenExpiredError}.
 */
export function readEmulatorToken({ token }: Credentials, rules: EmulatorRules): Readonly<Record<string, unknown>> {
  try {
    const { payload } = UnsecuredJWT.decode(token, { ...rules, requiredClaims: ['exp', ...rules.requiredClaims], currentDate: new Date(rules.now()) })
    if ((payload.iat ?? 0) > rules.now() / 1000 + rules.clockTolerance) throw new InvalidTokenError({ detail: 'claim iat: in the future' })
    return payload
  } catch (error) {
    if (error instanceof InvalidTokenError) throw error
    if (error instanceof errors.JWTExpired) throw new TokenExpiredError({ detail: 'claim exp: too far in the past' })
    throw new InvalidTokenError({ detail: 'not a token of this emulator and project' })
  }
}
