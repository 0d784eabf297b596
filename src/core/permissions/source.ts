import type { Principal } from '../caller/principal.js'

/** One question: may the principal do this, to this object? */
export interface PermissionQuestion {
  readonly permission: string
  /** What the requirement's `object` function returned: an id or an entity. */
  readonly object: unknown
}

/** What a source may need beside who is asking. */
export interface PermissionContext {
  /**
   * The caller's access token, for a source that asks another service in the caller's name; `null` when he came by a login session.
   * Does not enumerate. Do not log it.
   */
  readonly token: string | null
  /** Aborts when the answer is no longer waited for. */
  readonly signal: AbortSignal
}

/**
 * Answers questions about permissions on objects. One call gets every question that came up in the same tick, so a list of a
 * thousand rows is one call.
 *
 * Only the answer `true` allows. A throw, a rejection, and an answer list of another length deny as unavailable.
 */
export interface PermissionSource {
  check(principal: Principal, questions: readonly PermissionQuestion[], context: PermissionContext): Promise<readonly boolean[]> | readonly boolean[]
}
