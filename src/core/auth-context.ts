import type { Audit } from './audit.js'
import type { Authentication } from './caller/authentication.js'
import type { Principal } from './caller/principal.js'
import type { Deadline } from './deadline.js'
import { decide, dependsOnTime, isExpired, judge, type Verdict } from './decisions/decision.js'
import { type DecisionRules, Standing } from './decisions/standing.js'
import { type AuthError, BackendUnavailableError, errorOf } from './errors.js'
import type { Lease } from './lease.js'
import type { Names } from './names.js'
import { PermissionChecks } from './permissions/checks.js'
import type { Grants } from './permissions/grants.js'
import type { PermissionSource } from './permissions/source.js'
import { answerByRank } from './permissions/special.js'
import type { Refusal } from './refusal.js'
import { Reports } from './report.js'
import { permissionRequirement, type Requirement, scopeRequirement } from './rules/requirement.js'
import { haveSameMembers } from './same-members.js'

/** What an {@link AuthContext} needs from its server. */
export interface AuthContextRules extends DecisionRules {
  readonly audit: Audit
  readonly permissions: PermissionSource | null
  readonly grants: Grants
  /** Of each call of a permission source or an `object` function: silence counts as unavailable. */
  readonly deadline: Deadline
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Whether refusals are reported and nobody is refused. */
  readonly dryRun: boolean
  /** Whether refusals are reported beside their errors. */
  readonly report: boolean
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
  // There is one context for every operation, and most need none of these.
  #verdicts: Map<Requirement, Verdict> | null = null
  #standings: Map<Requirement, Standing> | null = null
  #decisionIds: Map<string, string> | null = null
  #faults: WeakSet<object> | null = null
  /** Operations that were cleared: one, or those of a batch. */
  #cleared: Cleared[] | null = null
  #permissionChecks: PermissionChecks | null = null
  readonly #lease: Lease | null
  readonly #reports: Reports | null

  constructor(authentication: Authentication, rules: AuthContextRules, lease: Lease | null) {
    this.#authentication = authentication
    this.#rules = rules
    this.#lease = lease
    this.#reports = rules.dryRun || rules.report ? this.#openReports() : null
  }

  /** The context's own auth, or `null` when the context was not built by this package. */
  static of(context: unknown): AuthContext | null {
    if (typeof context !== 'object' || context === null) return null
    const { auth } = context as { auth?: unknown }
    return auth instanceof AuthContext && #rules in auth ? auth : null
  }

  /**
   * Notes that the caller meets every requirement that an operation can come by, whatever it is run with, as far as that can be known
   * before it runs: guards need not ask again.
   *
   * @param by whose requirements: a server may have several schemas
   * @param fragments those of the document, by name: two documents may share an operation and not its fragments
   */
  clear(operation: object, by: object, fragments: object): void {
    if (this.isCleared(operation, by, fragments)) return
    this.#cleared ??= []
    this.#cleared.push({ operation, by, fragments })
  }

