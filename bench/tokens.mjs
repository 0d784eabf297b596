// What verifying an access token costs, beside what a user would pick instead. Run `npm run build` in the folder above first.

import { createPublicKey } from 'node:crypto'
import { createInlineSigningKeyProvider, useJWT } from '@graphql-yoga/plugin-jwt'
import { auth as oauthBearer } from 'express-oauth2-jwt-bearer'
import { createVerifier } from 'fast-jwt'
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { createAuth } from '../dist/index.js'
import { AUDIENCE, serveKeys, signToken } from './support/issuer.mjs'
import { measure, printTable } from './support/measure.mjs'
import { conditions, readOptions } from './support/report.mjs'

const TOKENS = 64
const { turn, turns } = readOptions({ turn: 300, turns: 9 })
const SILENT = { debug() {}, info() {}, error() {}, isLevelEnabled: () => false }

console.log(conditions({ turn, turns }))
for (const alg of ['RS256', 'ES256', 'EdDSA']) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg, use: 'sig' }
  const pem = await exportSPKI(publicKey)
  const { issuer, close } = await serveKeys({ keys: [jwk] })
  const headers = []
  for (let number = 0; number < TOKENS; number += 1) {
    const token = await signToken(privateKey, { alg, issuer, number, scope: 'orders:read orders:write' })
    headers.push(Buffer.from(`Bearer ${token}`, 'latin1'))
  }
  // Every request brings its header as a fresh string; one that was seen before is not the same string object.
  const header = (i) => headers[i % TOKENS].toString('latin1')
  const token = (i) => header(i).slice(7)

  const keys = createLocalJWKSet({ keys: [jwk] })
  const keyObject = createPublicKey(pem)
  const fast = createVerifier({ key: pem, algorithms: [alg], allowedIss: issuer, allowedAud: AUDIENCE })
  const fastCached = createVerifier({ key: pem, algorithms: [alg], allowedIss: issuer, allowedAud: AUDIENCE, cache: 10_000 })
  const backend = { type: 'jwt', issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks` }
  const settings = { backends: [backend], audit: { logger: SILENT } }
  const seen = createAuth(settings)
  const fresh = createAuth({ ...settings, cacheSize: 0 })
  const carrier = (i) => {
    const authorization = [header(i)]
    return { transport: 'http', header: (name) => (name === 'authorization' ? authorization : []) }
  }
  const authenticate = async (auth, i) => {
    const { principal } = await auth.authenticate(carrier(i))
    if (principal === null) throw new Error('the token was refused')
  }

  const adapters = {
    control: async (i) => token(i),
    'jose.jwtVerify': (i) => jwtVerify(token(i), keys, { issuer, audience: AUDIENCE, algorithms: [alg] }),
    'gatehouse, a new token': (i) => authenticate(fresh, i),
    'gatehouse, a token seen before': (i) => authenticate(seen, i),
    'fast-jwt': async (i) => fast(token(i)),
    'fast-jwt with its cache': async (i) => fastCached(token(i)),
    // jsonwebtoken and what stands on it know no EdDSA.
    ...(alg === 'EdDSA'
      ? {}
      : {
          jsonwebtoken: async (i) => jsonwebtoken.verify(token(i), keyObject, { algorithms: [alg], issuer, audience: AUDIENCE }),
          "Yoga's useJWT": yogaJwt({ alg, pem, issuer, header }),
        }),
    'express-oauth2-jwt-bearer': expressBearer({ alg, issuer, header }),
  }
  printTable(`${alg}, ${TOKENS} distinct tokens`, await measure(adapters, { turn, turns, control: 'control' }), 'jose.jwtVerify')
  await Promise.all([seen.close(), fresh.close()])
  close()
}

function yogaJwt({ alg, pem, issuer, header }) {
  const plugin = useJWT({ signingKeyProviders: [createInlineSigningKeyProvider(pem)], tokenVerification: { algorithms: [alg], issuer, audience: AUDIENCE } })
  plugin.onYogaInit?.({ yoga: { logger: console } })
  return async (i) => {
    const request = new Request('http://127.0.0.1/graphql', { headers: { authorization: header(i) } })
    await plugin.onRequestParse({ request, serverContext: { request }, url: new URL(request.url) })
  }
}

function expressBearer({ alg, issuer, header }) {
  const middleware = oauthBearer({ issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks`, tokenSigningAlg: alg })
  return (i) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: header(i), host: 'localhost' }
      const request = {
        headers,
        method: 'GET',
        query: {},
        is: () => false,
        get: (name) => headers[name.toLowerCase()],
        protocol: 'http',
        originalUrl: '/',
        socket: {},
        app: { get: () => undefined },
      }
      middleware(request, {}, (error) => (error === undefined ? resolve() : reject(error)))
    })
}
