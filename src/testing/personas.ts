import type { TestClaims } from './tokens.js'

/** Callers by name, and the claims of each one's tokens. */
export type Personas<Name extends string = string> = Readonly<Record<Name, TestClaims>>

/**
 * Names the callers of a test once, so that every test asks for `issuer.tokenFor('reader')` instead of repeating claims. A persona
 * without `sub` gets its name for one.
 *
 * Does not check the claims: a persona may be as wrong as a test needs it.
 *
 * @example
 * const people = personas({ reader: { scope: 'orders:read' }, clerk: { scope: 'orders:read orders:write', tenant_id: 'acme' } })
 * const issuer = await createTestIssuer({ personas: people })
 * const token = await issuer.tokenFor('clerk')
 */
export function personas<const Name extends string>(claimsByName: Personas<Name>): Personas<Name> {
  const named = Object.entries<TestClaims>(claimsByName).map(([name, claims]) => [name, Object.freeze({ sub: name, ...claims })])
  return Object.freeze(Object.fromEntries(named))
}
