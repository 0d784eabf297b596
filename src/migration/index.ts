export { auth, hasPermission, hasRole, type ResolverWrapper } from './keycloak-connect-graphql.js'
export { type KeycloakDirectives, keycloakDirectives } from './keycloak-directives.js'
export { Public, Resource, type ResourceDecorator, RoleMatchingMode, Roles, type RolesOptions, Scopes, Unprotected } from './nest-keycloak-connect.js'
export { Authorized, type CheckedResolver, gatehouseAuthChecker } from './type-graphql.js'
