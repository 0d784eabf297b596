import type { Sent } from './http-client.js'
import { METADATA } from './shop.js'

/** The challenge of the shop, with what it says between realm and metadata. */
export const challenge = (parameters = ''): string => `Bearer realm="shop"${parameters}, resource_metadata="${METADATA}"`

/** A request that every server refuses alike. */
export interface Refused {
  readonly name: string
  readonly query: string
  readonly token?: string
  readonly sent?: Sent
  readonly status: number
  /** `null` when there must be none. */
  readonly challenge: string | null
  readonly code: string
  /** One for each error. */
  readonly reasons: readonly string[]
  readonly coordinates?: readonly (string | undefined)[]
}

const MALFORMED = { query: '{ open }', status: 400, challenge: challenge(', error="invalid_request"'), code: 'BAD_CREDENTIALS', reasons: ['MALFORMED_TOKEN'] }
const INVALID = { status: 401, challenge: challenge(', error="invalid_token"'), code: 'UNAUTHENTICATED' }
const MISSING = { status: 401, challenge: challenge(), code: 'UNAUTHENTICATED' }
const FORBIDDEN = { status: 403, code: 'FORBIDDEN' }
const authorization = (...values: string[]): Sent => ({ headers: { authorization: values } })

/** Every way of being refused. */
export const refused: readonly Refused[] = [
  { name: 'nobody, where somebody is needed', query: '{ me }', ...MISSING, reasons: ['MISSING_TOKEN'], coordinates: ['Query.me'] },
  {
    name: 'nobody, with one error for each refused field',
    query: '{ open me orders { id } report }',
    ...MISSING,
    reasons: ['MISSING_TOKEN', 'MISSING_TOKEN', 'MISSING_TOKEN'],
    coordinates: ['Query.me', 'Query.orders', 'Query.report'],
  },
  { name: 'nobody, asking for the schema', query: '{ __schema { queryType { name } } }', ...MISSING, reasons: ['MISSING_TOKEN'] },
  { name: 'nobody, asking for a type', query: '{ open __type(name: "Order") { name } }', ...MISSING, reasons: ['MISSING_TOKEN'] },
  {
    name: 'nobody, below a public field',
    query: '{ anything { id ... on Order { margin } } }',
    ...MISSING,
    reasons: ['MISSING_TOKEN'],
    coordinates: ['Order.margin'],
  },
  { name: 'nobody, with a mutation', query: 'mutation { touch }', ...MISSING, reasons: ['MISSING_TOKEN'] },
  { name: 'a scheme without token', sent: authorization('Bearer'), ...MALFORMED },
  { name: 'a token with a blank', sent: authorization('Bearer a b'), ...MALFORMED },
  { name: 'a token outside the grammar', sent: authorization('Bearer a"b'), ...MALFORMED },
  { name: 'two tokens in one header', sent: authorization('Bearer reader, Bearer clerk'), ...MALFORMED },
  { name: 'two headers', sent: authorization('Bearer reader', 'Bearer clerk'), ...MALFORMED },
  { name: 'the same header twice', sent: authorization('Bearer reader', 'Bearer reader'), ...MALFORMED },
  { name: 'a foreign scheme', sent: authorization('Basic dTpw'), ...MALFORMED },
  { name: 'an empty header', sent: authorization(''), ...MALFORMED },
  { name: 'a token in the URL', sent: { search: '?access_token=clerk' }, ...MALFORMED },
  { name: 'a token in the URL beside a good one', token: 'clerk', sent: { search: '?access_token=clerk' }, ...MALFORMED },
  { name: 'an unknown token', query: '{ me }', token: 'stranger', ...INVALID, reasons: ['INVALID_TOKEN'] },
  { name: 'an unknown token, on a public field', query: '{ open }', token: 'stranger', ...INVALID, reasons: ['INVALID_TOKEN'] },
  { name: 'an unknown token, once and not for each field', query: '{ me report orders { id } }', token: 'stranger', ...INVALID, reasons: ['INVALID_TOKEN'] },
  { name: 'an unknown token, asking for nothing but a type name', query: '{ __typename }', token: 'stranger', ...INVALID, reasons: ['INVALID_TOKEN'] },
  { name: 'an expired token', query: '{ me }', token: 'old', ...INVALID, reasons: ['TOKEN_EXPIRED'] },
  { name: 'a token that expires this second', query: '{ me }', token: 'late', ...INVALID, reasons: ['TOKEN_EXPIRED'] },
  { name: 'a revoked token', query: '{ me }', token: 'gone', ...INVALID, reasons: ['TOKEN_REVOKED'] },
  {
    name: 'a missing scope, asking for the nearest alternative',
    query: '{ orders { id } }',
    token: 'strong',
    ...FORBIDDEN,
    challenge: challenge(', error="insufficient_scope", scope="orders:read"'),
    reasons: ['INSUFFICIENT_SCOPE'],
    coordinates: ['Query.orders'],
  },
  {
    name: 'missing scopes of two fields, asking for both',
    query: '{ me orders { id } drafts { id } }',
    token: 'strong',
    ...FORBIDDEN,
    challenge: challenge(', error="insufficient_scope", scope="orders:read orders:write"'),
    reasons: ['INSUFFICIENT_SCOPE', 'INSUFFICIENT_SCOPE'],
    coordinates: ['Query.orders', 'Query.drafts'],
  },
  {
    name: 'a missing permission',
    query: '{ report }',
    token: 'reader',
    ...FORBIDDEN,
    challenge: challenge(', error="insufficient_scope"'),
    reasons: ['INSUFFICIENT_PERMISSION'],
    coordinates: ['Query.report'],
  },
  {
    name: 'a missing permission, on a mutation',
    query: 'mutation { touch cancelOrder(id: 1) }',
    token: 'reader',
    ...FORBIDDEN,
    challenge: challenge(', error="insufficient_scope"'),
    reasons: ['INSUFFICIENT_PERMISSION'],
    coordinates: ['Mutation.cancelOrder'],
  },
  {
    name: 'a login that is too weak and too old',
    query: '{ vault }',
    token: 'weak',
    status: 401,
    challenge: challenge(', error="insufficient_user_authentication", acr_values="urn:example:mfa", max_age="300"'),
    code: 'UNAUTHENTICATED',
    reasons: ['INSUFFICIENT_AUTHENTICATION'],
    coordinates: ['Query.vault'],
  },
  {
    name: 'a provider out of reach',
    query: '{ open }',
    token: 'busy',
    status: 503,
    challenge: null,
    code: 'SERVICE_UNAVAILABLE',
    reasons: ['BACKEND_UNAVAILABLE'],
  },
  {
    name: 'a provider that throws',
    query: '{ me }',
    token: 'broken',
    status: 503,
    challenge: null,
    code: 'SERVICE_UNAVAILABLE',
    reasons: ['BACKEND_UNAVAILABLE'],
  },
]

