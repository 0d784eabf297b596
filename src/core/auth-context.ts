import type { Audit } from './audit.js'
import type { Authentication } from './authentication.js'
import type { Deadline } from './deadline.js'
import { type DecisionRules, decide, dependsOnTime, isExpired } from './decision.js'
import { type AuthError, errorOf } from './errors.js'
import type { Lease } from './lease.js'
import { PermissionChecks } from './permission-checks.js'
import type { PermissionSource } from './permission-source.js'
import type { Principal } from './principal.js'
import type { Refusal } from './refusal.js'
import { type Names, permissionRequirement, type Requirement, scopeRequirement } from './requirement.js'

/** What an {@link AuthContext} needs from its server. */
export interface AuthContextRules extends DecisionRules {
  readonly audit: Audit
  readonly permissions: PermissionSource | null
  /** Of each call of a permission source or an `object` function: silence counts as unavailable. */
  readonly deadline: Deadline
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * `context.auth`: who is asking, on every transport alike. Lives as long as one operation.
 *
 * Only the package makes one. An object of another make under `context.auth` is not believed: guards refuse. Nothing of it shows
 * when a context is logged or turned into JSON.
 */
export class AuthContext {
  readonly #authentication: Authentication
  readonly #rules: AuthContextRules
  readonly #verdicts = new Map<Requirement, Refusal | null>()
  readonly #decisionIds = new Map<string, string>()
  readonly #faults = new WeakSet<object>()
  readonly #cleared = new Set<object>()
  #permissionChecks: PermissionChecks | null = null
  readonly #lease: Lease | null

  constructor(authentication: Authentication, rules: AuthContextRules, lease: Lease | null) {
    this.#authentication = authentication
    this.#rules = rules
    this.#lease = lease
  }

  /** The context's own auth, or `null` when the context was not built by this package. */
  static of(context: unknown): AuthContext | null {
    if (typeof context !== 'object' || context === null) return null
    const { auth } = context as { auth?: unknown }
    return auth instanceof AuthContext && #verdicts in auth ? auth : null
  }

  /** Whether an operation was cleared for the caller in this context; see {@link AuthContext.clear}. Asked for every guarded value. */
  static isCleared(context: unknown, operation: object): boolean {
    if (typeof context !== 'object' || context === null) return false
    const { auth } = context as { auth?: unknown }
    return typeof auth === 'object' && auth !== null && #cleared in auth && auth.#cleared.has(operation)
  }

  /**
   * Notes that the caller meets every requirement that an operation can come by, whatever it is run with, as far as that can be known
   * before it runs: guards need not ask again.
   */
  clear(operation: object): void {
    this.#cleared.add(operation)
  }

  /** Who is asking; `null` for an anonymous caller. */
  get principal(): Principal | null {
    return this.#authentication.principal
  }

  /** The application's own user, where the backend knows it. */
  get user(): unknown {
    return this.#authentication.principal?.user ?? null
  }

  /** The caller's scopes; empty for an anonymous caller. */
  get scopes(): readonly string[] {
    return this.#authentication.principal?.scopes ?? NOTHING
  }

  /** The token as it was sent, to call another service with; `null` for an anonymous caller and for a session. Do not log it. */
  get token(): string | null {
    return this.#accessToken()
  }