  /** Whether an operation was cleared for the caller; see {@link AuthContext.clear}. */
  isCleared(operation: object, by: object, fragments: object): boolean {
    if (this.#cleared === null) return false
    for (const known of this.#cleared) {
      if (known.operation === operation && known.by === by && haveSameMembers(known.fragments, fragments)) return true
    }
    return false
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

  /**
   * What the caller holds on no object in particular: his token's permissions, those of his roles, and his scopes where the settings
   * count them. Empty for an anonymous caller. Does not show what he may as an administrator: ask {@link AuthContext.hasPermissions}.
   */
  get permissions(): readonly string[] {
    const { principal } = this
    return principal === null ? NOTHING : this.#rules.grants.namesOf(principal)
  }

  /** The token as it was sent, to call another service with; `null` for an anonymous caller and for a session. Do not log it. */
  get token(): string | null {
    return this.#accessToken()
  }

  /** Where refusals are noted for the result; `null` unless the settings ask for it. */
  get reports(): Reports | null {
    return this.#reports
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
   * Refuses unless the caller holds these scopes. In a dry run it reports, and returns.
   *
   * @throws {AuthError} of the reason that applies.
   */
  requireScopes(scopes: Names): void {
    this.#require(scopeRequirement(scopes))
  }

  /**
   * Refuses unless the caller holds these permissions. In a dry run it reports, and returns.
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
    const verdict = this.judge(requirement)
    return typeof verdict === 'string' ? null : verdict
  }

  /** The same, telling what is met from what the guards have to ask. */
  judge(requirement: Requirement): Verdict {
    const known = this.#verdicts?.get(requirement)
    if (known !== undefined) return known
    const { principal, refusal } = this.#authentication
    const verdict = refusal ?? judge(requirement, principal, this.#rules.now() / 1000, this.#rules)
    if (dependsOnTime(requirement)) return verdict
    this.#verdicts ??= new Map()
    this.#verdicts.set(requirement, verdict)
    return verdict
  }

  /** What is known of the caller, for the guards to ask the rest; `null` for nobody, and where it could not be found out. */
  standing(requirement: Requirement): Standing | null {
    const known = this.#standings?.get(requirement)
    if (known !== undefined) return known
    const { principal } = this
    const rank = principal === null ? null : this.#rules.grants.rankOf(principal)
    if (principal === null || rank === null) return null
    const standing = new Standing(requirement, principal, rank, this.#rules)
    this.#standings ??= new Map()
    this.#standings.set(requirement, standing)
    return standing
  }

  /** Whether the caller meets them all for as long as he is who he is, and not only at this moment. Does not answer {@link Requirement.object}. */
  meets(requirements: readonly Requirement[]): boolean {
    const { principal, refusal } = this.#authentication
    if (refusal !== null) return false
    const now = this.#rules.now() / 1000
    for (const requirement of requirements) {
      if (dependsOnTime(requirement) || decide(requirement, principal, now, this.#rules) !== null) return false
    }
    return true
  }

  /**
   * Whether the caller may do this to one object: asks the settings' permission source; questions of the same tick share a call. Super
   * admins may, and the special permissions are answered without asking. A tenant admin is asked about like everybody.
   *
   * Does not check scopes or tenants. Rejects when the source could not say, or there is none.
   */
  may(permission: string, object: unknown): Promise<boolean> {
    const { principal } = this
    const rank = principal === null ? 'none' : this.#rules.grants.rankOf(principal)
    if (rank === null) return Promise.reject(new BackendUnavailableError())
    const byRank = principal === null ? false : answerByRank(permission, rank, { isOnObject: true, isInOwnTenant: false }, true)
    return byRank === null ? this.ask(permission, object) : Promise.resolve(byRank)
  }

  /** What the permission source says, whoever asks. Rejects as {@link AuthContext.may} does. */
  ask(permission: string, object: unknown): Promise<boolean> {
    const { principal } = this
    const { permissions } = this.#rules
    if (principal === null) return Promise.resolve(false)
    if (permissions === null) return Promise.reject(new TypeError('no permission source in the settings'))
    this.#permissionChecks ??= new PermissionChecks(permissions, { principal, token: this.#accessToken() }, this.#rules.deadline)
    return this.#permissionChecks.may(permission, object)
  }

  /**
   * Asks the permission source anew from now on. Happens by itself before each field of a mutation and each event; a resolver that changes
   * what people may, anywhere else, calls it when the change is done: `context.auth.forgetAnswers()`.
   *
   * What has been answered already stays answered: a field that was let in before is not taken back. Does not look at the token again.
   */
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

  /**
   * The error for a refused coordinate. A coordinate refused on a thousand rows is one line in the audit log.
   *
   * @param reportId the decision id of the operation's report, where there is one
   */
  errorAt(coordinate: string, refusal: Refusal, reportId?: string): AuthError {
    const at = { ...refusal, coordinate }
    const key = `${coordinate} ${refusal.reason} ${reportId}`
    this.#decisionIds ??= new Map()
    let decisionId = this.#decisionIds.get(key)
    if (decisionId === undefined) {
      decisionId = this.#rules.audit.refused(this.transport, this.principal, [at], { decisionId: reportId })
      this.#decisionIds.set(key, decisionId)
    }
    return errorOf(at, { decisionId })
  }

  /** Reports that a part of the server failed while it decided for this caller. One failure that refuses a thousand rows is one line. */
  fault(what: string, error: unknown): void {
    if (typeof error === 'object' && error !== null) {
      this.#faults ??= new WeakSet()
      if (this.#faults.has(error)) return
      this.#faults.add(error)
    }
    this.#rules.audit.fault(what, error)
  }

  /** Outside a dry run each refusal is an error too, and whoever makes that one writes the line. */
  #openReports(): Reports {
    const { dryRun, audit } = this.#rules
    if (!dryRun) return new Reports(false, () => undefined)
    return new Reports(true, (refusals, decisionId) => audit.refused(this.transport, this.principal, refusals, { decisionId, dryRun }))
  }

  /** What stands for a login session is its id, which no other service may see. */
  #accessToken(): string | null {
    const { credentials, refusal } = this.#authentication
    return credentials === null || refusal !== null || credentials.source === 'session' ? null : credentials.token
  }

  #judge(requirement: Requirement): Refusal | null {
    const { principal, refusal } = this.#authentication
    return refusal ?? decide(requirement, principal, this.#rules.now() / 1000, this.#rules)
  }

  #require(requirement: Requirement): void {
    const refusal = this.#judge(requirement)
    if (refusal !== null && this.#reports?.dryRun === true) return this.#reports.latest.refuseField(refusal)
    if (refusal !== null) throw errorOf(refusal, { decisionId: this.auditRefusal([refusal]) })
  }
}

/** An operation that was cleared. */
interface Cleared {
  readonly operation: object
  readonly by: object
  readonly fragments: object
}

const NOTHING: readonly string[] = Object.freeze([])
