import { type Audit, createAudit } from './audit.js'
import { AuthContext } from './auth-context.js'
import type { TokenBackend, VerifiedToken } from './backend.js'
import type { Authentication } from './caller/authentication.js'
import { type Carrier, type Credentials, checkSpelling, locateCredentials } from './caller/credentials.js'
import { createPrincipal, type Principal, scopesOf } from './caller/principal.js'
import { TokenCache, type Validity } from './caller/token-cache.js'
import { UserSync } from './caller/user-sync.js'
import { type HttpRefusal, httpRefusal } from './challenge.js'
import { Deadline, UNHEARD } from './deadline.js'
import { isExpired } from './decisions/decision.js'
import { AuthError, errorOf, TokenExpiredError } from './errors.js'
import { type Lease, openLease } from './lease.js'
import { Grants } from './permissions/grants.js'
import type { Refusal } from './refusal.js'
import type { ResolvedSettings } from './settings.js'

/**
 * The engine that every transport asks: from what a caller sent to who he is, and from a refusal to the errors that report it.
 * One for a server. Knows no transport, no provider and no schema.
 */
export interface Auth {
  readonly settings: ResolvedSettings
  readonly audit: Audit
  /**
   * Judges what a caller sent. Does not throw and does not reject: what went wrong is the refusal in the answer.
   *
   * Does not check any requirement.
   */
  authenticate(carrier: Carrier): Promise<Authentication>
  /** `context.auth` for one operation of an authenticated caller, or of an anonymous one. */
  createContext(authentication: Authentication, lease?: Lease): AuthContext
  /** Opens a lease for a connection that stays open. The transport ends it. */
  openLease(caller: Pick<Authentication, 'principal' | 'transport'>): Lease
  /** Whether a connection may be opened on this authentication; if not, why not. In a dry run it always may, and the audit log says why not. */
  admit(authentication: Authentication): Refusal | null
  /**
   * Turns the refusals of a whole operation into the errors that a client sees, one for each, and writes them to the audit log.
   * The first carries what an HTTP transport answers with, under a non-enumerable `extensions.http`: Yoga reads it, and no transport sends it.
   */
  refuse(context: Pick<AuthContext, 'principal' | 'auditRefusal'>, refusals: readonly Refusal[]): readonly AuthError[]
  /** Status and challenge for refusals that are answered without GraphQL. */
  httpRefusal(refusals: readonly Refusal[], principal: Principal | null): HttpRefusal
  /**
   * Forgets what is remembered of these principals, so that their next use is verified anew. Does not end connections, and refuses
   * nothing by itself: a token that is still good is good again.
   */
  forget(matches: (principal: Principal) => boolean): void
  /** Resolves when every backend that is loaded from a module is there; rejects with what is wrong with it. Servers await it before they listen. */
  ready(): Promise<void>
  /** Closes the backends. */
  close(): Promise<void>
}

/** What the composition gives the engine beside its settings. */
export interface EngineParts {
  /** Settles when backends that are loaded from modules are there. */
  readonly ready?: Promise<void>
  /** Checks the proof that a sender-constrained token asks for; without it such tokens are refused. */
  readonly confirm?: Confirm
}

/**
 * Checks that whoever sent the credentials holds the key that the token is bound to.
 *
 * @param confirmation the token's `cnf` claim, or `null` for a token that is bound to nothing.
 */
export type Confirm = (credentials: Credentials, confirmation: Readonly<Record<string, unknown>> | null) => Promise<Refusal | null>

/** Refuses what is bound to a key: to take it without the proof would make it a plain bearer token (RFC 9449 §7.2). */
const refuseBound: Confirm = async (_, confirmation) =>
  confirmation === null ? null : { reason: 'INVALID_TOKEN', detail: 'bound to a key that nothing here can check' }

