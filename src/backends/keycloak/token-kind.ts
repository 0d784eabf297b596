import { InvalidTokenError } from '../../core/errors.js'
import { accessTokensOnly, type KindCheck } from '../jwt/token-kind.js'

const anyAccessToken = accessTokensOnly('any', true)

/**
 * Refuses whatever a realm signs that is not an access token. Keycloak says in the payload what a token is: `Bearer` for an access
 * token, whatever its header `typ`, and `DPoP` for one that is bound to a key; `ID`, `Refresh`, `Offline` and `Logout` for the others.
 */
export const keycloakAccessTokens: KindCheck = (jwt) => {
  anyAccessToken(jwt)
  const { typ } = jwt.claims
  const bound = typ === 'DPoP' && Object.hasOwn(jwt.claims, 'cnf')
  if (typ !== 'Bearer' && !bound) throw new InvalidTokenError({ detail: 'payload typ of another kind of token' })
}
