import { KeyObject, sign } from 'node:crypto'
import type { TestKey } from '../../../src/testing/index.js'

/** Numbers that a seed determines. */
export interface Dice {
  /** A whole number from 0 up to, and without, `end`. */
  readonly below: (end: number) => number
  readonly pick: <Item>(items: readonly Item[]) => Item
}

/** Mulberry32: the same seed throws the same numbers. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number): number => Math.floor(next() * end)
  return { below, pick: <Item>(items: readonly Item[]) => items[below(items.length)] as Item }
}

/** A changed token. `hasDuplicates` when a member name was written twice on purpose. */
export interface Mutant {
  readonly kind: string
  readonly token: string
  readonly hasDuplicates?: boolean
}

/** What tokens are made of. */
export interface Stock {
  readonly keys: readonly TestKey[]
  /** Good tokens, several of each key. */
  readonly tokens: readonly string[]
  /** Claims of a good token. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Seconds since 1970. */
  readonly now: number
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const FOREIGN = ['=', '==', ' ', '\n', '\t', '+', '/', '?', '%', '.', '\u0000', 'é']

const splice = (text: string, at: number, remove: number, insert = ''): string => text.slice(0, at) + insert + text.slice(at + remove)
const encode = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64url')
const segmentsOf = (token: string): readonly [string, string, string] => token.split('.') as [string, string, string]

/** Changes that leave the signature as it was. */
const UNSIGNED: Readonly<Record<string, (dice: Dice, stock: Stock) => string>> = {
  'a character replaced': ({ below, pick }, { tokens }) => {
    const token = pick(tokens)
    return splice(token, below(token.length), 1, pick([...BASE64URL]))
  },
  'a character taken away': ({ below, pick }, { tokens }) => {
    const token = pick(tokens)
    return splice(token, below(token.length), 1)
  },
  'a foreign character put in': ({ below, pick }, { tokens }) => {
    const token = pick(tokens)
    const ends = [0, token.length, token.indexOf('.'), token.indexOf('.') + 1, token.lastIndexOf('.'), token.lastIndexOf('.') + 1]
    return splice(token, pick([...ends, below(token.length)]), 0, pick(FOREIGN))
  },
  'the last character respelled': ({ pick }, { tokens }) => pick(tokens).slice(0, -1) + pick([...BASE64URL]),
  'the end cut off': ({ below, pick }, { tokens }) => {
    const token = pick(tokens)
    return token.slice(0, below(token.length))
  },
  'segments in another order': ({ pick }, { tokens }) => {
    const [header, payload, signature] = segmentsOf(pick(tokens))
    const parts = [header, payload, signature, '', 'e30']
    return Array.from({ length: pick([2, 3, 3, 3, 4, 5]) }, () => pick(parts)).join('.')
  },
  'segments of two tokens': ({ pick }, { tokens }) => {
    const [one, other] = [segmentsOf(pick(tokens)), segmentsOf(pick(tokens))]
    return [0, 1, 2].map((index) => pick([one, other])[index]).join('.')
  },
  'a header that nobody signed': (dice, stock) => {
    const [, payload, signature] = segmentsOf(dice.pick(stock.tokens))
    return `${encode(editHeader(dice, dice.pick(stock.keys)))}.${payload}.${signature}`
  },
  'claims that nobody signed': (dice, stock) => {
    const [header, , signature] = segmentsOf(dice.pick(stock.tokens))
    return `${header}.${encode(editClaims(dice, stock))}.${signature}`
  },
}

/** Changes that are signed afterwards. */
const SIGNED: Readonly<Record<string, (dice: Dice, stock: Stock, key: TestKey) => readonly [header: string, payload: string | Uint8Array]>> = {
  'an untouched token': (_, { claims }, key) => [headerOf(key), JSON.stringify(claims)],
  'a header, signed': (dice, { claims }, key) => [editHeader(dice, key), JSON.stringify(claims)],
  'claims, signed': (dice, stock, key) => [headerOf(key), editClaims(dice, stock)],
  'header and claims, signed': (dice, stock, key) => [editHeader(dice, key), editClaims(dice, stock)],
  'times, signed': (dice, stock, key) => [headerOf(key), editTimes(dice, stock)],
  'nobody named, signed': (_, { claims }, key) => [headerOf(key), JSON.stringify({ ...claims, sub: undefined, client_id: undefined })],
  'a byte of the payload, signed': ({ below }, { claims }, key) => {
    const bytes = Buffer.from(JSON.stringify(claims))
    bytes[below(bytes.length)] = below(256)
    return [headerOf(key), bytes]
  },
  'a byte order mark, signed': ({ pick }, { claims }, key) => {
    const [header, payload] = [headerOf(key), JSON.stringify(claims)]
    return pick([0, 1]) === 0 ? [`\ufeff${header}`, payload] : [header, `\ufeff${payload}`]
  },
  'two members of one name, signed': ({ pick }, { claims }, key) => {
    const [header, payload] = [headerOf(key), JSON.stringify(claims)]
    const name = pick(Object.keys(claims))
    return pick([
      [header.replace('{', `{"alg":"none",`), payload],
      [header.replace('{', '{"\\u006bid":"other",'), payload],
      [header, payload.replace('{', `{${JSON.stringify(name)}:"other",`)],
      [header, payload.replace('{', '{"nested":[{"a":1,"b":2,"a":3}],')],
    ] as const)
  },
}

const DUPLICATES = 'two members of one name, signed'
const UNSIGNED_KINDS = Object.keys(UNSIGNED)
const SIGNED_KINDS = Object.keys(SIGNED)

/** Changes a good token in one of the ways above, or two. */
export function mutate(dice: Dice, stock: Stock): Mutant {
  // RSA signs slowly, so most tokens that are signed here are signed with the other keys.
  if (dice.below(10) < 6) {
    const kind = dice.pick(UNSIGNED_KINDS)
    return { kind, token: (UNSIGNED[kind] as (dice: Dice, stock: Stock) => string)(dice, stock) }
  }
  const kind = dice.pick(SIGNED_KINDS)
  const fast = stock.keys.filter(({ alg }) => alg !== 'RS256')
  const key = dice.pick(dice.below(20) === 0 ? stock.keys : fast)
  const [header, payload] = (SIGNED[kind] as (typeof SIGNED)[string])(dice, stock, key)
  return { kind, token: signWith(key, header, payload), hasDuplicates: kind === DUPLICATES }
}

/** Signs a header and a payload as they are. */
export function signWith({ alg, privateKey }: TestKey, header: string, payload: string | Uint8Array): string {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), { key: keyObjectOf(privateKey), dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

const headerOf = ({ alg, kid }: TestKey): string => JSON.stringify({ alg, kid, typ: 'at+jwt' })

const HEADER_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  typ: ['JWT', 'jwt', 'AT+JWT', 'application/at+jwt', 'application/jwt', 'logout+jwt', 'dpop+jwt', 'id_token', '', 1, null, undefined],
  alg: ['none', 'None', 'HS256', 'RS256', 'RS384', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519', '', null, 1, undefined],
  kid: ['', 'unknown', '__proto__', 'a\nb', 'k'.repeat(300), 1, null, undefined],
  jwk: [{}, { kty: 'oct', k: 'AAAA' }, null],
  x5c: [[], ['AAAA']],
  jku: ['https://evil.example.com/jwks'],
  x5u: ['https://evil.example.com/cert'],
  crit: [[], ['b64'], ['x'], null],
  b64: [true, false],
  cty: ['JWT', 1],
  x5t: ['AAAA'],
  zip: ['DEF'],
}

function editHeader({ below, pick }: Dice, { alg, kid }: TestKey): string {
  const header: Record<string, unknown> = { alg, kid, typ: 'at+jwt' }
  for (let edits = 1 + below(2); edits > 0; edits -= 1) {
    const name = pick(Object.keys(HEADER_VALUES))
    header[name] = pick(HEADER_VALUES[name] ?? [])
  }
  return JSON.stringify(header)
}

/** Of every type, good and bad, whatever the claim. */
const ODD_VALUES: readonly unknown[] = [
  undefined,
  null,
  '',
  'text',
  'a b',
  0,
  -1,
  1.5,
  9_999_999_999,
  true,
  [],
  ['a'],
  [1],
  ['a', null],
  {},
  { a: 1 },
  '9999999999',
]
const CLAIM_NAMES = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'azp', 'scope', 'scp', 'permissions', 'roles', 'groups', 'sid', 'acr', 'auth_time', 'cnf'],
  ...['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'token_use', 'typ', 'act', 'email', 'constructor', 'toString'],
]
/** Where a value of the right type says more. */
const APT_VALUES: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['typ', ['Bearer', 'ID', 'Refresh', 'Offline', 'Logout']],
  ['token_use', ['access', 'id']],
  ['iss', ['https://evil.example.com']],
  ['aud', ['https://other.example.com', ['https://other.example.com', 'https://api.example.com'], 'https://api.example.com.evil']],
])

