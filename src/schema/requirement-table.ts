import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isObjectType,
} from 'graphql'
import { AUTHENTICATED, type Requirement } from '../core/rules/requirement.js'
import { declarationOf } from './declared-field.js'
import { directivesOf, type RequirementSource, type Stated, statedBy } from './directives.js'
import { isServiceField } from './federation.js'
import { requirementsByInputType } from './inputs/reachable.js'
import { createInterner } from './interner.js'
import { refuseMisplaced } from './misplaced.js'
import { declaredOnClass, declaredOnResolver, statedByInterface } from './stated-fields.js'
import { type Field, Statements } from './statements.js'

/** What one coordinate demands, all sources together. An empty list demands nothing. */
export interface CoordinateRule {
  /** As the GraphQL specification spells it: `Type.field`, `Type.field(arg:)`, `Input.field` or `Enum.VALUE`. */
  readonly coordinate: string
  readonly kind: 'field' | 'argument' | 'input field' | 'enum value'
  /** All of them are needed. Equal requirements of the schema are one object. */
  readonly requirements: readonly Requirement[]
}

/** What a schema demands, compiled once: frozen, and complete for every coordinate that can demand something. */
export interface RequirementTable {
  /** The rule of a field, or `undefined` when the type is no object type or has no such field. */
  ruleOf(typeName: string, fieldName: string): CoordinateRule | undefined
  /** The rule of an object type's argument: asked of whoever passes it. */
  argumentRuleOf(typeName: string, fieldName: string, argumentName: string): CoordinateRule | undefined
  /** The rule of an input type's field (asked of whoever sets it), or of an enum's value (of whoever passes it, or is answered it). */
  inputRuleOf(typeName: string, memberName: string): CoordinateRule | undefined
  /** Every requirement that a value of this input type or enum can come by, once; empty where values need not be looked at. */
  reachableFrom(typeName: string): readonly Requirement[]
  /** What selecting `__schema` or `__type` demands; under filtered introspection, what is shown depends on the caller instead. */
  readonly introspection: readonly Requirement[]
  /** Where a requirement of a coordinate comes from: every place that states it. */
  sourcesOf(coordinate: string, requirement: Requirement): readonly RequirementSource[]
  /** Every coordinate in the schema's order, for printing and comparing. */
  readonly rules: readonly CoordinateRule[]
}

/** What the table takes from the settings. */
export interface TableDefaults {
  readonly access: 'private' | 'public'
  readonly introspection: 'private' | 'public' | 'filtered'
}

/**
 * Compiles the requirements of a schema: of the field, of its type, of every interface that the type implements, and the default
 * for root fields. All that apply are needed. `@public` on a field lifts the requirement of the very type it is written on and the
 * default for root fields; on a root type it lifts the default for its members; nothing lifts what an interface or another type demands.
 *
 * A requirement on an enum or scalar is one of every field that returns it, and of every argument and input field that takes it; one
 * on an input type is one of each of its fields; one on an interface's argument is one of that argument on every implementing type.
 *
 * @throws {ConfigurationError} naming the coordinate whose statement is malformed, or stands where nothing enforces it.
 */
