import { z } from 'zod'
import { ConfigurationError } from '../core/configuration-error.js'
import { callback, flag, hint, parseOptions, text } from '../core/options.js'
import type { FailureMode } from './failures.js'
import { type Endpoint, listen, type RequestCounts } from './issuer-server.js'
import { createKeyRing, type RotateOptions, TEST_ALGORITHMS, type TestAlgorithm, type TestKey } from './keys.js'
import type { Personas } from './personas.js'
import { createMint, type TokenMint, type TokenOptions } from './tokens.js'

/** Options of {@link createTestIssuer}. */
export interface TestIssuerOptions<Name extends string = string> {
  /** `aud` of its tokens. @default 'https://api.example.com' */
  readonly audience?: string
  /** A key is made for each of them; the first signs what does not ask for another. @default ['RS256'] */
  readonly algorithms?: readonly TestAlgorithm[]
  /** Path of the issuer's URL, such as `/realms/test`. A slash at its end is part of the issuer. @default '' */
  readonly path?: string
  /** Secrets by client id; the first client is the one that tokens are issued to. @default { 'test-client': 'test-secret' } */
  readonly clients?: Readonly<Record<string, string>>
  /** Who can log in, and what their tokens say. @default nobody */
  readonly personas?: Personas<Name>
  /** Members of both metadata documents that replace the right ones. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Seconds until `exp`. @default 300 */
  readonly expiresIn?: number
  /** The clock of `iat` and `exp`, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** Starts although `NODE_ENV` is `production`. Whoever reaches a test issuer can be whoever he likes. @default false */
  readonly dangerouslyAllowProduction?: boolean
}

/** An authorization server for tests, listening on loopback. */
export interface TestIssuer<Name extends string = string> extends TokenMint {
  /** Its URL and its `iss`. */
  readonly issuer: string
  /** The same, for code that looks for a server's address. */
  readonly url: string
  readonly audience: string
  readonly jwksUri: string
  readonly tokenEndpoint: string
  /** How often each endpoint was asked; counts on. */
  readonly requests: RequestCounts
  /** The key that signs now. */
  readonly signingKey: TestKey
  /** A token of one of its personas. */
  tokenFor(persona: Name, options?: TokenOptions): Promise<string>
  /** Signs with a new key from now on. */
  rotateKeys(options?: RotateOptions): Promise<TestKey>
  /** Takes a key out of the published set, as after a theft. */
  removeKey(kid: string): void
  /** Makes endpoints fail until {@link TestIssuer.recover}. @param endpoints @default ['jwks'] */
  fail(mode: FailureMode, endpoints?: readonly Endpoint[]): void
  /** Ends every failure. */
  recover(): void
  /** Stops listening and cuts what is open. */
  close(): Promise<void>
}

const algorithms = hint('a list of RS256, PS256, ES256 and EdDSA', "['RS256']")
const path = hint('a path that starts with a slash', "'/realms/test'")
const lifetime = hint('seconds', '300')

const issuerOptions = z.strictObject(
  {
    audience: text("'https://api.example.com'").optional(),
    algorithms: z.array(z.enum(TEST_ALGORITHMS, algorithms), algorithms).min(1, algorithms).optional(),
    path: z
      .string(path)
      .regex(/^(\/[\w~.-]+)*\/?$/, path)
      .optional(),
    clients: z.record(z.string(), z.string(), hint('secrets by client id', "{ 'test-client': 'test-secret' }")).optional(),
    personas: z.record(z.string(), z.record(z.string(), z.unknown()), hint('claims by name', "{ reader: { scope: 'orders:read' } }")).optional(),
    metadata: z.record(z.string(), z.unknown(), hint('an object', "{ issuer: 'https://another.example.com' }")).optional(),
    expiresIn: z.number(lifetime).optional(),
    now: callback<() => number>('Date.now').optional(),
    dangerouslyAllowProduction: flag().optional(),
  },
  hint('an object', "{ algorithms: ['RS256'] }"),
)

/**
 * Starts an authorization server for tests: metadata, keys that can be rotated and withdrawn, a token endpoint, tokens of every kind
 * without one, and endpoints that fail when told to. It is a real HTTP server on 127.0.0.1, with keys made on the spot; close it
 * when the test is over.
 *
 * Is no authorization server for anything else: it does not check who asks for what, and its passwords are the names.
 *
 * @throws {ConfigurationError} when an option is wrong, or `NODE_ENV` is `production`.
 * @example
 * const issuer = await createTestIssuer()
 * const auth = createAuth({ backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }] })
 * const token = await issuer.token({ sub: 'ada', scope: 'orders:read' })
 * @see RFC 8414, RFC 7517, RFC 9068
 */
export async function createTestIssuer<const Name extends string = string>(options: TestIssuerOptions<Name> = {}): Promise<TestIssuer<Name>> {
  parseOptions(issuerOptions, options, 'createTestIssuer')
  if (process.env.NODE_ENV === 'production' && options.dangerouslyAllowProduction !== true) {
    throw new ConfigurationError('createTestIssuer', 'NODE_ENV other than production, where a test issuer would let everybody in')
  }
  const { audience = 'https://api.example.com', expiresIn = 300, clients = { 'test-client': 'test-secret' }, now = Date.now } = options
  const personas: Personas = options.personas ?? {}
  const keys = await createKeyRing(options.algorithms ?? ['RS256'])
  const { server, urls } = await listen(options.path ?? '')
  const mint = createMint({ issuer: urls.issuer, audience, clientId: Object.keys(clients)[0] ?? 'test-client', expiresIn, keys, now })
  const metadata = { ...standardMetadata(urls.issuer, urls.jwksUri, urls.tokenEndpoint), ...options.metadata }
  server.serve({ metadata: () => metadata, jwks: () => keys.published(), token: { clients, personas, expiresIn, issue: (claims) => mint.token(claims) } })

  return {
    ...mint,
    ...urls,
    url: urls.issuer,
    audience,
    requests: server.requests,
    get signingKey() {
      return keys.current()
    },
    tokenFor(persona, tokenOptions) {
      if (!Object.hasOwn(personas, persona))
        throw new TypeError(`This issuer knows ${Object.keys(personas).join(', ') || 'no personas'}; name others in its option personas.`)
      return mint.token(personas[persona], tokenOptions)
    },
    rotateKeys: (rotation) => keys.rotate(rotation),
    removeKey: (kid) => keys.remove(kid),
    fail: (mode, endpoints = ['jwks']) => server.fail(mode, endpoints),
    recover: () => server.recover(),
    close: () => server.close(),
  }
}

/** RFC 8414 §2, OpenID Connect Discovery §3. */
function standardMetadata(issuer: string, jwksUri: string, tokenEndpoint: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    jwks_uri: jwksUri,
    token_endpoint: tokenEndpoint,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    grant_types_supported: ['client_credentials', 'password'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
}
