import { type Audit, createAudit } from './audit.js'
import { AuthContext } from './auth-context.js'
import type { Authentication } from './authentication.js'
import type { TokenBackend } from './backend.js'
import { type HttpRefusal, httpRefusal } from './challenge.js'
import { type Carrier, type Credentials, extractCredentials } from './credentials.js'
import { isExpired } from './decision.js'
import { AuthError, errorOf } from './errors.js'
import { type Lease, openLease } from './lease.js'
import { createPrincipal, type Principal, scopesOf } from './principal.js'
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
  /** Whether a connection may be opened on this authentication; if not, why not. */
  admit(authentication: Authentication): Refusal | null
  /**
   * Turns the refusals of a whole operation into the errors that a client sees, one for each, and writes them to the audit log.
   * The first carries what an HTTP transport answers with, under a non-enumerable `extensions.http`: Yoga reads it, and no transport sends it.
   */
  refuse(context: Pick<AuthContext, 'principal' | 'auditRefusal'>, refusals: readonly Refusal[]): readonly AuthError[]
  /** Status and challenge for refusals that are answered without GraphQL. */
  httpRefusal(refusals: readonly Refusal[], principal: Principal | null): HttpRefusal
  /** Resolves when every backend that is loaded from a module is there; rejects with what is wrong with it. Servers await it before they listen. */
  ready(): Promise<void>
  /** Closes the backends. */
  close(): Promise<void>
}

/** Makes the engine from checked settings. Does no I/O. */
export function createEngine(settings: ResolvedSettings, ready: Promise<void> = Promise.resolve()): Auth {
  const audit = createAudit(settings.logger)
  const contextRules = { audit, now: settings.now, scopesEnabled: settings.scopesEnabled, permissions: settings.permissions }
  // Whoever awaits ready() gets the rejection; an unawaited one must not end the process, but must be seen.
  ready.catch((error) => audit.fault('settings', error))

  const auth: Auth = {
    settings,
    audit,
    async authenticate(carrier) {
      const { transport } = carrier
      const extraction = extractCredentials(carrier, settings.credentials)
      if (extraction.refusal !== null) return { principal: null, refusal: extraction.refusal, credentials: null, transport }
      const { credentials } = extraction
      if (credentials === null) return { principal: null, refusal: null, credentials, transport }
      const backend = settings.backends.find((candidate) => candidate.accepts?.(credentials) !== false)
      if (backend === undefined) return { principal: null, refusal: { reason: 'INVALID_TOKEN', detail: 'no backend accepts it' }, credentials, transport }
      const outcome = await verify(backend, credentials)
      if ('principal' in outcome) {
        audit.authenticated(transport, backend.name, outcome.principal)
        return { principal: outcome.principal, refusal: null, credentials, transport }
      }
      return { principal: null, refusal: outcome, credentials, transport }
    },
    createContext: (authentication, lease) => new AuthContext(authentication, contextRules, lease ?? null),
    openLease: ({ principal, transport }) => openLease({ principal, transport, audit, now: settings.now }),
    admit({ principal, refusal }) {
      if (refusal !== null) return refusal
      return principal === null && !settings.anonymousConnections ? { reason: 'MISSING_TOKEN' } : null
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
    ready: () => ready,
    async close() {
      await Promise.all(settings.backends.map((backend) => backend.close?.()))
    },
  }

  async function verify(backend: TokenBackend, credentials: Credentials): Promise<{ principal: Principal } | Refusal> {
    const deadline = new AbortController()
    let timer: NodeJS.Timeout | undefined
    try {
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          deadline.abort()
          reject(new Error('the backend did not answer in time'))
        }, settings.verifyTimeout)
      })
      // A backend written by hand may ignore the signal, and then hang for as long as it likes.
      const verified = await Promise.race([backend.verify(credentials, deadline.signal), silence])
      const principal = createPrincipal(verified, settings.tenantOf)
      return isExpired(principal, settings.now() / 1000) ? { reason: 'TOKEN_EXPIRED' } : { principal }
    } catch (error) {
      if (error instanceof AuthError) {
        if (error.reason === 'BACKEND_UNAVAILABLE') audit.fault(`backend ${backend.name}`, error.cause ?? error)
        return error.refusal
      }
      audit.fault(`backend ${backend.name}`, error)
      return { reason: 'BACKEND_UNAVAILABLE' }
    } finally {
      clearTimeout(timer)
    }
  }

  return Object.freeze(auth)
}
