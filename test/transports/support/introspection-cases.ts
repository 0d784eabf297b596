import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CommonSettings } from '../../../src/core/settings.js'
import { ask, type Reply, send } from './http-client.js'
import type { RunningServer } from './http-serving.js'
import { type House, openHouse, TYPOS, type Typo } from './introspection-house.js'

/** A server that serves a house. */
export interface IntrospectionServer {
  readonly name: string
  start(house: House): Promise<RunningServer>
  /** Whether the server does batches. */
  readonly batches: boolean
  /** Whether some of the server's own messages suggest less than graphql-js does. @default false */
  readonly isTerse?: boolean
  /** What a client has to send beside. @default nothing */
  readonly headers?: Readonly<Record<string, string>>
}

/** Runs every case of what is told of a schema on a server. */
export function describeIntrospection(server: IntrospectionServer): void {
  describe(`over ${server.name}`, () => {
    describeTypos(server)
    describeMetaFields(server)
    if (server.batches) describeBatches(server)
  })
}

/** Starts a house on the server for the tests of a block. */
function serving(server: IntrospectionServer, settings: CommonSettings, isOpen = true): { readonly url: string } {
  let running: RunningServer
  beforeAll(async () => {
    running = await server.start(openHouse(settings, isOpen))
  })
  afterAll(() => running.close())
  return {
    get url() {
      return running.url
    },
  }
}

/** The clerk before and behind everybody else, so that what the server keeps of a document is told to others. */
const CALLERS = [undefined, 'clerk', 'reader', undefined, 'reader', 'clerk', 'stranger'] as const
type Token = (typeof CALLERS)[number]

function mayKnow(introspection: CommonSettings['introspection'], token: Token): boolean {
  return token === 'clerk' || (introspection === 'private' && token === 'reader')
}

function describeTypos(server: IntrospectionServer): void {
  describe.each(['private', 'filtered'] as const)('B15 under %s introspection', (introspection) => {
    const here = serving(server, { introspection })
    // Both are asked the same, one after the other: what they keep of a document is then the same too.
    const [plain, twin] = [serving(server, { introspection: 'public' }), serving(server, { introspection })]
    const typo = (url: string, { query, variables = {} }: Typo, token: Token, accept = '*/*'): Promise<Reply> =>
      ask(url, query, token, { variables, headers: { accept } })

    it.each(TYPOS)('a typo near $what brings out no name that the caller may not see, whoever asked before', async (row) => {
      const told: string[] = []
      for (const token of CALLERS) {
        const reply = await typo(here.url, row, token)
        expect(reply.body.data ?? null).toBeNull()
        expect(reply.body.errors?.length).toBeGreaterThan(0)
        if (mayKnow(introspection, token)) told.push(reply.text)
        else expect(reply.text).not.toMatch(row.secret)
        // A server may look at credentials first; a bad token then says nothing of the document at all.
        if (token !== 'stranger') expect(reply.text).toMatch(row.told)
        if (introspection === 'private' && token === undefined) expect(reply.text).not.toMatch(/Did you mean/)
      }
      expect(told.join('\n')).toMatch(row.secret)
      if (server.isTerse !== true) for (const text of told) expect(text).toMatch(row.secret)
    })

    it.each(TYPOS)('a typo near $what is answered with the status and the codes that it always had', async (row) => {
      for (const [index, token] of ([undefined, 'reader', 'clerk', undefined, 'clerk', undefined] as const).entries()) {
        const accept = index < 2 ? 'application/json' : 'application/graphql-response+json'
        const [open, reply] = [await typo(plain.url, row, token, accept), await typo(twin.url, row, token, accept)]
        if (index === 0 || server.isTerse !== true) expect(open.text).toMatch(row.secret)
        expect([reply.status, codesOf(reply), reply.headers['content-type']]).toEqual([open.status, codesOf(open), open.headers['content-type']])
        expect(Object.keys(reply.body)).toEqual(Object.keys(open.body))
        if (mayKnow(introspection, token)) expect(toldOf(reply)).toEqual(toldOf(open))
      }
    })
  })
}

/** Errors without the words that another executor than graphql-js' begins those of variables with. */
function toldOf({ body }: Reply): readonly unknown[] {
  const ownWords = /^Variable "\$\w+" (got invalid value .*?; |has invalid value: )/
  return body.errors?.map((error) => ({ ...error, message: error.message.replace(ownWords, '') })) ?? []
}