function editClaims({ below, pick }: Dice, { claims }: Stock): string {
  const edited: Record<string, unknown> = { ...claims }
  for (let edits = 1 + below(3); edits > 0; edits -= 1) {
    const name = pick(CLAIM_NAMES)
    edited[name] = pick([...ODD_VALUES, ...(APT_VALUES.get(name) ?? [])])
  }
  return JSON.stringify(edited)
}

/** Times around the clock and its tolerance, far from it, in fractions, and beyond what a number can hold. */
function editTimes({ pick }: Dice, { claims, now }: Stock): string {
  const text = JSON.stringify({ ...claims, nbf: now - 60 })
  const name = pick(['exp', 'nbf', 'iat'])
  const near = [-301, -60, -6, -5.5, -5, -4.5, -1, 0, 1, 4.5, 5, 5.5, 6, 60, 301].map((offset) => String(now + offset))
  const value = pick([...near, '-1', '0', '1e400', '-1e400', '1e308', `"${now + 60}"`, 'null', '253402300800'])
  return text.replace(new RegExp(`"${name}":[^,}]+`), `"${name}":${value}`)
}

const keyObjects = new WeakMap<TestKey['privateKey'], KeyObject>()

function keyObjectOf(key: TestKey['privateKey']): KeyObject {
  const known = keyObjects.get(key) ?? KeyObject.from(key)
  keyObjects.set(key, known)
  return known
}
