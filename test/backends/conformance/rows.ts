import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import type { TestClaims, TokenOptions } from '../../../src/testing/index.js'
import type { Subject, SubjectName } from './subjects.js'

/** What is wrong with a token, and so who can see it: only who reads claims, or only who verifies signatures. */
export type Part = 'claims' | 'signature'

/** A token, and what every backend must say of it. */
export interface Row {
  readonly name: string
  readonly part: Part
  readonly expected: 'accepted' | 'INVALID_TOKEN' | 'TOKEN_EXPIRED'
  readonly token: (subject: Subject) => string | Promise<string>
  /** Backends that must say something else, and why. */
  readonly except?: Readonly<Partial<Record<SubjectName, readonly [verdict: Row['expected'], reason: string]>>>
}

/** A good token of a provider, changed as told. */
export function tokenOf(subject: Subject, claims: TestClaims = {}, options: TokenOptions = {}): Promise<string> {
  return subject.mint.token({ ...subject.claims, ...claims }, { typ: subject.typ, ...options })
}

/** The text of a good payload. */
export async function payloadOf(subject: Subject): Promise<string> {
  return Buffer.from((await tokenOf(subject)).split('.')[1] ?? '', 'base64url').toString()
}

/** Signs a header and a payload as they are, with the provider's own key. */
export async function signText(subject: Subject, header: string, payload: string): Promise<string> {
  const input = [header, payload].map((text) => Buffer.from(text).toString('base64url')).join('.')
  const { privateKey } = subject.key()
  const signature = await crypto.subtle.sign({ name: privateKey.algorithm.name, hash: 'SHA-256' }, privateKey, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

const headerOf = ({ key, typ }: Subject, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ alg: key().alg, kid: key().kid, typ, ...more })

const seconds = (): number => Math.floor(Date.now() / 1000)

const changed = (name: string, expected: Row['expected'], claims: (subject: Subject) => TestClaims, except: Row['except'] = {}): Row => ({
  name,
  part: 'claims',
  expected,
  token: (subject) => tokenOf(subject, claims(subject)),
  except,
})

const withHeader = (name: string, header: Readonly<Record<string, unknown>>): Row => ({
  name,
  part: 'signature',
  expected: 'INVALID_TOKEN',
  token: async (subject) => signText(subject, headerOf(subject, header), await payloadOf(subject)),
})

const edited = (name: string, part: Part, edit: (payload: string) => string): Row => ({
  name,
  part,
  expected: 'INVALID_TOKEN',
  token: async (subject) => signText(subject, headerOf(subject), edit(await payloadOf(subject))),
})

const ISSUED_BY_ASKING = 'RFC 7662 §2.2 does not need it: the server itself says that the token is active'

/** Claims of good tokens and of bad ones. */
const CLAIM_ROWS: readonly Row[] = [
  changed('a good token', 'accepted', () => ({})),
  changed('aud in a list', 'accepted', ({ claims }) => ({ aud: ['https://other.example.com', claims.aud] }), {
    firebase: ['INVALID_TOKEN', 'Firebase writes one aud, the project: a list is none of its tokens'],
  }),
  changed('expired a minute ago', 'TOKEN_EXPIRED', () => ({ iat: seconds() - 360, exp: seconds() - 60 })),
  changed('exp long before 1970', 'TOKEN_EXPIRED', () => ({ exp: -1 })),
  changed('no exp', 'INVALID_TOKEN', () => ({ exp: undefined }), { introspection: ['accepted', ISSUED_BY_ASKING] }),
  changed('not yet valid', 'INVALID_TOKEN', () => ({ nbf: seconds() + 60 })),
  changed('issued in the future', 'INVALID_TOKEN', () => ({ iat: seconds() + 60 })),
  changed('another iss', 'INVALID_TOKEN', () => ({ iss: 'https://evil.example.com' })),
  changed('iss with a slash more', 'INVALID_TOKEN', ({ claims }) => ({ iss: `${claims.iss}/` })),
  changed('iss in other letters', 'INVALID_TOKEN', ({ claims }) => ({ iss: String(claims.iss).toUpperCase() })),
  changed('a list of iss', 'INVALID_TOKEN', ({ claims }) => ({ iss: [claims.iss] })),
  changed('no iss', 'INVALID_TOKEN', () => ({ iss: undefined }), { introspection: ['accepted', ISSUED_BY_ASKING] }),
  changed('another aud', 'INVALID_TOKEN', () => ({ aud: 'https://other.example.com' })),
  changed('aud with more behind it', 'INVALID_TOKEN', ({ claims }) => ({ aud: `${claims.aud}.evil` })),
  changed('aud with something before it', 'INVALID_TOKEN', ({ claims }) => ({ aud: `x${claims.aud}` })),
  changed('an empty list of aud', 'INVALID_TOKEN', () => ({ aud: [] })),
  changed('no aud', 'INVALID_TOKEN', () => ({ aud: undefined })),
  ...['"9999999999"', 'null', '[9999999999]', 'true', '1e400', '{"valueOf":9999999999}'].map((exp) =>
    edited(`exp as ${exp}`, 'claims', (payload) => payload.replace(/"exp":\d+/, `"exp":${exp}`)),
  ),
  ...['"1"', 'null', '1e400'].map((nbf) => edited(`nbf as ${nbf}`, 'claims', (payload) => payload.replace('{', `{"nbf":${nbf},`))),
  changed('a scope of the wrong form', 'INVALID_TOKEN', () => ({ scope: { read: true } })),
  changed('a subject of the wrong form', 'INVALID_TOKEN', () => ({ sub: 7 })),
]

/** What only who reads the token itself can see. */
const HEADER_ROWS: readonly Row[] = [
  ...['id_token', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', ''].map((typ) => withHeader(`typ ${JSON.stringify(typ)}`, { typ })),
  withHeader('typ as a number', { typ: 1 }),
  ...['RS384', 'ES384', 'PS512', 'HS256', 'RS256 ', 'toString'].map((alg) => withHeader(`alg ${JSON.stringify(alg)} over the right signature`, { alg })),
  withHeader('alg as a list', { alg: ['RS256', 'ES256'] }),
  ...['none', 'None', 'NONE', 'nOnE'].flatMap((alg) =>
    ['', 'AAAA'].map(
      (signature): Row => ({
        name: `alg ${alg} ${signature === '' ? 'without' : 'with'} a signature`,
        part: 'signature',
        expected: 'INVALID_TOKEN',
        token: ({ mint, claims }) => mint.unsignedToken(claims, { alg, signature }),
      }),
    ),
  ),
  ...(['pem', 'der', 'jwk'] as const).map(
    (spelling): Row => ({
      name: `HS256 with the public key as a secret, as ${spelling}`,
      part: 'signature',
      expected: 'INVALID_TOKEN',
      token: ({ mint, claims }) => mint.hmacWithPublicKey(claims, spelling),
    }),
  ),
  ...[false, true].map(
    (withId): Row => ({
      name: `a key of its own in jwk, ${withId ? 'under the right key id' : 'without key id'}`,
      part: 'signature',
      expected: 'INVALID_TOKEN',
      token: async (subject) => {
        const { privateKey, publicKey } = await generateKeyPair('ES256')
        const header = { alg: 'ES256', typ: subject.typ, jwk: await exportJWK(publicKey), ...(withId ? { kid: subject.key().kid } : {}) }
        return new CompactSign(Buffer.from(await payloadOf(subject))).setProtectedHeader(header).sign(privateKey)
      },
    }),
  ),
  withHeader('a certificate in x5c', { x5c: ['AAAA'] }),
  ...['jku', 'x5u'].flatMap((member) =>
    ['http://127.0.0.1:9/jwks', 'http://169.254.169.254/latest/meta-data', 'file:///etc/passwd'].map((url) =>
      withHeader(`${member} ${url}`, { [member]: url }),
    ),
  ),
  withHeader('crit with an unknown extension', { crit: ['x'], x: 1 }),
  withHeader('an empty crit', { crit: [] }),
  withHeader('an unencoded payload', { crit: ['b64'], b64: false }),
  ...[1, '', 'a\nb', 'k'.repeat(10_000), '../../dev/null', '__proto__'].map((kid) => withHeader(`kid ${JSON.stringify(kid).slice(0, 20)}`, { kid })),
  {
    name: 'a header with two members of one name',
    part: 'signature',
    expected: 'INVALID_TOKEN',
    token: async (subject) => signText(subject, headerOf(subject).replace('{', '{"alg":"none",'), await payloadOf(subject)),
  },
  edited('a payload with two members of one name', 'signature', (payload) => payload.replace('{', '{"sub":"admin",')),
  edited('a payload with two members of one name further down', 'signature', (payload) => payload.replace('{', '{"act":{"a":1,"\\u0061":2},')),
]

/** Segments and signatures. */
const FORM_ROWS: readonly Row[] = [
  ...Object.entries<(token: string) => string>({
    'a line break at the end': (token) => `${token}\n`,
    'padding at the end': (token) => `${token}=`,
    'a space in the payload': (token) => token.replace(/\.(.)/, '.$1 '),
    'no signature': (token) => token.slice(0, token.lastIndexOf('.') + 1),
    'two segments': (token) => token.slice(0, token.lastIndexOf('.')),
    'four segments': (token) => `${token}.AAAA`,
    'five segments': (token) => `${token}.AAAA.AAAA`,
    'an empty payload': (token) => token.replace(/\..*\./, '..'),
    'header and payload in each other’s place': (token) => token.replace(/^([^.]*)\.([^.]*)/, '$2.$1'),
    'a signature of zeros': (token) => `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.alloc(64).toString('base64url')}`,
    'the JSON serialization': (token) => JSON.stringify({ payload: token.split('.')[1], protected: token.split('.')[0], signature: token.split('.')[2] }),
  }).map(
    ([name, change]): Row => ({
      name,
      part: 'signature',
      expected: 'INVALID_TOKEN',
      token: async (subject) => change(await tokenOf(subject)),
    }),
  ),
  {
    name: 'another spelling of the same signature',
    part: 'signature',
    expected: 'INVALID_TOKEN',
    token: async (subject) => respelled(await tokenOf(subject)),
  },
  {
    name: 'signed by somebody else under the right key id',
    part: 'signature',
    expected: 'INVALID_TOKEN',
    token: ({ mint, claims, typ }) => mint.forgedToken(claims, { typ }),
  },
  {
    name: 'an unknown key id',
    part: 'signature',
    expected: 'INVALID_TOKEN',
    token: (subject) => tokenOf(subject, {}, { kid: 'unknown' }),
  },
]

/** The last character of 64 or 256 bytes has bits to spare: 15 other characters stand for the same bytes. */
function respelled(token: string): string {
  const signature = (text: string): Buffer => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url')
  const other = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    .map((last) => token.slice(0, -1) + last)
    .find((text) => text !== token && signature(text).equals(signature(token)))
  if (other === undefined) throw new Error('a signature of this length has one spelling')
  return other
}

/** Every row of the table. */
export const ROWS: readonly Row[] = [...CLAIM_ROWS, ...HEADER_ROWS, ...FORM_ROWS]
