import type { AnyOf } from './names.js'
import type { Reason, Refusal } from './refusal.js'

/** What every challenge of this server carries. */
export interface ChallengeRules {
  /** `realm` of RFC 9110 §11.5, or `null` for none. */
  readonly realm: string | null
  /** URL of the protected resource metadata (RFC 9728 §5.1), or `null` for none. */
  readonly resourceMetadata: string | null
  /** Algorithms of DPoP proofs that this server takes, or `null` when it takes none (RFC 9449 §7.1). */
  readonly dpopAlgorithms: readonly string[] | null
}

/** Status and headers of an HTTP response that refuses a whole request. */
export interface HttpRefusal {
  readonly status: 400 | 401 | 403 | 503
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Says how HTTP refuses a request for these reasons: the gravest decides the status, and the challenge asks for what all of them miss.
 *
 * @param refusals at least one
 * @param held the caller's scopes: among alternatives, the challenge asks for the one that he lacks least of.
 * @see [RFC 6750 §3 – The WWW-Authenticate Response Header Field](https://www.rfc-editor.org/rfc/rfc6750#section-3)
 * @see [RFC 9470 §3 – Authentication Requirements Challenge](https://www.rfc-editor.org/rfc/rfc9470#section-3)
 * @see [RFC 9449 §7.1 – The DPoP Authentication Scheme](https://www.rfc-editor.org/rfc/rfc9449#section-7.1)
 * @see [RFC 9728 §5.1 – WWW-Authenticate Response](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)
 */
export function httpRefusal(refusals: readonly Refusal[], rules: ChallengeRules, held: ReadonlySet<string> = new Set()): HttpRefusal {
  const gravest = gravestOf(refusals)
  if (gravest.reason === 'BACKEND_UNAVAILABLE') {
    return { status: 503, headers: { 'Retry-After': String(delaySeconds(gravest.retryAfter)), 'Cache-Control': 'no-store' } }
  }
  const { status, error } = ANSWERS[gravest.reason]
  const params: Array<readonly [string, string]> = []
  if (rules.realm !== null) params.push(['realm', rules.realm])
  if (error !== null) params.push(['error', error])
  params.push(...parametersOf(gravest, refusals, held))
  if (rules.resourceMetadata !== null) params.push(['resource_metadata', rules.resourceMetadata])
  // RFC 6750 §3: a Bearer challenge carries at least one parameter.
  if (params.length === 0) params.push(['realm', DEFAULT_REALM])
  return { status, headers: { 'WWW-Authenticate': challengeHeader(params, gravest, rules), 'Cache-Control': 'no-store' } }
}

/** One challenge for each scheme that the server takes; a proof that was not taken is told as such, and to its own scheme. */
function challengeHeader(bearer: ReadonlyArray<readonly [string, string]>, gravest: Refusal, { dpopAlgorithms }: ChallengeRules): string {
  if (dpopAlgorithms === null) return challenge('Bearer', bearer)
  const algs = ['algs', dpopAlgorithms.join(' ')] as const
  if (gravest.proof === 'dpop') return challenge('DPoP', [['error', 'invalid_dpop_proof'], algs])
  return `${challenge('Bearer', bearer)}, ${challenge('DPoP', [algs])}`
}

function challenge(scheme: string, params: ReadonlyArray<readonly [string, string]>): string {
  return `${scheme} ${params.map(([name, value]) => `${name}="${quoted(value)}"`).join(', ')}`
}

/** Seconds that a client is asked to wait when a backend is out of reach and does not say for how long. */
const DEFAULT_RETRY_AFTER = 5
const DEFAULT_REALM = 'graphql'

/** RFC 9110 §10.2.3 delay-seconds: whole, and a number whatever a backend made of its own provider's answer. */
function delaySeconds(retryAfter: number | undefined): number {
  return retryAfter !== undefined && Number.isFinite(retryAfter) ? Math.max(1, Math.ceil(retryAfter)) : DEFAULT_RETRY_AFTER
}

type Answer = { readonly status: 400 | 401 | 403; readonly error: string | null }

const ANSWERS: Readonly<Record<Exclude<Reason, 'BACKEND_UNAVAILABLE'>, Answer>> = {
  MALFORMED_TOKEN: { status: 400, error: 'invalid_request' },
  // RFC 6750 §3.1: a request without credentials is not told an error.
  MISSING_TOKEN: { status: 401, error: null },
  INVALID_TOKEN: { status: 401, error: 'invalid_token' },
  TOKEN_EXPIRED: { status: 401, error: 'invalid_token' },
  TOKEN_REVOKED: { status: 401, error: 'invalid_token' },
  INSUFFICIENT_SCOPE: { status: 403, error: 'insufficient_scope' },
  INSUFFICIENT_PERMISSION: { status: 403, error: 'insufficient_scope' },
  INSUFFICIENT_AUTHENTICATION: { status: 401, error: 'insufficient_user_authentication' },
}

/** Not knowing comes first, then what keeps us from knowing who asks, then what he lacks. */
const GRAVITY: readonly Reason[] = [
  'BACKEND_UNAVAILABLE',
  'MALFORMED_TOKEN',
  'INVALID_TOKEN',
  'TOKEN_REVOKED',
  'TOKEN_EXPIRED',
  'MISSING_TOKEN',
  'INSUFFICIENT_SCOPE',
  'INSUFFICIENT_PERMISSION',
  'INSUFFICIENT_AUTHENTICATION',
]

function gravestOf(refusals: readonly Refusal[]): Refusal {
  return refusals.reduce((gravest, refusal) => (GRAVITY.indexOf(refusal.reason) < GRAVITY.indexOf(gravest.reason) ? refusal : gravest))
}

function parametersOf(gravest: Refusal, refusals: readonly Refusal[], held: ReadonlySet<string>): Array<readonly [string, string]> {
  if (gravest.reason === 'INSUFFICIENT_AUTHENTICATION') {
    return [...list('acr_values', gravest.acrValues ?? []), ...(gravest.maxAge === undefined ? [] : [['max_age', String(gravest.maxAge)] as const])]
  }
  if (gravest.reason !== 'INSUFFICIENT_SCOPE') return []
  const scopes = new Set<string>()
  for (const { requiredScopes } of refusals) for (const scope of nearest(requiredScopes ?? [], held)) scopes.add(scope)
  return list('scope', [...scopes])
}

/** Both lists have at least one member where they appear (RFC 6749 §3.3, RFC 9470 §3). */
function list(name: string, members: readonly string[]): Array<readonly [string, string]> {
  return members.length === 0 ? [] : [[name, members.join(' ')]]
}

/** Among the alternatives, the one with the fewest missing names; the first of equals. */
function nearest(anyOf: AnyOf, held: ReadonlySet<string>): readonly string[] {
  const missing = (all: readonly string[]): number => all.filter((name) => !held.has(name)).length
  return anyOf.reduce<readonly string[] | null>((best, all) => (best === null || missing(all) < missing(best) ? all : best), null) ?? []
}

/** RFC 9110 §5.6.4 quoted-string; what a header cannot carry is dropped, so that no value can split it. */
function quoted(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')
}
