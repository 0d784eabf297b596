import type { Refusal } from '../refusal.js'

/** What a transport found: a scheme, a token and where it stood. Never logged, never in a message; `token` does not enumerate. */
export interface Credentials {
  /** Lower-case authentication scheme: `bearer`. */
  readonly scheme: string
  readonly token: string
  readonly source: CredentialsSource
  /** The request or handshake that they came by, for backends that need more of it than the token. Does not enumerate. */
  readonly carrier: Carrier
}

/** Where credentials were found. */
export type CredentialsSource = 'header' | 'cookie' | 'params' | 'session'

/** What a transport can show of a caller, before anything is verified. */
export interface Carrier {
  /** Names the transport in the audit log. Nothing is decided by it. */
  readonly transport: string
  /** Every value of a header, as often as it was sent; an empty list when it was not. */
  header(name: string): readonly string[]
  /** `connectionParams` of graphql-ws, or `handshake.auth` of Socket.IO; `undefined` on HTTP. */
  readonly params?: unknown
  /** The request's URL, absolute or from the path on, or `undefined` when there is none. A token in it is refused (RFC 9700 §4.3.2). */
  readonly url?: string | undefined
  /** The request's method, for proofs that name it (RFC 9449 §4.2). `GET` for a websocket handshake. */
  readonly method?: string | undefined
  /** The DER bytes of the client's TLS certificate (RFC 8705), or `null` when the connection has none. Never taken from a header. */
  readonly certificate?: (() => Uint8Array | null) | undefined
  /** The `session` that express-session put on the request. */
  readonly session?: unknown
}

/** How credentials are looked for. */
export interface CredentialsRules {
  /** Schemes that a header or parameter may name, lower-case. */
  readonly schemes: readonly string[]
  /** Characters that a token may have. */
  readonly maxTokenLength: number
  /** The cookie that may carry a token, and the origins from which a browser may send it. */
  readonly cookie: { readonly name: string; readonly allowedOrigins: readonly string[] } | null
  /** The member of an express-session that holds the login, and the origins from which a browser may use it. */
  readonly session: { readonly member: string; readonly allowedOrigins: readonly string[] } | null
}

/** Credentials, none, or why what was sent cannot be used. */
export type Extraction = { readonly credentials: Credentials | null; readonly refusal: null } | { readonly credentials: null; readonly refusal: Refusal }

/**
 * Finds the one token that a caller presents, and checks how it is spelled.
 *
 * Does not verify the token.
 */
export function extractCredentials(carrier: Carrier, rules: CredentialsRules): Extraction {
  const located = locateCredentials(carrier, rules)
  const refusal = located.credentials === null ? null : checkSpelling(located.credentials, rules)
  return refusal === null ? located : { credentials: null, refusal }
}

/**
 * Finds the one token that a caller presents: in the `Authorization` header, in the connection parameters, in the cookie, or as a
 * logged-in session. Cheap, since every request passes here: what the token is made of is {@link checkSpelling}'s part.
 *
 * Refused as malformed (RFC 6750 §3.1 `invalid_request`): two tokens, wherever they stand; a foreign scheme; a token in the URL.
 */
export function locateCredentials(carrier: Carrier, rules: CredentialsRules): Extraction {
  if (carrier.url !== undefined && hasTokenInQuery(carrier.url)) return malformed('token in the URL')
  const found: Credentials[] = []
  if (!collectHeader(carrier, found)) return malformed('malformed Authorization header')
  if (!collectParams(carrier, found)) return malformed('malformed connection parameters')
  collectCookie(carrier, rules, found)
  collectSession(carrier, rules, found)
  if (found.length > 1) return malformed('more than one token')
  const only = found[0]
  if (only === undefined) return NONE
  // A session is found on the request and nowhere else: its id in a header would make a cookie's secret a token.
  if (only.source !== 'session' && !rules.schemes.includes(only.scheme)) return malformed('scheme not accepted')
  return { credentials: only, refusal: null }
}

