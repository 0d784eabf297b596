import type { TokenBackend } from '../../src/core/backend.js'
import { type Carrier, type Credentials, createCredentials } from '../../src/core/caller/credentials.js'
import { createPrincipal, type Principal } from '../../src/core/caller/principal.js'
import { AuthError } from '../../src/core/errors.js'
import type { Refusal } from '../../src/core/refusal.js'

const carrier: Carrier = { transport: 'test', header: () => [] }

/** Credentials as a transport finds them in the Authorization header. */
export function bearer(token: string, scheme = 'bearer'): Credentials {
  return createCredentials(scheme, token, 'header', carrier)
}

/** What a backend says of a token: who it is, or why not. */
export async function judge(backend: TokenBackend, token: string): Promise<Principal | Refusal> {
  try {
    return createPrincipal(await backend.verify(bearer(token), new AbortController().signal))
  } catch (error) {
    if (error instanceof AuthError) return error.refusal
    throw error
  }
}

/** The reason for which a backend refuses a token, or `accepted`. */
export async function verdict(backend: TokenBackend, token: string): Promise<string> {
  const judged = await judge(backend, token)
  return 'reason' in judged ? judged.reason : 'accepted'
}