/** Makes the engine from checked settings. Does no I/O. */
export function createEngine(settings: ResolvedSettings, { ready = Promise.resolve(), confirm = refuseBound }: EngineParts = {}): Auth {
  const audit = createAudit(settings.logger)
  const deadline = new Deadline(settings.verifyTimeout)
  const contextRules = {
    audit,
    now: settings.now,
    scopesEnabled: settings.scopesEnabled,
    dryRun: settings.dryRun,
    report: settings.report,
    permissions: settings.permissions,
    grants: new Grants(settings.grants, (what, error) => audit.fault(what, error)),
    deadline,
  }
  const cache = new TokenCache<Verdict>(settings.cacheSize, settings.now)
  const users = new UserSync(settings)
  if (settings.dryRun) audit.warning('dry-run', 'dryRun is on: nobody is refused anything, and a bad token counts as none')
  // Whoever awaits ready() gets the rejection; an unawaited one must not end the process, but must be seen.
  ready.catch((error) => audit.fault('settings', error))

  const auth: Auth = {
    settings,
    audit,
    async authenticate(carrier) {
      const { transport } = carrier
      const { credentials, refusal } = locateCredentials(carrier, settings.credentials)
      if (credentials === null) return { principal: null, refusal, credentials, transport }
      const verdict = cache.get(credentials) ?? (await verify(credentials))
      if ('reason' in verdict) return { principal: null, refusal: verdict, credentials, transport }
      const unproved = verdict.confirmation === null && credentials.scheme !== 'dpop' ? null : await prove(credentials, verdict.confirmation)
      if (unproved !== null) return { principal: null, refusal: unproved, credentials, transport }
      audit.authenticated(transport, verdict.backend, verdict.principal)
      return { principal: verdict.principal, refusal: null, credentials, transport }
    },
    createContext: (authentication, lease) => new AuthContext(authentication, contextRules, lease ?? null),
    openLease: ({ principal, transport }) => openLease({ principal, transport, audit, now: settings.now, endsAtExpiry: !settings.dryRun }),
    admit({ principal, refusal, transport }) {
      const verdict: Refusal | null = refusal ?? (principal === null && !settings.anonymousConnections ? { reason: 'MISSING_TOKEN' } : null)
      if (verdict === null || !settings.dryRun) return verdict
      audit.refused(transport, principal, [verdict], { dryRun: true })
      return null
    },
    refuse(context, refusals) {
      const decisionId = context.auditRefusal(refusals)
      const errors = refusals.map((refusal) => errorOf(refusal, { decisionId }))
      const first = errors[0]
      if (first !== undefined) {
        Object.defineProperty(first.extensions, 'http', { value: auth.httpRefusal(refusals, context.principal), enumerable: false })
      }
      return errors
    },
    httpRefusal: (refusals, principal) => httpRefusal(refusals, settings.challenge, principal === null ? undefined : scopesOf(principal)),
    forget: (matches) => {
      cache.forget(({ principal }) => matches(principal))
      users.forget(matches)
    },
    ready: () => ready,
    async close() {
      await Promise.all(settings.backends.map((backend) => backend.close?.()))
    },
  }

  async function verify(credentials: Credentials): Promise<Verdict | Refusal> {
    const misspelled = checkSpelling(credentials, settings.credentials)
    if (misspelled !== null) return misspelled
    let backend: TokenBackend | undefined
    try {
      for (backend of settings.backends) {
        if (backend.accepts?.(credentials) === false) continue
        const chosen = backend
        const run = (): Promise<Verdict> => verifyWith(chosen, credentials)
        return await (chosen.readsTokenAlone === true ? cache.load(credentials, run, validityOf) : run())
      }
      return { reason: 'INVALID_TOKEN', detail: 'no backend accepts it' }
    } catch (error) {
      return refusalFrom(`backend ${backend?.name}`, error)
    }
  }

  async function prove(credentials: Credentials, confirmation: Verdict['confirmation']): Promise<Refusal | null> {
    try {
      return await deadline.run(() => confirm(credentials, confirmation))
    } catch (error) {
      return refusalFrom('proof of possession', error)
    }
  }

  /** What a part of the server threw, as a refusal: only an error that says so blames the caller. */
  function refusalFrom(part: string, error: unknown): Refusal {
    if (error instanceof AuthError && error.reason !== 'BACKEND_UNAVAILABLE') return error.refusal
    audit.fault(part, error instanceof AuthError ? (error.cause ?? error) : error)
    return error instanceof AuthError ? error.refusal : { reason: 'BACKEND_UNAVAILABLE' }
  }

  async function verifyWith(backend: TokenBackend, credentials: Credentials): Promise<Verdict> {
    const listens = backend.verify.length > 1
    const verified = await deadline.run(listens ? (signal) => backend.verify(credentials, signal) : () => backend.verify(credentials, UNHEARD))
    const principal = createPrincipal(verified, settings.tenantOf)
    if (isExpired(principal, settings.now() / 1000)) throw new TokenExpiredError()
    const synced = users.sync(principal, credentials.carrier.transport)
    return {
      backend: backend.name,
      principal: synced instanceof Promise ? await synced : synced,
      confirmation: verified.confirmation ?? null,
      until: cacheUntil(verified),
      isCurrent: verified.cache?.isCurrent,
    }
  }

  return Object.freeze(auth)
}

/** What a token turned out to be, as it is remembered. */
interface Verdict extends Validity {
  readonly backend: string
  readonly principal: Principal
  readonly confirmation: Readonly<Record<string, unknown>> | null
}

const validityOf = (verdict: Verdict): Validity => verdict

function cacheUntil({ expiresAt, cache }: VerifiedToken): number | null {
  const asked = cache?.until === undefined ? (expiresAt ?? null) : cache.until
  return asked === null || expiresAt === undefined ? asked : Math.min(asked, expiresAt)
}