/**
 * Checks a token's text before anything is verified or remembered of it. Refused as malformed: anything outside the b64token
 * grammar (RFC 6750 §2.1). Refused as invalid: a token over the size cap, and one whose base64url is not the canonical spelling of
 * its bytes (RFC 7515 §2), since that would give one token several texts.
 */
export function checkSpelling(credentials: Credentials, rules: CredentialsRules): Refusal | null {
  const { token, source } = credentials
  if (source === 'session') return null
  if (token.length > rules.maxTokenLength) return { reason: 'INVALID_TOKEN', detail: 'token too long' }
  // What is spelled canonically is a b64token.
  if (looksSigned(token) && isCanonicalToken(credentials)) return null
  if (!B64TOKEN.test(token)) return { reason: 'MALFORMED_TOKEN', detail: 'not a b64token' }
  return looksSigned(token) ? { reason: 'INVALID_TOKEN', detail: 'base64url not canonical' } : null
}

/**
 * Whether a token that looks like a JWS or JWE spells every segment the canonical way; an opaque token is taken as it is. Found out
 * once for the same credentials, however many ask.
 */
export function isCanonicalToken(credentials: Credentials): boolean {
  return credentials instanceof FoundCredentials ? credentials.isCanonical() : hasCanonicalSegments(credentials.token)
}

/** Builds credentials whose token and carrier do not show in logs, JSON or object spreads. */
export function createCredentials(scheme: string, token: string, source: CredentialsSource, carrier: Carrier): Credentials {
  return new FoundCredentials(scheme, token, source, carrier)
}

class FoundCredentials implements Credentials {
  readonly scheme: string
  readonly source: CredentialsSource
  readonly #token: string
  readonly #carrier: Carrier
  #canonical: boolean | null = null

  constructor(scheme: string, token: string, source: CredentialsSource, carrier: Carrier) {
    this.scheme = scheme
    this.source = source
    this.#token = token
    this.#carrier = carrier
  }

  get token(): string {
    return this.#token
  }

  get carrier(): Carrier {
    return this.#carrier
  }

  isCanonical(): boolean {
    this.#canonical ??= hasCanonicalSegments(this.#token)
    return this.#canonical
  }
}

const NONE: Extraction = Object.freeze({ credentials: null, refusal: null })
/** RFC 6750 §2.1. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
/** RFC 9110 §11.1 auth-scheme. */
const SCHEME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const SPACE = 0x20
const PARAM_NAMES = ['authorization', 'Authorization', 'token', 'access_token'] as const

function malformed(detail: string): Extraction {
  return { credentials: null, refusal: { reason: 'MALFORMED_TOKEN', detail } }
}

function hasTokenInQuery(url: string): boolean {
  const query = url.indexOf('?')
  return query !== -1 && new URLSearchParams(url.slice(query + 1)).has('access_token')
}

function collectHeader(carrier: Carrier, found: Credentials[]): boolean {
  return carrier.header('authorization').every((value) => collectAuthorization(value, 'header', carrier, found))
}

/** RFC 9110 §11.4: scheme, spaces, then one token68. Space around a header's value is taken off by whoever parsed the header. */
function collectAuthorization(value: string, source: CredentialsSource, carrier: Carrier, found: Credentials[]): boolean {
  const space = value.indexOf(' ')
  const scheme = value.slice(0, space)
  if (space === -1 || !SCHEME.test(scheme)) return false
  let start = space + 1
  while (value.charCodeAt(start) === SPACE) start += 1
  found.push(new FoundCredentials(scheme.toLowerCase(), value.slice(start), source, carrier))
  return true
}

