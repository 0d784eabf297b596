import type { Audit } from './audit.js'
import type { Credentials } from './caller/credentials.js'
import type { VerifiedToken } from './caller/verified-token.js'

export type { VerifiedToken } from './caller/verified-token.js'

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
