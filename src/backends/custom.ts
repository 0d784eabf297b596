import { z } from 'zod'
import type { TokenBackend, VerifiedToken } from '../core/backend.js'
import type { CredentialsSource } from '../core/caller/credentials.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { AuthError, BackendUnavailableError, InvalidTokenError } from '../core/errors.js'
import { hint, parseOptions, text } from '../core/options.js'
import { scopeNames } from './claims.js'

/** What a verify function gets beside the token. */
export interface VerifyContext {
  /** Lower-case authentication scheme: `bearer`. */
  readonly scheme: string
  /** Where the token was found. */
  readonly source: CredentialsSource
  /** Aborts when the answer is no longer waited for. */
  readonly signal: AbortSignal
}

/** What a verify function answers. Only `active: true` lets anybody in. */
export interface TokenAnswer {
  readonly active: boolean
  /** The application's own user, as `context.auth.user` shows it. Its `sub`, `id` or `uid` names the caller, unless `subject` does. */
  readonly user?: unknown
  /** A list, or one string with spaces between the names. */
  readonly scopes?: string | readonly string[]
  /** Who is asking. @default the user's `sub`, `id` or `uid` */
  readonly subject?: string
  /** Who vouches for him. @default the backend's name */
  readonly issuer?: string
  readonly kind?: 'user' | 'client'
  readonly tenant?: string
  readonly permissions?: readonly string[]
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  /** Seconds since 1970. Without it the token does not expire, and a connection stays until it is closed. */
  readonly expiresAt?: number
  readonly claims?: Readonly<Record<string, unknown>>
}

/**
 * Verifies a token: an application's own way, such as a look-up in a table.
 *
 * For a token that is not good, return `{ active: false }` or `null`. Throw when it could not be found out: the caller is told to
 * come back later, and is never taken for an anonymous one.
 */
export type VerifyToken = (token: string, context: VerifyContext) => TokenAnswer | null | undefined | Promise<TokenAnswer | null | undefined>

/** Options of {@link custom}. */
export interface CustomOptions {
  /** Names the backend in the audit log, and is the issuer of answers that name none. @default 'custom' */
  readonly name?: string
}

/**
 * Makes a token backend of a function. It gets every token that no earlier backend took, but no login sessions.
 *
 * Does not check anything about the token: the function does. Answers are not remembered, whatever their `expiresAt`: the function is
 * asked again each time, so what it takes back is taken back at once.
 *
 * Its `verify` throws {InvalidTokenError} when the answer is not active, {BackendUnavailableError} when the function threw, and
 * {ConfigurationError}, which counts as unavailable, when an active answer names nobody or is malformed. Errors of this package
 * pass through.
 *
 * @param path where the function stands in the settings, for messages
 */
export function custom(verifyToken: VerifyToken, options: CustomOptions = {}, path = 'custom'): TokenBackend {
  if (typeof verifyToken !== 'function') throw new ConfigurationError(path, 'a function', EXAMPLE)
  const { name = 'custom' } = parseOptions(customOptions, options, path)
  return Object.freeze<TokenBackend>({
    name,
    accepts: ({ scheme }) => scheme !== 'session',
    async verify({ token, scheme, source }, signal) {
      const answer = await ask(verifyToken, token, Object.freeze({ scheme, source, signal }))
      if (answer?.active !== true) throw new InvalidTokenError({ detail: 'not active' })
      return verifiedToken(answer, name, path)
    },
  })
}

const EXAMPLE = "async (token, context) => ({ active: true, user: { id: 'u1' }, scopes: ['orders:read'] })"
const customOptions = z.strictObject({ name: text("'custom'").optional() }, hint('an object', "{ name: 'custom' }"))

async function ask(verifyToken: VerifyToken, token: string, context: VerifyContext): Promise<TokenAnswer | null | undefined> {
  try {
    return await verifyToken(token, context)
  } catch (error) {
    throw error instanceof AuthError ? error : new BackendUnavailableError({ detail: 'the verify function failed' }, { cause: error })
  }
}

function verifiedToken(answer: TokenAnswer, name: string, path: string): VerifiedToken {
  const checked = parseOptions(tokenAnswer, answer, `${path} (answer)`) as TokenAnswer
  const subject = checked.subject ?? userId(checked.user)
  if (subject === null) {
    throw new ConfigurationError(
      `${path} (answer)`,
      'a subject, or a user with sub, id or uid',
      "{ active: true, user: { id: 'u1' }, scopes: ['orders:read'] }",
    )
  }
  const { active: _, scopes, issuer = name, ...rest } = checked
  return { ...rest, issuer, subject, scopes: scopeNames(scopes), cache: { until: null } }
}

/** Read from the object as it is: a user may be a class instance, with getters and relations that nothing here may touch. */
function userId(user: unknown): string | null {
  if (typeof user !== 'object' || user === null) return null
  const { sub, id, uid } = user as { readonly sub?: unknown; readonly id?: unknown; readonly uid?: unknown }
  const value = sub ?? id ?? uid
  if (typeof value === 'string' && value !== '') return value
  return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : null
}

const list = hint('a list of names', "['orders:read']")
const scopes = hint('names in a list or in one string', "['orders:read']")
const kind = hint("'user' or 'client'", "'user'")
const claims = hint('an object', '{ email }')
/** Past this the number can only be milliseconds; in seconds it is the year 5138. */
const time = hint('seconds since 1970, not milliseconds', 'Math.floor(expires.getTime() / 1000)')

const tokenAnswer = z.object({
  active: z.literal(true),
  user: z.unknown().optional(),
  scopes: z.union([z.string(), z.array(z.string())], scopes).optional(),
  subject: text("'u1'").optional(),
  issuer: text("'custom'").optional(),
  kind: z.enum(['user', 'client'], kind).optional(),
  tenant: text("'acme'").optional(),
  permissions: z.array(z.string(list), list).optional(),
  roles: z.array(z.string(list), list).optional(),
  groups: z.array(z.string(list), list).optional(),
  expiresAt: z.number(time).max(100_000_000_000, time).optional(),
  claims: z.record(z.string(), z.unknown(), claims).optional(),
})
