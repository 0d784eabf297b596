import {
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
} from 'graphql'
import { AUTHENTICATED, type Requirement } from '../core/requirement.js'
import { type Declaration, declaredResolver } from '../decorators/declaration.js'
import { readStatement, type Statement } from './directives.js'
import { refuseMisplaced } from './misplaced.js'

/** What one field of one object type demands, all sources together. An empty list demands nothing. */
export interface CoordinateRule {
  /** `Type.field`. */
  readonly coordinate: string
  /** All of them are needed. Equal requirements of the schema are one object. */
  readonly requirements: readonly Requirement[]
}

/** What a schema demands, compiled once: frozen, and complete for every field of every object type. */
export interface RequirementTable {
  /** The rule of a field, or `undefined` when the type is no object type or has no such field. */
  ruleOf(typeName: string, fieldName: string): CoordinateRule | undefined
  /** What selecting `__schema` or `__type` demands. */
  readonly introspection: readonly Requirement[]
  /** Every coordinate in the schema's order, for printing and comparing. */
  readonly rules: readonly CoordinateRule[]
}

/** What the table takes from the settings. */
export interface TableDefaults {
  readonly access: 'private' | 'public'
  readonly introspection: 'private' | 'public'
}

/**
 * Compiles the requirements of a schema: of the field, of its type, of every interface that the type implements, and the default
 * for root fields. All that apply are needed. `@public` on a field lifts the requirement of the very type it is written on and the
 * default for root fields; on a root type it lifts the default for its members; nothing lifts what an interface or another type demands.
 *
 * @throws {ConfigurationError} naming the coordinate whose statement is malformed, or stands where nothing enforces it.
 */
export function compileRequirements(schema: GraphQLSchema, defaults: TableDefaults): RequirementTable {
  refuseMisplaced(schema)
  const statements = new Map<object, Statement>()
  const statementOf = (coordinate: string, definition: GraphQLNamedType | Field): Statement => {
    let statement = statements.get(definition)
    if (statement === undefined) {
      statement = readStatement(coordinate, definition)
      statements.set(definition, statement)
    }
    return statement
  }
  const intern = createInterner()
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])

  const requirementsOf = (type: GraphQLObjectType, field: Field): Requirement[] => {
    const onField = statementOf(`${type.name}.${field.name}`, field)
    const onType = statementOf(type.name, type)
    const declared = declarationOf(field)
    const isPublic = onField.isPublic || declared.isPublic
    return [
      ...(roots.has(type) && defaults.access === 'private' && !isPublic && !onType.isPublic ? [AUTHENTICATED] : []),
      ...type.getInterfaces().flatMap((parent) => inherited(parent, field.name)),
      ...(isPublic ? [] : [...onType.requirements, ...declared.fromClass]),
      ...onField.requirements,
      ...declared.own,
    ]
  }
  const inherited = (parent: GraphQLInterfaceType, fieldName: string): readonly Requirement[] => {
    const field = parent.getFields()[fieldName]
    const onType = statementOf(parent.name, parent).requirements
    if (field === undefined) return onType
    const onField = statementOf(`${parent.name}.${fieldName}`, field)
    // An interface's resolver is never run by graphql-js; what is declared on it holds all the same.
    const declared = declarationOf(field)
    const isPublic = onField.isPublic || declared.isPublic
    return [...(isPublic ? [] : [...onType, ...declared.fromClass]), ...onField.requirements, ...declared.own]
  }

  const types = new Map<string, Map<string, CoordinateRule>>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    if (isInterfaceType(type)) for (const field of Object.values(type.getFields())) statementOf(`${type.name}.${field.name}`, field)
    if (!isObjectType(type)) continue
    const rules = new Map<string, CoordinateRule>()
    for (const field of Object.values(type.getFields())) {
      rules.set(field.name, Object.freeze({ coordinate: `${type.name}.${field.name}`, requirements: simplify(requirementsOf(type, field).map(intern)) }))
    }
    types.set(type.name, rules)
  }
  return Object.freeze({
    ruleOf: (typeName: string, fieldName: string) => types.get(typeName)?.get(fieldName),
    introspection: Object.freeze(defaults.introspection === 'private' ? [AUTHENTICATED] : []),
    rules: Object.freeze([...types.values()].flatMap((rules) => [...rules.values()])),
  })
}

type Field = GraphQLField<unknown, unknown>

/** Where a guarded field keeps what was declared on its resolvers: plugins that wrap them afterwards hide the functions, not the extensions. */
export const DECLARED = 'gatehouse.declared'

/** What field definitions and field configurations have in common here. */
export interface DeclaringField {
  readonly resolve?: unknown
  readonly subscribe?: unknown
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined
}

/** A subscription field is guarded where its stream is made; a decorator may stand on either function. */
export function declarationOf({ resolve, subscribe, extensions }: DeclaringField): Declaration {
  const kept = extensions?.[DECLARED] as Declaration | undefined
  const declarations = [declaredResolver(resolve)?.declaration, declaredResolver(subscribe)?.declaration, kept].filter((found) => found !== undefined)
  return {
    own: [...new Set(declarations.flatMap(({ own }) => own))],
    fromClass: [...new Set(declarations.flatMap(({ fromClass }) => fromClass))],
    isPublic: declarations.some(({ isPublic }) => isPublic),
  }
}

/** Every requirement needs an authenticated caller anyway: beside another, that one says nothing. */
function simplify(requirements: readonly Requirement[]): readonly Requirement[] {
  const distinct = [...new Set(requirements)]
  return Object.freeze(distinct.length > 1 ? distinct.filter((requirement) => requirement !== AUTHENTICATED) : distinct)
}

/** Gives requirements that say the same one identity, so that a document's distinct requirements can be told by `===`. */
function createInterner(): (requirement: Requirement) => Requirement {
  const known = new Map<string, Requirement>()
  const functions = new Map<unknown, number>()
  return (requirement) => {
    const { scopes, permissions, acr, maxAge, object } = requirement
    if (object !== undefined && !functions.has(object)) functions.set(object, functions.size)
    const key = JSON.stringify([scopes, permissions, acr, maxAge, object === undefined ? null : functions.get(object)])
    const interned = known.get(key)
    if (interned !== undefined) return interned
    const fresh = Object.keys(requirement).length === 0 ? AUTHENTICATED : requirement
    known.set(key, fresh)
    return fresh
  }
}
