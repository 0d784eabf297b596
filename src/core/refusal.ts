import type { AnyOf } from './names.js'

/** Every `extensions.auth.reason` that a refusal can carry. */
export const REASONS = [
  'MISSING_TOKEN',
  'MALFORMED_TOKEN',
  'INVALID_TOKEN',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
  'INSUFFICIENT_SCOPE',
  'INSUFFICIENT_PERMISSION',
  'INSUFFICIENT_AUTHENTICATION',
  'BACKEND_UNAVAILABLE',
] as const

/** Why a caller is refused. */
export type Reason = (typeof REASONS)[number]

/**
 * A decision against the caller, as plain data: the reason and what was missing. `null` stands for a decision in his favour.
 * Everything in it but {@link Refusal.detail} may be shown to the client.
 */
export interface Refusal {
  readonly reason: Reason
  /** The coordinate that refuses, as `Type.field`. */
  readonly coordinate?: string
  readonly requiredScopes?: AnyOf
  readonly requiredPermissions?: AnyOf
  readonly acrValues?: readonly string[]
  /** Seconds. */
  readonly maxAge?: number
  /** Seconds after which asking again makes sense; only with `BACKEND_UNAVAILABLE`. */
  readonly retryAfter?: number
  /** Which proof of possession was not taken; chooses the challenge (RFC 9449 §7.1). */
  readonly proof?: 'dpop'
  /** For the audit log alone: which check failed, in our own words. Never a token, a claim value or upstream text. */
  readonly detail?: string
}
