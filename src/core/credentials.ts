import type { Refusal } from './refusal.js'

/** What a transport found: a scheme, a token and where it stood. Never logged, never in a message; `token` does not enumerate. */
export interface Credentials {
  /** Lower-case authentication scheme: `bearer`. */
  readonly scheme: string
  readonly token: string
  readonly source: CredentialsSource
}

/** Where credentials were found. */
export type CredentialsSource = 'header' | 'cookie' | 'params'

/** What a transport can show of a caller, before anything is verified. */
export interface Carrier {
  /** Names the transport in the audit log. Nothing is decided by it. */
  readonly transport: string
  /** Every value of a header, as often as it was sent; an empty list when it was not. */
  header(name: string): readonly string[]
  /** `connectionParams` of graphql-ws, or `handshake.auth` of Socket.IO; `undefined` on HTTP. */
  readonly params?: unknown
  /** Path and query of the request, or `undefined` when there is none. A token in it is refused (RFC 9700 §4.3.2). */
  readonly url?: string | undefined
}

/** How credentials are looked for. */
export interface CredentialsRules {
  /** Accepted schemes, lower-case. */
  readonly schemes: readonly string[]
  /** Characters that a token may have. */
  readonly maxTokenLength: number
  /** The cookie that may carry a token, and the origins from which a browser may send it. */
  readonly cookie: { readonly name: string; readonly allowedOrigins: readonly string[] } | null
}

/** Credentials, none, or why what was sent cannot be used. */
export type Extraction = { readonly credentials: Credentials | null; readonly refusal: null } | { readonly credentials: null; readonly refusal: Refusal }

/**
 * Finds the one token that a caller presents: in the `Authorization` header, in the connection parameters, or in the cookie.
 *
 * Refused as malformed (RFC 6750 §3.1 `invalid_request`): two tokens, wherever they stand; a foreign scheme; anything outside the
 * b64token grammar; a token in the URL. Refused as invalid: a token over the size cap, and one whose base64url is not the
 * canonical spelling of its bytes (RFC 7515 §2), since that would give one token several texts.
 *
 * Does not verify the token.
 */
export function extractCredentials(carrier: Carrier, rules: CredentialsRules): Extraction {
  if (carrier.url !== undefined && hasTokenInQuery(carrier.url)) return malformed('token in the URL')
  const found: Found[] = []
  if (!collectHeader(carrier.header('authorization'), found)) return malformed('malformed Authorization header')
  if (!collectParams(carrier.params, found)) return malformed('malformed connection parameters')
  collectCookie(carrier, rules, found)
  if (found.length > 1) return malformed('more than one token')
  const only = found[0]
  if (only === undefined) return NONE
  if (!rules.schemes.includes(only.scheme)) return malformed('scheme not accepted')
  if (only.token.length > rules.maxTokenLength) return invalid('token too long')
  if (!B64TOKEN.test(only.token)) return malformed('not a b64token')
  if (!hasCanonicalSegments(only.token)) return invalid('base64url not canonical')
  return { credentials: createCredentials(only.scheme, only.token, only.source), refusal: null }
}

/** Builds frozen credentials whose token does not show in logs, JSON or object spreads. */
export function createCredentials(scheme: string, token: string, source: CredentialsSource): Credentials {
  return Object.freeze(
    Object.defineProperty({ scheme, source } as { scheme: string; source: CredentialsSource; token: string }, 'token', { value: token, enumerable: false }),
  )
}

interface Found {
  readonly scheme: string
  readonly token: string
  readonly source: CredentialsSource
}

const NONE: Extraction = Object.freeze({ credentials: null, refusal: null })
/** RFC 6750 §2.1. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
/** RFC 9110 §11.4: scheme, then spaces, then one token68. */
const AUTHORIZATION = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +([^\s,]+)$/
const PARAM_NAMES = ['authorization', 'Authorization', 'token', 'access_token'] as const

function malformed(detail: string): Extraction {
  return { credentials: null, refusal: { reason: 'MALFORMED_TOKEN', detail } }
}

function invalid(detail: string): Extraction {
  return { credentials: null, refusal: { reason: 'INVALID_TOKEN', detail } }
}

function hasTokenInQuery(url: string): boolean {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query + 1)).has('access_token')
}

function collectHeader(values: readonly string[], found: Found[]): boolean {
  for (const value of values) {
    const match = AUTHORIZATION.exec(value.trim())
    if (match === null) return false
    found.push({ scheme: (match[1] as string).toLowerCase(), token: match[2] as string, source: 'header' })
  }
  return true
}

/** Reads own members only, so that nothing on a prototype can be taken for a token. Empty strings count as absent: clients without a login send them. */
function collectParams(params: unknown, found: Found[]): boolean {
  if (params === undefined || params === null) return true
  if (typeof params !== 'object' || Array.isArray(params)) return false
  if (!PARAM_NAMES.every((name) => collectParam(params, name, found))) return false
  const headers = own(params, 'headers')
  if (typeof headers !== 'object' || headers === null) return true
  return collectParam(headers, 'authorization', found) && collectParam(headers, 'Authorization', found)
}

function collectParam(params: object, name: string, found: Found[]): boolean {
  const value = own(params, name)
  if (value === undefined || value === null || value === '') return true
  if (typeof value !== 'string') return false
  if (!value.includes(' ')) {
    found.push({ scheme: 'bearer', token: value, source: 'params' })
    return true
  }
  const match = AUTHORIZATION.exec(value)
  if (match === null) return false
  found.push({ scheme: (match[1] as string).toLowerCase(), token: match[2] as string, source: 'params' })
  return true
}

function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** A cookie that comes from an origin which is not on the list does not count: it is the browser's doing, not the caller's (CSRF, RFC 6455 §10.2). */
function collectCookie(carrier: Carrier, { cookie }: CredentialsRules, found: Found[]): void {
  if (cookie === null || !isAllowedOrigin(carrier, cookie.allowedOrigins)) return
  for (const line of carrier.header('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals === -1 || pair.slice(0, equals).trim() !== cookie.name) continue
      const value = pair.slice(equals + 1).trim()
      if (value !== '') found.push({ scheme: 'bearer', token: value, source: 'cookie' })
    }
  }
}

function isAllowedOrigin(carrier: Carrier, allowed: readonly string[]): boolean {
  const origins = carrier.header('origin')
  if (origins.length === 0) {
    // Browsers leave Origin out of same-origin GET requests, and say so in a header that a page cannot set.
    const site = carrier.header('sec-fetch-site')
    return site.length === 1 && (site[0] === 'same-origin' || site[0] === 'none')
  }
  return origins.length === 1 && allowed.includes(origins[0] as string)
}

/** A token that looks like a JWS or JWE must spell every segment the canonical way; an opaque token is taken as it is. */
function hasCanonicalSegments(token: string): boolean {
  if (!token.startsWith('ey') || !token.includes('.')) return true
  return token.split('.').every(isCanonicalBase64url)
}

/** Whether `text` is what encoding its own bytes gives back: no padding, no foreign characters, no stray trailing bits. */
export function isCanonicalBase64url(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text
}
