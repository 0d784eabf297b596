import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ask, type Reply } from '../../transports/support/http-client.js'
import { type Change, type Page, startPage } from './page.js'

/** A page whose server speaks HTTP, and where it differs from the others. */
export interface HttpPage {
  /** Name of the file in docs/frameworks. */
  readonly name: string
  /** @default '/graphql' */
  readonly path?: string
  /** What the page's code is changed to, so that it runs in a test. @default nothing */
  readonly replace?: Change['replace']
}

/** The server of a page, started before the tests of a block and closed behind them. */
export function serving(name: string, change: Change = {}): { readonly page: Page; token(scope: string): Promise<string> } {
  let page: Page
  beforeAll(async () => {
    page = await startPage(name, change)
  })
  afterAll(() => page?.close())
  return {
    get page() {
      return page
    },
    token: (scope) => page.issuer.token({ scope }),
  }
}

/** The same over HTTP. */
export function asking(
  { name, path = '/graphql', replace = [] }: HttpPage,
  change: Change = {},
): { ask(query: string, scope?: string): Promise<Reply>; askWith(query: string, token: string): Promise<Reply> } {
  const here = serving(name, { replace, ...change })
  const askWith = (query: string, token?: string): Promise<Reply> => ask(`http://${here.page.address}${path}`, query, token)
  return { askWith, ask: async (query, scope) => askWith(query, scope === undefined ? undefined : await here.token(scope)) }
}

const reasonsOf = ({ body }: Reply): unknown[] => (body.errors ?? []).map(({ extensions }) => extensions?.auth?.reason)

/** What every server answers alike, whatever it is built on. */
export function describeSameOverHttp(server: HttpPage): void {
  describe(`the program of docs/frameworks/${server.name}.md`, () => {
    const here = asking(server)

    it('answers nobody where the schema is public', async () => {
      const { status, body } = await here.ask('{ about }')
      expect([status, body]).toEqual([200, { data: { about: 'Orders of the shop' } }])
    })

    it('asks nobody for a token, with 401 and a challenge', async () => {
      const reply = await here.ask('{ orders { id } }')
      expect([reply.status, reply.headers['www-authenticate'], reply.body.data ?? null, reasonsOf(reply)]).toEqual([
        401,
        'Bearer realm="graphql"',
        null,
        ['MISSING_TOKEN'],
      ])
    })

    it.each(['{ orders { id } }', '{ about }'])('refuses a bad token at %s, with 401', async (query) => {
      const reply = await here.askWith(query, 'e30.e30.e30')
      expect([reply.status, reply.headers['www-authenticate'], reply.body.data ?? null, reasonsOf(reply)]).toEqual([
        401,
        'Bearer error="invalid_token"',
        null,
        ['INVALID_TOKEN'],
      ])
    })

    it('refuses a token without the scope, with 403 and the scope', async () => {
      const reply = await here.ask('{ orders { id } }', 'profile')
      expect([reply.status, reply.headers['www-authenticate'], reply.body.data ?? null, reasonsOf(reply)]).toEqual([
        403,
        'Bearer error="insufficient_scope", scope="orders:read"',
        null,
        ['INSUFFICIENT_SCOPE'],
      ])
    })

    it('answers a token with the scope', async () => {
      const { status, body } = await here.ask('{ about orders { id } }', 'orders:read')
      expect([status, body]).toEqual([200, { data: { about: 'Orders of the shop', orders: [{ id: 'A-1' }] } }])
    })

    it.each(['{ orders { id margin } }', '{ item { id margin } }', '{ item { ... on Order { margin } } }'])(
      'holds an interface’s guard at %s',
      async (query) => {
        const refused = await here.ask(query, 'orders:read')
        expect([refused.status, refused.body.data ?? null, reasonsOf(refused)]).toEqual([403, null, ['INSUFFICIENT_SCOPE']])
        const allowed = await here.ask(query, 'orders:read orders:admin')
        expect([allowed.status, JSON.stringify(allowed.body).includes('"margin":0.3')]).toEqual([200, true])
      },
    )
  })

  describe(`the same program with denied: 'null'`, () => {
    const here = asking(server, { settings: "denied: 'null', " })

    it('answers 200, with null and an error in place of what was refused', async () => {
      const reply = await here.ask('{ about orders { id margin } }', 'orders:read')
      expect([reply.status, reply.body.data]).toEqual([200, { about: 'Orders of the shop', orders: [{ id: 'A-1', margin: null }] }])
      // Mercurius sends positions in lists as texts.
      expect(reply.body.errors?.map(({ path }) => path?.join('.'))).toEqual(['orders.0.margin'])
      expect(reasonsOf(reply)).toEqual(['INSUFFICIENT_SCOPE'])
    })

    it('still refuses a bad token, with 401', async () => {
      const reply = await here.askWith('{ about }', 'e30.e30.e30')
      expect([reply.status, reply.body.data ?? null]).toEqual([401, null])
    })
  })
}
