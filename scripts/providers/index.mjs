import { keycloak } from './keycloak.mjs'

/**
 * Every provider that the tests know. A new one is a new entry.
 *
 * @type {readonly import('./provider.mjs').Provider[]}
 */
export const providers = [keycloak]
