import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type DocumentNode, GraphQLError, parse } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { type Engine, type Servers, startServers } from '../support/transport-servers.js'
import { BEINGS } from './support/beings.js'
import { incremental } from './support/incremental.js'
import { type Attempt, bearer, refusalsIn, SENDERS, TRANSPORTS, type Transport } from './support/senders.js'

const SCOPE = 'FORBIDDEN INSUFFICIENT_SCOPE'
const SECRETS = 'query Secrets($who: ID = "user:1") { orders node(id: $who) { ... on Named { secret } } user { secret } }'
const ADMIN = { sub: 'admin', scope: 'secrets orders:read' }

const idOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Documents by their hash, parsed once: everybody runs the same nodes. */
class Register {
  readonly #documents = new Map<string, DocumentNode>()
  readonly #texts = new Map<string, string>()

  add(text: string): string {
    const id = idOf(text)
    this.#texts.set(id, text)
    this.#documents.set(id, parse(text))
    return id
  }

  text(id: unknown): string {
    return this.#found(this.#texts, id)
  }

  document(id: unknown): DocumentNode {
    return this.#found(this.#documents, id)
  }

  #found<T>(entries: ReadonlyMap<string, T>, id: unknown): T {
    const entry = entries.get(String(id))
    if (entry === undefined) throw new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } })
    return entry
  }
}

const PREFIX = 'sha256:'

/** Two ways in which servers keep operations: the id in place of the text, for every transport on Envelop; and Apollo's extension, over HTTP. */
function persisted(register: Register): Plugin {
  return {
    onParse({ params, setParsedDocument }) {
      const source = String(params.source)
      if (source.startsWith(PREFIX)) setParsedDocument(register.document(source.slice(PREFIX.length)))
    },
    onParams({ params, setParams }) {
      const id = (params.extensions as { persistedQuery?: { sha256Hash?: unknown } } | undefined)?.persistedQuery?.sha256Hash
      if (id !== undefined) setParams({ ...params, query: register.text(id) })
    },
  }
}

interface Way {
  readonly name: string
  readonly engine: Engine
  readonly transports: readonly Transport[]
  readonly attempt: (id: string) => Attempt
}

const byExtension = (id: string): Attempt => ({ query: '{ hello }', extensions: { persistedQuery: { version: 1, sha256Hash: id } } })

const WAYS: readonly Way[] = [
  { name: 'by an id in place of the text', engine: 'getEnveloped', transports: TRANSPORTS, attempt: (id) => ({ query: `${PREFIX}${id}` }) },
  { name: 'by an id in the extensions', engine: 'getEnveloped', transports: ['HTTP', 'SSE', 'graphql-ws'], attempt: byExtension },
  { name: 'by an id that a hook of graphql-ws looks up', engine: 'schema', transports: ['graphql-ws'], attempt: byExtension },
]

describe.each(WAYS)('B18 an operation that an admin has registered, run $name', ({ engine, transports, attempt }) => {
  let servers: Servers
  let id: string
  let admin: string
  let user: string
  beforeAll(async () => {
    const register = new Register()
    const { graphqlWs = {}, ...rest } = incremental(engine)
    servers = await startServers({
      engine,
      extension: BEINGS,
      settings: { connections: { anonymous: true } },
      plugins: [persisted(register)],
      ...rest,
      graphqlWs: {
        ...graphqlWs,
        onSubscribe(_ctx, _id, request) {
          const { persistedQuery } = (request.extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } }
          if (persistedQuery === undefined) return undefined
          // Of the arguments that a hook may return, the context is the one that would let somebody in.
          const args = { document: register.document(persistedQuery.sha256Hash), contextValue: { auth: null } }
          return args as unknown as ReturnType<NonNullable<NonNullable<typeof graphqlWs>['onSubscribe']>>
        },
      },
    })
    id = register.add(SECRETS)
    admin = await bearer(servers, ADMIN)
    user = await bearer(servers)
  })
  beforeEach(() => {
    servers.ran.length = 0
  })
  afterAll(() => servers.close())

  it.each(transports)("is judged by the caller's own rights over %s, also right after the admin ran it", async (transport) => {
    const run = (authorization?: string) => SENDERS[transport](servers, { ...attempt(id), authorization })
    for (let round = 0; round < 2; round += 1) {
      const allowed = await run(admin)
      expect([refusalsIn(allowed), JSON.stringify(allowed).includes('CANARY-secret')]).toEqual([[], true])
      servers.ran.length = 0
      const [denied, nobody] = [await run(user), await run()]
      expect(JSON.stringify([denied, nobody])).not.toMatch(/CANARY|"orders"/)
      expect(refusalsIn(denied)).toEqual([`Query.orders ${SCOPE}`, `User.secret ${SCOPE}`])
      expect(refusalsIn(nobody)).toEqual(['Query.orders UNAUTHENTICATED MISSING_TOKEN', 'User.secret UNAUTHENTICATED MISSING_TOKEN'])
      expect(servers.ran).toEqual([])
    }
  })

  it.each(transports)('judges many callers of one document at once over %s', async (transport) => {
    const callers = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? admin : user))
    const results = await Promise.all(callers.map((authorization) => SENDERS[transport](servers, { ...attempt(id), authorization })))
    expect(results.map((result) => JSON.stringify(result).includes('CANARY'))).toEqual(callers.map((caller) => caller === admin))
  })

  it.each(transports)('does not run what nobody has registered over %s', async (transport) => {
    for (const unknown of [idOf('{ orders }'), '__proto__', 'constructor', '']) {
      const results = await SENDERS[transport](servers, { ...attempt(unknown), authorization: admin })
      expect(results.every(({ data }) => data === undefined || data === null)).toBe(true)
      expect(refusalsIn(results).length).toBeGreaterThan(0)
    }
    expect(servers.ran).toEqual([])
  })
})
