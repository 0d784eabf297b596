import { describe, expect, it } from '@jest/globals'
import { readJwt } from '../../src/backends/jwt/compact.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { bearer } from '../backends/bearer.js'
import { vectors } from './signature-layer.js'

interface Case {
  readonly name: string
  readonly bytes_b64: string
}

const BOMBS = [
  { name: 'n_structure_100000_opening_arrays.json', bytes: Buffer.from('['.repeat(100_000)) },
  { name: 'n_structure_open_array_object.json', bytes: Buffer.from('[{"":'.repeat(50_000)) },
]
const cases = [
  ...vectors<{ readonly cases: readonly Case[] }>('json-test-suite/test_parsing.json').cases.map(({ name, bytes_b64 }) => ({
    name,
    bytes: Buffer.from(bytes_b64, 'base64'),
  })),
  ...BOMBS,
]
const named = (prefix: string) => cases.filter(({ name }) => name.startsWith(prefix)).map(({ name, bytes }) => [name, bytes] as const)

/** Good JSON by its grammar; to us a name that stands twice is none (RFC 7515 §4, RFC 7519 §4). */
const DUPLICATES: readonly string[] = ['y_object_duplicated_key.json', 'y_object_duplicated_key_and_value.json']

/** What the grammar leaves open and is read here. The others are no UTF-8, or begin with a byte order mark, and are refused. */
const OPEN_AND_ACCEPTED: readonly string[] = [
  // Numbers that a double cannot hold. Times that are not finite are refused later.
  'i_number_double_huge_neg_exp.json',
  'i_number_huge_exp.json',
  'i_number_neg_int_huge_exp.json',
  'i_number_pos_double_huge_exp.json',
  'i_number_real_neg_overflow.json',
  'i_number_real_pos_overflow.json',
  'i_number_real_underflow.json',
  'i_number_too_big_neg_int.json',
  'i_number_too_big_pos_int.json',
  'i_number_very_big_negative_int.json',
  // Half a surrogate pair, as an escape.
  'i_object_key_lone_2nd_surrogate.json',
  'i_string_1st_surrogate_but_2nd_missing.json',
  'i_string_1st_valid_surrogate_2nd_invalid.json',
  'i_string_incomplete_surrogate_and_escape_valid.json',
  'i_string_incomplete_surrogate_pair.json',
  'i_string_incomplete_surrogates_escape_valid.json',
  'i_string_invalid_lonely_surrogate.json',
  'i_string_invalid_surrogate.json',
  'i_string_inverted_surrogates_U+1D11E.json',
  'i_string_lone_second_surrogate.json',
  // Depth is bounded by the length of a token alone.
  'i_structure_500_nested_arrays.json',
]

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

function isRead(token: string): boolean {
  try {
    readJwt(bearer(token))
    return true
  } catch (error) {
    if (error instanceof InvalidTokenError) return false
    throw error
  }
}

/** Whether the text is read as the value of a member, in the header and in the payload: both must say the same. */
function isReadAsMember(value: Uint8Array): boolean {
  const object = encode(Buffer.concat([Buffer.from('{"member":'), value, Buffer.from('}')]))
  const [asHeader, asClaims] = [isRead(`${object}.e30.AAAA`), isRead(`e30.${object}.AAAA`)]
  expect(asHeader).toBe(asClaims)
  return asHeader
}

/** Whether the text itself is read as header and as payload: then it is an object. */
function isReadAsObject(text: Uint8Array): boolean {
  const [asHeader, asClaims] = [isRead(`${encode(text)}.e30.AAAA`), isRead(`e30.${encode(text)}.AAAA`)]
  expect(asHeader).toBe(asClaims)
  return asHeader
}

it('every published case is there', () => {
  expect([cases.length, named('y_').length, named('n_').length, named('i_').length]).toEqual([318, 95, 188, 35])
})

describe('JSON that every parser must read', () => {
  it.each(named('y_'))('%s', (name, bytes) => {
    const isUnique = !DUPLICATES.includes(name)
    expect(isReadAsMember(bytes)).toBe(isUnique)
    expect(isReadAsObject(bytes)).toBe(isUnique && bytes.toString().trimStart().startsWith('{'))
  })
})

describe('JSON that every parser must refuse', () => {
  it.each(named('n_'))('%s', (_, bytes) => {
    expect(isReadAsMember(bytes)).toBe(false)
    expect(isReadAsObject(bytes)).toBe(false)
  })
})

describe('JSON on which parsers may differ', () => {
  it.each(named('i_'))('%s', (name, bytes) => {
    expect(isReadAsMember(bytes)).toBe(OPEN_AND_ACCEPTED.includes(name))
  })
})
