import { type CryptoKey, createRemoteJWKSet, customFetch, errors, type FetchImplementation } from 'jose'
import type { BackendHost } from '../../core/backend.js'
import { BackendUnavailableError } from '../../core/errors.js'
import { createOutage } from '../outage.js'
import { discoverJwksUri } from './discovery.js'
import { fetchDocument, providerUnavailable } from './json-document.js'
import { readKeySet } from './key-set.js'
import { type KeyHeader, type LocalKeys, localKeys } from './local-keys.js'

/**
 * Finds the key that a token's header asks for, at once when it was asked for before. Throws or rejects with {BackendUnavailableError} when
 * keys cannot be had, and with jose's own errors when they can.
 */
export type FindKey = (header: KeyHeader) => VerificationKey | Promise<VerificationKey>

/** A public key, or a shared secret. */
export type VerificationKey = CryptoKey | Uint8Array

/** Where a verifier gets keys from. */
export interface KeySource {
  /**
   * Runs a verification, and says of its result whether it still stands: not any more when other keys have been loaded, or the keys are
   * too old to tell. Runs it again when keys were loaded while it ran, so that no result rests on keys that have just gone.
   */
  use<T>(verification: (find: FindKey) => Promise<T>): Promise<{ readonly value: T; readonly isCurrent: () => boolean }>
  /** Loads the keys anew, at most once in `cooldownDuration`. Whether it did; never rejects. */
  refresh(): Promise<boolean>
  /** Gives up what is being loaded; every later use is unavailable. */
  close(): void
}

/** For how long keys count. Milliseconds. */
export interface KeyLife {
  /** Age at which keys are loaded anew. */
  readonly cacheMaxAge: number
  /** Pause between two loads that unknown key ids cause. */
  readonly cooldownDuration: number
  /** Time that one load may take, discovery included. */
  readonly timeoutDuration: number
  /** Age up to which keys go on being used while they cannot be loaded anew. */
  readonly staleIfError: number
}

/** Fills up what is not given. */
export function keyLife(given: { readonly [Part in keyof KeyLife]?: number | undefined } = {}): KeyLife {
  const { cacheMaxAge = 600_000, cooldownDuration = 30_000, timeoutDuration = 5_000, staleIfError = 86_400_000 } = given
  return { cacheMaxAge, cooldownDuration, timeoutDuration, staleIfError }
}

/** How the keys of one issuer are found and kept. */
export interface IssuerKeysOptions extends KeyLife {
  /** Needed, as a secure URL, when there is no `jwksUri`. */
  readonly issuer: string
  /** @default found by discovery at the issuer */
  readonly jwksUri?: string | undefined
  /** Whether the keys that were loaded last need no renewal. @default while they are younger than `cacheMaxAge` */
  readonly isFresh?: () => boolean
  /** Learns when keys go on being used that are due and cannot be renewed. */
  readonly host: Pick<BackendHost, 'audit'>
  readonly fetch?: FetchImplementation | undefined
}

/** Milliseconds after a failed load in which no other is tried; `cooldownDuration` when that is shorter. */
const RETRY_DELAY = 5_000

/**
 * The keys of one issuer: fetched when first needed, once for however many ask, kept, and fetched anew when they are old or a token
 * names an unknown key. jose's `createRemoteJWKSet` does the loading; added is what it leaves open: discovery, a pause after
 * failures, and going on with the last good keys while the provider is down.
 *
 * A failure is never kept: after a pause of at most 5 seconds the next token tries again. Fetches nothing by itself.
 */
