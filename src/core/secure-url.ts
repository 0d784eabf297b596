/**
 * Whether keys may be fetched from this URL: https, or http on this very machine; no user info in it.
 *
 * @see RFC 8414 §2, OpenID Connect Discovery §4.3: the issuer and what it publishes use https.
 */
export function isSecureUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  if (username !== '' || password !== '') return false
  return protocol === 'https:' || isLoopbackHttp(value)
}

/** Whether this is an http URL on the loopback interface, where nobody can listen in. */
export function isLoopbackHttp(value: string): boolean {
  const { protocol, hostname } = new URL(value)
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || LOOPBACK_V4.test(hostname))
}

/** `URL` has turned every other spelling of an IPv4 address into this one. */
const LOOPBACK_V4 = /^127\.\d+\.\d+\.\d+$/
