import { getDirectiveExtensions } from '@graphql-tools/utils'
import type { GraphQLArgument, GraphQLEnumValue, GraphQLField, GraphQLInputField, GraphQLNamedType } from 'graphql'
import { ConfigurationError } from '../core/configuration-error.js'
import { AUTHENTICATED, normalizeNames, permissionRequirement, type Requirement, scopeRequirement, stepUpRequirement } from '../core/requirement.js'

/**
 * Definitions of the directives that a schema can state its requirements with, spelled as Apollo Federation spells them: the outer
 * list holds alternatives, each inner list is needed in full. `@policy` names permissions.
 */
export const authTypeDefs = /* GraphQL */ `
  "The caller must be authenticated."
  directive @authenticated on OBJECT | INTERFACE | FIELD_DEFINITION
  "The caller's token must carry all scopes of one of the lists."
  directive @requiresScopes(scopes: [[String!]!]!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION
  "The caller must hold all permissions of one of the lists."
  directive @policy(policies: [[String!]!]!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION
  "Lifts the requirement of the field's own type, and the default for root fields."
  directive @public on OBJECT | FIELD_DEFINITION
` as const

/** Whatever directives and extensions can stand on. */
export type Definition = GraphQLNamedType | GraphQLField<unknown, unknown> | GraphQLArgument | GraphQLInputField | GraphQLEnumValue

/** What one definition, a type or a field, states about itself. */
export interface Statement {
  readonly requirements: readonly Requirement[]
  readonly isPublic: boolean
}

/**
 * Reads what a type or field states by directives (in the SDL, or under `extensions.directives`) and under `extensions.auth`.
 *
 * @throws {ConfigurationError} naming the coordinate when a list is empty or malformed: it never means "everybody".
 */
export function readStatement(coordinate: string, definition: Definition): Statement {
  const requirements: Requirement[] = []
  let isPublic = false
  for (const [name, uses] of Object.entries(getDirectiveExtensions(definition))) {
    const read = DIRECTIVES[name]
    if (read === undefined) continue
    for (const args of uses ?? []) requirements.push(...read(`${coordinate} @${name}`, args))
    if (name === 'public') isPublic = true
  }
  const { auth } = definition.extensions as { auth?: unknown }
  if (auth !== undefined) {
    const stated = readExtension(`${coordinate} extensions.auth`, auth)
    requirements.push(...stated.requirements)
    isPublic ||= stated.isPublic
  }
  return { requirements, isPublic }
}

type DirectiveReader = (option: string, args: Record<string, unknown>) => readonly Requirement[]

const DIRECTIVES: Readonly<Record<string, DirectiveReader>> = Object.assign(Object.create(null), {
  authenticated: () => [AUTHENTICATED],
  requiresScopes: (option, args) => [scopeRequirement({ anyOf: normalizeNames(option, { anyOf: args.scopes }) })],
  policy: (option, args) => [permissionRequirement({ anyOf: normalizeNames(option, { anyOf: args.policies }) })],
  public: () => [],
} satisfies Record<string, DirectiveReader>)

const EXTENSION_EXAMPLE = "{ scopes: 'orders:read' }, { permissions: 'order.cancel', object }, { authenticated: true } or { public: true }"

/** `extensions.auth`: one statement, or a list of which all are needed. */
function readExtension(option: string, value: unknown): Statement {
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw new ConfigurationError(option, 'at least one requirement', EXTENSION_EXAMPLE)
  const statements = list.map((item) => readExtensionItem(option, item))
  return { requirements: statements.flatMap(({ requirements }) => requirements), isPublic: statements.some(({ isPublic }) => isPublic) }
}

const EXTENSION_MEMBERS = new Set(['scopes', 'permissions', 'object', 'acr', 'maxAge', 'authenticated', 'public'])

function readExtensionItem(option: string, item: unknown): Statement {
  const fail = (): never => {
    throw new ConfigurationError(option, 'a requirement', EXTENSION_EXAMPLE)
  }
  if (typeof item !== 'object' || item === null) return fail()
  const { scopes, permissions, object, acr, maxAge, authenticated, public: open } = item as Record<string, never>
  // A member that is there and undefined is a mistyped constant: to pass over it would ask less than what was meant.
  if (Object.keys(item).length === 0 || !Object.entries(item).every(([key, value]) => EXTENSION_MEMBERS.has(key) && value !== undefined)) return fail()
  if ((authenticated !== undefined && authenticated !== true) || (open !== undefined && open !== true)) return fail()
  const stepUp = { ...(acr === undefined ? {} : { acr }), ...(maxAge === undefined ? {} : { maxAge }) }
  const requirements: Requirement[] = []
  if (scopes !== undefined) requirements.push(scopeRequirement(scopes, stepUp))
  else if (acr !== undefined || maxAge !== undefined) requirements.push(stepUpRequirement(stepUp))
  if (permissions !== undefined) requirements.push(permissionRequirement(permissions, object))
  else if (object !== undefined) return fail()
  if (authenticated === true) requirements.push(AUTHENTICATED)
  return { requirements, isPublic: open === true }
}
