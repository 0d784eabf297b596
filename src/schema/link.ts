import { getDirectiveExtensions } from '@graphql-tools/utils'
import type { GraphQLSchema } from 'graphql'
import { ConfigurationError } from '../core/configuration-error.js'

/** The directives that state requirements, by the names that this package defines them under. */
export const AUTH_DIRECTIVES = ['authenticated', 'requiresScopes', 'policy', 'public'] as const

/** One of them. */
export type AuthDirective = (typeof AUTH_DIRECTIVES)[number]

/** Which directive a name stands for in one schema. */
export type DirectiveNames = ReadonlyMap<string, AuthDirective>

/** Where Apollo publishes its specifications; the first is linked for all three directives, the others for one each. */
export const FEDERATION_SPEC = 'https://specs.apollo.dev/federation'
const LINK_SPEC = 'https://specs.apollo.dev/link'
const OWN_SPECS = ['authenticated', 'requiresScopes', 'policy'] as const
/** Says what a supergraph hides, which is not about who is asking. */
const HARMLESS_SPECS: ReadonlySet<string> = new Set(['https://specs.apollo.dev/inaccessible'])

/** One use of `@link` on the schema definition. */
export interface Link {
  /** The URL without its version. */
  readonly spec: string
  /** `[2, 6]` of `v2.6`; `null` when the URL ends without one. */
  readonly version: readonly [major: number, minor: number] | null
  /** What elements that are not imported are prefixed with; `null` when the URL names nothing. */
  readonly prefix: string | null
  readonly imports: ReadonlyArray<readonly [name: string, localName: string]>
  readonly isForSecurity: boolean
}

/**
 * Reads under which names a schema uses the directives that state requirements: their own; what `@link` imports them as from
 * Apollo's federation specification (`{ name: "@authenticated", as: "@loggedIn" }`); and with the specification's prefix
 * (`@federation__policy`, or whatever `as:` says). Reads the schema definition, its extensions, and its `extensions.directives`.
 *
 * @throws {ConfigurationError} when a link is malformed, gives one of the names another meaning, or is for security and not known.
 * @see [link v1.0](https://specs.apollo.dev/link/v1.0/)
 */
export function directiveNames(schema: GraphQLSchema): DirectiveNames {
  const names = new Map<string, AuthDirective>(AUTH_DIRECTIVES.map((name) => [name, name]))
  const links = readLinks(schema)
  for (const link of links) for (const [local, directive] of namesOf(link)) give(names, local, directive)
  // What another specification, or another directive of the same one, is imported as means what is said there.
  for (const link of links) {
    for (const [name, local] of link.imports) if (name.startsWith('@') && directiveOf(link, name.slice(1)) === null) refuseOwnName(names, local, name)
    if (link.isForSecurity && namesOf(link).length === 0 && !HARMLESS_SPECS.has(link.spec)) {
      throw new ConfigurationError('@link', 'no specification for SECURITY but those of federation 2', `url: "${FEDERATION_SPEC}/v2.6"`)
    }
  }
  return names
}

/**
 * The links of a schema, under whatever name `@link` has itself.
 *
 * @throws {ConfigurationError} when one is malformed.
 */
export function readLinks(schema: GraphQLSchema): readonly Link[] {
  const uses = Object.entries<ReadonlyArray<Record<string, unknown>> | undefined>(getDirectiveExtensions(schema))
  return uses.flatMap(([directive, all = []]) => (directive === 'link' || all.some((use) => linksItself(directive, use)) ? all.map(readLink) : []))
}

/** The name of `@link` is what the link to its own specification says (link v1.0 §7, bootstrapping). */
function linksItself(directive: string, { url, as, import: imports }: Record<string, unknown>): boolean {
  if (typeof url !== 'string' || specOf(url).spec !== LINK_SPEC) return false
  return as === directive || (Array.isArray(imports) && imports.some((item: unknown) => nameAndAlias(item)?.[1] === `@${directive}`))
}

function readLink({ url, as, import: imports, for: purpose }: Record<string, unknown>): Link {
  const list: unknown = imports ?? []
  if (typeof url !== 'string' || !(as === undefined || as === null || typeof as === 'string') || !Array.isArray(list)) throw malformed()
  const { spec, name, version } = specOf(url)
  return {
    spec,
    version,
    prefix: as ?? name,
    imports: list.map((item: unknown) => nameAndAlias(item) ?? fail()),
    isForSecurity: purpose === 'SECURITY',
  }
}

/** The last two segments of the path are the name and the version, where they look like it (link v1.0 §1.1). */
function specOf(url: string): { readonly spec: string; readonly name: string | null; readonly version: Link['version'] } {
  if (!URL.canParse(url)) return { spec: url, name: null, version: null }
  const { origin, pathname } = new URL(url)
  const segments = pathname.split('/').filter((segment) => segment !== '')
  const [, major, minor = '0'] = /^v(\d+)(?:\.(\d+))?$/.exec(segments.at(-1) ?? '') ?? []
  if (major !== undefined) segments.pop()
  const name = segments.at(-1) ?? null
  return { spec: [origin, ...segments].join('/'), name, version: major === undefined ? null : [Number(major), Number(minor)] }
}

/** Both must be directives, or neither (link v1.0 §2). */
function nameAndAlias(item: unknown): readonly [string, string] | null {
  const { name, as } = typeof item === 'string' ? { name: item, as: undefined } : ((item ?? {}) as { name?: unknown; as?: unknown })
  const alias = as ?? name
  if (typeof name !== 'string' || typeof alias !== 'string') return null
  return name.startsWith('@') === alias.startsWith('@') ? [name, alias] : null
}

function namesOf(link: Link): ReadonlyArray<readonly [string, AuthDirective]> {
  const imported = link.imports.flatMap(([name, local]): Array<[string, AuthDirective]> => {
    const directive = name.startsWith('@') ? directiveOf(link, name.slice(1)) : null
    return directive === null ? [] : [[local.slice(1), directive]]
  })
  const { spec, prefix } = link
  if (prefix === null) return imported
  if (spec === FEDERATION_SPEC) return [...imported, ...OWN_SPECS.map((name): [string, AuthDirective] => [`${prefix}__${name}`, name])]
  const own = OWN_SPECS.find((name) => spec === `https://specs.apollo.dev/${name}`)
  // The directive that a specification is called after goes by the prefix alone.
  return own === undefined ? imported : [...imported, [prefix, own], [`${prefix}__${own}`, own]]
}

function directiveOf({ spec }: Link, name: string): AuthDirective | null {
  const known = OWN_SPECS.find((own) => own === name)
  return known !== undefined && (spec === FEDERATION_SPEC || spec === `https://specs.apollo.dev/${known}`) ? known : null
}

function give(names: Map<string, AuthDirective>, local: string, directive: AuthDirective): void {
  const taken = names.get(local)
  if (taken !== undefined && taken !== directive) throw refusedName(local, `@${directive}`)
  names.set(local, directive)
}

function refuseOwnName(names: DirectiveNames, local: string, name: string): void {
  if (names.has(local.slice(1))) throw refusedName(local.slice(1), name)
}

function refusedName(local: string, name: string): ConfigurationError {
  return new ConfigurationError(`@link import of ${name}`, `another name than @${local}, which states requirements here`, `{ name: "${name}", as: "@other" }`)
}

function malformed(): ConfigurationError {
  return new ConfigurationError(
    '@link',
    'a url, and imports that are names or { name, as }',
    `@link(url: "${FEDERATION_SPEC}/v2.6", import: ["@policy", { name: "@authenticated", as: "@loggedIn" }])`,
  )
}

function fail(): never {
  throw malformed()
}
