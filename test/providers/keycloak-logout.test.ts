import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { backchannelLogout, type Logout } from '../../src/backends/logout.js'
import type { Auth } from '../../src/core/auth.js'
import { createAuth } from '../../src/create-auth.js'
import { admin, idOf, KEYCLOAK_INTERNAL_URL, KEYCLOAK_URL, logIn, post } from './support/keycloak.js'

const ISSUER = `${KEYCLOAK_URL}/realms/shop`
const JWKS = `${KEYCLOAK_INTERNAL_URL}/realms/shop/protocol/openid-connect/certs`

describe('a logout in Keycloak', () => {
  const logouts: Logout[] = []
  const statuses: number[] = []
  let auth: Auth
  let server: ReturnType<typeof createServer>
  let url: string
  let restore: () => Promise<unknown>

  beforeAll(async () => {
    auth = createAuth({
      backends: [{ type: 'keycloak', url: KEYCLOAK_URL, internalUrl: KEYCLOAK_INTERNAL_URL, realm: 'shop', clientId: 'orders-api', audience: 'orders-api' }],
      audit: { logger: { debug() {}, info() {}, error() {} } },
    })
    const handle = backchannelLogout(auth, { issuer: ISSUER, clientId: 'shop-web', jwksUri: JWKS, onLogout: (logout) => void logouts.push(logout) })
    server = createServer((request, response) => {
      response.once('finish', () => statuses.push(response.statusCode))
      void handle(request, response)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`
  })
  afterEach(async () => {
    await restore()
    logouts.length = 0
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await auth.close()
  })

  it('reaches the back-channel endpoint with the session that ended', async () => {
    restore = await setLogout({ 'backchannel.logout.url': url, 'backchannel.logout.session.required': 'true' })
    const { access_token: token, refresh_token: refresh, session_state: session } = await logIn('carol')
    const { principal } = await auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
    expect(principal).toMatchObject({ sessionId: session })
    await post('shop', 'logout', [
      ['client_id', 'shop-web'],
      ['refresh_token', refresh],
    ])
    // Keycloak answers a logout once it has told its clients.
    expect(logouts).toEqual([{ issuer: ISSUER, subject: principal?.subject, sessionId: session }])
    expect(statuses.at(-1)).toBe(200)
  })

  it('that an administrator forces names the user, where the client does not ask for sessions', async () => {
    restore = await setLogout({ 'backchannel.logout.url': url, 'backchannel.logout.session.required': 'false' })
    await Promise.all([logIn('carol'), logIn('carol')])
    const carol = await idOf('users', 'carol')
    await admin('POST', `/shop/users/${carol}/logout`)
    expect(logouts).toContainEqual({ issuer: ISSUER, subject: carol, sessionId: null })
    expect(statuses.at(-1)).toBe(200)
  })
})

/** Changes how shop-web hears of logouts. Returns what takes it back. */
async function setLogout(attributes: Readonly<Record<string, string>>): Promise<() => Promise<unknown>> {
  const path = `/shop/clients/${await idOf('clients', 'shop-web')}`
  const client = (await admin('GET', path)) as { readonly attributes: Readonly<Record<string, string>> }
  await admin('PUT', path, { ...client, attributes: { ...client.attributes, ...attributes } })
  return () => admin('PUT', path, client)
}
