import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Confirm } from '../core/auth.js'
import type { Credentials } from '../core/caller/credentials.js'
import { flag, hint, origin, parseOptions } from '../core/options.js'
import type { Refusal } from '../core/refusal.js'
import { checkProof, type ProofRules } from './dpop/proof.js'
import { asymmetricAlgorithms, replayStore } from './option-shapes.js'
import { memoryReplayStore, type ReplayStore } from './replay-store.js'

/** How DPoP proofs are checked (RFC 9449). */
export interface DpopOptions {
  /** Scheme and host under which clients reach this API, for `htu`. Never taken from a request, which says what its sender likes. */
  readonly origin: string
  /** Seconds that a proof's `iat` may be from our clock. @default 60 */
  readonly maxAge?: number
  /** Accepted `alg` values of proofs. @default ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] */
  readonly algorithms?: readonly string[]
  /** Where used proofs are remembered. @default in this process, which serves a single node */
  readonly replayStore?: ReplayStore
}

/** Settings for tokens that are bound to a key of their holder. */
export interface ConfirmationOptions {
  /** Accepts tokens that are bound by DPoP, under the scheme `DPoP`. @default none: such tokens are refused */
  readonly dpop?: DpopOptions
  /** Accepts tokens that are bound to a TLS client certificate (RFC 8705 §3), on servers that end TLS themselves. @default false */
  readonly mtls?: boolean
}

/** What {@link createConfirmation} makes of the settings. */
export interface Confirmation {
  readonly confirm: Confirm
  /** Algorithms that challenges offer; `null` without DPoP. */
  readonly dpopAlgorithms: readonly string[] | null
}

const maxAge = hint('seconds from 1 to 300', '60')

/** The shape of {@link ConfirmationOptions}. */
const shape = z.strictObject({
  dpop: z
    .strictObject(
      {
        origin: origin("'https://api.example.com'"),
        maxAge: z.number(maxAge).min(1, maxAge).max(300, maxAge).optional(),
        algorithms: asymmetricAlgorithms("'ES256'").optional(),
        replayStore: replayStore().optional(),
      },
      hint('an object', "{ origin: 'https://api.example.com' }"),
    )
    .optional(),
  mtls: flag().optional(),
})

const DEFAULT_ALGORITHMS: readonly string[] = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256']

/**
 * Makes the check that whoever sends a bound token holds what it is bound to. Every member of `cnf` must be known and proved: a token
 * with an empty `cnf`, with a method that is unknown here, or without the proof, is refused, and never taken for a bearer token.
 *
 * Does not look at certificates that a proxy reports in a header.
 *
 * @param now milliseconds since 1970
 * @throws {ConfigurationError} naming the option that is wrong.
 * @see [RFC 9449 §7.1](https://www.rfc-editor.org/rfc/rfc9449#section-7.1), [RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)
 */
export function createConfirmation(options: ConfirmationOptions, now: () => number): Confirmation {
  const { dpop, mtls = false } = parseOptions(shape, options, '')
  const rules: ProofRules | null =
    dpop === undefined
      ? null
      : { algorithms: dpop.algorithms ?? DEFAULT_ALGORITHMS, maxAge: dpop.maxAge ?? 60, replays: dpop.replayStore ?? memoryReplayStore(100_000, now), now }

  const methods: Readonly<Record<string, (credentials: Credentials, bound: string) => Promise<string | null>>> = Object.assign(Object.create(null), {
    ...(rules === null || dpop === undefined ? {} : { jkt: (credentials: Credentials, bound: string) => proveKey(credentials, bound, dpop.origin, rules) }),
    ...(mtls ? { 'x5t#S256': proveCertificate } : {}),
  })

  return {
    dpopAlgorithms: rules?.algorithms ?? null,
    async confirm(credentials, confirmation) {
      if (confirmation === null) return credentials.scheme === 'dpop' ? refuse('sent with DPoP, and bound to no key') : null
      const bindings = Object.entries(confirmation)
      if (bindings.length === 0) return refuse('bound to nothing that is named')
      if (credentials.scheme === 'dpop' && !Object.hasOwn(confirmation, 'jkt')) return refuse('sent with DPoP, and bound to no key')
      for (const [method, bound] of bindings) {
        const prove = methods[method]
        if (prove === undefined || typeof bound !== 'string') return refuse('bound in a way that nothing here can check')
        const fault = await prove(credentials, bound)
        if (fault !== null) return { ...refuse(fault), ...(credentials.scheme === 'dpop' ? { proof: 'dpop' } : {}) }
      }
      return null
    },
  }
}

function refuse(detail: string): Refusal {
  return { reason: 'INVALID_TOKEN', detail }
}

async function proveKey({ scheme, token, carrier }: Credentials, jkt: string, origin: string, rules: ProofRules): Promise<string | null> {
  // RFC 9449 §7.2: a bound token under the scheme Bearer is a downgrade.
  if (scheme !== 'dpop') return 'bound to a key, and sent as a bearer token'
  const proofs = carrier.header('dpop')
  const [proof] = proofs
  if (proof === undefined || proofs.length > 1) return 'not exactly one proof'
  if (carrier.method === undefined || carrier.url === undefined) return 'nothing that a proof could be for'
  const path = URL.canParse(carrier.url) ? new URL(carrier.url).pathname : (carrier.url.split('?')[0] ?? '/')
  return checkProof(proof, { method: carrier.method, url: origin + path, accessToken: token }, jkt, rules)
}

/** RFC 8705 §3.1: the certificate of the TLS connection itself. */
async function proveCertificate({ carrier }: Credentials, thumbprint: string): Promise<string | null> {
  const certificate = carrier.certificate?.() ?? null
  if (certificate === null) return 'bound to a certificate, and none came'
  const actual = createHash('sha256').update(certificate).digest()
  const expected = Buffer.from(thumbprint, 'base64url')
  return expected.length === actual.length && timingSafeEqual(expected, actual) ? null : 'bound to another certificate'
}
