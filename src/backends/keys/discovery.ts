import { isLoopbackHttp, isSecureUrl } from '../../core/secure-url.js'
import { type DocumentAnswer, providerUnavailable } from './json-document.js'

/**
 * Finds where an issuer publishes its keys: asks for its OpenID configuration and, when there is none (a 4xx answer), for its
 * OAuth authorization server metadata.
 *
 * The document counts only when the `issuer` in it is identical to the one asked for, character by character. Nothing else in it
 * is read but `jwks_uri`.
 *
 * @param issuer an https URL (http on loopback) without query and fragment; checked by the caller
 * @throws {BackendUnavailableError} when no document can be had, or the one that came cannot be used.
 * @see OpenID Connect Discovery §4, RFC 8414 §3
 */
export async function discoverJwksUri(issuer: string, fetchDocument: (url: string) => Promise<DocumentAnswer>): Promise<string> {
  for (const url of metadataUrls(issuer)) {
    const { status, document } = await fetchDocument(url)
    if (document !== null) return readJwksUri(document, issuer)
    if (status < 400 || status > 499) throw providerUnavailable(`discovery answered with status ${status}`)
  }
  throw providerUnavailable('the issuer publishes no metadata')
}

/** OpenID Connect appends to the issuer's path; RFC 8414 §3.1 puts its own in front of it. */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`]
}

function readJwksUri(document: Readonly<Record<string, unknown>>, issuer: string): string {
  const { issuer: named, jwks_uri: jwksUri } = document
  // RFC 8414 §3.3, OpenID Connect Discovery §4.3: a document that names another issuer MUST NOT be used.
  if (named !== issuer) throw providerUnavailable('the discovery document names another issuer')
  if (typeof jwksUri !== 'string' || !isSecureUrl(jwksUri)) throw providerUnavailable('the discovery document has no usable jwks_uri')
  if (isLoopbackHttp(jwksUri) && !isLoopbackHttp(issuer)) throw providerUnavailable('the discovery document points to this machine')
  return jwksUri
}
