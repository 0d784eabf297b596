import type { CALLERS, Outcome } from '../../support/transport-callers.js'
import type { Servers } from '../../support/transport-servers.js'

/** One way into the test servers. */
export type Call = (typeof CALLERS)['HTTP']

/** Who the servers take the bearer of a token for, as `tellsPrincipal` says it. */
export async function principalOver(call: Call, servers: Servers, token: string): Promise<unknown> {
  const { data, ...rest } = await call(servers, { authorization: `Bearer ${token}`, query: '{ principal }' })
  const [result] = data as readonly { readonly principal: string }[]
  if (result === undefined) throw new Error(`no principal, but ${JSON.stringify(rest)}`)
  return JSON.parse(result.principal)
}

/** What becomes of an open field for the bearer of a token that is refused. */
export async function refusalOver(call: Call, servers: Servers, token: string): Promise<Pick<Outcome, 'verdict' | 'reason' | 'data'>> {
  const { verdict, reason, data } = await call(servers, { authorization: `Bearer ${token}`, query: '{ hello }' })
  return { verdict, reason, data }
}

/** The refusal of a token that is not good. */
export const INVALID = { verdict: 'refused', reason: 'INVALID_TOKEN', data: [] } as const

/** The same token with other claims, under the old signature. */
export function withClaims(token: string, claims: Readonly<Record<string, unknown>>): string {
  const [header, payload, signature] = token.split('.')
  return `${header}.${Buffer.from(JSON.stringify({ ...claimsIn(token, payload), ...claims })).toString('base64url')}.${signature}`
}

/** The payload of a token, unverified. */
export function claimsIn(token: string, payload: string | undefined = token.split('.')[1]): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())
}
