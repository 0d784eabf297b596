import { isUtf8 } from 'node:buffer'
import { type Credentials, isCanonicalBase64url, isCanonicalToken } from '../../core/credentials.js'
import { InvalidTokenError } from '../../core/errors.js'
import { parseUniqueJson } from './unique-json.js'

/** A JWT as it was sent. Its signature has not been looked at: nothing in it is true. */
export interface UnverifiedJwt {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Reads a JWT strictly, before any library sees it: three canonical base64url segments, in them JSON objects in UTF-8 without
 * duplicate members, and none of the header members that would have the token choose its own key or rules.
 *
 * Does not verify anything, and does not read encrypted tokens. Tokens over 256 Ki characters are refused unread, whatever the
 * settings allow.
 *
 * @throws {InvalidTokenError} when the text is anything else.
 * @see RFC 7515 §2, §4, §7.1, RFC 7519 §7.2, RFC 8725 §3.10
 */
export function readJwt(credentials: Credentials): UnverifiedJwt {
  const { token } = credentials
  const { header, claims, fault } = read(credentials)
  if (header === null || claims === null || fault !== null) throw new InvalidTokenError({ detail: fault ?? 'not a JWT' })
  return { token, header, claims }
}

/** The `iss` that a token claims for itself, or `null`. Unverified: it may choose a backend, and nothing else. */
export function unverifiedIssuer(credentials: Credentials): string | null {
  const issuer = read(credentials).claims?.iss
  return typeof issuer === 'string' ? issuer : null
}

interface Reading {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>> | null
  readonly claims: Readonly<Record<string, unknown>> | null
  /** What is wrong, in our own words. */
  readonly fault: string | null
}

const LONGEST = 262_144

/** Every backend is asked whether the token is its own, and one of them verifies it: the token is read once for all of them. */
const readings = new WeakMap<Credentials, Reading>()

function read(credentials: Credentials): Reading {
  const known = readings.get(credentials)
  if (known?.token === credentials.token) return known
  const reading = { token: credentials.token, ...parse(credentials) }
  readings.set(credentials, reading)
  return reading
}

function parse(credentials: Credentials): Omit<Reading, 'token'> {
  const { token } = credentials
  const nothing = { header: null, claims: null }
  if (token.length > LONGEST) return { ...nothing, fault: 'token too long' }
  const segments = token.split('.')
  if (segments.length !== 3) return { ...nothing, fault: 'not a signed JWT' }
  // The engine has looked at what begins as every JSON object does, and remembers it.
  const isCanonical = token.startsWith('ey') ? isCanonicalToken(credentials) : segments.every(isCanonicalBase64url)
  if (!isCanonical) return { ...nothing, fault: 'base64url not canonical' }
  const [header64 = '', claims64 = '', signature64 = ''] = segments
  const header = decode(header64)
  const claims = decode(claims64)
  if (header === null) return { header, claims, fault: 'header is not a JSON object with unique members' }
  if (claims === null) return { header, claims, fault: 'payload is not a JSON object with unique members' }
  return { header, claims, fault: signature64 === '' ? 'not signed' : headerFault(header) }
}

function decode(segment: string): Record<string, unknown> | null {
  const bytes = Buffer.from(segment, 'base64url')
  return isUtf8(bytes) ? parseUniqueJson(bytes.toString('utf8')) : null
}

/** Keys and locations that a token brings itself (RFC 8725 §3.10), extensions that must be understood, and the unencoded payload. */
const FORBIDDEN = ['jku', 'x5u', 'jwk', 'x5c', 'crit', 'b64'] as const
const KEY_ID = /^[\x20-\x7e]{1,256}$/

function headerFault(header: Readonly<Record<string, unknown>>): string | null {
  const forbidden = FORBIDDEN.find((member) => Object.hasOwn(header, member))
  if (forbidden !== undefined) return `header has ${forbidden}`
  const { kid } = header
  return kid === undefined || (typeof kid === 'string' && KEY_ID.test(kid)) ? null : 'kid is not a short printable string'
}
