import type { Auth } from '../../core/auth.js'
import type { VerifiedToken } from '../../core/backend.js'
import type { Authentication } from '../../core/caller/authentication.js'
import { type AnyRequest, carrierOf } from '../../core/caller/carrier.js'
import type { Carrier } from '../../core/caller/credentials.js'
import { createPrincipal, type Principal } from '../../core/caller/principal.js'
import { ConfigurationError } from '../../core/configuration-error.js'

/** Names the transport of what is only explained, in the audit log and to `onAuthenticated`. */
const TRANSPORT = 'explain'

/** Who asks. Exactly one of the three is given. */
export interface Asker {
  /** An access token, without its scheme. The backends verify it, as if it came as a bearer token over HTTP. */
  readonly token?: string
  /** A caller who is known already; `null` for an anonymous one. */
  readonly principal?: Principal | VerifiedToken | null
  /** A request, or what a transport makes of one. The backends verify what is in it. */
  readonly carrier?: Carrier | AnyRequest
}

/** Finds out who asks, as every transport does. What went wrong is the refusal in the answer. */
export async function authenticateAsker(auth: Auth, asker: Asker): Promise<Authentication> {
  const { token, principal, carrier } = asker
  if (Object.entries({ token, principal, carrier }).filter(([, given]) => given !== undefined).length !== 1) {
    throw new ConfigurationError(
      'explain',
      'one of token, principal and carrier',
      '{ document, token } or { document, principal: null } for an anonymous caller',
    )
  }
  if (token !== undefined) return auth.authenticate(carrierOfToken(token))
  if (carrier !== undefined) return auth.authenticate(isCarrier(carrier) ? carrier : carrierOf(carrier, TRANSPORT))
  const known = principal === null || principal === undefined ? null : createPrincipal(principal as VerifiedToken, auth.settings.tenantOf)
  return { principal: known, refusal: null, credentials: null, transport: TRANSPORT }
}

function carrierOfToken(token: string): Carrier {
  return { transport: TRANSPORT, header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) }
}

function isCarrier(given: Carrier | AnyRequest): given is Carrier {
  return typeof (given as Partial<Carrier>).header === 'function'
}
