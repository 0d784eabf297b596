import type { TokenBackend } from '../core/backend.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { type Auth0Options, auth0 } from './auth0.js'
import { custom, type VerifyToken } from './custom.js'
import { type FirebaseOptions, firebase } from './firebase.js'
import { type IntrospectionBackendOptions, introspection } from './introspection.js'
import { type JwtOptions, jwt } from './jwt.js'
import { type KeycloakOptions, keycloak } from './keycloak.js'
import { isTokenBackend, moduleBackend } from './module.js'
import { type SessionOptions, session } from './session.js'

/** The options of each kind of backend that settings can name by its `type`. */
export interface BackendOptions {
  readonly jwt: JwtOptions
  readonly keycloak: KeycloakOptions
  readonly auth0: Auth0Options
  readonly firebase: FirebaseOptions
  readonly introspection: IntrospectionBackendOptions
  readonly session: SessionOptions
}

/** One entry of the settings' `backends`: an object with a `type`, an instance, a verify function, or a reference to a module's export. */
export type BackendSetting =
  | { [Type in keyof BackendOptions]: { readonly type: Type } & BackendOptions[Type] }[keyof BackendOptions]
  | TokenBackend
  | VerifyToken
  | string

/** A backend, and a promise that rejects with a {@link ConfigurationError} when its code turns out not to be there. */
export interface ComposedBackend {
  readonly backend: TokenBackend
  readonly ready: Promise<void>
}

/** A new kind of backend is a new row. */
const FACTORIES: { readonly [Type in keyof BackendOptions]: (options: BackendOptions[Type], path: string) => TokenBackend } = {
  jwt,
  keycloak,
  auth0,
  firebase,
  introspection,
  session,
}

/**
 * Makes the backend that one entry of the settings describes. Does no I/O but to look for the file of a module reference and to
 * start loading it.
 *
 * @param path where the entry stands in the settings: `backends[0]`
 * @param baseUrl the folder that module references start from
 * @throws {ConfigurationError} naming the option that is wrong.
 */
export function backendFrom(entry: BackendSetting, path: string, baseUrl: string): ComposedBackend {
  if (typeof entry === 'string') {
    const backend = moduleBackend(entry, baseUrl, path)
    return { backend, ready: backend.ready }
  }
  return { backend: typeof entry === 'function' ? custom(entry, {}, path) : fromObject(entry, path), ready: Promise.resolve() }
}

function fromObject(entry: Exclude<BackendSetting, string | VerifyToken>, path: string): TokenBackend {
  if (isTokenBackend(entry)) return entry
  if (typeof entry !== 'object' || entry === null) throw new ConfigurationError(path, 'a backend', "{ type: 'jwt', issuer, audience }")
  const { type, ...options } = entry
  if (typeof type !== 'string' || !Object.hasOwn(FACTORIES, type)) {
    throw new ConfigurationError(`${path}.type`, `one of ${Object.keys(FACTORIES).join(', ')}`, "'jwt'")
  }
  // Options of another kind under this type are what the factory itself refuses.
  const make: (options: never, path: string) => TokenBackend = FACTORIES[type]
  return make(options as never, path)
}
