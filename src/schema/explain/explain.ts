import { type DocumentNode, type GraphQLSchema, getOperationAST, type OperationDefinitionNode, parse, validate } from 'graphql'
import type { Auth } from '../../core/auth.js'
import type { AuthContext } from '../../core/auth-context.js'
import { ConfigurationError } from '../../core/configuration-error.js'
import { errorOf, publicDetails } from '../../core/errors.js'
import { fragmentsOf } from '../fragments.js'
import { ProtectedSchema, protectedSchemaOf, protectedSchemasOf } from '../protected-schema.js'
import { type CoordinateRule, compileRequirements } from '../requirement-table.js'
import { type Asker, authenticateAsker } from './caller.js'
import { type Case, combined, explainRule } from './clauses.js'
import type { CallerExplanation, CoordinateExplanation, Explanation } from './explanation.js'

/** What to explain, and to whom the operation would be answered. */
export interface ExplainQuestion extends Asker {
  readonly document: string | DocumentNode
  /** As the request would carry them. @default none */
  readonly variables?: Readonly<Record<string, unknown>>
  /** Needed where the document has several operations. */
  readonly operationName?: string
  /** @default the one schema that this auth has protected */
  readonly schema?: GraphQLSchema
}

/**
 * Explains what an operation would be answered: for each coordinate that it comes by, on each type that it can be on, whether the
 * caller is allowed, refused, or it depends on what only shows while it runs; and for each requirement what it asks, what of it the
 * caller holds, and where in the schema it was written. Decided by the plan and the engine that enforce, and by nothing else.
 *
 * Runs no resolver, asks no permission source, and refuses nothing. A token is verified by the backends, with all that this brings
 * (keys are fetched, `onAuthenticated` is called); one that is not good is explained too. For people who may see the
 * whole schema: the answer names coordinates and what they demand, whatever the caller himself may know of them.
 *
 * @throws {ConfigurationError} when there is no caller, or no schema can be told.
 * @throws {GraphQLError} when the document cannot be parsed, or is not valid.
 */
export async function explain(auth: Auth, question: ExplainQuestion): Promise<Explanation> {
  const { schema, made } = schemaOf(auth, question.schema)
  const { document, operation } = operationOf(schema, question)
  const authentication = await authenticateAsker(auth, question)
  const caller = auth.createContext(authentication)
  const about: Case = { caller, schema, table: made.table }
  const { coordinates, refusals } = inspect(made, about, { document, operation, variables: question.variables ?? {} })
  return {
    operation: { type: operation.operation, name: operation.name?.value ?? null },
    caller: explainCaller(caller),
    denied: auth.settings.denied,
    dryRun: auth.settings.dryRun,
    outcome: refusals.length > 0 ? 'refused' : 'runs',
    refused: refusals.map((refusal) => publicDetails(refusal)),
    coordinates,
  }
}

/**
 * The schema that is meant, guarded by this auth already or not.
 *
 * @throws {ConfigurationError} when none is given and none, or several, are known.
 */
function schemaOf(auth: Auth, given: GraphQLSchema | undefined): { readonly schema: GraphQLSchema; readonly made: ProtectedSchema } {
  const schema = given ?? onlySchemaOf(auth, 'explain')
  const known = protectedSchemaOf(schema)
  if (known !== undefined && known.auth.settings !== auth.settings) {
    throw new ConfigurationError('explain: schema', 'one that no other auth has protected', 'the schema as it was before protectSchema')
  }
  return { schema, made: known ?? new ProtectedSchema(auth, schema, compileRequirements(schema, auth.settings)) }
}

/**
 * The one schema that an auth has protected.
 *
 * @throws {ConfigurationError} when there is none, or several.
 */
export function onlySchemaOf(auth: Auth, method: string): GraphQLSchema {
  const [schema, another] = protectedSchemasOf(auth)
  if (schema !== undefined && another === undefined) return schema
  throw new ConfigurationError(
    `${method}: schema`,
    schema === undefined ? 'a schema, since this auth has protected none yet' : 'a schema, since this auth has protected several',
    `auth.${method}({ …, schema })`,
  )
}

