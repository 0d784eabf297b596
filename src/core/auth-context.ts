import type { Audit } from './audit.js'
import type { Authentication } from './authentication.js'
import { type DecisionRules, decide, dependsOnTime } from './decision.js'
import { errorOf } from './errors.js'
import type { Principal } from './principal.js'
import type { Refusal } from './refusal.js'
import { type Names, permissionRequirement, type Requirement, scopeRequirement } from './requirement.js'

/** What an {@link AuthContext} needs from its server. */
export interface AuthContextRules extends DecisionRules {
  readonly audit: Audit
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * `context.auth`: who is asking, on every transport alike. Lives as long as one operation.
 *
 * Only the package makes one. An object of another make under `context.auth` is not believed: guards refuse.
 */
export class AuthContext {
  readonly #authentication: Authentication
  readonly #rules: AuthContextRules
  readonly #verdicts = new Map<Requirement, Refusal | null>()

  constructor(authentication: Authentication, rules: AuthContextRules) {
    this.#authentication = authentication
    this.#rules = rules
  }

  /** The context's own auth, or `null` when the context was not built by this package. */
  static of(context: unknown): AuthContext | null {
    if (typeof context !== 'object' || context === null) return null
    const { auth } = context as { auth?: unknown }
    return auth instanceof AuthContext && #verdicts in auth ? auth : null
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

  /** The token as it was sent, to call another service with; `null` for an anonymous caller. Do not log it. */
  get token(): string | null {
    return this.#authentication.credentials?.token ?? null
  }

  /** Which transport the operation came by, for logs. */
  get transport(): string {
    return this.#authentication.transport
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

  /** Writes refusals to the audit log and returns the decision id for the errors that report them. */
  auditRefusal(refusals: readonly Refusal[]): string {
    return this.#rules.audit.refused(this.transport, this.principal, refusals)
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
