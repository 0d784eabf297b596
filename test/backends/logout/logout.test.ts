import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { backchannelLogout, type Logout } from '../../../src/backends/logout.js'
import type { Auth } from '../../../src/core/auth.js'
import { createAuth } from '../../../src/create-auth.js'
import { createTestIssuer, type TestIssuer, type TokenOptions } from '../../../src/testing/index.js'

const CLIENT = 'web-shop'
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} }

let issuer: TestIssuer
let auth: Auth
let server: Server
let url: string
let logouts: Logout[]
let faults: unknown[]
let onLogout: (logout: Logout) => void

beforeEach(async () => {
  issuer = await createTestIssuer()
  logouts = []
  faults = []
  onLogout = (logout) => void logouts.push(logout)
  auth = createAuth({
    backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }],
    audit: { logger: { debug() {}, info() {}, error: (event) => void faults.push(event) } },
  })
  const handle = backchannelLogout(auth, { issuer: issuer.issuer, clientId: CLIENT, onLogout: (logout) => onLogout(logout) })
  const app = express()
  app.post('/parsed', express.urlencoded({ extended: false }), handle)
  app.use('/', handle)
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await Promise.all([new Promise((resolve) => server.close(resolve)), issuer.close(), auth.close()])
})

let count = 0

/** A good logout token of session s1, but for what is changed; `undefined` takes a claim away. */
function logoutToken(changes: Record<string, unknown> = {}, options: TokenOptions = {}): Promise<string> {
  count += 1
  return issuer.token(
    { aud: CLIENT, sub: 'ada', sid: 's1', events: EVENTS, jti: `logout-${count}`, client_id: undefined, ...changes },
    { typ: 'logout+jwt', expiresIn: 60, ...options },
  )
}

async function send(token: string | null, { path = '/', method = 'POST', type = 'application/x-www-form-urlencoded' } = {}): Promise<Response> {
  const body = token === null ? '' : new URLSearchParams({ logout_token: token }).toString()
  return fetch(url + path, { method, headers: { 'content-type': type }, ...(method === 'GET' ? {} : { body }) })
}

describe('back-channel logout', () => {
  it('C7: takes a good logout token, forgets the session, and says who it was', async () => {
    const access = await issuer.token({ sub: 'ada', sid: 's1', scope: 'orders:read' })
    const other = await issuer.token({ sub: 'ada', sid: 's2', scope: 'orders:read' })
    const use = (token: string) => auth.authenticate({ transport: 'http', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
    const [before, beforeOther] = [await use(access), await use(other)]
    expect((await use(access)).principal).toBe(before.principal)

    const response = await send(await logoutToken())
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(logouts).toEqual([{ issuer: issuer.issuer, subject: 'ada', sessionId: 's1' }])
    expect((await use(access)).principal).not.toBe(before.principal)
    expect((await use(other)).principal).toBe(beforeOther.principal)
  })

  it('forgets every session of a subject when no session is named', async () => {
    const use = (token: string) => auth.authenticate({ transport: 'http', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
    const ada = await issuer.token({ sub: 'ada', sid: 's1', scope: 'a' })
    const ben = await issuer.token({ sub: 'ben', sid: 's1', scope: 'a' })
    const [a, b] = [await use(ada), await use(ben)]
    expect((await send(await logoutToken({ sid: undefined }))).status).toBe(200)
    expect((await use(ada)).principal).not.toBe(a.principal)
    expect((await use(ben)).principal).toBe(b.principal)
  })

  it.each<[string, Record<string, unknown>, TokenOptions?]>([
    ['a nonce', { nonce: 'n' }],
    ['no events', { events: undefined }],
    ['another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['an event that is no object', { events: { 'http://schemas.openid.net/event/backchannel-logout': true } }],
    ['events that are a list', { events: ['http://schemas.openid.net/event/backchannel-logout'] }],
    ['neither subject nor session', { sub: undefined, sid: undefined }],
    ['a session that is no text', { sid: 7 }],
    ['another audience', { aud: 'another-client' }],
    ['another issuer', { iss: 'https://evil.example.com' }],
    ['no jti', { jti: undefined }],
    ['no iat', { iat: undefined }],
    ['an old iat', { iat: Math.floor(Date.now() / 1000) - 600 }],
    ['an iat in the future', { iat: Math.floor(Date.now() / 1000) + 600 }],
    ['a typ of an access token', {}, { typ: 'at+jwt' }],
  ])('A40: refuses a token with %s', async (_, changes, options = {}) => {
    const response = await send(await logoutToken(changes, options))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: 'invalid_request' })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(logouts).toEqual([])
  })

  it('A40: takes a logout token that its header calls a mere JWT', async () => {
    expect((await send(await logoutToken({}, { typ: 'JWT' }))).status).toBe(200)
  })

  it('A40: refuses a token that was used before', async () => {
    const token = await logoutToken()
    expect((await send(token)).status).toBe(200)
    expect((await send(token)).status).toBe(400)
    expect(logouts).toHaveLength(1)
  })

  it('A40: refuses an access token, an unsigned token, one by a foreign key, one signed with the public key, and garbage', async () => {
    const access = await issuer.token({ sub: 'ada', sid: 's1', scope: 'orders:read' })
    const bad = [
      access,
      await issuer.unsignedToken({ aud: CLIENT, sub: 'ada', events: EVENTS }),
      await issuer.forgedToken({ aud: CLIENT, sub: 'ada', events: EVENTS }),
      'garbage',
      'a.b.c',
      '',
    ]
    for (const token of bad) expect((await send(token)).status).toBe(400)
    expect(logouts).toEqual([])
  })

  it('refuses what is not one form with one token', async () => {
    expect((await send(null)).status).toBe(400)
    expect((await send(await logoutToken(), { type: 'text/plain' })).status).toBe(400)
    expect((await send(await logoutToken(), { method: 'GET' })).status).toBe(405)
    expect((await send('x'.repeat(100_000))).status).toBe(400)
    const two = `logout_token=${await logoutToken()}&logout_token=${await logoutToken()}`
    expect((await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: two })).status).toBe(400)
  })

  it('works behind a body parser', async () => {
    expect((await send(await logoutToken(), { path: '/parsed' })).status).toBe(200)
  })

  it('answers 503 when the keys cannot be had, and when the application fails', async () => {
    const token = await logoutToken()
    issuer.fail('down', ['jwks'])
    expect((await send(token)).status).toBe(503)
    issuer.recover()
    onLogout = () => {
      throw new Error('database down')
    }
    expect(faults.length).toBeGreaterThan(0)
  })

  it('refuses the start for wrong options', () => {
    expect(() => backchannelLogout(auth, { issuer: 'http://sso.example.com', clientId: CLIENT })).toThrow('backchannelLogout.issuer: expected')
    expect(() => backchannelLogout(auth, { issuer: issuer.issuer, clientId: '' })).toThrow('backchannelLogout.clientId: expected')
  })
})