/** Reads own members only, so that nothing on a prototype can be taken for a token. Empty strings count as absent: clients without a login send them. */
function collectParams(carrier: Carrier, found: Credentials[]): boolean {
  const { params } = carrier
  if (params === undefined || params === null) return true
  if (typeof params !== 'object' || Array.isArray(params)) return false
  if (!PARAM_NAMES.every((name) => collectParam(params, name, carrier, found))) return false
  const headers = own(params, 'headers')
  if (typeof headers !== 'object' || headers === null) return true
  return collectParam(headers, 'authorization', carrier, found) && collectParam(headers, 'Authorization', carrier, found)
}

function collectParam(params: object, name: string, carrier: Carrier, found: Credentials[]): boolean {
  const value = own(params, name)
  if (value === undefined || value === null || value === '') return true
  if (typeof value !== 'string') return false
  if (value.includes(' ')) return collectAuthorization(value, 'params', carrier, found)
  found.push(new FoundCredentials('bearer', value, 'params', carrier))
  return true
}

function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined
}

/** A cookie that comes from an origin which is not on the list does not count: it is the browser's doing, not the caller's (CSRF, RFC 6455 §10.2). */
function collectCookie(carrier: Carrier, { cookie }: CredentialsRules, found: Credentials[]): void {
  if (cookie === null || !isAllowedOrigin(carrier, cookie.allowedOrigins)) return
  for (const line of carrier.header('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals === -1 || pair.slice(0, equals).trim() !== cookie.name) continue
      const value = pair.slice(equals + 1).trim()
      if (value !== '') found.push(new FoundCredentials('bearer', value, 'cookie', carrier))
    }
  }
}

/** A session is a cookie too, and counts under the same condition. Only a session that somebody has logged in to is a credential. */
function collectSession(carrier: Carrier, { session }: CredentialsRules, found: Credentials[]): void {
  if (session === null || typeof carrier.session !== 'object' || carrier.session === null) return
  const { id } = carrier.session as { id?: unknown }
  const login = own(carrier.session, session.member) ?? null
  if (typeof id !== 'string' || login === null || !isAllowedOrigin(carrier, session.allowedOrigins)) return
  found.push(new FoundCredentials('session', id, 'session', carrier))
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

/** Whether a token looks like a JWS or JWE: `{"` is `ey` in base64url. */
function looksSigned(token: string): boolean {
  return token.startsWith('ey') && token.includes('.')
}

/** A token that looks like a JWS or JWE must spell every segment the canonical way; an opaque token is taken as it is. */
function hasCanonicalSegments(token: string): boolean {
  return !looksSigned(token) || token.split('.').every(isCanonicalBase64url)
}

/** Whether `text` is what encoding its own bytes gives back: no padding, no foreign characters, no stray trailing bits. */
export function isCanonicalBase64url(text: string): boolean {
  return text.length > SCRATCH_TEXT ? hasCanonicalEnd(text) && BASE64URL.test(text) : hasCanonicalEnd(text) && isDecodable(text)
}

/**
 * Node's decoder passes over what it does not know, so that less comes out than went in. It takes the alphabet of RFC 4648 §4 too. Decoding
 * costs less than a regular expression, and the bytes need no place of their own.
 */
function isDecodable(text: string): boolean {
  return scratch.write(text, 'base64url') === Math.floor((text.length * 3) / 4) && !text.includes('+') && !text.includes('/')
}

function hasCanonicalEnd(text: string): boolean {
  const last = text.at(-1) ?? ''
  switch (text.length % 4) {
    case 1:
      return false
    case 2:
      return FOUR_ZERO_BITS.includes(last)
    case 3:
      return TWO_ZERO_BITS.includes(last)
    default:
      return true
  }
}

/** RFC 4648 §5. */
const BASE64URL = /^[\w-]*$/
/** Characters whose last bits are zero, as the bits that no byte uses must be (RFC 4648 §3.5). */
const FOUR_ZERO_BITS = 'AQgw'
const TWO_ZERO_BITS = 'AEIMQUYcgkosw048'
/** Characters that the scratch buffer holds the bytes of. */
const SCRATCH_TEXT = 8_192
const scratch = Buffer.alloc((SCRATCH_TEXT * 3) / 4)
