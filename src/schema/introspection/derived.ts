import type { GraphQLField, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import type { AuthContext } from '../../core/auth-context.js'

/**
 * Says which schema the operation in this context is told of, in place of the one that it runs on.
 *
 * @throws {AuthError} when it is told of none.
 */
export type ShownSchema = (context: unknown, info: Pick<GraphQLResolveInfo, 'parentType' | 'fieldName'>) => GraphQLSchema

/** How much of the schema a caller may read in messages. */
export interface Readable {
  /** What he may read about; `null` for nothing. */
  readonly view: GraphQLSchema | null
  readonly suggestions: boolean
}

/** The setting `introspection` on a schema that was made from a protected one. */
export interface DerivedIntrospection {
  readonly shown: ShownSchema
  /** How much of the schema may be in messages to this caller, or to nobody known; `null` when all of it may. */
  readableTo(caller: AuthContext | null): Readable | null
}

/** What makes it for a schema. A function, since tools that merge extensions leave functions whole. */
type Tie = (derived: GraphQLSchema) => DerivedIntrospection

/** Where a protected schema and the fields of its query type keep it. Tools that rewrite a schema keep the extensions of one, or the resolvers. */
const TIE = 'gatehouse.introspection'
const byResolver = new WeakMap<object, Tie>()

/**
 * Has schemas that are made from this one keep its setting, as when `mapSchema` is applied to it. Changes the schema.
 *
 * Does not hold for what shares no extensions, fields or resolvers of the query type with it.
 */
export function tieIntrospection(schema: GraphQLSchema, tie: Tie): void {
  schema.extensions = { ...schema.extensions, [TIE]: tie }
  for (const field of queryFields(schema)) {
    field.extensions = { ...field.extensions, [TIE]: tie }
    if (field.resolve !== undefined) byResolver.set(field.resolve, tie)
  }
}

/** The setting that a schema has from the one that it was made from; `null` for any other. */
export function derivedIntrospection(schema: GraphQLSchema): DerivedIntrospection | null {
  let known = derived.get(schema)
  if (known === undefined) {
    known = tieOf(schema)?.(schema) ?? null
    derived.set(schema, known)
  }
  return known
}

function tieOf(schema: GraphQLSchema): Tie | undefined {
  const fields = queryFields(schema)
  const kept = [schema, ...fields].map(({ extensions }) => extensions?.[TIE] as Tie | undefined)
  return [...kept, ...fields.map(({ resolve }) => (resolve === undefined ? undefined : byResolver.get(resolve)))].find((tie) => tie !== undefined)
}

const derived = new WeakMap<GraphQLSchema, DerivedIntrospection | null>()

function queryFields(schema: GraphQLSchema): ReadonlyArray<GraphQLField<unknown, unknown>> {
  return Object.values(schema.getQueryType()?.getFields() ?? {})
}
