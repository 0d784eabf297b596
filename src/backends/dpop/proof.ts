import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, jwtVerify } from 'jose'
import { isCanonicalBase64url } from '../../core/caller/credentials.js'
import type { ReplayStore } from '../replay-store.js'

/** What a proof must say, and how it is held against replay. */
export interface ProofRules {
  /** Accepted `alg` values; asymmetric. */
  readonly algorithms: readonly string[]
  /** Seconds that `iat` may be from our clock, either way. */
  readonly maxAge: number
  readonly replays: ReplayStore
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The request that a proof was made for. */
export interface ProvedRequest {
  readonly method: string
  /** Absolute, without query and fragment. */
  readonly url: string
  readonly accessToken: string
}

/** Why a proof is not taken, in our own words; `null` when it is. */
export type ProofFault = string | null

const LONGEST_PROOF = 4096
/** base64url of a SHA-256 hash would be 43 characters; a `jti` is what its maker likes, within reason. */
const LONGEST_ID = 256

/**
 * Checks a DPoP proof against the request that brought it: form, `typ`, `alg`, a public `jwk`, the signature, `htm`, `htu`, `iat`, `jti`
 * and `ath`, that the key is the one that the token is bound to, and that the proof is new.
 *
 * Does not ask for a nonce of the server's (RFC 9449 §8 leaves it open).
 *
 * @param jkt thumbprint of the key that the token is bound to
 * @throws whatever the replay store throws.
 * @see [RFC 9449 §4.3 – Checking DPoP Proofs](https://www.rfc-editor.org/rfc/rfc9449#section-4.3)
 */
export async function checkProof(proof: string, request: ProvedRequest, jkt: string, rules: ProofRules): Promise<ProofFault> {
  if (proof.length > LONGEST_PROOF) return 'proof too long'
  const segments = proof.split('.')
  if (segments.length !== 3 || !segments.every((segment) => segment !== '' && isCanonicalBase64url(segment))) return 'proof is not a compact JWS'
  const opened = await openProof(proof, rules)
  if (typeof opened === 'string') return opened
  const { claims, key } = opened
  if ((await calculateJwkThumbprint(key, 'sha256')) !== jkt) return 'proof of another key than that of the token'
  if (claims.htm !== request.method) return 'proof for another method'
  if (!isSameUrl(claims.htu, request.url)) return 'proof for another URL'
  if (claims.ath !== createHash('sha256').update(request.accessToken).digest('base64url')) return 'proof for another token'
  const { jti, iat } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_ID) return 'proof without a jti'
  const age = rules.now() / 1000 - (iat as number)
  if (Math.abs(age) > rules.maxAge) return 'proof too old or from the future'
  const isNew = await rules.replays.claim(`${jkt.length}:${jkt}${createHash('sha256').update(jti).digest('base64url')}`, rules.maxAge - age + 1)
  return isNew ? null : 'proof used before'
}

async function openProof(proof: string, { algorithms, now }: ProofRules): Promise<{ claims: Record<string, unknown>; key: JWK } | string> {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, publicKeyOnly, {
      typ: 'dpop+jwt',
      algorithms: [...algorithms],
      requiredClaims: ['iat'],
      currentDate: new Date(now()),
    })
    return { claims: payload, key: protectedHeader.jwk as JWK }
  } catch {
    // The proof brings all that it takes to check it: whatever goes wrong here is its own fault, a key that nobody can import included.
    return 'proof is malformed, or its signature does not match'
  }
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

const publicKeyOnly: typeof EmbeddedJWK = (header, token) => {
  const jwk = header?.jwk ?? {}
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) throw new errors.JWSInvalid('private key in the proof')
  return EmbeddedJWK(header, token)
}

/** Compared after the normalization that every URL parser does (RFC 9449 §4.3 step 9, RFC 3986 §6.2.2, §6.2.3); query and fragment do not count. */
function isSameUrl(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false
  const [claimed, actual] = [new URL(htu), new URL(url)]
  return claimed.username === '' && claimed.password === '' && claimed.origin === actual.origin && claimed.pathname === actual.pathname
}
