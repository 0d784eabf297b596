import { createHash, randomUUID } from 'node:crypto'
import { AuthContext } from './auth-context.js'
import type { Principal } from './caller/principal.js'
import { ConfigurationError } from './configuration-error.js'

/**
 * A key for what an application remembers of answers: response caches, deduplicated subscriptions, loaders that outlive a request.
 * Two callers share one only when they are the same principal (tenant, issuer, subject, kind) with the same client, scopes,
 * permissions, roles, groups and login; the order of names does not count, and neither does which token said so. All anonymous callers
 * share one. Whoever came with bad credentials never gets the same key twice: he is refused, also where nobody needs to be known.
 *
 * A digest: it holds nothing that a store or a log may not see. Stable over restarts and nodes.
 *
 * Does not cover what changes while the caller does not: answers of the `permissions` source, `maxAge`, and what resolvers read of
 * `claims`, `user` or the request. Give the entries a lifetime that you could bear as the delay of a revocation.
 *
 * @param context the operation's, once it carries `auth`
 * @throws {ConfigurationError} when it carries none: without a key, caches take everybody for the same.
 * @example
 * const session = (context) => authCacheKey(context)
 */
export function authCacheKey(context: unknown): string {
  const auth = AuthContext.of(context)
  if (auth === null) throw new ConfigurationError('authCacheKey', 'a context with auth', 'authCacheKey(context), after useAuth(auth)')
  if (auth.refusal !== null) return `refused:${randomUUID()}`
  return auth.principal === null ? 'anonymous' : `caller:${digestOf(auth.principal)}`
}

/** As JSON of a list, so that no two principals can meet in one text. */
function digestOf({ tenant, issuer, subject, kind, clientId, scopes, permissions, roles, groups, acr, authenticatedAt }: Principal): string {
  const names = [scopes, permissions, roles, groups].map((list) => [...new Set(list)].sort())
  return createHash('sha256')
    .update(JSON.stringify([tenant, issuer, subject, kind, clientId, ...names, acr, authenticatedAt]))
    .digest('base64url')
}
