import { z } from 'zod'
import { callback, hint, parseOptions, text } from '../../core/options.js'
import type { PermissionQuestion, PermissionSource } from '../../core/permissions/source.js'
import type { HttpFetch } from '../introspection/post-form.js'
import { timeLimit } from '../option-shapes.js'
import { type KeycloakLocation, locationShape, realmsOf } from './realms.js'
import { type KeycloakPermission, umaClient } from './uma.js'

export type { KeycloakPermission } from './uma.js'

/** Options of {@link keycloakPermissions}. */
export interface KeycloakPermissionsOptions extends KeycloakLocation {
  /** The client that has Authorization Services switched on, and the resources. */
  readonly clientId: string
  /**
   * Which scope of which resource a question is about; `null` denies. It runs for each question, with whatever the requirement's
   * `object` function returned.
   * @default the scope is what follows the last `#` of the permission, or else the last `.`; the resource is the object if that is a
   * string or number, else its `id`
   */
  readonly toPermission?: (question: PermissionQuestion) => KeycloakPermission | null
  /**
   * A resource that always exists, by id or name. With it, a list costs two requests at most however many of its objects have no
   * resource in Keycloak. @default the first resource that was ever granted to anybody
   */
  readonly anchorResource?: string
  /** Milliseconds that one request may take. @default 5000 */
  readonly timeoutDuration?: number
  /** Sends requests to Keycloak. @default the global fetch */
  readonly fetch?: HttpFetch
}

const options = z.strictObject(
  {
    ...locationShape,
    clientId: text("'orders-api'"),
    toPermission: callback<NonNullable<KeycloakPermissionsOptions['toPermission']>>(
      "({ permission, object }) => ({ resource: 'order-' + object, scope: permission })",
    ).optional(),
    anchorResource: text("'Default Resource'").optional(),
    timeoutDuration: timeLimit().optional(),
    fetch: callback<HttpFetch>('fetch').optional(),
  },
  hint('an object', "{ url: 'https://sso.example.com', realm: 'shop', clientId: 'orders-api' }"),
)

/**
 * Answers requirements on objects from Keycloak's Authorization Services, for the setting `permissions`: asks the realm of the caller,
 * with the caller's own token, what it grants him. All questions of a tick are one request.
 *
 * Denies callers of other issuers and those without an access token. Does not remember anything beyond the operation, does not ask
 * about permissions without an object, and cannot ask with a token that is bound to a key.
 *
 * Its `check` throws {BackendUnavailableError} when Keycloak cannot be asked.
 *
 * @param path where the options stand, for messages
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * createAuth({ backends: [keycloak(options)], permissions: keycloakPermissions({ url, realm: 'shop', clientId: 'orders-api' }) })
 */
export function keycloakPermissions(input: KeycloakPermissionsOptions, path = 'keycloakPermissions'): PermissionSource {
  const settings = parseOptions(options, input, path) as KeycloakPermissionsOptions
  const { clientId, toPermission = idAndScope, anchorResource = null, timeoutDuration = 5_000, fetch } = settings
  const clients = new Map(
    realmsOf(settings, path).map(({ issuer, tokenEndpoint }) => [issuer, umaClient({ tokenEndpoint, clientId, anchorResource, timeoutDuration, fetch })]),
  )
  return Object.freeze<PermissionSource>({
    async check(principal, questions, { token, signal }) {
      const ask = clients.get(principal.issuer)
      if (ask === undefined || token === null) return questions.map(() => false)
      const permissions = questions.map((question) => toPermission(question) ?? null)
      const isGranted = await ask(
        token,
        permissions.filter((permission) => permission !== null),
        signal,
      )
      return permissions.map((permission) => permission !== null && isGranted(permission))
    },
  })
}

function idAndScope({ permission, object }: PermissionQuestion): KeycloakPermission | null {
  const resource = idOf(typeof object === 'object' && object !== null ? (object as { readonly id?: unknown }).id : object)
  const scope = permission.slice((permission.lastIndexOf('#') === -1 ? permission.lastIndexOf('.') : permission.lastIndexOf('#')) + 1)
  return resource === null ? null : { resource, scope }
}

function idOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : null
}
