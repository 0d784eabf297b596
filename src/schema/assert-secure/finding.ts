import type { GraphQLSchema } from 'graphql'
import type { ResolvedSettings } from '../../core/settings.js'
import type { RequirementTable } from '../requirement-table.js'

/** Something about settings and schema that lets in, or keeps out, others than its owner may think. */
export interface Finding {
  /** Stable: tests and CI may rely on it. */
  readonly code: string
  /** An `error` stops the start; a `warning` is a line in the audit log. */
  readonly level: 'error' | 'warning'
  /** Where: coordinates of the schema, or options of the settings. */
  readonly at: readonly string[]
  /** What is the matter, in one sentence. */
  readonly message: string
  /** What to do about it. */
  readonly fix: string
}

/** What checks look at. */
export interface Setup {
  readonly settings: ResolvedSettings
  readonly schema: GraphQLSchema
  readonly table: RequirementTable
}

/** One check: finds every instance of one mistake. */
export interface Check {
  readonly code: string
  readonly level: Finding['level']
  find(setup: Setup): Iterable<Omit<Finding, 'code' | 'level'>>
}
