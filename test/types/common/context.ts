import {
  type Auth,
  type AuthContext,
  AuthError,
  type AuthErrorCode,
  type Lease,
  type Principal,
  type Reason,
  type Refusal,
  requireOAuth,
  requirePerm,
  TokenExpiredError,
} from '../../../src/index.js'
import { type AuthContextExtension, useAuth } from '../../../src/schema/envelop.js'
import { type HttpContext, httpContext } from '../../../src/transports/http/index.js'

/** Compiled, never run: what a resolver finds in its context. */

interface Context {
  readonly auth: AuthContext
}

export function resolver(_source: unknown, _args: unknown, { auth }: Context): string {
  const principal: Principal | null = auth.principal
  // @ts-expect-error: there may be nobody
  auth.principal.subject
  const subject: string = principal?.subject ?? 'nobody'
  const scopes: readonly string[] = auth.scopes
  const token: string | null = auth.token
  const lease: Lease | null = auth.lease
  const refusal: Refusal | null = auth.refusal
  const allowed: boolean = auth.hasScopes('a b') && auth.hasScopes(['a']) && auth.hasPermissions({ anyOf: [['a', 'b'], ['c']] })
  const may: Promise<boolean> = auth.may('order.read', 7)
  auth.requireScopes('a')
  auth.requirePermissions(['a', 'b'])
  // @ts-expect-error: something is asked for
  auth.hasScopes()
  // @ts-expect-error: a name is a text
  auth.requireScopes([5])
  // @ts-expect-error: nobody becomes somebody else
  auth.principal = null
  // @ts-expect-error: scopes are not added to
  auth.scopes.push('admin')
  // @ts-expect-error: the application's user is not known to the package
  auth.user.name
  if (principal !== null) {
    // @ts-expect-error: a principal is not changed
    principal.tenant = 't1'
    // @ts-expect-error: a claim is unknown until it was looked at
    principal.claims.email.length
  }
  return [subject, ...scopes, token, lease?.id, refusal?.reason, allowed, may].join()
}

/** A context is what the transports and the plugin say it is. */
export async function wiring(auth: Auth, request: Request): Promise<AuthContext[]> {
  const fromHttp: HttpContext = await httpContext(auth, request)
  const plugin = useAuth(auth)
  const fromPlugin = (context: AuthContextExtension): AuthContext => context.auth
  // @ts-expect-error: an object that looks like one is none
  const forged: Context = { auth: { principal: null, scopes: ['admin'] } }
  // @ts-expect-error: the plugin needs the engine
  useAuth()
  return [fromHttp.auth, fromPlugin(fromHttp), forged.auth, ...(plugin === null ? [] : [])]
}

/** A guarded resolver keeps its type. */
export const guarded: (source: { readonly id: number }, args: { readonly first: number }, context: Context) => string[] = requireOAuth('a')(
  (source: { readonly id: number }, args: { readonly first: number }, _context: Context) => [`${source.id}${args.first}`],
)
// @ts-expect-error: a guarded resolver keeps its type
export const mistyped: (source: unknown) => number = requireOAuth('a')((_source: unknown) => 'text')
export const asynchronous: () => Promise<number> = requirePerm('a', { object: (_source, args: { readonly id: string }) => args.id })(async () => 1)

export function caught(error: unknown): string {
  if (error instanceof TokenExpiredError) return 'login again'
  if (!(error instanceof AuthError)) return 'not ours'
  const code: AuthErrorCode = error.code
  const reason: Reason = error.reason
  // @ts-expect-error: there is no such code
  if (code === 'UNAUTHORIZED') return 'never'
  // @ts-expect-error: there is no such reason
  if (reason === 'NO_TOKEN') return 'never'
  return `${code} ${reason}`
}
