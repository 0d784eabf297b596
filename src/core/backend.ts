import type { Audit } from './audit.js'
import type { Credentials } from './credentials.js'

/**
 * What a token backend has proved of a caller. A field that a backend cannot know is left out. What is here was verified: nothing
 * is copied from an unverified token.
 */
export interface VerifiedToken {
  /** Who vouches for the subject: the `iss` claim, or a name of its own for a backend without issuer. */
  readonly issuer: string
  /** The `sub` claim; for a client acting for itself, the client's id. Never empty. */
  readonly subject: string
  /** @default 'user' */
  readonly kind?: 'user' | 'client'
  readonly clientId?: string
  readonly sessionId?: string
  readonly tenant?: string
  readonly scopes?: readonly string[]
  readonly permissions?: readonly string[]
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  /** Seconds since 1970, as the `auth_time` claim. */
  readonly authenticatedAt?: number
  readonly acr?: string
  /** Seconds since 1970, as the `exp` claim. Without it the token does not expire, which only an opaque token may. */
  readonly expiresAt?: number
  /** The verified claims under their wire names. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The application's own user, where the backend knows it. */
  readonly user?: unknown
  /** The `cnf` claim (RFC 7800): the key or certificate that whoever uses the token must prove to hold. */
  readonly confirmation?: Readonly<Record<string, unknown>>
  /** For how long the verdict may be remembered. @default until `expiresAt`; not at all without it */
  readonly cache?: {
    /** Seconds since 1970; `null` for not at all. Never beyond `expiresAt`. */
    readonly until?: number | null
    /** Asked at every use: whether the key that vouched for the token is still published. */
    readonly isCurrent?: () => boolean
  }
}

/** What a backend gets of the engine that it works for. */
export interface BackendHost {
  /** The settings' clock: milliseconds since 1970. */
  readonly now: () => number
  /** For what no caller is refused for, such as keys that could not be renewed. What makes `verify` throw is reported by the engine. */
  readonly audit: Pick<Audit, 'fault' | 'recovered'>
}

/**
 * Verifies credentials. One object serves every transport and all requests at once.
 *
 * The settings list backends in order; the first whose {@link TokenBackend.accepts} does not say no gets the credentials, and its
 * verdict is final: a token refused by one backend is never tried on the next.
 */
export interface TokenBackend {
  /** Names the backend in the audit log. */
  readonly name: string
  /** The session member that this backend takes as credentials, and the origins from which a browser may use it. @default none */
  readonly session?: { readonly member: string; readonly allowedOrigins: readonly string[] }
  /** Names of the `dangerously…` options that are on, for the checks at the start. @default none */
  readonly loosened?: readonly string[]
  /**
   * Whether the verdict rests on scheme and token alone, whatever request they came by. Only then is it remembered, and shared by those who
   * bring the same token at the same time. A backend that looks at `source` or `carrier` must not say so.
   *
   * @default false
   */
  readonly readsTokenAlone?: boolean
  /**
   * Whether these credentials look like this backend's, before any verification: a scheme, an issuer on its list. Synchronous and
   * without I/O. What it reads is unverified, so it may choose a backend and nothing else.
   *
   * @default every credential is accepted
   */
  accepts?(credentials: Credentials): boolean
  /**
   * Told once, before the first token, which engine the backend works for. Of several engines that share it, the last one counts.
   *
   * @default the backend goes by its own clock, and reports nothing
   */
  attach?(host: BackendHost): void
  /**
   * Proves who is asking.
   *
   * `signal` aborts when the answer is no longer waited for. A method that declares no second parameter gets one that never does.
   *
   * @throws {InvalidTokenError} (or a subclass) when the token is not good.
   * @throws {BackendUnavailableError} when it could not be found out. Any other exception counts as this one.
   */
  verify(credentials: Credentials, signal: AbortSignal): Promise<VerifiedToken>
  /** Releases timers and connections. */
  close?(): Promise<void> | void
}
