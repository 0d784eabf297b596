import { InvalidTokenError } from '../../core/errors.js'
import type { Claims } from '../claims.js'

/**
 * The one organization that a token speaks for, by its alias: the claim is a list of aliases, an object with aliases for keys (when
 * the mapper adds ids or attributes), one alias, or a list of all these (when two mappers write it). `undefined` when the token names
 * none, and when it names several: which of them is meant would be a guess.
 *
 * A mapper that is not multivalued writes one of the user's organizations, whichever comes first, and nothing here can tell.
 *
 * @throws {InvalidTokenError} when the claim has another form.
 */
export function organizationOf(claims: Claims): string | undefined {
  const value = Object.hasOwn(claims, 'organization') ? (claims.organization ?? []) : []
  const aliases = new Set([value].flat().flatMap(aliasesOf))
  return aliases.size === 1 ? [...aliases][0] : undefined
}

function aliasesOf(value: unknown): readonly string[] {
  if (typeof value === 'string' && value !== '') return [value]
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.keys(value)
  throw new InvalidTokenError({ detail: 'claim organization: not of the expected form' })
}
