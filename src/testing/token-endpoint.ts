import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Personas } from './personas.js'
import type { TestClaims } from './tokens.js'

/** What the token endpoint answers, as JSON. */
export interface TokenResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

/** What the token endpoint grants, and to whom. */
export interface TokenEndpointOptions {
  /** Secrets by client id. */
  readonly clients: Readonly<Record<string, string>>
  readonly personas: Personas
  /** Seconds. */
  readonly expiresIn: number
  readonly issue: (claims: TestClaims) => Promise<string>
}

/**
 * The token endpoint of a test issuer: `client_credentials` for its clients, and `password` for its personas, whose passwords are
 * their names. Clients authenticate with `client_secret_basic` or `client_secret_post`.
 *
 * A client gets every scope that it asks for; a persona those of his own that he asks for, or all of them.
 *
 * @see RFC 6749 §2.3.1, §4.3, §4.4, §5
 */
export async function answerTokenRequest(request: IncomingMessage, options: TokenEndpointOptions): Promise<TokenResponse> {
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'invalid_request' } }
  const form = new URLSearchParams(await readBody(request))
  const clientId = authenticate(request.headers.authorization, form, options.clients)
  if (clientId === null) return { status: 401, headers: { 'www-authenticate': 'Basic realm="test issuer"' }, body: { error: 'invalid_client' } }
  const grant = GRANTS.get(form.get('grant_type') ?? '')
  if (grant === undefined) return failure('unsupported_grant_type')
  const claims = grant(clientId, form, options.personas)
  if (claims === null) return failure('invalid_grant')
  const { scope } = claims
  return {
    status: 200,
    body: { access_token: await options.issue(claims), token_type: 'Bearer', expires_in: options.expiresIn, ...(typeof scope === 'string' ? { scope } : {}) },
  }
}

type Grant = (clientId: string, form: URLSearchParams, personas: Personas) => TestClaims | null

const GRANTS: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ['client_credentials', (clientId, form) => ({ sub: clientId, client_id: clientId, ...scopeClaim(form.get('scope')) })],
  ['password', logIn],
])

function logIn(clientId: string, form: URLSearchParams, personas: Personas): TestClaims | null {
  const name = form.get('username') ?? ''
  const persona = Object.hasOwn(personas, name) ? personas[name] : undefined
  if (persona === undefined || form.get('password') !== name) return null
  const own = typeof persona.scope === 'string' ? persona.scope : null
  const wanted = form.get('scope')?.split(' ')
  const granted =
    wanted === undefined || own === null
      ? own
      : own
          .split(' ')
          .filter((scope) => wanted.includes(scope))
          .join(' ')
  return { client_id: clientId, ...persona, ...scopeClaim(granted) }
}

function scopeClaim(scope: string | null): TestClaims {
  return scope === null ? {} : { scope }
}

function failure(error: string): TokenResponse {
  return { status: 400, body: { error } }
}

function authenticate(authorization: string | undefined, form: URLSearchParams, clients: Readonly<Record<string, string>>): string | null {
  const [id, secret] = basic(authorization) ?? [form.get('client_id') ?? '', form.get('client_secret') ?? '']
  const expected = Object.hasOwn(clients, id) ? clients[id] : undefined
  return expected !== undefined && isEqual(secret, expected) ? id : null
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. */
function basic(authorization: string | undefined): [string, string] | null {
  const encoded = /^basic +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const pair = Buffer.from(encoded, 'base64').toString()
  const colon = pair.indexOf(':')
  const [id, secret] = [pair.slice(0, Math.max(colon, 0)), pair.slice(colon + 1)].map((half) => new URLSearchParams(`v=${half}`).get('v') ?? '')
  return [id ?? '', secret ?? '']
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** More than a form with a few fields is cut off: what is left then fails to authenticate. */
async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    if (body.length < 65_536) body += chunk
  }
  return body
}
