import { type HttpFetch, postForm } from '../introspection/post-form.js'
import { providerUnavailable } from '../keys/json-document.js'

/** A scope of a resource, as Authorization Services call what somebody may do to something. */
export interface KeycloakPermission {
  /** The resource's id or name. */
  readonly resource: string
  readonly scope: string
}

/** Which token endpoint is asked, about the resources of which client. */
export interface UmaOptions {
  readonly tokenEndpoint: string
  /** The client that the resources belong to. */
  readonly clientId: string
  /** A resource that always exists, by id or name. */
  readonly anchorResource: string | null
  /** Milliseconds that one request may take. */
  readonly timeoutDuration: number
  readonly fetch: HttpFetch | undefined
}

/** Answers which of these permissions the holder of a token has. */
export type AskPermissions = (
  token: string,
  permissions: readonly KeycloakPermission[],
  signal: AbortSignal,
) => Promise<(permission: KeycloakPermission) => boolean>

/**
 * Makes the client of a realm's UMA grant: all permissions travel in one request, up to 500 resources, and count as granted only when
 * Keycloak names them one by one. Its answer `decision` is not used: to several questions it says yes when one of them is.
 *
 * Keycloak refuses the whole request when it does not know the first resource in it, and skips those that it does not know further
 * down. Such a first one is denied and the others are asked about again, behind a resource that is known to exist as soon as one is;
 * without one, at most 20 times.
 *
 * A token that Keycloak does not take any more holds nothing.
 *
 * It throws {BackendUnavailableError} when Keycloak cannot be reached, or cannot answer.
 *
 * @see UMA 2.0 Grant §3.3.1
 */
export function umaClient({ tokenEndpoint, clientId, anchorResource, timeoutDuration, fetch }: UmaOptions): AskPermissions {
  let anchor = anchorResource

  async function request(token: string, entries: readonly string[], signal: AbortSignal): Promise<Outcome> {
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket', audience: clientId, response_mode: 'permissions' })
    for (const entry of entries) form.append('permission', entry)
    const { status, body } = await postForm(tokenEndpoint, { form, authorization: `Bearer ${token}`, timeoutDuration, signal, fetch })
    return outcomeOf(status, body)
  }

  async function grantsOf(token: string, entries: readonly string[], signal: AbortSignal): Promise<readonly Grant[]> {
    let pending = entries
    let held: string | null = null
    for (let attempt = 0; attempt < ATTEMPTS && pending.length > 0; attempt += 1) {
      const outcome = await request(token, held === null ? pending : [held, ...pending], signal)
      if (outcome !== 'unknown') {
        anchor ??= outcome[0]?.id ?? null
        return outcome
      }
      // Behind an anchor nothing is unknown but the anchor itself, which has gone.
      if (held === null) pending = pending.slice(1)
      else anchor = null
      held = anchor
    }
    if (pending.length > 0) throw providerUnavailable('too many of the resources asked about are unknown to Keycloak')
    return []
  }

  return async (token, permissions, signal) => {
    const entries = entriesOf(permissions.filter(isAskable))
    const chunks = Array.from({ length: Math.ceil(entries.length / CHUNK) }, (_, index) => entries.slice(index * CHUNK, (index + 1) * CHUNK))
    const granted = new Set<string>()
    for (const { id, name, scopes } of (await Promise.all(chunks.map((chunk) => grantsOf(token, chunk, signal)))).flat()) {
      for (const scope of scopes) granted.add(`${id}#${scope}`).add(`${name}#${scope}`)
    }
    return (permission) => isAskable(permission) && granted.has(`${permission.resource}#${permission.scope}`)
  }
}

/** Keycloak reads no more than 1000 fields of a form. */
const CHUNK = 500
const ATTEMPTS = 20

interface Grant {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
}

/** What is granted, or that the first resource or scope does not exist. */
type Outcome = readonly Grant[] | 'unknown'

/**
 * Whether a resource can be named in the request and mean itself: `#` and `,` are its separators, some prefixes stand for many
 * resources at once, and no name in Keycloak is longer than 255 characters.
 */
function isAskable({ resource, scope }: KeycloakPermission): boolean {
  if (typeof resource !== 'string' || typeof scope !== 'string') return false
  return /^[^#]{1,255}$/.test(resource) && !resource.startsWith('resource-type') && /^[^#,]{1,255}$/.test(scope)
}

/** One entry for each resource, with all scopes that are asked about. */
function entriesOf(permissions: readonly KeycloakPermission[]): readonly string[] {
  const scopes = new Map<string, Set<string>>()
  for (const { resource, scope } of permissions) scopes.set(resource, (scopes.get(resource) ?? new Set()).add(scope))
  return [...scopes].map(([resource, names]) => `${resource}#${[...names].join(',')}`)
}

function outcomeOf(status: number, body: unknown): Outcome {
  if (status === 200 && Array.isArray(body)) return body.map(grantOf)
  const error = typeof body === 'object' && body !== null ? (body as { readonly error?: unknown }).error : undefined
  if (status === 403 && error === 'access_denied') return []
  if (status === 401 && error === 'invalid_grant') return []
  if (status === 400 && (error === 'invalid_resource' || error === 'invalid_scope')) return 'unknown'
  throw providerUnavailable(`Keycloak answered the question for permissions with status ${status}`)
}

function grantOf(entry: unknown): Grant {
  const { rsid, rsname, scopes = [] } = (entry ?? {}) as { readonly rsid?: unknown; readonly rsname?: unknown; readonly scopes?: unknown }
  if (typeof rsid === 'string' && typeof rsname === 'string' && Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')) {
    return { id: rsid, name: rsname, scopes }
  }
  throw providerUnavailable('Keycloak answered the question for permissions in another form')
}
