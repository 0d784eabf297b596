import { getDocumentNodeFromSchema } from '@graphql-tools/utils'
import { type ConstDirectiveNode, type DefinitionNode, type FieldDefinitionNode, type GraphQLSchema, Kind, parse, print, visit } from 'graphql'
import type { AnyOf } from '../core/names.js'
import type { Requirement } from '../core/rules/requirement.js'
import { directivesOf } from './directives.js'
import { type DirectiveNames, FEDERATION_SPEC, type Link, readLinks } from './link.js'
import { printRequirement } from './print-requirements.js'
import { compileRequirements } from './requirement-table.js'

/**
 * Prints a schema as a federation 2 subgraph whose fields say, by `@authenticated`, `@requiresScopes` and `@policy`, what they demand,
 * wherever it was stated: by decorators, extensions, directives, or on another type. Give it to composition, and the router refuses
 * early what this server would refuse; this server goes on to enforce everything by itself.
 *
 * An interface's requirements are stated on the types that implement it, since federation takes none on interfaces. What a router
 * cannot decide is left out and listed in a comment on top: requirements on objects, tenants and rules, step-up, and
 * those of arguments, input fields and enum values. The default of the setting `access` is not stated, and `_entities`, `_service`
 * and the definitions of the directives are not printed, since composition adds its own.
 *
 * @throws {ConfigurationError} as `protectSchema` does for a malformed statement.
 */
export function printAuthDirectives(schema: GraphQLSchema): string {
  const names = directivesOf(schema)
  const spelling = spellingOf(readLinks(schema).find(({ spec }) => spec === FEDERATION_SPEC) ?? null)
  const table = compileRequirements(schema, { access: 'public', introspection: 'public' })
  const left: string[] = []
  const used = new Set<string>()

  const directivesAt = (typeName: string, fieldName: string): readonly ConstDirectiveNode[] => {
    const requirements = table.ruleOf(typeName, fieldName)?.requirements ?? []
    const { stated, remaining } = stateRequirements(requirements)
    for (const requirement of remaining) left.push(`${typeName}.${fieldName}: ${printRequirement(requirement)}`)
    for (const { name } of stated) used.add(name)
    return stated.map(({ name, args }) => directiveNode(`@${spelling.localName(name)}${args}`))
  }
  const document = getDocumentNodeFromSchema(schema)
  const definitions = document.definitions
    .filter((definition) => !isServersOwn(definition, names))
    .map((definition) => {
      const bare = withoutDirectives(definition, names)
      if (bare.kind !== Kind.OBJECT_TYPE_DEFINITION) return bare
      const isQuery = bare.name.value === schema.getQueryType()?.name
      const fields = (bare.fields ?? []).filter(({ name }) => !(isQuery && SERVERS_FIELDS.has(name.value)))
      return {
        ...bare,
        fields: fields.map(
          (field): FieldDefinitionNode => ({ ...field, directives: [...(field.directives ?? []), ...directivesAt(bare.name.value, field.name.value)] }),
        ),
      }
    })
  for (const { coordinate, kind, requirements } of table.rules) {
    if (kind !== 'field') for (const requirement of requirements) left.push(`${coordinate}: ${printRequirement(requirement)}`)
  }
  const comment = left.length === 0 ? [] : ['# Enforced by the subgraph alone:', ...left.map((line) => `#   ${line}`), '']
  return [
    ...comment,
    ...spelling.link([...used]),
    print({ kind: Kind.DOCUMENT, definitions: definitions.map((definition) => spelling.raise(definition)) }),
    '',
  ].join('\n')
}

/** The first version of federation 2 that has all three directives. */
const NEEDED = [2, 6] as const

/** How a schema spells the directives: by its own link to federation, or by one that is added. */
interface Spelling {
  localName(directive: string): string
  /** The lines that link what is used. */
  link(used: readonly string[]): readonly string[]
  /** The definition, with its link raised to a version that has the directives. */
  raise(definition: DefinitionNode): DefinitionNode
}

