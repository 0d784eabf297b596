import { isAsyncIterable, mapAsyncIterator } from '@graphql-tools/utils'
import type { Auth } from '../core/auth.js'
import { AuthContext } from '../core/auth-context.js'
import type { AuthorizationReport } from '../core/report.js'
import { leaseStream } from './stream.js'

export type { AuthorizationReport, ReportedRefusal } from '../core/report.js'

/** The member of a result's `extensions` that holds the report. */
export const REPORT_EXTENSION = 'authorization'

/** The part of a result that the report is put into. */
interface Reportable {
  readonly data?: unknown
  readonly hasNext?: boolean
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What every server does with what an operation gave: puts the report of what was refused, or would have been, into its
 * `extensions.authorization`, and passes a stream on for as long as the caller may have it. Each event of a subscription carries a
 * report of its own.
 *
 * The result itself is left as it is, and is returned as it is when there is nothing to report.
 */
export function finishOperation<Result>(auth: Auth, contextValue: unknown, result: Result): Result {
  if (!isAsyncIterable(result)) return withReport(contextValue, result)
  const isReported = (AuthContext.of(contextValue)?.reports ?? null) !== null
  const reported = isReported ? mapAsyncIterator(result, (part) => withReport(contextValue, part)) : result
  return leaseStream(auth, contextValue, reported) as Result
}

/** The report for a result that the server is about to send; `null` when nothing was refused, or the settings ask for none. Each is given once. */
export function takeReport(contextValue: unknown, result: Reportable = {}): AuthorizationReport | null {
  const reports = AuthContext.of(contextValue)?.reports ?? null
  if (reports === null) return null
  const part = result.hasNext === undefined ? 'whole' : 'data' in result ? 'first' : 'later'
  return reports.find(contextValue as object)?.take(part) ?? null
}

function withReport<Result>(contextValue: unknown, result: Result): Result {
  const report = takeReport(contextValue, result as Reportable)
  if (report === null) return result
  return { ...result, extensions: { ...(result as Reportable).extensions, [REPORT_EXTENSION]: report } }
}
