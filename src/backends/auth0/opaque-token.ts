import { parseUniqueJson } from '../jwt/unique-json.js'

/**
 * Whether this is one of the access tokens that Auth0 issues where no audience was asked for: 32 random characters, or an encrypted
 * token whose header names the issuer. Nobody but Auth0's own user info endpoint can read them.
 *
 * Nothing about it is verified: it may be recognised in order to be refused, and for nothing else. An identifier of 32 hexadecimal
 * digits is not taken for one.
 *
 * @see RFC 7519 §5.3 for claims in the header of an encrypted token
 */
export function isOpaqueToken(token: string, issuer: string): boolean {
  if (RANDOM.test(token)) return !HEXADECIMAL.test(token)
  const segments = token.split('.', 6)
  return segments.length === 5 && headerIssuer(segments[0] ?? '') === issuer
}

const RANDOM = /^[\w-]{32}$/
const HEXADECIMAL = /^[\da-f]+$/i
/** Characters of a header that is looked into. */
const LONGEST = 4_096

function headerIssuer(segment: string): unknown {
  return segment.length > LONGEST ? undefined : parseUniqueJson(Buffer.from(segment, 'base64url').toString())?.iss
}