function spellingOf(own: Link | null): Spelling {
  const url = `${FEDERATION_SPEC}/v${NEEDED.join('.')}`
  if (own === null) {
    return {
      localName: (directive) => directive,
      link: (used) => (used.length === 0 ? [] : [`extend schema @link(url: "${url}", import: [${used.map((name) => `"@${name}"`).join(', ')}])`, '']),
      raise: (definition) => definition,
    }
  }
  const isRecent = own.version !== null && (own.version[0] > NEEDED[0] || (own.version[0] === NEEDED[0] && own.version[1] >= NEEDED[1]))
  return {
    localName: (directive) => own.imports.find(([name]) => name === `@${directive}`)?.[1].slice(1) ?? `${own.prefix}__${directive}`,
    link: () => [],
    raise: (definition) =>
      isRecent || (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION)
        ? definition
        : visit(definition, { StringValue: (node) => (node.value.startsWith(`${FEDERATION_SPEC}/`) ? { ...node, value: url } : undefined) }),
  }
}

interface StatedDirective {
  readonly name: 'authenticated' | 'requiresScopes' | 'policy'
  readonly args: string
}

/** What the directives can say of requirements, and those of which something remains. The directives are not repeatable in federation. */
function stateRequirements(requirements: readonly Requirement[]): { readonly stated: readonly StatedDirective[]; readonly remaining: readonly Requirement[] } {
  if (requirements.length === 0) return { stated: [], remaining: [] }
  const scopes = conjunction(requirements.flatMap((requirement) => (requirement.scopes === undefined ? [] : [requirement.scopes])))
  const policies = conjunction(
    requirements.flatMap(({ permissions, object, tenant }) => (permissions === undefined || object !== undefined || tenant !== undefined ? [] : [permissions])),
  )
  const stated: StatedDirective[] = [
    ...(scopes === null || scopes.length === 0
      ? [{ name: 'authenticated' as const, args: '' }]
      : [{ name: 'requiresScopes' as const, args: `(scopes: ${JSON.stringify(scopes)})` }]),
    ...(policies === null || policies.length === 0 ? [] : [{ name: 'policy' as const, args: `(policies: ${JSON.stringify(policies)})` }]),
  ]
  const remaining = requirements.filter(
    ({ scopes: own, permissions, object, tenant, rule, acr, maxAge }) =>
      [object, tenant, rule, acr, maxAge].some((part) => part !== undefined) ||
      (own !== undefined && scopes === null) ||
      (permissions !== undefined && policies === null),
  )
  return { stated, remaining }
}

/** More alternatives than this are not for a router to try. */
const MAX_ALTERNATIVES = 64

/** Several lists of alternatives, all of them needed, as one list; empty for none of them, and `null` when it would be too long. */
function conjunction(lists: readonly AnyOf[]): AnyOf | null {
  let all: AnyOf = []
  for (const list of new Set(lists)) {
    all = all.length === 0 ? list : all.flatMap((left) => list.map((right) => [...new Set([...left, ...right])]))
    if (all.length > MAX_ALTERNATIVES) return null
  }
  return all
}

function directiveNode(text: string): ConstDirectiveNode {
  const [definition] = parse(`type T ${text}`, { noLocation: true }).definitions
  const [directive] = definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? (definition.directives ?? []) : []
  return directive as ConstDirectiveNode
}

const SERVERS_TYPES: ReadonlySet<string> = new Set(['_Any', '_Entity', '_Service'])
const SERVERS_FIELDS: ReadonlySet<string> = new Set(['_entities', '_service'])

function isServersOwn(definition: DefinitionNode, names: DirectiveNames): boolean {
  if (definition.kind === Kind.DIRECTIVE_DEFINITION) return names.has(definition.name.value)
  return 'name' in definition && definition.name !== undefined && SERVERS_TYPES.has(definition.name.value)
}

function withoutDirectives(definition: DefinitionNode, names: DirectiveNames): DefinitionNode {
  return visit(definition, { Directive: (node) => (names.has(node.name.value) ? null : undefined) })
}
