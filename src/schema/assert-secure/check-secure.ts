import type { GraphQLSchema } from 'graphql'
import type { Auth } from '../../core/auth.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { protectedSchemaOf } from '../protected-schema.js'
import { compileRequirements, type RequirementTable } from '../requirement-table.js'
import { computedFields } from './computed-fields.js'
import { directiveArguments } from './directive-arguments.js'
import { directiveChecks } from './directives.js'
import type { Check, Finding, Setup } from './finding.js'
import { unknownNames } from './names.js'
import { openRootFields } from './open-roots.js'
import { DRY_RUN, settingsChecks } from './settings.js'
import { unreachableRequirements } from './unreachable.js'

export type { Finding } from './finding.js'

/** Every check. A new one is a new row, and a row in `docs/start-up-checks.md`. */
export const CHECKS: readonly Check[] = [
  ...unknownNames,
  ...directiveChecks,
  ...settingsChecks,
  openRootFields,
  computedFields,
  unreachableRequirements,
  directiveArguments,
]

/**
 * Looks for mistakes in settings and schema that a server starts with and nobody sees: a scope that no token carries, a directive that
 * nobody enforces, a root field that somebody forgot. Answers all of them as data, for tests and CI.
 *
 * Does not see what only runs show: what a resolver reads, what a permission source answers. Option by option, the settings were checked
 * when `auth` was made.
 *
 * @param schema protected already or not
 * @throws {ConfigurationError} when a statement in the schema is malformed, or stands where nothing enforces it.
 */
export function checkSecure(auth: Auth, schema: GraphQLSchema): readonly Finding[] {
  const table = protectedSchemaOf(schema)?.table ?? compileRequirements(schema, auth.settings)
  return findingsOf({ settings: auth.settings, schema, table })
}

/**
 * Stops the start when {@link checkSecure} finds an error, and writes a line to the audit log for each warning. `protectSchema` calls
 * it, and with it every adapter.
 *
 * @throws {InsecureSetupError} listing every error with its code.
 */
export function assertSecure(auth: Auth, schema: GraphQLSchema, table: RequirementTable): void {
  const findings = findingsOf({ settings: auth.settings, schema, table })
  const errors = findings.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new InsecureSetupError(errors)
  for (const { code, at, message, fix } of findings) if (code !== DRY_RUN) auth.audit.warning(code, message, { at, fix })
}

/** A schema and settings that cannot be right together. The message lists every error; {@link InsecureSetupError.findings} has them as data. */
export class InsecureSetupError extends ConfigurationError {
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[]) {
    super('schema', `none of these:\n${findings.map(({ code, at, message, fix }) => `- ${code}: ${at.join(', ')}: ${message}; ${fix}`).join('\n')}`)
    this.findings = findings
  }
}

function findingsOf(setup: Setup): readonly Finding[] {
  return CHECKS.flatMap(({ code, level, find }) => [...find(setup)].map((found) => Object.freeze({ code, level, ...found })))
}
