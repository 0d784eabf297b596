import { ConfigurationError } from './configuration-error.js'

/** An OR of ANDs: the outer list names alternatives, each inner list what one alternative needs in full. */
export type AnyOf = readonly (readonly string[])[]

/** `'a b'` and `['a', 'b']` need both; `{ anyOf: [['a', 'b'], ['c']] }` is the general form. */
export type Names = string | readonly string[] | { readonly anyOf: AnyOf }

/** RFC 6749 §3.3 scope-token: printable ASCII without space, quote and backslash. */
const NAME = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Whether a value is a name that a token could carry. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value)
}

/**
 * Turns every spelling of {@link Names} into a frozen OR of ANDs.
 *
 * @throws {ConfigurationError} naming `option` when nothing is named or a name is malformed: an empty list never means "everybody".
 */
export function normalizeNames(option: string, names: unknown): AnyOf {
  const alternatives = isAnyOf(names) ? names.anyOf : [names]
  const fail = (): never => {
    throw new ConfigurationError(option, 'at least one name, without quotes or backslashes', `'orders:read', ['a', 'b'] or { anyOf: [['a', 'b'], ['c']] }`)
  }
  if (!Array.isArray(alternatives) || alternatives.length === 0) return fail()
  return Object.freeze(
    [...alternatives].map((alternative: unknown) => {
      const list: unknown = typeof alternative === 'string' ? alternative.split(' ').filter((name) => name !== '') : alternative
      if (!Array.isArray(list) || list.length === 0) return fail()
      // A hole in a list is skipped by every(), and would then be a name that nobody holds.
      const all: readonly unknown[] = [...list]
      if (!all.every(isName)) return fail()
      return Object.freeze([...new Set(all)])
    }),
  )
}

function isAnyOf(names: unknown): names is { anyOf: unknown } {
  return typeof names === 'object' && names !== null && !Array.isArray(names) && Object.keys(names).join() === 'anyOf'
}
