import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'

/** Signature algorithms that the test issuer can use. */
export type TestAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

/** Every {@link TestAlgorithm}. */
export const TEST_ALGORITHMS: readonly [TestAlgorithm, ...TestAlgorithm[]] = ['RS256', 'PS256', 'ES256', 'EdDSA']

/** A key pair of a test issuer. */
export interface TestKey {
  readonly kid: string
  readonly alg: TestAlgorithm
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** As the issuer publishes it. */
  readonly publicJwk: JWK
}

/** Which key {@link KeyRing.rotate} makes, and what becomes of the one before. */
export interface RotateOptions {
  /** @default the issuer's first algorithm */
  readonly alg?: TestAlgorithm
  /** Whether the key that signed until now stays published. @default true */
  readonly keepOld?: boolean
  /** Id of the new key; the old one's replaces it under its own id. @default one that was never used */
  readonly kid?: string
}

/** The keys of a test issuer: those that sign, those that are published, and those that once did or were. */
export interface KeyRing {
  /** The key that signs now with this algorithm. */
  current(alg?: TestAlgorithm): TestKey
  /** The newest key of this id, published or not. */
  find(kid: string): TestKey | undefined
  rotate(options?: RotateOptions): Promise<TestKey>
  /** Takes a key out of the published set. It goes on signing. */
  remove(kid: string): void
  /** What the key endpoint answers. */
  published(): { readonly keys: readonly JWK[] }
}

/** Makes a key pair. */
export async function generateTestKey(alg: TestAlgorithm, kid: string): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Makes a ring with one key for each algorithm. */
export async function createKeyRing(algorithms: readonly TestAlgorithm[]): Promise<KeyRing> {
  const signing = new Map<TestAlgorithm, TestKey>()
  const known: TestKey[] = []
  let visible: readonly TestKey[] = []

  const ring: KeyRing = {
    current(alg = algorithms[0] as TestAlgorithm) {
      const key = signing.get(alg)
      if (key === undefined) throw new TypeError(`This issuer signs with ${[...signing.keys()].join(', ')}; name others in its option algorithms.`)
      return key
    },
    find: (kid) => known.find((key) => key.kid === kid),
    async rotate({ alg = algorithms[0] as TestAlgorithm, keepOld = true, kid = `${alg.toLowerCase()}-${known.length + 1}` } = {}) {
      const old = signing.get(alg)
      const key = await generateTestKey(alg, kid)
      signing.set(alg, key)
      known.unshift(key)
      visible = [key, ...visible.filter((other) => other.kid !== kid && (keepOld || other !== old))]
      return key
    },
    remove(kid) {
      visible = visible.filter((key) => key.kid !== kid)
    },
    published: () => ({ keys: visible.map(({ publicJwk }) => publicJwk) }),
  }
  for (const alg of algorithms) await ring.rotate({ alg })
  return ring
}
