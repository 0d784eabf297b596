import { createRemoteJWKSet, jwtVerify } from 'jose'
import { createAuth } from '../../dist/index.js'
import { AUDIENCE } from '../support/issuer.mjs'

const SILENT = { debug() {}, info() {}, error() {}, isLevelEnabled: () => false }

/** Our engine, on the keys of the bench's issuer. */
export const gatehouse = ({ issuer }) =>
  createAuth({ backends: [{ type: 'jwt', issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks` }], audit: { logger: SILENT } })

/** A bearer token read with jose, as one would by hand: its claims, or `null` for none and for a bad one. */
export function joseReader({ issuer }) {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  return async (authorization) => {
    if (typeof authorization !== 'string' || !authorization.startsWith('Bearer ')) return null
    try {
      const { payload } = await jwtVerify(authorization.slice(7), keys, { issuer, audience: AUDIENCE, algorithms: ['RS256'] })
      return payload
    } catch {
      return null
    }
  }
}
