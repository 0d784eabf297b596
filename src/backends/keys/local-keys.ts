import { type CryptoKey, createLocalJWKSet, type JSONWebKeySet } from 'jose'

/** The members of a token's header that choose its key. */
export interface KeyHeader {
  readonly alg: string
  readonly kid?: unknown
}

/** The keys of one key set. */
export interface LocalKeys {
  /** The key that was found for such a header before. */
  known(header: KeyHeader): CryptoKey | undefined
  /** Looks a key up; rejects with jose's own errors. */
  find(header: KeyHeader): Promise<CryptoKey>
}

/** jose's lookup in a key set, and what it answered: there are as many answers as keys and algorithms that fit them. */
export function localKeys(keySet: JSONWebKeySet): LocalKeys {
  const lookUp = createLocalJWKSet(keySet)
  const known = new Map<string, CryptoKey>()
  return {
    known: (header) => known.get(nameOf(header)),
    async find(header) {
      const key = await lookUp(header as Parameters<typeof lookUp>[0])
      known.set(nameOf(header), key)
      return key
    },
  }
}

/** No algorithm has a space in it. */
function nameOf({ alg, kid }: KeyHeader): string {
  return typeof kid === 'string' ? `${alg} ${kid}` : alg
}
