import type { GraphQLSchema } from 'graphql'
import type { Requirement } from '../../core/rules/requirement.js'
import { isServiceField } from '../federation.js'
import type { RequirementTable } from '../requirement-table.js'

/** What the parts of a schema demand of whoever names them in an operation. An empty list demands nothing. */
export interface Demands {
  /** Of a field of an object type. */
  field(typeName: string, fieldName: string): readonly Requirement[]
  argument(typeName: string, fieldName: string, argumentName: string): readonly Requirement[]
  /** Of a field of an input object type, or a value of an enum. */
  inputMember(typeName: string, memberName: string): readonly Requirement[]
  /** Every requirement once. */
  readonly distinct: readonly Requirement[]
}

/** Reads what a table holds. The field that hands out the whole schema as a text demands whatever any part of it does. */
export function demandsOf(schema: GraphQLSchema, table: RequirementTable): Demands {
  const distinct = [...new Set(table.rules.flatMap(({ requirements }) => requirements))]
  const service = serviceCoordinate(schema)
  return {
    field: (typeName, fieldName) => (`${typeName}.${fieldName}` === service ? distinct : (table.ruleOf(typeName, fieldName)?.requirements ?? NOTHING)),
    argument: (typeName, fieldName, argumentName) => table.argumentRuleOf(typeName, fieldName, argumentName)?.requirements ?? NOTHING,
    inputMember: (typeName, memberName) => table.inputRuleOf(typeName, memberName)?.requirements ?? NOTHING,
    distinct,
  }
}

/** What either demands of a coordinate. */
export function bothDemands(one: Demands, other: Demands): Demands {
  return {
    field: (...coordinate) => [...one.field(...coordinate), ...other.field(...coordinate)],
    argument: (...coordinate) => [...one.argument(...coordinate), ...other.argument(...coordinate)],
    inputMember: (...coordinate) => [...one.inputMember(...coordinate), ...other.inputMember(...coordinate)],
    distinct: [...new Set([...one.distinct, ...other.distinct])],
  }
}

/** The coordinate of federation's `_service`, or `null` where the schema is no subgraph. */
export function serviceCoordinate(schema: GraphQLSchema): string | null {
  const query = schema.getQueryType()
  const field = query?.getFields()._service
  return query !== undefined && query !== null && field !== undefined && isServiceField(field) ? `${query.name}._service` : null
}

const NOTHING: readonly Requirement[] = Object.freeze([])
