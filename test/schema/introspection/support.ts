import { buildClientSchema, type ExecutionResult, GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema, validateSchema } from 'graphql'
import { type Caller, dataOf, type Protected } from '../support.js'

/** What introspection tells this caller, as SDL. */
export async function shownTo(server: Protected, caller: Caller): Promise<string> {
  return printSchema(await schemaShownTo(server, caller))
}

/** The same as a schema, which is valid. */
export async function schemaShownTo(server: Protected, caller: Caller): Promise<GraphQLSchema> {
  const result = await server.ask(getIntrospectionQuery({ specifiedByUrl: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true }), caller)
  if (result.errors !== undefined) throw result.errors[0]
  const schema = buildClientSchema(dataOf(result) as IntrospectionQuery)
  const invalid = validateSchema(new GraphQLSchema({ ...schema.toConfig(), assumeValid: false }))
  if (invalid[0] !== undefined) throw invalid[0]
  return schema
}

/** The messages of a result's errors. */
export function messages({ errors = [] }: Pick<ExecutionResult, 'errors'>): readonly string[] {
  return errors.map(({ message }) => message)
}
