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
 * Makes the client of a realm's UMA grant: all permissions travel in one request, for up to 250 resources, and count as granted only
 * when Keycloak names them one by one. Its answer `decision` is not used: to several questions it says yes when one of them is.
 *
 * Keycloak refuses the whole request when it does not know the first resource in it, and skips those that it does not know further
 * down. Such a first one is denied and the others are asked about again, behind a resource that is known to exist as soon as one is;
 * without one, at most 20 times. It also refuses the whole request when it knows none of the scopes that are asked of one resource:
 * then each scope is asked about by itself.
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

  async function grantsOf(token: string, questions: readonly Question[], signal: AbortSignal): Promise<readonly Grant[]> {
    let pending = questions
    let held: string | null = null
    for (let attempt = 0; attempt < ATTEMPTS && pending.length > 0; attempt += 1) {
      const entries = pending.map(({ resource, scopes }) => `${resource}#${scopes.join(',')}`)
      const outcome = await request(token, held === null ? entries : [held, ...entries], signal)
      if (outcome === 'unknown scope') return grantsByScope(token, pending, signal)
      if (outcome !== 'unknown resource') {
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

  /** Scopes are few, and an unknown one is a slip in the code that asks: one request for each finds it. */
  async function grantsByScope(token: string, questions: readonly Question[], signal: AbortSignal): Promise<readonly Grant[]> {
    const scopes = new Set(questions.flatMap((question) => question.scopes))
    if (scopes.size === 1) return []
    const grants: Grant[] = []
    for (const scope of scopes) {
      const asked = questions.filter((question) => question.scopes.includes(scope)).map(({ resource }) => ({ resource, scopes: [scope] }))
      grants.push(...(await grantsOf(token, asked, signal)))
    }
    return grants
  }

  return async (token, permissions, signal) => {
    const questions = questionsOf(permissions.filter(isAskable))
    const granted = new Set<string>()
    for (let start = 0; start < questions.length; start += CHUNK) {
      for (const { id, name, scopes } of await grantsOf(token, questions.slice(start, start + CHUNK), signal)) {
        for (const scope of scopes) granted.add(`${id}#${scope}`).add(`${name}#${scope}`)
      }
    }
    return (permission) => isAskable(permission) && granted.has(`${permission.resource}#${permission.scope}`)
  }
}

/** Keycloak reads no more than 1000 fields of a form, and looks up each resource by itself. */
const CHUNK = 250
const ATTEMPTS = 20

/** All that is asked about one resource. */
interface Question {
  readonly resource: string
  readonly scopes: readonly string[]
}

interface Grant {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
}

/** What is granted; or that the first resource, or every scope of one resource, does not exist. */
type Outcome = readonly Grant[] | 'unknown resource' | 'unknown scope'

/**
 * Whether a resource can be named in the request and mean itself: `#` and `,` are its separators, some prefixes stand for many
 * resources at once, and no name in Keycloak is longer than 255 characters.
 */
function isAskable({ resource, scope }: KeycloakPermission): boolean {
  if (typeof resource !== 'string' || typeof scope !== 'string') return false
  return /^[^#]{1,255}$/.test(resource) && !resource.startsWith('resource-type') && /^[^#,]{1,255}$/.test(scope)
}

function questionsOf(permissions: readonly KeycloakPermission[]): readonly Question[] {
  const asked = new Map<string, Set<string>>()
  for (const { resource, scope } of permissions) asked.set(resource, (asked.get(resource) ?? new Set()).add(scope))
  return [...asked].map(([resource, scopes]) => ({ resource, scopes: [...scopes] }))
}

function outcomeOf(status: number, body: unknown): Outcome {
  if (status === 200 && Array.isArray(body)) return body.map(grantOf)
  const error = typeof body === 'object' && body !== null ? (body as { readonly error?: unknown }).error : undefined
  if (status === 403 && error === 'access_denied') return []
  // 26.5 says it with 401, 26.7 with 400.
  if ((status === 401 || status === 400) && error === 'invalid_grant') return []
  if (status === 400 && error === 'invalid_resource') return 'unknown resource'
  if (status === 400 && error === 'invalid_scope') return 'unknown scope'
  throw providerUnavailable(`Keycloak answered the question for permissions with status ${status}`)
}

function grantOf(entry: unknown): Grant {
  const { rsid, rsname, scopes = [] } = (entry ?? {}) as { readonly rsid?: unknown; readonly rsname?: unknown; readonly scopes?: unknown }
  if (typeof rsid === 'string' && typeof rsname === 'string' && Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')) {
    return { id: rsid, name: rsname, scopes }
  }
  throw providerUnavailable('Keycloak answered the question for permissions in another form')
}
