import type { GraphQLSchema } from 'graphql'
import { type Auth, createEngine } from '../../../src/core/auth.js'
import type { TokenBackend } from '../../../src/core/backend.js'
import { InvalidTokenError } from '../../../src/core/errors.js'
import { type CommonSettings, resolveSettings } from '../../../src/core/settings.js'
import { schemaOf } from '../../schema/support.js'

/** Of which everybody may reach a part, and the clerk the rest. */
const OPEN = /* GraphQL */ `
  type Query {
    product: Product @public
    search(by: Sorting, filter: Filter, private: Boolean @requiresScopes(scopes: [["bills"]])): Product @public
    invoices: [Invoice] @requiresScopes(scopes: [["bills"]])
  }
  type Product { name: String margin: Int @requiresScopes(scopes: [["bills"]]) }
  type Invoice @requiresScopes(scopes: [["bills"]]) { total: Int }
  enum Sorting { NAME MARGIN @requiresScopes(scopes: [["bills"]]) }
  input Filter { name: String margins: Int @requiresScopes(scopes: [["bills"]]) }
`

/** The same, of which only the clerk may reach anything. */
const CLOSED = OPEN.replaceAll('@public', '@requiresScopes(scopes: [["bills"]])')

/** A schema with hidden parts, and an engine that knows a clerk, to whom nothing is hidden, and a reader. */
export interface House {
  readonly auth: Auth
  readonly schema: GraphQLSchema
}

export function openHouse(settings: CommonSettings, isOpen = true): House {
  const scopes: Readonly<Record<string, readonly string[]>> = { clerk: ['bills'], reader: ['read'] }
  const backend: TokenBackend = {
    name: 'table',
    async verify({ token }) {
      const known = Object.hasOwn(scopes, token) ? scopes[token] : undefined
      if (known === undefined) throw new InvalidTokenError()
      return { issuer: 'https://sso.example.com', subject: token, scopes: known }
    },
  }
  const silent = { debug: () => undefined, info: () => undefined, error: () => undefined }
  const auth = createEngine(resolveSettings({ audit: { logger: silent }, cacheSize: 0, ...settings }, [backend]))
  const product = { name: 'pen', margin: 3 }
  return { auth, schema: schemaOf(isOpen ? OPEN : CLOSED, { Query: { product: () => product, search: () => product, invoices: () => [{ total: 7 }] } }) }
}

/** A document that does not run, the name that its errors would give away, and what is told in any case. */
export interface Typo {
  readonly what: string
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly secret: RegExp
  readonly told: RegExp
}

export const TYPOS: readonly Typo[] = [
  { what: 'a field', query: '{ invoic }', secret: /invoices/, told: /Cannot query field/ },
  { what: 'a type', query: '{ product { ... on Invoic { total } } }', secret: /Invoice/, told: /Unknown type/ },
  { what: 'an argument', query: '{ search(privat: true) { name } }', secret: /private/, told: /Unknown argument/ },
  { what: 'an enum value', query: '{ search(by: MARGI) { name } }', secret: /MARGIN/, told: /MARGI/ },
  { what: 'an input field', query: '{ search(filter: { margin: 1 }) { name } }', secret: /margins/, told: /is not defined|Expected/ },
  {
    what: 'an input field in a variable',
    query: 'query Q($filter: Filter) { search(filter: $filter) { name } }',
    variables: { filter: { margin: 1 } },
    secret: /margins/,
    told: /\$filter/,
  },
  {
    what: 'an enum value in a variable',
    query: 'query Q($by: Sorting) { search(by: $by) { name } }',
    variables: { by: 'MARGI' },
    secret: /MARGIN/,
    told: /\$by/,
  },
]
