import { createServer } from 'node:http'
import { SignJWT } from 'jose'

/** Who every token of the benches is for. */
export const AUDIENCE = 'https://api.example.com'

/** Signs an access token about as long as a provider's: 1.3 kB. */
export function signToken(key, { alg, issuer, number, scope }) {
  return new SignJWT({
    scope,
    client_id: 'bench',
    permissions: Array.from({ length: 20 }, (_, n) => `permission.number.${n}`),
    name: `Person ${number}`,
    email: `person.${number}@example.com`,
  })
    .setProtectedHeader({ alg, kid: 'bench', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setSubject(`user-${number}`)
    .setIssuedAt()
    .setJti(`token-${number}`)
    .setExpirationTime('1h')
    .sign(key)
}

/** Serves a key set on a free port of the loopback address. */
export async function serveKeys(jwks) {
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks)))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    issuer: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
