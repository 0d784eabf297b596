import { makeExecutableSchema } from '@graphql-tools/schema'
import type { IResolvers } from '@graphql-tools/utils'
import { type ExecutionResult, execute, type GraphQLErrorExtensions, type GraphQLSchema, parse, validate } from 'graphql'
import type { Auth } from '../../src/core/auth.js'
import { createEngine } from '../../src/core/auth.js'
import type { AuthContext } from '../../src/core/auth-context.js'
import type { VerifiedToken } from '../../src/core/backend.js'
import { createPrincipal } from '../../src/core/caller/principal.js'
import type { AnyOf } from '../../src/core/names.js'
import type { Refusal } from '../../src/core/refusal.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { compileRequirements, type RequirementTable } from '../../src/schema/requirement-table.js'

/** Seconds since 1970, for every test that does not move the clock. */
export const NOW = 1_800_000_000

/** An engine whose callers a test makes itself; its log goes nowhere. */
export function testAuth(settings: CommonSettings = {}): Auth {
  const silent = { debug: () => undefined, info: () => undefined, error: () => undefined }
  const backend = { name: 'none', verify: () => Promise.reject(new TypeError('no test of the schema verifies a token')) }
  return createEngine(resolveSettings({ audit: { logger: silent }, now: () => NOW * 1000, cacheSize: 0, ...settings }, [backend]))
}

/** A caller: what his token proves, or why it was refused. */
export type Caller = Partial<VerifiedToken> | { readonly refusal: Refusal } | null

/** The context of one operation of a caller; `null` is nobody. */
export function contextOf(auth: Auth, caller: Caller): { readonly auth: AuthContext } {
  const refusal = caller !== null && 'refusal' in caller ? caller.refusal : null
  const principal = caller === null || refusal !== null ? null : createPrincipal({ issuer: 'https://issuer.test', subject: 'ada', ...(caller as object) })
  return { auth: auth.createContext({ principal, refusal, credentials: null, transport: 'test' }) }
}

/** SDL with the directives of the package. */
export function schemaOf(typeDefs: string, resolvers: IResolvers = {}): GraphQLSchema {
  return makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs], resolvers, resolverValidationOptions: { requireResolversForResolveType: 'ignore' } })
}

/** The table of a schema under private access, unless a test says otherwise. */
export function tableOf(typeDefs: string, resolvers: IResolvers = {}, settings: CommonSettings = {}): RequirementTable {
  return compileRequirements(schemaOf(typeDefs, resolvers), testAuth(settings).settings)
}

/** What a coordinate demands, short enough to compare: `user`, `scopes a+b|c`, `permissions x`; an empty list demands nothing. */
export function demands(table: RequirementTable, coordinate: string): readonly string[] {
  const [typeName = '', fieldName = ''] = coordinate.split('.')
  const rule = table.ruleOf(typeName, fieldName)
  if (rule === undefined) throw new Error(`no rule for ${coordinate}`)
  return rule.requirements.map(({ scopes, permissions, acr, maxAge, object }) => {
    const parts = [
      ...(scopes === undefined ? [] : [`scopes ${spell(scopes)}`]),
      ...(permissions === undefined ? [] : [`permissions ${spell(permissions)}`]),
      ...(acr === undefined ? [] : [`acr ${acr.join('|')}`]),
      ...(maxAge === undefined ? [] : [`maxAge ${maxAge}`]),
      ...(object === undefined ? [] : ['object']),
    ]
    return parts.length === 0 ? 'user' : parts.join(', ')
  })
}

function spell(anyOf: AnyOf): string {
  return anyOf.map((all) => all.join('+')).join('|')
}

/** What a test asks of a protected schema. */
export interface Question {
  readonly variables?: Record<string, unknown>
  readonly operationName?: string
  readonly rootValue?: unknown
  /** Whether the document is known to be valid. @default false */
  readonly isValid?: boolean
}

/** A schema, protected, and asked like a server with a hook before execution asks it: validated, authorized, executed. */
export class Protected {
  readonly auth: Auth
  readonly schema: GraphQLSchema

  constructor(schema: GraphQLSchema, settings: CommonSettings = {}) {
    this.auth = testAuth(settings)
    this.schema = protectSchema(schema, this.auth)
  }

  async ask(source: string, caller: Caller = null, { variables = {}, operationName, rootValue, isValid = false }: Question = {}): Promise<ExecutionResult> {
    const document = parse(source)
    const invalid = isValid ? [] : validate(this.schema, document)
    if (invalid[0] !== undefined) throw invalid[0]
    const args = { schema: this.schema, document, variableValues: variables, operationName, rootValue, contextValue: contextOf(this.auth, caller) }
    const errors = authorizeOperation(args)
    return errors.length > 0 ? { errors } : await execute(args)
  }

  /** The same without a hook: only the resolvers ask. */
  async askBare(source: string, caller: Caller = null, { variables = {}, operationName, rootValue }: Question = {}): Promise<ExecutionResult> {
    return await execute({
      schema: this.schema,
      document: parse(source),
      variableValues: variables,
      operationName,
      rootValue,
      contextValue: contextOf(this.auth, caller),
    })
  }
}

/** Where and why a result refuses: `path reason`, or `coordinate reason` for what was refused before execution. */
export function refusals({ errors = [] }: ExecutionResult): readonly string[] {
  return errors.map(({ path, extensions }) => {
    // Compiled queries make errors without extensions.
    const { auth, code } = (extensions as GraphQLErrorExtensions | undefined) ?? {}
    const { reason, coordinate } = (auth ?? {}) as { reason?: string; coordinate?: string }
    return `${path?.join('.') ?? coordinate ?? '-'} ${reason ?? String(code)}`
  })
}

/** A result's data as plain objects: graphql-js gives them no prototype. */
export function dataOf({ data }: ExecutionResult): unknown {
  return data === undefined ? undefined : JSON.parse(JSON.stringify(data))
}
