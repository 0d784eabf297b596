/** How a client proves itself to an endpoint with its secret, by the names of RFC 7591 §2. */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post'

/** A client, its secret, and how it shows it. */
export interface ConfidentialClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly clientAuthentication: ClientAuthentication
}

/** What a request of this client carries: an `authorization` header, or more fields of its form. */
export interface ClientProof {
  readonly authorization?: string
  readonly fields: Readonly<Record<string, string>>
}

/**
 * Makes the proof of a client.
 *
 * @see RFC 6749 §2.3.1: id and secret are form-encoded before they are joined, so that a colon in them separates nothing.
 */
export function proveClient({ clientId, clientSecret, clientAuthentication }: ConfidentialClient): ClientProof {
  if (clientAuthentication === 'client_secret_post') return { fields: { client_id: clientId, client_secret: clientSecret } }
  const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, fields: {} }
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}
