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
