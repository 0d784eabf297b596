import { createHmac, KeyObject } from 'node:crypto'
import { CompactSign } from 'jose'
import { generateTestKey, type KeyRing, type TestAlgorithm, type TestKey } from './keys.js'

/** Claims of a token to be made. `undefined` leaves a default out; any other value goes in as it is, right or wrong. */
export type TestClaims = Readonly<Record<string, unknown>>

/** How a token is made. */
export interface TokenOptions {
  /** @default the issuer's first algorithm */
  readonly alg?: TestAlgorithm
  /** Seconds until `exp`; below 0 for a token that has expired. @default the issuer's `expiresIn` */
  readonly expiresIn?: number
  /** Header `typ`; `null` for none. @default 'at+jwt' */
  readonly typ?: string | null
  /** The key of this id signs, also when it is no longer published. An id that no key has goes into the header of a token signed with the current key. */
  readonly kid?: string
  /** More header members; they win over the others. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** How {@link TokenMint.hmacWithPublicKey} spells the public key that it takes for a secret. */
export type PublicKeySpelling = 'pem' | 'der' | 'jwk'

/** Makes good tokens, and the bad ones that a server must refuse. */
export interface TokenMint {
  /** An access token in the form of RFC 9068, signed with the issuer's key. Every claim can be changed or left out. */
  token(claims?: TestClaims, options?: TokenOptions): Promise<string>
  /** Signs a payload that need not be JSON. */
  sign(payload: string, options?: TokenOptions): Promise<string>
  /** A token that was good until a minute ago. */
  expiredToken(claims?: TestClaims, options?: TokenOptions): Promise<string>
  /** A token with the right key id that somebody else has signed. */
  forgedToken(claims?: TestClaims, options?: TokenOptions): Promise<string>
  /** A token with `alg: none`, or another spelling of it, and no signature (RFC 7519 §6). */
  unsignedToken(claims?: TestClaims, options?: { readonly alg?: string; readonly signature?: string }): string
  /** A token signed with HS256, where the secret is the text of the public key (RFC 8725 §2.1). */
  hmacWithPublicKey(claims?: TestClaims, spelling?: PublicKeySpelling): string
}

/** What a mint needs to know of its issuer. */
export interface MintOptions {
  readonly issuer: string
  readonly audience: string
  readonly clientId: string
  /** Seconds. */
  readonly expiresIn: number
  readonly keys: KeyRing
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Makes the mint of one issuer. */
export function createMint({ issuer, audience, clientId, expiresIn, keys, now }: MintOptions): TokenMint {
  let serial = 0

  const claimsText = (claims: TestClaims, lifetime = expiresIn): string => {
    const seconds = Math.floor(now() / 1000)
    const exp = seconds + lifetime
    serial += 1
    const iat = lifetime < 0 ? exp - expiresIn : seconds
    const defaults = { iss: issuer, aud: audience, sub: 'test-user', client_id: clientId, iat, exp, jti: `token-${serial}` }
    return JSON.stringify({ ...defaults, ...claims })
  }
  const keyFor = ({ alg, kid }: TokenOptions): TestKey => (kid === undefined ? undefined : keys.find(kid)) ?? keys.current(alg)

  const mint: TokenMint = {
    token: (claims = {}, options = {}) => mint.sign(claimsText(claims, options.expiresIn), options),
    sign: (payload, options = {}) => signWith(keyFor(options), payload, options),
    expiredToken: (claims = {}, options = {}) => mint.token(claims, { expiresIn: -60, ...options }),
    async forgedToken(claims = {}, options = {}) {
      const { alg, kid } = keyFor(options)
      return signWith(await generateTestKey(alg, kid), claimsText(claims, options.expiresIn), options)
    },
    unsignedToken: (claims = {}, { alg = 'none', signature = '' } = {}) => `${signingInput({ alg, typ: 'at+jwt' }, claimsText(claims))}.${signature}`,
    hmacWithPublicKey(claims = {}, spelling = 'pem') {
      const key = keys.current()
      const input = signingInput({ alg: 'HS256', typ: 'at+jwt', kid: key.kid }, claimsText(claims))
      return `${input}.${createHmac('sha256', spell(key, spelling)).update(input).digest('base64url')}`
    },
  }
  return mint
}

function signWith(key: TestKey, payload: string, { kid = key.kid, typ = 'at+jwt', header }: TokenOptions): Promise<string> {
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: key.alg, kid, ...(typ === null ? {} : { typ }), ...header })
    .sign(key.privateKey)
}

function signingInput(header: object, payload: string): string {
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
}

function spell({ publicKey, publicJwk }: TestKey, spelling: PublicKeySpelling): string | Buffer {
  if (spelling === 'jwk') return JSON.stringify(publicJwk)
  const key = KeyObject.from(publicKey)
  return spelling === 'pem' ? key.export({ type: 'spki', format: 'pem' }) : key.export({ type: 'spki', format: 'der' })
}
