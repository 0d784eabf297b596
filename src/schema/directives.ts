import { getDirectiveExtensions } from '@graphql-tools/utils'
import {
  type GraphQLArgument,
  type GraphQLEnumValue,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNullableType,
  isListType,
  isScalarType,
} from 'graphql'
import { ConfigurationError } from '../core/configuration-error.js'
import { normalizeNames } from '../core/names.js'
import { AUTHENTICATED, permissionRequirement, type Requirement, scopeRequirement, stepUpRequirement } from '../core/rules/requirement.js'
import { type AuthDirective, type DirectiveNames, directiveNames } from './link.js'

/**
 * Definitions of the directives that a schema can state its requirements with, spelled as Apollo Federation spells them: the outer
 * list holds alternatives, each inner list is needed in full. `@policy` names permissions.
 *
 * A schema of a federation library, which defines three of them itself, needs {@link publicTypeDefs} alone.
 */
export const authTypeDefs = /* GraphQL */ `
  "The caller must be authenticated."
  directive @authenticated on OBJECT | INTERFACE | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ENUM | ENUM_VALUE | SCALAR
  "The caller's token must carry all scopes of one of the lists."
  directive @requiresScopes(scopes: [[String!]!]!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ENUM | ENUM_VALUE | SCALAR
  "The caller must hold all permissions of one of the lists."
  directive @policy(policies: [[String!]!]!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ENUM | ENUM_VALUE | SCALAR
  "Lifts the requirement of the field's own type, and the default for root fields."
  directive @public on OBJECT | FIELD_DEFINITION
` as const

/** The definition of `@public` alone, beside a federation library's own definitions of the others. */
export const publicTypeDefs = /* GraphQL */ `
  "Lifts the requirement of the field's own type, and the default for root fields."
  directive @public on OBJECT | FIELD_DEFINITION
` as const

/** Whatever directives and extensions can stand on. */
export type Definition = GraphQLNamedType | GraphQLField<unknown, unknown> | GraphQLArgument | GraphQLInputField | GraphQLEnumValue | GraphQLSchema

/** Where a requirement comes from. */
export interface RequirementSource {
  /** What it was written on: a type, a field, an argument, an input field or an enum value; or the setting that is a default. */
  readonly at: string
  /** By what: a directive as the schema calls it (`@requiresScopes`), `extensions.auth`, `decorator`, `class decorator` or `default`. */
  readonly by: string
}

/** A requirement, and where it comes from. */
export interface Stated {
  readonly requirement: Requirement
  readonly source: RequirementSource
}

/** Requirements that come from one place. */
export function statedBy(requirements: readonly Requirement[], at: string, by: string): readonly Stated[] {
  return requirements.map((requirement) => ({ requirement, source: { at, by } }))
}

/** What one definition states about itself. */
export interface Statement {
  readonly requirements: readonly Requirement[]
  /** The same, each with its source. */
  readonly stated: readonly Stated[]
  readonly isPublic: boolean
}

/**
 * Reads what a definition states by directives (in the SDL, or under `extensions.directives`) and under `extensions.auth`.
 *
 * @throws {ConfigurationError} naming the coordinate when a list is empty or malformed, which never means "everybody", or when a
 * directive is called like one of these under a prefix that no `@link` gives.
 */
export function readStatement(coordinate: string, definition: Definition, names: DirectiveNames): Statement {
  const stated: Stated[] = []
  let isPublic = false
  for (const [name, uses] of Object.entries(getDirectiveExtensions(definition))) {
    const directive = names.get(name)
    if (directive === undefined) {
      if (LOOKS_PREFIXED.test(name)) throw notLinked(`${coordinate} @${name}`)
      continue
    }
    for (const args of uses ?? []) stated.push(...statedBy(READERS[directive](`${coordinate} @${name}`, args), coordinate, `@${name}`))
    if (directive === 'public') isPublic = true
  }
  const { auth } = definition.extensions as { auth?: unknown }
  if (auth !== undefined) {
    const extension = readExtension(`${coordinate} extensions.auth`, auth)
    stated.push(...statedBy(extension.requirements, coordinate, 'extensions.auth'))
    isPublic ||= extension.isPublic
  }
  return { requirements: stated.map(({ requirement }) => requirement), stated, isPublic }
}

/**
 * The names of a schema's directives, once their definitions were looked at.
 *
 * @throws {ConfigurationError} when the schema defines one of them with other arguments: it is then another directive, and what its
 * author means by it is not known here.
 */
