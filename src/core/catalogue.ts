import { z } from 'zod'
import { hint, texts } from './options.js'

/** Every name that a requirement may ask for. A name in the schema that is not listed stops the start: it would refuse everybody. */
export interface Catalogue {
  /** Scopes that the authorization server knows. @default not checked */
  readonly scopes?: readonly string[]
  /** Permissions that tokens, roles or the permission source know. @default not checked */
  readonly permissions?: readonly string[]
}

/** The shape of {@link Catalogue}. */
export const catalogueShape: z.ZodType<Catalogue | undefined, Catalogue | undefined> = z
  .strictObject(
    {
      scopes: texts('a list of scopes', "['orders:read']").exactOptional(),
      permissions: texts('a list of permissions', "['order.cancel']").exactOptional(),
    },
    hint('an object', "{ scopes: ['orders:read'] }"),
  )
  .optional()

/** A frozen copy of the catalogue; `null` for a list that was not given. */
export function resolveCatalogue({ scopes, permissions }: Catalogue = {}): ResolvedCatalogue {
  return Object.freeze({ scopes: scopes === undefined ? null : new Set(scopes), permissions: permissions === undefined ? null : new Set(permissions) })
}

/** {@link Catalogue} as sets. */
export interface ResolvedCatalogue {
  readonly scopes: ReadonlySet<string> | null
  readonly permissions: ReadonlySet<string> | null
}
