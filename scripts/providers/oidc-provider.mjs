import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

const AUDIENCE = 'https://orders'
const SCOPES = 'orders:read orders:write'
/** The API whose access tokens are opaque: nobody but the provider knows what they are worth. */
const OPAQUE_AUDIENCE = 'https://vault'
const CLIENTS = [
  { client_id: 'job', client_secret: 'job-secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
  {
    client_id: 'shop-web',
    client_secret: 'shop-web-secret',
    grant_types: ['authorization_code'],
    redirect_uris: ['http://127.0.0.1/callback'],
    response_types: ['code'],
  },
  {
    client_id: 'vault-api',
    client_secret: 'vault-api-secret',
    grant_types: [],
    redirect_uris: [],
    response_types: [],
    introspection_signed_response_alg: 'RS256',
  },
]

/**
 * An OpenID provider that issues JWT access tokens in the form of RFC 9068. Whoever comes to log in is who he says he is, in
 * `login_hint`.
 *
 * @type {import('./provider.mjs').Provider}
 */
export const oidcProvider = {
  name: 'oidc-provider',
  available: async () => true,

  async start() {
    const { Provider } = await import('oidc-provider')
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const issuer = `http://127.0.0.1:${server.address().port}`
    const provider = new Provider(issuer, configuration())
    const handle = provider.callback()
    server.on('request', (request, response) => {
      if (request.url.startsWith('/interaction/')) finishLogin(provider, request, response).catch(() => response.destroy())
      else handle(request, response)
    })
    const { version } = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('oidc-provider/package.json'), 'utf8'))
    return {
      version: `oidc-provider ${version}`,
      env: { OIDC_ISSUER: issuer, OIDC_AUDIENCE: AUDIENCE, OIDC_OPAQUE_AUDIENCE: OPAQUE_AUDIENCE },
      async stop() {
        server.close()
        server.closeAllConnections()
      },
    }
  },
}

function configuration() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    clients: CLIENTS,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomUUID()] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    extraTokenClaims: (_, { accountId }) =>
      accountId === undefined ? { roles: ['machine'] } : { roles: ['clerk'], permissions: ['vault.open'], tenant_id: 'acme' },
    loadExistingGrant,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, audience) => resourceServer(audience),
      },
    },
    ttl: { Session: 600, Interaction: 600, Grant: 600, IdToken: 600 },
  }
}

function resourceServer(audience) {
  const common = { audience, scope: SCOPES, accessTokenTTL: 600 }
  return audience === OPAQUE_AUDIENCE ? { ...common, accessTokenFormat: 'opaque' } : { ...common, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }
}

/** Grants what is asked for, without asking anybody. */
async function loadExistingGrant({ oidc }) {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
  grant.addOIDCScope('openid')
  grant.addResourceScope(AUDIENCE, SCOPES)
  await grant.save()
  return grant
}

async function finishLogin(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response)
  await provider.interactionFinished(request, response, { login: { accountId: params.login_hint } }, { mergeWithLastSubmission: false })
}
