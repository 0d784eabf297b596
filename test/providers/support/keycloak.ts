import { fromEnvironment } from './environment.js'

/** The address that tokens name. */
export const KEYCLOAK_URL: string = fromEnvironment('KEYCLOAK_URL')
/** The address that this machine uses. */
export const KEYCLOAK_INTERNAL_URL: string = fromEnvironment('KEYCLOAK_INTERNAL_URL')

/** What the token endpoint answered. */
export interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token: string
  readonly session_state: string
}

/** An answer of Keycloak. */
export interface KeycloakAnswer {
  readonly status: number
  readonly body: unknown
}

/** Posts a form to one of a realm's OpenID Connect endpoints. */
export async function post(
  realm: string,
  endpoint: string,
  form: Iterable<readonly [string, string]>,
  headers: Readonly<Record<string, string>> = {},
): Promise<KeycloakAnswer> {
  const response = await fetch(`${KEYCLOAK_INTERNAL_URL}/realms/${realm}/protocol/openid-connect/${endpoint}`, {
    method: 'POST',
    headers: { ...headers },
    body: new URLSearchParams([...form].map(([name, value]) => [name, value])),
  })
  return read(response)
}

/** A token request. */
export interface TokenRequest {
  /** @default 'shop' */
  readonly realm?: string
  /** @default 'shop-web' */
  readonly client?: string
  /** @default 'openid orders:read' */
  readonly scope?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Logs a user in; passwords are `<name>-password`. */
export function logIn(user: string, { realm = 'shop', client = 'shop-web', scope = 'openid orders:read', headers }: TokenRequest = {}): Promise<Tokens> {
  return tokens(realm, { grant_type: 'password', client_id: client, username: user, password: `${user}-password`, scope }, headers)
}

/** A token of a client that acts for itself; secrets are `<name>-secret`. */
export async function clientToken(client: string, scope = 'orders:read'): Promise<string> {
  return (await tokens('shop', { grant_type: 'client_credentials', client_id: client, client_secret: `${client}-secret`, scope })).access_token
}

async function tokens(realm: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Tokens> {
  const { status, body } = await post(realm, 'token', Object.entries(form), headers)
  if (status !== 200) throw new Error(`Keycloak gave no token: ${JSON.stringify(body)}`)
  return body as Tokens
}

/** Asks a realm's introspection endpoint, past our own code. */
export async function introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
  const authorization = `Basic ${Buffer.from('orders-api:orders-api-secret').toString('base64')}`
  return (await post('shop', 'token/introspect', [['token', token]], { authorization })).body as Record<string, unknown>
}

/** Asks the admin REST API, from `/admin/realms` on. Throws unless it succeeds. */
export async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
  const { access_token: token } = await adminTokens()
  const response = await fetch(`${KEYCLOAK_INTERNAL_URL}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = await read(response)
  if (answer.status >= 300) throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

function adminTokens(): Promise<Tokens> {
  const credentials = { username: fromEnvironment('KEYCLOAK_ADMIN_USERNAME'), password: fromEnvironment('KEYCLOAK_ADMIN_PASSWORD') }
  return tokens('master', { grant_type: 'password', client_id: 'admin-cli', ...credentials })
}

async function read(response: Response): Promise<KeycloakAnswer> {
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

/** Something with an id in the shop realm: `users` by name, `clients` by client id, `roles` by name. */
export async function idOf(kind: 'users' | 'clients', name: string): Promise<string> {
  const query = kind === 'users' ? `username=${name}&exact=true` : `clientId=${name}`
  const [found] = (await admin('GET', `/shop/${kind}?${query}`)) as readonly { readonly id: string }[]
  if (found === undefined) throw new Error(`there is no ${name} among the ${kind}`)
  return found.id
}

/** The payload of a token, unverified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

/** The same token with other claims, under its old signature. */
export function tampered(token: string, claims: Readonly<Record<string, unknown>>): string {
  const [header, , signature] = token.split('.')
  return [header, Buffer.from(JSON.stringify({ ...claimsOf(token), ...claims })).toString('base64url'), signature].join('.')
}
