import { readFileSync } from 'node:fs'
import { compactVerify, createLocalJWKSet, errors, type JWK } from 'jose'
import { readJwt } from '../../src/backends/jwt/compact.js'
import { resolveJwtOptions } from '../../src/backends/jwt/options.js'
import { ASYMMETRIC_ALGORITHMS } from '../../src/backends/keys/algorithms.js'
import { readKeySet } from '../../src/backends/keys/key-set.js'
import { sharedSecret } from '../../src/backends/keys/key-source.js'
import { isCanonicalBase64url } from '../../src/core/caller/credentials.js'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { bearer } from '../backends/bearer.js'

/** A key, or a set of them, as a vector gives it. */
export type VectorKey = JWK | { readonly keys: readonly JWK[] }

/** A file of vectors as it was published, in the shape that the caller knows it to have. */
export function vectors<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(new URL(`./data/${path}`, import.meta.url), 'utf8')) as Shape
}

/**
 * Whether a signature is accepted: the strict reading of the segments and the header, the reading of the keys, and jose between
 * them, composed as the backends compose them. The payload may be anything, for most vectors sign no claims.
 */
export async function isSigned(jws: string, key: VectorKey): Promise<boolean> {
  try {
    const alg = readHeader(jws)
    const { find, algorithms } = await keysOf(key)
    if (!algorithms.includes(alg)) return false
    await compactVerify(jws, (header, token) => find({ ...header, alg }, token), { algorithms: [...algorithms] })
    return true
  } catch (error) {
    if (error instanceof InvalidTokenError || error instanceof ConfigurationError || error instanceof errors.JOSEError) return false
    throw error
  }
}

/** Judges the header beside claims that are always good, and returns its `alg`. */
function readHeader(jws: string): string {
  const [header, payload = '', signature, ...more] = jws.split('.')
  if (!isCanonicalBase64url(payload)) throw new InvalidTokenError({ detail: 'base64url not canonical' })
  const { alg } = readJwt(bearer([header, 'e30', signature, ...more].join('.'))).header
  return String(alg)
}

/** One symmetric key is a shared secret, with the options that every secret must pass; all else is what a key server might publish. */
async function keysOf(key: VectorKey) {
  const published = 'keys' in key && Array.isArray(key.keys) ? (key.keys as readonly JWK[]) : [key as JWK]
  const [only] = published
  if (published.length === 1 && only?.kty === 'oct') {
    const { secret, algorithms } = resolveJwtOptions(
      { issuer: 'vectors', audience: 'vectors', algorithms: [only.alg ?? 'HS256'], dangerouslySharedSecret: Buffer.from(only.k ?? '', 'base64url') },
      'vectors',
    )
    const { value: find } = await sharedSecret(secret as Uint8Array).use(async (found) => found)
    return { find, algorithms }
  }
  return { find: createLocalJWKSet(await readKeySet({ keys: published })), algorithms: ASYMMETRIC_ALGORITHMS }
}