export function issuerKeys(options: IssuerKeysOptions): KeySource {
  const { issuer, cooldownDuration, timeoutDuration, cacheMaxAge, staleIfError } = options
  const fetch = options.fetch ?? globalThis.fetch
  const retryDelay = Math.min(RETRY_DELAY, cooldownDuration)
  const closed = new AbortController()
  let discovered: string | null = null
  let held: HeldKeys | null = null
  const staleness = createOutage(`stale keys of ${issuer}`, options.host)
  let failure: { readonly error: BackendUnavailableError; readonly at: number } | null = null

  // The URL only names the set: where its bytes come from is decided in `load`, so that one load is discovery and keys together.
  const remote = createRemoteJWKSet(new URL(options.jwksUri ?? issuer), {
    cacheMaxAge,
    cooldownDuration,
    timeoutDuration,
    [customFetch]: (_url, { signal }) => load(AbortSignal.any([signal, closed.signal])),
  })

  async function load(signal: AbortSignal): Promise<Response> {
    if (isPausing()) throw unavailable()
    try {
      const keySet = await readKeySet(await fetchKeys(signal))
      const text = JSON.stringify(keySet)
      held = held?.text === text ? { ...held, at: Date.now() } : { text, keys: localKeys(keySet), at: Date.now() }
      failure = null
      staleness.end()
      return new Response(text)
    } catch (error) {
      failure = { error: error instanceof BackendUnavailableError ? error : providerUnavailable('the keys could not be read', error), at: Date.now() }
      // The provider may have moved its keys: the next load looks for them afresh.
      discovered = null
      if (canStandIn() && !isFresh() && !closed.signal.aborted) staleness.begin(failure.error.cause ?? failure.error)
      throw unavailable()
    }
  }

  async function fetchKeys(signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const get = (url: string, accept: string) => fetchDocument(url, { accept, fetch, signal })
    discovered ??= options.jwksUri ?? (await discoverJwksUri(issuer, (url) => get(url, 'application/json')))
    const { status, document } = await get(discovered, 'application/jwk-set+json, application/json')
    if (document === null) throw providerUnavailable(`the key server answered with status ${status}`)
    return document
  }

  /** Whether the last load failed, and too recently to try again. */
  function isPausing(): boolean {
    return failure !== null && Date.now() - failure.at < retryDelay
  }

  function unavailable(): BackendUnavailableError {
    return new BackendUnavailableError({ ...failure?.error.refusal, retryAfter: Math.max(1, Math.ceil(retryDelay / 1000)) }, { cause: failure?.error.cause })
  }

  function isFresh(): boolean {
    return options.isFresh?.() ?? (held !== null && Date.now() - held.at < cacheMaxAge)
  }

  /** Whether the last good keys may stand in for those that cannot be loaded. */
  function canStandIn(): boolean {
    return held !== null && Date.now() - held.at < staleIfError
  }

  /** Loads keys that are due, and throws when none can be had. The first failure of an outage is waited for; after it nobody waits who has old keys. */
  async function renew(): Promise<void> {
    const inOutage = failure !== null
    const loading = remote.reload()
    if (!canStandIn()) return loading
    const settled = loading.catch(() => undefined)
    if (!inOutage) await settled
  }

  // Keys are looked up in what `load` holds and not in jose's copy: so there is one moment at which they change.
  const find: FindKey = (header) => {
    if (closed.signal.aborted) throw providerUnavailable('the backend is closed')
    const known = remote.fresh ? held?.keys.known(header) : undefined
    return known ?? search(header)
  }

  async function search(header: KeyHeader): Promise<VerificationKey> {
    if (!remote.fresh) await renew()
    try {
      return await lookUp(header)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || remote.coolingDown) throw error
      // Old keys cannot tell an unknown id from a new one, so when no others can be had this throws as unavailable.
      await remote.reload()
      return lookUp(header)
    }
  }

  function lookUp(header: KeyHeader): Promise<VerificationKey> {
    if (held === null) throw providerUnavailable('the keys were never loaded')
    return held.keys.find(header)
  }

  return {
    async use(verification) {
      let before = held?.keys
      let value = await verification(find)
      if (held?.keys !== before) {
        before = held?.keys
        value = await verification(find)
      }
      const isCurrent = (): boolean => held?.keys === before && (remote.fresh || (isPausing() && canStandIn())) && !closed.signal.aborted
      return { value, isCurrent }
    },
    async refresh() {
      if (remote.coolingDown) return false
      return remote.reload().then(
        () => true,
        () => false,
      )
    },
    close: () => closed.abort(),
  }
}

/** The last keys that could be loaded. */
interface HeldKeys {
  readonly text: string
  /** One for each different text. */
  readonly keys: LocalKeys
  /** Milliseconds since 1970. */
  readonly at: number
}

/** The one secret that issuer and server share. Never fetched, never refreshed. */
export function sharedSecret(secret: Uint8Array): KeySource {
  const find: FindKey = () => secret
  return { use: async (verification) => ({ value: await verification(find), isCurrent: () => true }), refresh: async () => false, close: () => undefined }
}
