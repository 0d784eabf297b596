import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { flag, hint } from '../../core/options.js'
import { isSecureUrl } from '../../core/secure-url.js'
import { oneOrMore } from '../option-shapes.js'

/** Where a Keycloak is, and which of its realms count. */
export interface KeycloakLocation {
  /**
   * The address that the outside world knows, with the path that Keycloak was given if any: `https://sso.example.com`. Tokens name
   * `<url>/realms/<realm>` as their issuer. https, or http on loopback.
   */
  readonly url: string
  /** The realm, or several: each is then an issuer of its own, and a tenant. */
  readonly realm: string | readonly string[]
  /**
   * The address by which this server reaches Keycloak, where it is another: keys, introspection and permissions are asked for there.
   * Issuers go on being those of `url`, so Keycloak must have been told its outside address (its option `hostname`).
   * @default url
   */
  readonly internalUrl?: string
  /**
   * Takes http addresses beyond this machine. Whoever can get in between can then hand this server any key, and with it any caller.
   * @default false
   */
  readonly dangerouslyAllowHttp?: boolean
}

/** One realm, and its addresses. */
export interface Realm {
  readonly name: string
  /** What its tokens carry as `iss`, character by character. */
  readonly issuer: string
  /** Its keys, as this server reaches them. */
  readonly jwksUri: string
  readonly tokenEndpoint: string
  readonly introspectionEndpoint: string
}

const url = hint('the address of Keycloak, https (http on loopback), without /realms, query and fragment', "'https://sso.example.com'")

/** The shape of {@link KeycloakLocation}. */
export const locationShape: {
  readonly url: z.ZodType<string, string>
  readonly realm: z.ZodType<string | string[]>
  readonly internalUrl: z.ZodOptional<z.ZodType<string, string>>
  readonly dangerouslyAllowHttp: z.ZodOptional<z.ZodType<boolean, boolean>>
} = {
  url: z.string(url).refine(isAddress, url),
  realm: oneOrMore('the name of a realm, or a list of names', "'shop'"),
  internalUrl: z.string(url).refine(isAddress, url).optional(),
  dangerouslyAllowHttp: flag().optional(),
}

/**
 * Finds the addresses of the realms.
 *
 * @param location of the shape {@link locationShape}
 * @throws {ConfigurationError} when an address is plain http to another machine, or a realm is named twice.
 */
export function realmsOf({ url, realm, internalUrl = url, dangerouslyAllowHttp = false }: KeycloakLocation, path: string): readonly Realm[] {
  for (const [option, address] of Object.entries({ url, internalUrl })) {
    if (!dangerouslyAllowHttp && !isSecureUrl(address)) {
      throw new ConfigurationError(`${path}.${option}`, 'https, http on loopback, or dangerouslyAllowHttp beside it', "'https://sso.example.com'")
    }
  }
  const names = [realm].flat()
  if (new Set(names).size < names.length) throw new ConfigurationError(`${path}.realm`, 'each realm once', "['shop', 'outlet']")
  return names.map((name) => {
    const place = `/realms/${encodeURIComponent(name)}`
    const protocol = `${base(internalUrl)}${place}/protocol/openid-connect`
    return {
      name,
      issuer: `${base(url)}${place}`,
      jwksUri: `${protocol}/certs`,
      tokenEndpoint: `${protocol}/token`,
      introspectionEndpoint: `${protocol}/token/introspect`,
    }
  })
}

function base(address: string): string {
  return address.replace(/\/+$/, '')
}

function isAddress(value: string): boolean {
  if (!URL.canParse(value) || value.includes('?') || value.includes('#')) return false
  const { protocol, username, password, pathname } = new URL(value)
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && !/\/realms(\/|$)/.test(pathname)
}
