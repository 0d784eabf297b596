import type { Auth } from './auth.js'
import type { Authentication } from './caller/authentication.js'
import { type AnyRequest, carrierOf } from './caller/carrier.js'

const authentications = new WeakMap<Auth, WeakMap<AnyRequest, Promise<Authentication>>>()

/**
 * Judges the credentials of an HTTP request, once: whoever asks about the same request again gets the same answer, and no token
 * is verified twice. Does not reject for credentials that are not good: that is the refusal in the answer.
 *
 * Does not check any requirement.
 */
export function authenticateRequest(auth: Auth, request: AnyRequest): Promise<Authentication> {
  let known = authentications.get(auth)
  if (known === undefined) {
    known = new WeakMap()
    authentications.set(auth, known)
  }
  let authentication = known.get(request)
  if (authentication === undefined) {
    authentication = auth.authenticate(carrierOf(request, 'http'))
    known.set(request, authentication)
  }
  return authentication
}
