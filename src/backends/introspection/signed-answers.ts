import { createCredentials } from '../../core/caller/credentials.js'
import { AuthError, BackendUnavailableError, InvalidTokenError } from '../../core/errors.js'
import { createVerifier } from '../jwt/verifier.js'
import { providerUnavailable, readText } from '../keys/json-document.js'
import type { KeySource } from '../keys/key-source.js'
import type { AnswerFormat } from './post-form.js'

/** Who signs answers, and for whom. */
export interface SignedAnswerRules {
  /** The authorization server. */
  readonly issuer: string
  /** This API as a client of it; either this or one of `audience` must be in the answer's `aud`. */
  readonly clientId: string
  readonly audience: readonly string[]
  /** Accepted `alg` values; asymmetric. */
  readonly algorithms: readonly string[]
  readonly keys: KeySource
  /** Seconds that the server's clock and ours may differ. */
  readonly clockTolerance: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const MEDIA_TYPE = 'application/token-introspection+jwt'
/** RFC 7515 §4.1.9: `application/` may be left out. */
const TYPES: readonly string[] = [MEDIA_TYPE, 'token-introspection+jwt']
/** Seconds. An answer is signed when it is asked for; an older one may be from before a revocation. */
const OLDEST = 60

/**
 * Makes the format of introspection answers that the authorization server signs: what it reads is the member `token_introspection` of a
 * JWT whose media type, `typ`, signature, `iss`, `aud` and `iat` were checked. The answer must be no older than a minute.
 *
 * Does not check what the answer says of the token, and does not read encrypted answers.
 *
 * Its `read` throws {BackendUnavailableError} for everything else, a plain JSON answer included: no verdict can be had from it.
 *
 * @see [RFC 9701 §5 – JWT Response](https://www.rfc-editor.org/rfc/rfc9701#section-5)
 */
export function signedAnswers({ clientId, audience, ...rules }: SignedAnswerRules): AnswerFormat {
  const prove = createVerifier({
    ...rules,
    audience: [clientId, ...audience],
    checkKind: ({ header: { typ } }) => {
      if (typeof typ !== 'string' || !TYPES.includes(typ.toLowerCase())) throw new InvalidTokenError({ detail: 'typ of another kind of token' })
    },
    requiredClaims: ['iat', 'token_introspection'],
    maxTokenAge: OLDEST,
    needsExp: false,
  })
  return {
    accept: MEDIA_TYPE,
    async read(response) {
      if (mediaType(response.headers) !== MEDIA_TYPE) {
        await response.body?.cancel().catch(() => undefined)
        throw providerUnavailable('the introspection endpoint did not sign its answer')
      }
      try {
        const { claims } = await prove(createCredentials('bearer', await readText(response), 'header', NOBODY))
        return claims.token_introspection
      } catch (error) {
        throw untrusted(error)
      }
    },
  }
}

const NOBODY = { transport: 'http', header: () => [] }

function mediaType(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
}

/** A bad answer is the server's fault, not the token's that was asked about. */
function untrusted(error: unknown): BackendUnavailableError {
  if (error instanceof BackendUnavailableError) return error
  const why = error instanceof AuthError ? error.refusal.detail : undefined
  return providerUnavailable(`the signed introspection answer cannot be believed${why === undefined ? '' : `: ${why}`}`)
}