function codesOf({ body }: Reply): readonly unknown[] {
  return body.errors?.map(({ extensions = {} }) => [Object.keys(extensions), extensions.code]) ?? []
}

const FIELDS = '{ __schema { queryType { fields { name } } } }'
const TYPE = '{ __type(name: "Invoice") { name } product { name } }'

function describeMetaFields(server: IntrospectionServer): void {
  describe.each(['reject', 'null'] as const)('B14 where what is denied is answered with %s,', (denied) => {
    const names = async (url: string, token?: string): Promise<unknown> => {
      const { data } = (await ask(url, FIELDS, token)).body as { data?: { __schema?: { queryType: { fields: ReadonlyArray<{ name: string }> } } } | null }
      return data?.__schema?.queryType.fields.map(({ name }) => name) ?? data ?? null
    }
    const ALL = ['product', 'search', 'invoices']

    describe('public introspection', () => {
      const here = serving(server, { introspection: 'public', denied })
      it('shows everything to everybody', async () => {
        for (const token of [undefined, 'reader', 'clerk']) {
          expect(await names(here.url, token)).toEqual(ALL)
          expect((await ask(here.url, TYPE, token)).body.data).toEqual({ __type: { name: 'Invoice' }, product: { name: 'pen' } })
        }
      })
    })

    describe('private introspection', () => {
      const here = serving(server, { introspection: 'private', denied })
      it('refuses anonymous callers with 401 and no data, and shows others everything', async () => {
        for (const query of [FIELDS, TYPE]) {
          const reply = await ask(here.url, query)
          expect([reply.status, 'data' in reply.body, reply.body.errors?.map(({ extensions }) => extensions?.code)]).toEqual([401, false, ['UNAUTHENTICATED']])
          expect(reply.text).not.toMatch(/invoices|Invoice"/)
        }
        for (const token of ['reader', 'clerk', 'reader']) expect(await names(here.url, token)).toEqual(ALL)
        expect((await ask(here.url, TYPE, 'reader')).body.data).toEqual({ __type: { name: 'Invoice' }, product: { name: 'pen' } })
        expect((await ask(here.url, FIELDS, 'stranger')).status).toBe(401)
      })
    })

    describe('filtered introspection', () => {
      const here = serving(server, { introspection: 'filtered', denied })
      it('shows each caller his part, whoever asked before', async () => {
        for (const token of CALLERS.filter((name) => name !== 'stranger')) {
          expect(await names(here.url, token)).toEqual(token === 'clerk' ? ALL : ['product', 'search'])
          expect((await ask(here.url, TYPE, token)).body.data).toEqual({ __type: token === 'clerk' ? { name: 'Invoice' } : null, product: { name: 'pen' } })
        }
        expect((await ask(here.url, FIELDS, 'stranger')).status).toBe(401)
      })
    })

    describe('filtered introspection that leaves nothing to most', () => {
      const here = serving(server, { introspection: 'filtered', denied }, false)
      it('refuses them without a word on what is missing', async () => {
        for (const [token, status] of [
          [undefined, 401],
          ['reader', 403],
        ] as const) {
          const reply = await ask(here.url, FIELDS, token)
          expect([reply.status, 'data' in reply.body]).toEqual([status, false])
          expect(reply.text).not.toMatch(/bills|product|invoices/)
        }
        expect(await names(here.url, 'clerk')).toEqual(ALL)
      })
    })
  })
}

function describeBatches(server: IntrospectionServer): void {
  describe('B15 in a batch', () => {
    const here = serving(server, { introspection: 'filtered' })
    it('each operation tells what its caller may read', async () => {
      const body = [{ query: '{ product { name } }' }, { query: '{ invoic }' }, { query: TYPOS[5]?.query, variables: TYPOS[5]?.variables }, { query: TYPE }]
      for (const token of ['clerk', undefined, 'reader', 'clerk']) {
        const reply = await send(here.url, { body, headers: { ...server.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } })
        const results = reply.body as unknown as ReadonlyArray<Reply['body']>
        expect(results.map(({ data }) => data ?? null)).toEqual([
          { product: { name: 'pen' } },
          null,
          null,
          { __type: token === 'clerk' ? { name: 'Invoice' } : null, product: { name: 'pen' } },
        ])
        expect(/invoices/.test(reply.text)).toBe(token === 'clerk')
        expect(/margins/.test(reply.text)).toBe(token === 'clerk')
      }
    })
  })
}
