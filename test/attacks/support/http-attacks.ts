import { describe, expect, it } from '@jest/globals'
import type { Reply, Sent } from '../../transports/support/http-client.js'
import { type HttpServer, serving } from '../../transports/support/http-serving.js'

/** Runs the rows that are about HTTP alone on a server. */
export function describeHttpAttacks(server: HttpServer): void {
  describe(`over ${server.name}`, () => {
    describeStatus(server)
    describeForgery(server)
  })
}

/** What a status may say of a body: refused bodies have no data, bodies with data are a success. */
function expectAgreement({ status, body }: Reply): void {
  expect({ status, hasData: (body.data ?? null) !== null }).toEqual({ status, hasData: status >= 200 && status < 300 })
}

const ACCEPTED: ReadonlyArray<string | null> = [
  'application/graphql-response+json',
  'application/json',
  'application/graphql-response+json, application/json;q=0.9',
  'application/json;charset=utf-8',
  '*/*',
  null,
]

function describeStatus(server: HttpServer): void {
  const partly = '{ open report anything { ... on Order { id margin } ... on Product { margin } } }'
  const atRunTime = '{ open anything { id } }'

  describe.each(ACCEPTED)('B20 accepting %s', (accept) => {
    const rejecting = serving(server)
    const nulling = serving(server, { denied: 'null' })
    const sent: Sent = { headers: accept === null ? {} : { accept } }

    it('refuses the whole operation with 401 or 403 and without data', async () => {
      for (const [token, status] of [
        [undefined, 401],
        ['stranger', 401],
        ['reader', 403],
      ] as const) {
        const reply = await rejecting.ask(partly, token, sent)
        expect([reply.status, 'data' in reply.body]).toEqual([status, false])
        expectAgreement(reply)
        expect(reply.headers['www-authenticate']).toMatch(/^Bearer /)
      }
      expect(rejecting.shop.calls).toEqual(new Map())
    })

    it('answers what is left with 200 and the refusals beside it', async () => {
      const reply = await nulling.ask(partly, 'reader', sent)
      expect(reply.status).toBe(200)
      expect(reply.body.data).toEqual({ open: 'hello', report: null, anything: { id: '1', margin: null } })
      expect(reply.body.errors?.map(({ path, extensions }) => [path?.join('.'), extensions?.code]).toSorted()).toEqual([
        ['anything.margin', 'FORBIDDEN'],
        ['report', 'FORBIDDEN'],
      ])
      expectAgreement(reply)
      expect(reply.headers['www-authenticate']).toBeUndefined()
    })

    it('still refuses bad credentials whole where fields are nulled', async () => {
      for (const token of ['stranger', 'old', 'gone']) {
        const reply = await nulling.ask(atRunTime, token, sent)
        expect([reply.status, 'data' in reply.body]).toEqual([401, false])
      }
      const unavailable = await nulling.ask(atRunTime, 'busy', sent)
      expect([unavailable.status, 'data' in unavailable.body]).toEqual([503, false])
    })

    it('answers somebody who may with 200 and no errors', async () => {
      for (const here of [rejecting, nulling]) {
        const reply = await here.ask(partly, 'clerk', sent)
        expect([reply.status, reply.body.errors]).toEqual([200, undefined])
        expect(reply.body.data).toMatchObject({ report: 'figures', anything: { margin: 3 } })
        expectAgreement(reply)
      }
    })
  })
}

const ORIGIN = 'https://app.example.com'
const BOUNDARY = 'x'
const parts = (query: string): string =>
  `${['operations', 'map']
    .map((name) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${name === 'map' ? '{}' : JSON.stringify({ query })}\r\n`)
    .join('')}--${BOUNDARY}--\r\n`

/** Requests that a foreign page can make a browser send without asking first. */
const SIMPLE: ReadonlyArray<{ readonly name: string; readonly sent: (query: string) => Sent }> = [
  { name: 'JSON as plain text', sent: (query) => ({ type: 'text/plain', body: JSON.stringify({ query }) }) },
  { name: 'JSON as plain text that names JSON', sent: (query) => ({ type: 'text/plain; application/json', body: JSON.stringify({ query }) }) },
  { name: 'two content types in one', sent: (query) => ({ type: 'text/plain, application/json', body: JSON.stringify({ query }) }) },
  { name: 'JSON without a content type', sent: (query) => ({ type: null, body: JSON.stringify({ query }) }) },
  { name: 'a document as text', sent: (query) => ({ type: 'application/graphql', body: query }) },
  { name: 'a form', sent: (query) => ({ type: 'application/x-www-form-urlencoded', body: new URLSearchParams({ query }).toString() }) },
  { name: 'a form with files', sent: (query) => ({ type: `multipart/form-data; boundary=${BOUNDARY}`, body: parts(query) }) },
  { name: 'a GET', sent: (query) => ({ method: 'GET', search: `?${new URLSearchParams({ query })}` }) },
  { name: 'a GET of type text/plain', sent: (query) => ({ method: 'GET', type: 'text/plain', search: `?${new URLSearchParams({ query })}` }) },
  { name: 'a GET of type JSON', sent: (query) => ({ method: 'GET', type: 'application/json', search: `?${new URLSearchParams({ query })}` }) },
  {
    name: 'a GET of the type of a form',
    sent: (query) => ({ method: 'GET', type: 'application/x-www-form-urlencoded', search: `?${new URLSearchParams({ query })}` }),
  },
]

/** What a browser says of where a page is from, when that is not one of the application's. */
const FOREIGN: ReadonlyArray<Readonly<Record<string, string>>> = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: `${ORIGIN}.evil.example` },
  { origin: 'http://app.example.com' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  {},
]

function describeForgery(server: HttpServer): void {
  describe('B21 with the cookie of somebody who is logged in', () => {
    const here = serving(server, { credentials: { cookie: { name: 'login', allowedOrigins: [ORIGIN] } } })
    const cookie = 'login=clerk'

    it.each(SIMPLE)('$name from a foreign page does and shows nothing', async ({ sent }) => {
      for (const query of ['mutation { touch }', '{ report }']) {
        for (const headers of FOREIGN) {
          const reply = await here.send({ ...sent(query), headers: { ...headers, cookie } })
          expect(reply.body.data ?? null).toBeNull()
          expect([400, 401, 403, 405, 415]).toContain(reply.status)
          expect(reply.text).not.toContain('figures')
        }
      }
      expect(here.shop.calls).toEqual(new Map())
      expect(here.shop.verified).toEqual([])
    })

    it.each(SIMPLE.filter(({ name }) => name.startsWith('a GET')))('$name never mutates, whoever asks', async ({ sent }) => {
      for (const headers of [{ origin: ORIGIN }, { 'sec-fetch-site': 'same-origin' }, {}]) {
        const reply = await here.send({ ...sent('mutation { touch }'), headers: { ...headers, cookie } })
        expect(reply.body.data ?? null).toBeNull()
        expect(reply.status).toBeGreaterThanOrEqual(400)
      }
      expect(here.shop.calls).toEqual(new Map())
    })

    it("a page of the application's own is answered", async () => {
      const reply = await here.send({ body: { query: 'mutation { touch }' }, headers: { cookie, origin: ORIGIN } })
      expect([reply.status, reply.body.data]).toEqual([200, { touch: 1 }])
    })
  })
}
