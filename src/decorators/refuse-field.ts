import type { GraphQLResolveInfo } from 'graphql'
import type { AuthContext } from '../core/auth-context.js'
import type { Refusal } from '../core/refusal.js'
import { placeOf } from './nulled-place.js'

/**
 * What every guard does with a refusal: throws its error, which nulls the field; in a dry run it reports, and returns, and the
 * resolver runs.
 *
 * @param context the operation's, as the resolver got it
 * @param info of graphql-js; without one, as some frameworks call resolvers, the report has no path
 * @throws {AuthError} of the refusal's reason, unless it is a dry run.
 */
export function refuseField(auth: AuthContext, coordinate: string, refusal: Refusal, context: unknown, info: unknown): void {
  const { reports } = auth
  if (reports === null) throw auth.errorAt(coordinate, refusal)
  const report = reports.of(context as object)
  report.refuseField({ ...refusal, coordinate }, isResolveInfo(info) ? placeOf(info) : undefined)
  if (!report.dryRun) throw auth.errorAt(coordinate, refusal, report.decisionId)
}

function isResolveInfo(info: unknown): info is GraphQLResolveInfo {
  const { path, returnType, schema, operation, fragments } = (info ?? {}) as Partial<GraphQLResolveInfo>
  return [path, returnType, schema, operation, fragments].every((member) => typeof member === 'object')
}
