import { auth0 } from './auth0.mjs'
import { firebase } from './firebase.mjs'
import { keycloak } from './keycloak.mjs'
import { oidcProvider } from './oidc-provider.mjs'

/**
 * Every provider that the tests know. A new one is a new entry.
 *
 * @type {readonly import('./provider.mjs').Provider[]}
 */
export const providers = [keycloak, auth0, firebase, oidcProvider]
