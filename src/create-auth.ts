import type { GraphQLSchema } from 'graphql'
import { z } from 'zod'
import { type ConfirmationOptions, createConfirmation } from './backends/confirmation.js'
import { type BackendSetting, backendFrom } from './backends/from-settings.js'
import { type Auth, createEngine } from './core/auth.js'
import { hint, parseOptions, text } from './core/options.js'
import { type CommonSettings, resolveSettings } from './core/settings.js'
import { checkSecure, type Finding } from './schema/assert-secure/check-secure.js'
import { type ExplainQuestion, explain, onlySchemaOf } from './schema/explain/explain.js'
import type { Explanation } from './schema/explain/explanation.js'

/** Everything that a server is told about auth, in one object. Plain data but for functions and instances. */
export interface AuthSettings extends CommonSettings, ConfirmationOptions {
  /**
   * Who verifies tokens, in order: `{ type }` objects, instances, functions `(token, context) => ({ active, user, scopes })`, or
   * module references such as `'./auth/verify-token.js#verifyToken'`. At least one.
   */
  readonly backends: readonly BackendSetting[]
  /** The folder that relative module references start from. @default process.cwd() */
  readonly baseDirectory?: string
}

/** What {@link createAuth} makes: the engine, and what can be asked about a schema. */
export interface GatehouseAuth extends Auth {
  /** Explains what an operation would be answered to a caller, without running it. For people who may see the whole schema. */
  explain(question: ExplainQuestion): Promise<Explanation>
  /**
   * What is wrong, or likely to be, with settings and schema together. `protectSchema` stops the start for the errors among them.
   *
   * @param schema protected or not. @default the one that this auth has protected
   */
  check(schema?: GraphQLSchema): readonly Finding[]
}

const composition = z.looseObject(
  {
    backends: z
      .array(z.unknown(), hint('a list of backends', "[{ type: 'jwt', issuer, audience }]"))
      .min(1, hint('at least one backend', "[{ type: 'jwt', issuer, audience }]")),
    baseDirectory: text("'/srv/app'").optional(),
  },
  hint('an object', "{ backends: [{ type: 'jwt', issuer, audience }] }"),
)

/**
 * Makes the one object that decorators, plugin and transports ask. Checks every setting before it returns; does no I/O but to see
 * that referenced modules exist.
 *
 * Providers are first asked when a token comes: a server starts while its provider is down, answers 503, and recovers by itself.
 * Await `auth.ready()` before listening when a backend is a module reference.
 *
 * @throws {ConfigurationError} naming the first option that is wrong, what was expected, and an example.
 */
export function createAuth(settings: AuthSettings): GatehouseAuth {
  parseOptions(composition, settings, '')
  const { backends, baseDirectory, dpop, mtls, ...common } = settings
  const made = backends.map((entry, index) => backendFrom(entry, `backends[${index}]`, baseDirectory ?? process.cwd()))
  const { confirm, dpopAlgorithms } = createConfirmation(
    { ...(dpop === undefined ? {} : { dpop }), ...(mtls === undefined ? {} : { mtls }) },
    common.now ?? Date.now,
  )
  const resolved = resolveSettings(
    common,
    made.map(({ backend }) => backend),
    dpopAlgorithms,
  )
  const auth = createEngine(resolved, { confirm, ready: Promise.all(made.map(({ ready }) => ready)).then(() => undefined) })
  for (const { backend } of made) backend.attach?.({ now: resolved.now, audit: auth.audit })
  const whole: GatehouseAuth = Object.freeze({
    ...auth,
    explain: (question: ExplainQuestion) => explain(whole, question),
    check: (schema: GraphQLSchema = onlySchemaOf(whole, 'check')) => checkSecure(whole, schema),
  })
  return whole
}
