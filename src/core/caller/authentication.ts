import type { Refusal } from '../refusal.js'
import type { Credentials } from './credentials.js'
import type { Principal } from './principal.js'

/**
 * What is known of a caller after his credentials were judged. Three cases: a principal; nobody, because no credentials came
 * (both `null`); or a refusal, because what came was not good, which refuses public fields too.
 */
export interface Authentication {
  readonly principal: Principal | null
  readonly refusal: Refusal | null
  readonly credentials: Credentials | null
  /** Names the transport in the audit log. Nothing is decided by it. */
  readonly transport: string
}