/** What a foreign page can make a browser send without asking first, cookie included. */
export const simpleRequests: ReadonlyArray<readonly [name: string, sent: Sent]> = [
  ['JSON as plain text', { type: 'text/plain', body: '{"query":"mutation { touch }"}' }],
  ['JSON without a type', { type: null, body: '{"query":"mutation { touch }"}' }],
  ['a form', { type: 'application/x-www-form-urlencoded', body: new URLSearchParams({ query: 'mutation { touch }' }).toString() }],
  [
    'a multipart form',
    {
      type: 'multipart/form-data; boundary=x',
      body: '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"mutation { touch }"}\r\n--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
    },
  ],
  ['a mutation by GET', { method: 'GET', search: `?query=${encodeURIComponent('mutation { touch }')}` }],
  ['a query by GET', { method: 'GET', search: `?query=${encodeURIComponent('{ me }')}` }],
]

/** Strings that break headers, logs or pages which take them as they are. All of them are octets that a header can carry. */
export const hostileStrings: readonly string[] = [
  '"',
  '\\',
  '\\\\"',
  '", error="none',
  "' OR 1=1 -- 1",
  '"><script>alert(123)</script>',
  '<a href="javascript\\x00:javascript:alert(1)">test</a>',
  '%0d%0aSet-Cookie:%20a=b',
  '%n%s%p',
  '$HOME',
  '`id`',
  '{{ 7*7 }}',
  '\u00a1\u00a2\u00ff',
  'a\tb',
  '__proto__',
  'constructor',
  'toString',
  'undefined',
  'NaN',
  '../../../../etc/passwd',
  '$' + '{jndi:ldap://127.0.0.1/a}',
  'x'.repeat(9000),
]
