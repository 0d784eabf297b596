import { isUtf8 } from 'node:buffer'
import { LRUCache } from 'lru-cache'
import { type Credentials, isCanonicalBase64url, isCanonicalToken } from '../../core/caller/credentials.js'
import { InvalidTokenError } from '../../core/errors.js'
import { parseUniqueJson } from './unique-json.js'

/** A JWT as it was sent. Its signature has not been looked at: nothing in it is true. */
export interface UnverifiedJwt {
  readonly token: string
  readonly header: Readonly<Record<string, unknown>>
  /** Frozen all the way down, and without a prototype. */
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
  const { token, header, claims, fault } = read(credentials)
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

/** Every backend is asked whether the token is its own, and one of them verifies it, all in one go: the token is read once for all of them. */
let last: Reading | null = null

function read(credentials: Credentials): Reading {
  const { token } = credentials
  if (last?.token !== token) last = { token, ...parse(credentials, token) }
  return last
}

function parse(credentials: Credentials, token: string): Omit<Reading, 'token'> {
  const nothing = { header: null, claims: null }
  if (token.length > LONGEST) return { ...nothing, fault: 'token too long' }
  const segments = token.split('.')
  if (segments.length !== 3) return { ...nothing, fault: 'not a signed JWT' }
  // The engine has looked at what begins as every JSON object does, and remembers it.
  const isCanonical = token.startsWith('ey') ? isCanonicalToken(credentials) : segments.every(isCanonicalBase64url)
  if (!isCanonical) return { ...nothing, fault: 'base64url not canonical' }
  const [header64 = '', claims64 = '', signature64 = ''] = segments
  const { header, fault } = readHeader(header64)
  const claims = decode(claims64)
  if (header === null) return { header, claims, fault }
  if (claims === null) return { header, claims, fault: 'payload is not a JSON object with unique members' }
  return { header, claims, fault: signature64 === '' ? 'not signed' : fault }
}

/** What an issuer signs with one key has one header, to the letter. Short ones alone are kept: whoever sends what he likes can fill it. */
const headers = new LRUCache<string, Pick<Reading, 'header' | 'fault'>>({ max: 100 })
const LONGEST_KEPT_HEADER = 512

function readHeader(segment: string): Pick<Reading, 'header' | 'fault'> {
  const known = headers.get(segment)
  if (known !== undefined) return known
  const header = decode(segment)
  const read = { header, fault: header === null ? 'header is not a JSON object with unique members' : headerFault(header) }
  // A copy: the segment is a part of the token, and would keep all of it.
  if (segment.length <= LONGEST_KEPT_HEADER) headers.set(Buffer.from(segment, 'latin1').toString('latin1'), read)
  return read
}

function decode(segment: string): Readonly<Record<string, unknown>> | null {
  const text =
    segment.length > SCRATCH_TEXT ? Buffer.from(segment, 'base64url').toString('utf8') : scratch.toString('utf8', 0, scratch.write(segment, 'base64url'))
  // What is no UTF-8 decodes to the replacement character, which a token may also hold by itself.
  return text.includes(REPLACEMENT) && !isUtf8(Buffer.from(segment, 'base64url')) ? null : parseUniqueJson(text)
}

const REPLACEMENT = '\ufffd'
/** Characters that the scratch buffer holds the bytes of: most tokens need no buffer of their own. */
const SCRATCH_TEXT = 8_192
const scratch = Buffer.alloc((SCRATCH_TEXT * 3) / 4)

/** Keys and locations that a token brings itself (RFC 8725 §3.10), extensions that must be understood, and the unencoded payload. */
const FORBIDDEN = ['jku', 'x5u', 'jwk', 'x5c', 'crit', 'b64'] as const
const KEY_ID = /^[\x20-\x7e]{1,256}$/

function headerFault(header: Readonly<Record<string, unknown>>): string | null {
  const forbidden = FORBIDDEN.find((member) => Object.hasOwn(header, member))
  if (forbidden !== undefined) return `header has ${forbidden}`
  const { kid } = header
  return kid === undefined || (typeof kid === 'string' && KEY_ID.test(kid)) ? null : 'kid is not a short printable string'
}
