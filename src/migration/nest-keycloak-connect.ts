import { ConfigurationError } from '../core/configuration-error.js'
import { NOBODY } from '../core/permissions/special.js'
import { permissionRequirement, type Requirement } from '../core/rules/requirement.js'
import { type AnyClass, type AnyFunction, type Declaration, declaredResolver, isClass } from '../decorators/declaration.js'
import { dualDecorator, type MemberDecorator, type ResolverDecorator } from '../decorators/dual.js'
import { guard } from '../decorators/guard.js'
import { publicAccess } from '../decorators/public-access.js'
import { resourcePermission } from './resource-permissions.js'
import { type RoleMatching, roleRequirement } from './roles.js'

/** How the roles of {@link Roles} are matched. @default ANY */
export const RoleMatchingMode: Readonly<{ ANY: 'any'; ALL: 'all' }> = Object.freeze({ ANY: 'any', ALL: 'all' })

/** What {@link Roles} takes. */
export interface RolesOptions {
  /** `admin` of the API's own client, `realm:admin` of the realm, `other-app:admin` of another client. At least one. */
  readonly roles: readonly string[]
  /** Whether one of them is enough. @default 'any' */
  readonly mode?: RoleMatching
}

/**
 * Stands in for the `Roles` of nest-keycloak-connect: `@Roles({ roles: ['admin', 'realm:admin'] })` on methods and classes. Both are
 * needed where a class and its method have one.
 *
 * Roles are compared as the Keycloak backend spells them, to the letter.
 *
 * @throws {ConfigurationError} when there is no role, the mode is neither, or an option is unknown.
 */
export function Roles(...given: [options: RolesOptions]): ResolverDecorator {
  const [options] = given
  const members = typeof options === 'object' && options !== null ? Object.entries(options) : []
  const { roles, mode = 'any' } = Object.fromEntries(members) as Partial<RolesOptions>
  const known = members.every(([key, value]) => (key === 'roles' || key === 'mode') && value !== undefined)
  if (given.length !== 1 || !known || !Array.isArray(roles) || (mode !== 'any' && mode !== 'all')) {
    throw new ConfigurationError('@Roles', 'an object with roles, and maybe a mode of any or all', "{ roles: ['admin', 'realm:admin'], mode: 'any' }")
  }
  return dualDecorator('Roles', roleRequirement('@Roles', roles, mode))
}

/**
 * Stands in for the `Public` of nest-keycloak-connect on methods: lifts what {@link publicAccess} lifts. A token that is sent is
 * looked at in any case, as with `Public(false)` there, and refused when it is bad.
 *
 * @throws {ConfigurationError} when its argument is no boolean, and when it stands on a class.
 */
export function Public(...skipAuth: [] | [skipAuth: boolean]): MemberDecorator {
  if (skipAuth.length > 1 || (skipAuth.length === 1 && typeof skipAuth[0] !== 'boolean'))
    throw new ConfigurationError('@Public', 'nothing, true or false', '@Public()')
  return publicAccess()
}

/** The same under its other name. */
export const Unprotected: typeof Public = Public

/** What stands in for the scopes of a method until its class names the resource: nobody meets it. */
const pending = new WeakMap<Requirement, readonly string[]>()

/**
 * Stands in for the `Scopes` of nest-keycloak-connect on methods of a class with {@link Resource}: each scope of that resource is
 * asked of the settings' `permissions` source, which is `keycloakPermissions` for Keycloak's Authorization Services. These are not
 * the scopes of OAuth, which `requireOAuth` asks for.
 *
 * Refuses everybody where the class that declares the method has no {@link Resource}, whatever classes that inherit it have.
 *
 * @throws {ConfigurationError} when there is no scope, or one is malformed.
 */
export function Scopes(...scopes: readonly string[]): MemberDecorator {
  if (scopes.length === 0) throw new ConfigurationError('@Scopes', 'at least one scope', "'view'")
  for (const scope of scopes) resourcePermission('@Scopes', 'resource', scope)
  const placeholder = permissionRequirement([NOBODY, ...[...new Set(scopes)].map((scope) => `no-resource#${scope}`)], () => null)
  pending.set(placeholder, Object.freeze([...scopes]))
  return dualDecorator('Scopes', placeholder)
}

/** On a class, in both modes. */
export interface ResourceDecorator {
  /** TC39. */
  <C extends AnyClass>(target: C, context: ClassDecoratorContext<C>): void
  /** Legacy. */
  <C extends AnyClass>(target: C): void
}

/**
 * Stands in for the `Resource` of nest-keycloak-connect: names the resource that the {@link Scopes} of the class's own methods are
 * asked about. A method without `Scopes` demands nothing by it.
 *
 * @throws {ConfigurationError} when the name is empty or has a `#`, and when it stands on anything but a class.
 */
export function Resource(resource: string): ResourceDecorator {
  resourcePermission('@Resource', resource, 'scope')
  return (target: AnyClass): void => {
    if (typeof target !== 'function' || !isClass(target)) throw new ConfigurationError('@Resource', 'a class', "@Resource('order') class Orders {}")
    for (const holder of [target.prototype as object, target]) {
      for (const key of Reflect.ownKeys(holder)) {
        const property = Object.getOwnPropertyDescriptor(holder, key)
        const declaration = declaredResolver(property?.value)?.declaration
        if (property === undefined || declaration === undefined || !declaration.own.some((own) => pending.has(own))) continue
        Object.defineProperty(holder, key, { ...property, value: guard(property.value as AnyFunction, settled(declaration, resource)) })
      }
    }
  }
}

function settled(declaration: Declaration, resource: string): Declaration {
  const own = declaration.own.flatMap(
    (requirement) => pending.get(requirement)?.map((scope) => resourcePermission('@Scopes', resource, scope)) ?? [requirement],
  )
  return Object.freeze({ ...declaration, own: Object.freeze(own) })
}