  /** Why the caller's token does not count any more; `null` while it does, and for an anonymous caller. Looks at the clock. */
  expiry(): Refusal | null {
    const { principal } = this
    return principal !== null && isExpired(principal, this.#rules.now() / 1000) ? { reason: 'TOKEN_EXPIRED' } : null
  }

  /** Which transport the operation came by, for logs. */
  get transport(): string {
    return this.#authentication.transport
  }

  /** The lease of the connection that the operation came by; `null` where every request stands alone. */
  get lease(): Lease | null {
    return this.#lease
  }

  /** Why the credentials that came were not accepted; `null` when they were, or none came. */
  get refusal(): Refusal | null {
    return this.#authentication.refusal
  }

  /** Whether the caller holds these scopes. */
  hasScopes(scopes: Names): boolean {
    return this.#judge(scopeRequirement(scopes)) === null
  }

  /** Whether the caller holds these permissions. */
  hasPermissions(permissions: Names): boolean {
    return this.#judge(permissionRequirement(permissions)) === null
  }

  /**
   * Refuses unless the caller holds these scopes.
   *
   * @throws {AuthError} of the reason that applies.
   */
  requireScopes(scopes: Names): void {
    this.#require(scopeRequirement(scopes))
  }

  /**
   * Refuses unless the caller holds these permissions.
   *
   * @throws {AuthError} of the reason that applies.
   */
  requirePermissions(permissions: Names): void {
    this.#require(permissionRequirement(permissions))
  }

  /**
   * Holds a requirement against the caller; remembers the answer for the operation, unless it depends on the time.
   *
   * Does not answer {@link Requirement.object}.
   */
  decide(requirement: Requirement): Refusal | null {
    const known = this.#verdicts.get(requirement)
    if (known !== undefined) return known
    const verdict = this.#judge(requirement)
    if (!dependsOnTime(requirement)) this.#verdicts.set(requirement, verdict)
    return verdict
  }

  /**
   * Asks the settings' permission source about one object; questions of the same tick share a call.
   *
   * Does not check scopes. Rejects when the source could not say, or there is none.
   */
  may(permission: string, object: unknown): Promise<boolean> {
    const { principal } = this
    const { permissions } = this.#rules
    if (principal === null) return Promise.resolve(false)
    if (permissions === null) return Promise.reject(new TypeError('no permission source in the settings'))
    this.#permissionChecks ??= new PermissionChecks(permissions, { principal, token: this.#accessToken() }, this.#rules.deadline)
    return this.#permissionChecks.may(permission, object)
  }

  /** Asks the permission source anew from now on: after a mutation's field, or an event, what it said before may no longer be so. */
  forgetAnswers(): void {
    this.#permissionChecks = null
  }

  /** Of whatever is asked for a decision. */
  get deadline(): Deadline {
    return this.#rules.deadline
  }

  /** Writes refusals of the whole operation to the audit log and returns the decision id for the errors that report them. */
  auditRefusal(refusals: readonly Refusal[]): string {
    return this.#rules.audit.refused(this.transport, this.principal, refusals)
  }

  /** The error for a refused coordinate. A coordinate refused on a thousand rows is one line in the audit log. */
  errorAt(coordinate: string, refusal: Refusal): AuthError {
    const at = { ...refusal, coordinate }
    const key = `${coordinate} ${refusal.reason}`
    let decisionId = this.#decisionIds.get(key)
    if (decisionId === undefined) {
      decisionId = this.auditRefusal([at])
      this.#decisionIds.set(key, decisionId)
    }
    return errorOf(at, { decisionId })
  }

  /** Reports that a part of the server failed while it decided for this caller. One failure that refuses a thousand rows is one line. */
  fault(what: string, error: unknown): void {
    if (typeof error === 'object' && error !== null) {
      if (this.#faults.has(error)) return
      this.#faults.add(error)
    }
    this.#rules.audit.fault(what, error)
  }

  /** What stands for a login session is its id, which no other service may see. */
  #accessToken(): string | null {
    const { credentials } = this.#authentication
    return credentials === null || credentials.source === 'session' ? null : credentials.token
  }

  #judge(requirement: Requirement): Refusal | null {
    const { principal, refusal } = this.#authentication
    return refusal ?? decide(requirement, principal, this.#rules.now() / 1000, this.#rules)
  }

  #require(requirement: Requirement): void {
    const refusal = this.#judge(requirement)
    if (refusal !== null) throw errorOf(refusal, { decisionId: this.auditRefusal([refusal]) })
  }
}

const NOTHING: readonly string[] = Object.freeze([])
