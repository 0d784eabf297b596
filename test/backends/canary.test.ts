import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import type { Auth } from '../../src/core/auth.js'
import { errorOf } from '../../src/core/errors.js'
import { createAuth } from '../../src/create-auth.js'
import { createTestIssuer, FAILURE_MODES, type TestIssuer } from '../../src/testing/index.js'
import { bearer } from './bearer.js'

const CANARY = 'canary-7f3a'
const claims = { sub: CANARY, client_id: CANARY, scope: CANARY, jti: CANARY, email: CANARY, sid: CANARY, acr: CANARY }

let issuer: TestIssuer
let auth: Auth
let lines: string[]

beforeAll(async () => {
  issuer = await createTestIssuer({ algorithms: ['ES256'] })
})
afterAll(() => issuer.close())

const start = (): void => {
  lines = []
  auth = createAuth({
    backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience, timeoutDuration: 200, cooldownDuration: 0 }],
    audit: { logger: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }) },
  })
}

/** Everything that anybody could read of a refused token: the refusal, the error for the client, the error as a logger prints it, and the log. */
async function traces(token: string): Promise<string> {
  const { refusal } = await auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
  if (refusal === null) throw new Error('the token was accepted')
  auth.refuse(auth.createContext({ principal: null, refusal, credentials: null, transport: 'test' }), [refusal])
  const [backend] = auth.settings.backends
  const thrown = await backend?.verify(bearer(token), new AbortController().signal).catch((error: unknown) => error)
  const shown = [thrown, (thrown as Error).cause, errorOf(refusal)].map(
    (error) => `${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)}`,
  )
  return [JSON.stringify(refusal), ...shown, ...lines].join('\n')
}

function expectNoTrace(text: string, token: string): void {
  expect(text).not.toContain(CANARY)
  for (const segment of token.split('.')) if (segment.length > 8) expect(text).not.toContain(segment)
}

describe('nothing that can be read of a refused token holds its text or its claims', () => {
  it.each<[string, () => Promise<string>]>([
    ['forged', () => issuer.forgedToken(claims)],
    ['expired', () => issuer.expiredToken(claims)],
    ['unsigned', async () => issuer.unsignedToken(claims)],
    ['signed with the public key', async () => issuer.hmacWithPublicKey(claims)],
    ['for another audience', () => issuer.token({ ...claims, aud: CANARY })],
    ['of another issuer', () => issuer.token({ ...claims, iss: `https://${CANARY}.example.com` })],
    ['not valid yet', () => issuer.token({ ...claims, nbf: 99_999_999_999 })],
    ['of another kind', () => issuer.token(claims, { typ: CANARY })],
    ['of another payload kind', () => issuer.token({ ...claims, token_use: CANARY }, { typ: 'JWT' })],
    ['with a malformed time', () => issuer.token({ ...claims, exp: CANARY })],
    ['with a malformed scope', () => issuer.token({ ...claims, scope: { [CANARY]: true } })],
    ['with an unknown key id', () => issuer.token(claims, { kid: CANARY })],
    ['with a foreign key location', () => issuer.token(claims, { header: { jku: `https://${CANARY}.example.com` } })],
    ['with a payload that is not JSON', () => issuer.sign(`{"sub":"${CANARY}`)],
    ['with duplicate members', () => issuer.sign(`{"sub":"${CANARY}","sub":"${CANARY}"}`)],
    ['cut short', async () => (await issuer.token(claims)).slice(0, -5)],
    ['with five segments', async () => `${await issuer.token(claims)}.AAAA.AAAA`],
  ])('%s', async (_, make) => {
    start()
    const token = await make()
    expectNoTrace(await traces(token), token)
    await auth.close()
  })

  it.each(FAILURE_MODES)('when the key endpoint fails: %s', async (mode) => {
    start()
    issuer.fail(mode)
    const token = await issuer.token(claims)
    const text = await traces(token)
    expect(text).toContain('BACKEND_UNAVAILABLE')
    expectNoTrace(text, token)
    issuer.recover()
    await auth.close()
  })
})

it('an accepted token leaves its identity in the log, and nothing of its text', async () => {
  start()
  const token = await issuer.token({ sub: 'ada', secret_claim: CANARY })
  const { principal } = await auth.authenticate({ transport: 'test', header: (name) => (name === 'authorization' ? [`Bearer ${token}`] : []) })
  expect(principal?.subject).toBe('ada')
  expect(lines.join('')).toContain('"subject":"ada"')
  expectNoTrace(lines.join(''), token)
  await auth.close()
})