export function directivesOf(schema: GraphQLSchema): DirectiveNames {
  const names = directiveNames(schema)
  for (const { name, args } of schema.getDirectives()) {
    const directive = names.get(name)
    if (directive === undefined && LOOKS_PREFIXED.test(name)) throw notLinked(`@${name}`)
    if (directive === undefined) continue
    const spelled = args.map((arg) => `${arg.name}: ${shapeOf(arg.type)}`).join(', ')
    if (spelled !== SHAPES[directive]) throw new ConfigurationError(`@${name}`, `the arguments (${SHAPES[directive]})`, `authTypeDefs, or a definition like it`)
  }
  return names
}

/** How the arguments are spelled, whatever they and their items are called and whether they may be null: a null names nothing, and is refused. */
const SHAPES: Readonly<Record<AuthDirective, string>> = {
  authenticated: '',
  requiresScopes: 'scopes: [[name]]',
  policy: 'policies: [[name]]',
  public: '',
}

function shapeOf(type: GraphQLInputType): string {
  const nullable = getNullableType(type)
  if (isListType(nullable)) return `[${shapeOf(nullable.ofType)}]`
  return isScalarType(nullable) ? 'name' : String(nullable)
}

/** What a directive of these looks like in a schema that says where it comes from. */
const LOOKS_PREFIXED = /__(authenticated|requiresScopes|policy)$/

function notLinked(option: string): ConfigurationError {
  return new ConfigurationError(option, 'a prefix that an @link on the schema gives', '@link(url: "https://specs.apollo.dev/federation/v2.6")')
}

type DirectiveReader = (option: string, args: Record<string, unknown>) => readonly Requirement[]

const READERS: Readonly<Record<AuthDirective, DirectiveReader>> = {
  authenticated: () => [AUTHENTICATED],
  requiresScopes: (option, args) => [scopeRequirement({ anyOf: normalizeNames(option, { anyOf: args.scopes }) })],
  policy: (option, args) => [permissionRequirement({ anyOf: normalizeNames(option, { anyOf: args.policies }) })],
  public: () => [],
}

const EXTENSION_EXAMPLE = "{ scopes: 'orders:read' }, { permissions: 'order.cancel', object }, { authenticated: true } or { public: true }"

type Extension = Omit<Statement, 'stated'>

/** `extensions.auth`: one statement, or a list of which all are needed. */
function readExtension(option: string, value: unknown): Extension {
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw new ConfigurationError(option, 'at least one requirement', EXTENSION_EXAMPLE)
  const statements = list.map((item) => readExtensionItem(option, item))
  return { requirements: statements.flatMap(({ requirements }) => requirements), isPublic: statements.some(({ isPublic }) => isPublic) }
}

const EXTENSION_MEMBERS = new Set(['scopes', 'permissions', 'object', 'owner', 'tenant', 'acr', 'maxAge', 'authenticated', 'public'])

function readExtensionItem(option: string, item: unknown): Extension {
  const fail = (): never => {
    throw new ConfigurationError(option, 'a requirement', EXTENSION_EXAMPLE)
  }
  if (typeof item !== 'object' || item === null) return fail()
  const { scopes, permissions, object, owner, tenant, acr, maxAge, authenticated, public: open } = item as Record<string, never>
  // A member that is there and undefined is a mistyped constant: to pass over it would ask less than what was meant.
  if (Object.keys(item).length === 0 || !Object.entries(item).every(([key, value]) => EXTENSION_MEMBERS.has(key) && value !== undefined)) return fail()
  if ((authenticated !== undefined && authenticated !== true) || (open !== undefined && open !== true)) return fail()
  const stepUp = { ...(acr === undefined ? {} : { acr }), ...(maxAge === undefined ? {} : { maxAge }) }
  const requirements: Requirement[] = []
  if (scopes !== undefined) requirements.push(scopeRequirement(scopes, stepUp))
  else if (acr !== undefined || maxAge !== undefined) requirements.push(stepUpRequirement(stepUp))
  if (permissions !== undefined) requirements.push(permissionRequirement(permissions, object, { owner, tenant }))
  else if (object !== undefined || owner !== undefined || tenant !== undefined) return fail()
  if (authenticated === true) requirements.push(AUTHENTICATED)
  return { requirements, isPublic: open === true }
}
