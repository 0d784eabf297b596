/** Signature algorithms with a key pair, which tokens may use unless the options name fewer (RFC 7518 §3, RFC 8037 §3.1, RFC 9864). */
export const ASYMMETRIC_ALGORITHMS: readonly string[] = Object.freeze([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
])

/** Bytes that the secret of each symmetric algorithm must have at least (RFC 7518 §3.2). */
export const SYMMETRIC_ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
])
