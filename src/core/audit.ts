import { randomUUID } from 'node:crypto'
import { types } from 'node:util'
import { pino } from 'pino'
import type { Principal } from './caller/principal.js'
import type { ExceededLimit } from './limit-exceeded-error.js'
import type { Reason, Refusal } from './refusal.js'

/** The part of a pino logger that the audit sink needs; Fastify's logger is one too. */
export interface AuditLogger {
  debug(event: object, message: string): void
  info(event: object, message: string): void
  /** Without it, warnings are written at the level `info`. */
  warn?(event: object, message: string): void
  error(event: object, message: string): void
  isLevelEnabled?(level: string): boolean
}

/** Why a lease ended. */
export type LeaseEnd = 'expired' | 'closed'

/** How a decision is written down. */
export interface DecisionRecord {
  /** @default a new one */
  readonly decisionId?: string | undefined
  /** Whether nothing was refused in fact. @default false */
  readonly dryRun?: boolean
}

/**
 * Writes one structured line for each thing that an auditor asks about. No line holds a token, a claim beyond the identity, or
 * upstream text; what is logged is listed member by member, so that nothing slips in with an object.
 */
export interface Audit {
  /** Somebody proved who he is. Level `debug`: on a busy server there is one for every request. */
  authenticated(transport: string, backend: string, principal: Principal): void
  /**
   * A request, operation or field was refused, or would have been in a dry run: the event `refused` or `would-refuse`. Level `info`.
   * Returns the decision id that the client gets too.
   */
  refused(transport: string, principal: Principal | null, refusals: readonly Refusal[], decision?: DecisionRecord): string
  /**
   * A document or a batch was refused for its size, before anybody looked at what it asks for. Level `info`; the text is not in it.
   * Returns the decision id that the client gets too.
   *
   * @param principal `undefined` where it happens before the caller is known
   */
  limited(transport: string, principal: Principal | null | undefined, exceeded: ExceededLimit): string
  /** A connection that stays open was let in. Level `info`. */
  leaseOpened(leaseId: string, transport: string, principal: Principal | null): void
  /** It ended. Level `info`. `seconds` is how long it lived. */
  leaseEnded(leaseId: string, transport: string, principal: Principal | null, reason: LeaseEnd, seconds: number): void
  /** A part of the server failed: callers were refused for it, or get by on what is left. Level `error`. */
  fault(what: string, error: unknown): void
  /** Something about the server's set-up that lets in, or keeps out, more than its owner may think. Level `warn`; `code` is stable. */
  warning(code: string, message: string, details?: Readonly<Record<string, unknown>>): void
  /** A part of the server that was reported by {@link Audit.fault}, under the same name, works again. Level `info`. */
  recovered(what: string): void
}

/**
 * Creates the audit sink.
 *
 * @param logger where the lines go
 * @default a pino logger named `gatehouse` on standard output, level `info`
 */
export function createAudit(logger: AuditLogger = pino({ name: 'gatehouse' })): Audit {
  return {
    authenticated(transport, backend, principal) {
      if (logger.isLevelEnabled?.('debug') === false) return
      logger.debug({ event: 'authenticated', transport, backend, ...identity(principal) }, 'authenticated')
    },
    refused(transport, principal, refusals, { decisionId = randomUUID(), dryRun = false } = {}) {
      const [event, message] = dryRun ? ['would-refuse', 'would refuse'] : ['refused', 'refused']
      logger.info({ event, decisionId, transport, ...identity(principal), refusals: refusals.map(refusalLine) }, message)
      return decisionId
    },
    limited(transport, principal, { name, maximum }) {
      const decisionId = randomUUID()
      const caller = principal === undefined ? {} : identity(principal)
      logger.info({ event: 'limited', decisionId, transport, ...caller, limit: name, maximum }, 'limited')
      return decisionId
    },
    leaseOpened(leaseId, transport, principal) {
      logger.info({ event: 'lease.opened', leaseId, transport, ...identity(principal), expiresAt: principal?.expiresAt ?? null }, 'lease opened')
    },
    leaseEnded(leaseId, transport, principal, reason, seconds) {
      logger.info({ event: 'lease.ended', leaseId, transport, ...identity(principal), reason, seconds }, 'lease ended')
    },
    fault(what, error) {
      logger.error({ event: 'fault', what, error: errorName(error) }, 'fault')
    },
    warning(code, message, details = {}) {
      const event = { event: 'warning', code, ...details }
      if (logger.warn === undefined) logger.info(event, message)
      else logger.warn(event, message)
    },
    recovered(what) {
      logger.info({ event: 'recovered', what }, 'recovered')
    },
  }
}

function identity(principal: Principal | null): object {
  if (principal === null) return { anonymous: true }
  const { issuer, subject, kind, tenant, clientId, sessionId } = principal
  return { issuer, subject, kind, tenant, clientId, sessionId }
}

function refusalLine({ reason, coordinate, requiredScopes, requiredPermissions, detail }: Refusal): { reason: Reason } & Record<string, unknown> {
  return { reason, coordinate, requiredScopes, requiredPermissions, detail }
}

/** An upstream message may quote the token that upstream disliked; its class and code cannot. */
function errorName(error: unknown): string {
  // fetch throws errors of Node's own realm, which is another where code runs in a vm context.
  if (!(error instanceof Error) && !types.isNativeError(error)) return typeof error
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code) ? `${error.name} ${code}` : error.name
}