function operationOf(
  schema: GraphQLSchema,
  { document: given, operationName }: ExplainQuestion,
): { document: DocumentNode; operation: OperationDefinitionNode } {
  const document = typeof given === 'string' ? parse(given) : given
  const [invalid] = validate(schema, document)
  if (invalid !== undefined) throw invalid
  const operation = getOperationAST(document, operationName)
  if (operation === null || operation === undefined) {
    throw new ConfigurationError('explain: operationName', 'the name of one of the operations in the document', "{ operationName: 'Orders' }")
  }
  return { document, operation }
}

interface Inspected {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly variables: Readonly<Record<string, unknown>>
}

/** Fields and arguments as the plan comes by them, then what is passed inside of values, and what the setting `introspection` decides. */
function inspect(
  made: ProtectedSchema,
  about: Case,
  { document, operation, variables }: Inspected,
): { coordinates: CoordinateExplanation[]; refusals: ReturnType<ProtectedSchema['inspect']>['refusals'] } {
  const places = new Map<string, { readonly coordinate: string; readonly kind: 'field' | 'argument'; readonly rules: readonly CoordinateRule[] }>()
  const fragments = fragmentsOf(document)
  const { refusals, checks, introspection } = made.inspect(about.caller, { operation, fragments, variables }, (coordinate, kind, rulesOf) => {
    const rules = rulesOf()
    places.set([coordinate, ...rules.map((rule) => rule.coordinate)].join(' '), { coordinate, kind, rules })
  })
  const checked = new Set(checks.map(({ coordinate }) => coordinate))
  const visited = new Set([...places.values()].map(({ coordinate }) => coordinate))
  const coordinates = [...places.values()].flatMap(({ coordinate, kind, rules }) => {
    // A default that is passed is not asked about; nor is what no type demands.
    const isPassed = kind === 'field' || checked.has(coordinate) || rules.some(({ requirements }) => requirements.length === 0)
    return isPassed ? [explainCoordinate(coordinate, rules, about)] : []
  })
  const inputs = [...checked].flatMap((coordinate) => {
    const [typeName = '', memberName = ''] = coordinate.split('.')
    const rule = visited.has(coordinate) ? undefined : about.table.inputRuleOf(typeName, memberName)
    return rule === undefined ? [] : [explainCoordinate(coordinate, [rule], about)]
  })
  return { coordinates: [...introspection.map(({ coordinate }) => explainIntrospection(coordinate, made, about)), ...coordinates, ...inputs], refusals }
}

function explainCoordinate(coordinate: string, rules: readonly CoordinateRule[], about: Case): CoordinateExplanation {
  const types = rules.map((rule) => explainRule(rule, about))
  // Credentials that are not good refuse public fields too.
  if (about.caller.refusal !== null) return { coordinate, verdict: 'refused', types }
  return { coordinate, ...combined(types, 'whichever'), types }
}

function explainIntrospection(coordinate: string, made: ProtectedSchema, { caller }: Case): CoordinateExplanation {
  const refusal = caller.refusal ?? made.introspection.refusalOf(caller, coordinate)
  const verdict = refusal === null ? 'allowed' : 'refused'
  const { introspection } = made.auth.settings
  const demands = { private: 'an authenticated caller', public: 'nothing', filtered: 'a caller who may reach some of the schema' }[introspection]
  const clause = {
    verdict,
    demands,
    sources: [{ at: 'introspection', by: 'default', on: 'setting' }],
    names: [],
    ...(refusal === null ? {} : publicDetails(refusal)),
  } as const
  return { coordinate, verdict, types: [{ coordinate, verdict, clauses: [clause] }] }
}

function explainCaller(caller: AuthContext): CallerExplanation {
  const { refusal, principal } = caller
  if (refusal !== null) {
    const { reason, detail } = refusal
    return { is: 'refused', reason, code: errorOf(refusal).code, ...(detail === undefined ? {} : { detail }) }
  }
  return principal === null ? { is: 'nobody' } : { is: principal.kind }
}
