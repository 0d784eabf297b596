import { InvalidTokenError } from '../../core/errors.js'
import type { Claims } from '../claims.js'

/**
 * The one organization that a token speaks for, by its alias: the claim is a list of aliases, an object with aliases for keys (when
 * the mapper adds ids or attributes), or one alias. `undefined` when the token names none, and when it names several: which of them
 * is meant would be a guess.
 *
 * @throws {InvalidTokenError} when the claim has another form.
 */
export function organizationOf(claims: Claims): string | undefined {
  const aliases = aliasesOf(Object.hasOwn(claims, 'organization') ? (claims.organization ?? []) : [])
  return aliases.length === 1 ? aliases[0] : undefined
}

function aliasesOf(value: unknown): readonly string[] {
  const aliases: unknown = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [value].flat()
  if (Array.isArray(aliases) && aliases.every((alias) => typeof alias === 'string' && alias !== '')) return aliases
  throw new InvalidTokenError({ detail: 'claim organization: not of the expected form' })
}
