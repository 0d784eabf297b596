import { GraphQLError } from 'graphql'
import type { Reason, Refusal } from './refusal.js'

/** Every `extensions.code` that a refusal can carry. */
export const AUTH_ERROR_CODES = ['UNAUTHENTICATED', 'BAD_CREDENTIALS', 'FORBIDDEN', 'SERVICE_UNAVAILABLE'] as const

/** The value of `extensions.code` on a refusal. */
export type AuthErrorCode = (typeof AUTH_ERROR_CODES)[number]

/** What a refusal says beside its reason, which the error class fixes. */
export type RefusalDetails = Partial<Refusal>

/** Options of {@link AuthError}. */
export interface AuthErrorOptions {
  /** What went wrong underneath. Kept on a non-enumerable `cause`: loggers of the server may show it, clients never see it. */
  readonly cause?: unknown
  /** Ties the error to its line in the audit log. */
  readonly decisionId?: string | undefined
}

/**
 * A refusal on its way to the client: the base of every error that this package lets a client see.
 *
 * It subclasses `GraphQLError`, keeps its `name`, and passes neither `cause` nor `originalError` to `super`, because error
 * masking in Envelop, Yoga and graphql 17 replaces what does otherwise. The message is one of four constants; it holds no token,
 * claim or upstream text.
 */
export class AuthError extends GraphQLError {
  /** The refusal that this error reports. Holds no secret. */
  readonly refusal: Refusal

  constructor(code: AuthErrorCode, refusal: Refusal, options: AuthErrorOptions = {}) {
    super(MESSAGES[code], { extensions: { code, auth: publicDetails(refusal, options.decisionId) } })
    this.refusal = refusal
    Object.defineProperty(this, 'refusal', { enumerable: false })
    if (options.cause !== undefined) {
      Object.defineProperty(this, 'cause', { value: options.cause, enumerable: false, configurable: true, writable: true })
    }
  }

  /** The value of `extensions.code`. */
  get code(): AuthErrorCode {
    return this.extensions.code as AuthErrorCode
  }

  /** The value of `extensions.auth.reason`. */
  get reason(): Reason {
    return this.refusal.reason
  }
}

/** Nobody, or nobody that can be trusted, is asking. Catch it to send people to the login. */
export class AuthenticationError extends AuthError {}

/** No credentials came, and some were needed. */
export class MissingTokenError extends AuthenticationError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super('UNAUTHENTICATED', { ...details, reason: 'MISSING_TOKEN' }, options)
  }
}

/** Credentials came in a form that nothing can be made of: a malformed header, a foreign scheme, two tokens (RFC 6750 §3.1 `invalid_request`). */
export class MalformedTokenError extends AuthenticationError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super('BAD_CREDENTIALS', { ...details, reason: 'MALFORMED_TOKEN' }, options)
  }
}

/** The token is not good here: bad signature, foreign issuer or audience, wrong type (RFC 6750 §3.1 `invalid_token`). */
export class InvalidTokenError extends AuthenticationError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super(
      'UNAUTHENTICATED',
      { ...details, reason: details.reason === 'TOKEN_EXPIRED' || details.reason === 'TOKEN_REVOKED' ? details.reason : 'INVALID_TOKEN' },
      options,
    )
  }
}

/** The token was good once; its `exp` has passed. */
export class TokenExpiredError extends InvalidTokenError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super({ ...details, reason: 'TOKEN_EXPIRED' }, options)
  }
}

/** The token was withdrawn before its `exp`: logout, revocation, a disabled account. */
export class TokenRevokedError extends InvalidTokenError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super({ ...details, reason: 'TOKEN_REVOKED' }, options)
  }
}

/** The login behind the token is too weak or too old (RFC 9470). */
export class InsufficientAuthenticationError extends AuthenticationError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super('UNAUTHENTICATED', { ...details, reason: 'INSUFFICIENT_AUTHENTICATION' }, options)
  }
}

/** The caller is known and may not. */
export class AuthorizationError extends AuthError {}

/** The token lacks a scope (RFC 6750 §3.1 `insufficient_scope`). */
export class InsufficientScopeError extends AuthorizationError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super('FORBIDDEN', { ...details, reason: 'INSUFFICIENT_SCOPE' }, options)
  }
}

/** The subject lacks a permission. */
export class InsufficientPermissionError extends AuthorizationError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super('FORBIDDEN', { ...details, reason: 'INSUFFICIENT_PERMISSION' }, options)
  }
}

/** A provider or store could not be asked. Never treated as an anonymous caller, and never as a bad token. */
export class BackendUnavailableError extends AuthError {
  constructor(details: RefusalDetails = {}, options?: AuthErrorOptions) {
    super('SERVICE_UNAVAILABLE', { ...details, reason: 'BACKEND_UNAVAILABLE' }, options)
  }
}

const MESSAGES: Readonly<Record<AuthErrorCode, string>> = {
  UNAUTHENTICATED: 'Unauthorized',
  BAD_CREDENTIALS: 'Bad Request',
  FORBIDDEN: 'Forbidden',
  SERVICE_UNAVAILABLE: 'Service Unavailable',
}

const CLASSES: Readonly<Record<Reason, new (details: RefusalDetails, options?: AuthErrorOptions) => AuthError>> = {
  MISSING_TOKEN: MissingTokenError,
  MALFORMED_TOKEN: MalformedTokenError,
  INVALID_TOKEN: InvalidTokenError,
  TOKEN_EXPIRED: TokenExpiredError,
  TOKEN_REVOKED: TokenRevokedError,
  INSUFFICIENT_SCOPE: InsufficientScopeError,
  INSUFFICIENT_PERMISSION: InsufficientPermissionError,
  INSUFFICIENT_AUTHENTICATION: InsufficientAuthenticationError,
  BACKEND_UNAVAILABLE: BackendUnavailableError,
}

/** Turns a refusal into the error of its reason. */
export function errorOf(refusal: Refusal, options?: AuthErrorOptions): AuthError {
  return new CLASSES[refusal.reason](refusal, options)
}

/** A refusal without what is for the audit log and the challenge alone. */
export type PublicRefusal = Omit<Refusal, 'detail' | 'retryAfter' | 'proof'>

/** The part of a refusal that a client may see: what was missing, and nothing about why the token was disliked. */
export function publicDetails(refusal: Refusal, decisionId?: string): PublicRefusal & { readonly decisionId?: string } {
  const { reason, coordinate, requiredScopes, requiredPermissions, acrValues, maxAge } = refusal
  return {
    reason,
    ...(coordinate === undefined ? {} : { coordinate }),
    ...(requiredScopes === undefined ? {} : { requiredScopes }),
    ...(requiredPermissions === undefined ? {} : { requiredPermissions }),
    ...(acrValues === undefined ? {} : { acrValues }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(decisionId === undefined ? {} : { decisionId }),
  }
}