export function compileRequirements(schema: GraphQLSchema, defaults: TableDefaults): RequirementTable {
  const names = directivesOf(schema)
  refuseMisplaced(schema, names)
  const statements = new Statements(names)
  const intern = createInterner()
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
  const introspection = Object.freeze(defaults.introspection === 'private' ? [AUTHENTICATED] : [])
  // Its SDL is the whole one: filtered introspection filters no text.
  const ofService = defaults.introspection === 'public' ? [] : [AUTHENTICATED]

  const ofField = (type: GraphQLObjectType, field: Field): readonly Stated[] => {
    const onField = statements.ofField(type, field)
    const onType = statements.ofType(type)
    const declared = declarationOf(field)
    const isPublic = onField.isPublic || declared.isPublic
    const byDefault =
      type === schema.getQueryType() && isServiceField(field)
        ? statedBy(ofService, 'introspection', 'default')
        : statedBy(defaultOf(type, isPublic || onType.isPublic), 'access', 'default')
    return [
      ...byDefault,
      ...type.getInterfaces().flatMap((parent) => statedByInterface(statements, parent, field.name)),
      ...(isPublic ? [] : [...onType.stated, ...declaredOnClass(type, field, declared)]),
      ...onField.stated,
      ...declaredOnResolver(type, field, declared),
      ...ofLeaf(field.type),
    ]
  }
  const defaultOf = (type: GraphQLObjectType, isPublic: boolean): readonly Requirement[] =>
    roots.has(type) && defaults.access === 'private' && !isPublic ? [AUTHENTICATED] : []
  const ofArgument = (type: GraphQLObjectType, field: Field, argument: GraphQLArgument): readonly Stated[] => [
    ...type.getInterfaces().flatMap((parent) => {
      const above = parent.getFields()[field.name]
      const declared = above?.args.find(({ name }) => name === argument.name)
      return above === undefined || declared === undefined ? [] : statements.ofArgument(parent, above, declared).stated
    }),
    ...statements.ofArgument(type, field, argument).stated,
    ...ofLeaf(argument.type),
  ]
  const ofLeaf = (type: GraphQLOutputType | GraphQLInputType): readonly Stated[] => {
    const named = getNamedType(type)
    return isLeafType(named) ? statements.ofType(named).stated : []
  }

  const rules = new Map<string, CoordinateRule>()
  const sources = new Map<string, readonly Stated[]>()
  const add = (coordinate: string, kind: CoordinateRule['kind'], stated: readonly Stated[]): void => {
    const interned = stated.map(({ requirement, source }) => ({ requirement: intern(requirement), source }))
    rules.set(coordinate, Object.freeze({ coordinate, kind, requirements: simplify(interned.map(({ requirement }) => requirement)) }))
    if (interned.length > 0) sources.set(coordinate, interned)
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    statements.ofType(type)
    if (isInterfaceType(type)) for (const field of Object.values(type.getFields())) statements.ofFieldAndArguments(type, field)
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        add(`${type.name}.${field.name}`, 'input field', [...statements.ofType(type).stated, ...statements.ofMember(type, field).stated, ...ofLeaf(field.type)])
      }
    }
    if (isEnumType(type)) for (const value of type.getValues()) add(`${type.name}.${value.name}`, 'enum value', statements.ofMember(type, value).stated)
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      add(`${type.name}.${field.name}`, 'field', ofField(type, field))
      for (const argument of field.args) add(`${type.name}.${field.name}(${argument.name}:)`, 'argument', ofArgument(type, field, argument))
    }
  }
  const ruleAt = (coordinate: string, ...kinds: ReadonlyArray<CoordinateRule['kind']>): CoordinateRule | undefined => {
    const rule = rules.get(coordinate)
    return rule !== undefined && kinds.includes(rule.kind) ? rule : undefined
  }
  const reachable = requirementsByInputType(schema, (typeName, memberName) => rules.get(`${typeName}.${memberName}`)?.requirements ?? [])
  return Object.freeze({
    ruleOf: (typeName: string, fieldName: string) => ruleAt(`${typeName}.${fieldName}`, 'field'),
    argumentRuleOf: (typeName: string, fieldName: string, argumentName: string) => ruleAt(`${typeName}.${fieldName}(${argumentName}:)`, 'argument'),
    inputRuleOf: (typeName: string, memberName: string) => ruleAt(`${typeName}.${memberName}`, 'input field', 'enum value'),
    reachableFrom: (typeName: string) => reachable.get(typeName) ?? NOTHING,
    introspection,
    sourcesOf: (coordinate: string, requirement: Requirement) =>
      (sources.get(coordinate) ?? []).filter((stated) => stated.requirement === requirement).map(({ source }) => source),
    rules: Object.freeze([...rules.values()]),
  })
}

const NOTHING: readonly Requirement[] = Object.freeze([])

/** Every requirement needs an authenticated caller anyway: beside another, that one says nothing. */
function simplify(requirements: readonly Requirement[]): readonly Requirement[] {
  const distinct = [...new Set(requirements)]
  return Object.freeze(distinct.length > 1 ? distinct.filter((requirement) => requirement !== AUTHENTICATED) : distinct)
}
