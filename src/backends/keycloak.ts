import type { TokenBackend } from '../core/backend.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { InvalidTokenError, TokenRevokedError } from '../core/errors.js'
import { introspectionClient } from './introspection/client.js'
import { unverifiedIssuer } from './jwt/compact.js'
import { createVerifier } from './jwt/verifier.js'
import { askKeycloak } from './keycloak/online.js'
import { type KeycloakOptions, type ResolvedKeycloakOptions, resolveKeycloakOptions } from './keycloak/options.js'
import { principalReader } from './keycloak/principal.js'
import type { Realm } from './keycloak/realms.js'
import { keycloakAccessTokens } from './keycloak/token-kind.js'
import { issuerKeys, type KeySource } from './keys/key-source.js'

export type { ClientAuthentication } from './introspection/client-authentication.js'
export type { HttpFetch } from './introspection/post-form.js'
export type { KeycloakOptions } from './keycloak/options.js'
export { type KeycloakPermission, type KeycloakPermissionsOptions, keycloakPermissions } from './keycloak/permissions.js'
export type { KeycloakLocation } from './keycloak/realms.js'

/** A Keycloak backend. */
export interface KeycloakBackend extends TokenBackend {
  /**
   * Refuses from now on what was issued before, as Keycloak's own not-before does, in tokens that are remembered too. Offline validation
   * does not learn of Keycloak's: whoever sets it there says so here. Connections that are open stay open.
   *
   * Does not survive a restart. 0 takes it back.
   *
   * @param seconds since 1970, compared with `iat`
   * @param realm the realm that is meant; may be left out where there is one
   * @throws {ConfigurationError} for a realm that is not in the options, and for milliseconds.
   */
  setNotBefore(seconds: number, realm?: string): void
}

/**
 * Verifies the access tokens of one or several Keycloak realms. A token's unverified `iss` is compared with the realms' issuers, and
 * chooses one of them or nobody; it is never a place to fetch from.
 *
 * Checked are all that {@link jwt} checks, the payload `typ`, `azp` when `authorizedParties` are given, `iat` against
 * {@link KeycloakBackend.setNotBefore}, and with `online` Keycloak's own opinion. Not checked, unless `online`, is whether the session
 * was logged out, the token revoked, or the user disabled since. Nothing is fetched until the first token comes.
 *
 * Its `verify` throws {InvalidTokenError} and its kin, and {BackendUnavailableError} when keys or, with `online`, Keycloak cannot be had.
 *
 * @param path where the options stand in the settings, for messages
 * @throws {ConfigurationError} naming the option that is wrong.
 * @example
 * keycloak({ url: 'https://sso.example.com', realm: 'shop', clientId: 'orders-api', audience: 'orders-api' })
 * @see RFC 7519 §7.2, RFC 7662 §2, RFC 8725 §3
 */
export function keycloak(options: KeycloakOptions, path = 'keycloak'): KeycloakBackend {
  const settings = resolveKeycloakOptions(options, path)
  const realms = new Map(settings.realms.map((realm) => [realm.issuer, openRealm(realm, settings)]))
  const byName = new Map(settings.realms.map(({ name, issuer }) => [name, realms.get(issuer) as OpenRealm]))

  return Object.freeze<KeycloakBackend>({
    name: settings.name,
    readsTokenAlone: true,
    attach: settings.host.attach,
    accepts: (credentials) => SCHEMES.includes(credentials.scheme) && realms.has(unverifiedIssuer(credentials) ?? ''),
    verify(credentials, signal) {
      const realm = realms.get(unverifiedIssuer(credentials) ?? '')
      return realm === undefined ? Promise.reject(new InvalidTokenError({ detail: 'issuer not accepted' })) : realm.verify(credentials, signal)
    },
    setNotBefore(seconds, realm = byName.size === 1 ? settings.realms[0]?.name : undefined) {
      const open = realm === undefined ? undefined : byName.get(realm)
      if (open === undefined) throw new ConfigurationError(`${path}.setNotBefore`, 'a realm of the options')
      // Past this the number can only be milliseconds; in seconds it is the year 5138.
      if (!(seconds >= 0 && seconds < 100_000_000_000)) throw new ConfigurationError(`${path}.setNotBefore`, 'seconds since 1970', '1767225600')
      open.notBefore = seconds
    },
    close() {
      for (const { keys } of realms.values()) keys.close()
    },
  })
}

/** How an access token can be presented (RFC 6750 §2.1, RFC 9449 §7.1). */
const SCHEMES: readonly string[] = ['bearer', 'dpop']

interface OpenRealm {
  readonly keys: KeySource
  readonly verify: TokenBackend['verify']
  /** Seconds since 1970. */
  notBefore: number
}

function openRealm(realm: Realm, settings: ResolvedKeycloakOptions): OpenRealm {
  const { clientId, authorizedParties, secrets, introspectionCacheTtl, now } = settings
  const keys = issuerKeys({ ...settings, issuer: realm.issuer, jwksUri: realm.jwksUri })
  const prove = createVerifier({ ...settings, issuer: realm.issuer, keys, checkKind: keycloakAccessTokens, requiredClaims: ['iat', 'jti', 'azp'] })
  const secret = secrets?.get(realm.name)
  const introspect = secret === undefined ? null : introspectionClient({ ...settings, endpoint: realm.introspectionEndpoint, clientId, clientSecret: secret })
  const read = principalReader({ clientId, tenant: settings.tenant === 'realm' ? realm.name : null })

  const open: OpenRealm = {
    keys,
    notBefore: 0,
    async verify(credentials, signal) {
      const { claims: signed, isCurrent } = await prove(credentials)
      const issuedAt = signed.iat as number
      if (authorizedParties !== null && !authorizedParties.includes(signed.azp as string)) throw new InvalidTokenError({ detail: 'claim azp: not accepted' })
      const claims = introspect === null ? signed : await askKeycloak(introspect, credentials.token, signed, signal)
      if (issuedAt < open.notBefore) throw new TokenRevokedError({ detail: 'claim iat: before the realm takes tokens' })
      return {
        ...read(claims),
        cache: {
          isCurrent: () => isCurrent() && issuedAt >= open.notBefore,
          ...(introspect === null ? {} : { until: introspectionCacheTtl === 0 ? null : now() / 1000 + introspectionCacheTtl }),
        },
      }
    },
  }
  return open
}
