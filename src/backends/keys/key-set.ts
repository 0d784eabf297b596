import { type CryptoKey, importJWK, type JSONWebKeySet, type JWK } from 'jose'
import { ASYMMETRIC_ALGORITHMS } from './algorithms.js'
import { providerUnavailable } from './json-document.js'

/**
 * Reads a JSON Web Key Set and keeps the keys that can verify a signature. One bad entry does not spoil the others: left out are
 * symmetric and private keys, keys for encryption, RSA keys under 2048 bits or with a public exponent under 3, and what the
 * runtime cannot import.
 *
 * Does not look for keys that are weak in any other way.
 *
 * @throws {BackendUnavailableError} when the document is not a key set at all.
 * @see RFC 7517 §5
 */
export async function readKeySet(document: Readonly<Record<string, unknown>>): Promise<JSONWebKeySet> {
  const { keys } = document
  if (!Array.isArray(keys)) throw providerUnavailable('the key document is not a key set')
  const usable = await Promise.all(keys.map(isUsable))
  return { keys: keys.filter((_, index) => usable[index]) }
}

async function isUsable(entry: unknown): Promise<boolean> {
  if (typeof entry !== 'object' || entry === null || SECRET_MEMBERS.some((member) => Object.hasOwn(entry, member))) return false
  const jwk = entry as JWK
  const alg = jwk.alg ?? usualAlgorithm(jwk)
  if (alg === undefined || !ASYMMETRIC_ALGORITHMS.includes(alg) || (jwk.use ?? 'sig') !== 'sig') return false
  try {
    const key = await importJWK(jwk, alg)
    return !(key instanceof Uint8Array) && isStrong(key)
  } catch {
    return false
  }
}

/** A published private key is nobody's any more. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

/** Any algorithm that the key type can be imported for: the token's own is checked when it is used. */
function usualAlgorithm({ kty, crv }: JWK): string | undefined {
  if (kty === 'RSA') return 'RS256'
  return typeof crv === 'string' ? CURVES.get(crv) : undefined
}

const CURVES: ReadonlyMap<string, string> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
])

function isStrong({ algorithm }: CryptoKey): boolean {
  const { modulusLength, publicExponent } = algorithm as { readonly modulusLength?: number; readonly publicExponent?: Uint8Array }
  if (modulusLength === undefined || publicExponent === undefined) return true
  return modulusLength >= 2048 && BigInt(`0x${Buffer.from(publicExponent).toString('hex')}`) >= 3n
}
