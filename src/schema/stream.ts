import type { ExecutionResult } from 'graphql'
import type { Auth } from '../core/auth.js'
import { AuthContext } from '../core/auth-context.js'
import { errorOf } from '../core/errors.js'
import { streamUnderLease } from '../core/lease.js'
import type { Refusal } from '../core/refusal.js'
import { notWired } from '../decorators/guard.js'

/** What a stream's callers are told when their token has expired. */
export const LEASE_EXPIRED: Refusal = Object.freeze({ reason: 'TOKEN_EXPIRED' })

/**
 * Passes the results of an operation on for as long as the caller may have them. A connection's own lease ends the stream and the
 * transport says why; a stream that stands alone (SSE, multipart) gets a lease of its own, and a final result with the error.
 */
export function leaseStream<Result>(auth: Auth, context: unknown, results: AsyncIterable<Result>): AsyncGenerator<Result | ExecutionResult, void, void> {
  const caller = AuthContext.of(context)
  if (caller === null) throw notWired('the stream')
  if (caller.lease !== null) return streamUnderLease<Result | ExecutionResult>(results, caller.lease)
  const lease = auth.openLease(caller)
  return streamUnderLease<Result | ExecutionResult>(results, lease, {
    last: () => ({ errors: [errorOf(LEASE_EXPIRED, { decisionId: caller.auditRefusal([LEASE_EXPIRED]) })] }),
    done: () => lease.end('closed'),
  })
}
