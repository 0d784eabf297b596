import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { PermissionSource } from '../../src/core/permissions/source.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { ENGINES } from './support/engines.js'
import { ARCHIVIST, type Archive, openArchive } from './support/papers.js'
import { type Attack, describeAttacks } from './support/rows.js'
import { bearer, type Result, refusalsIn, SENDERS, TRANSPORTS } from './support/senders.js'

const DENIED = 'FORBIDDEN INSUFFICIENT_PERMISSION'

/** What only shows at run time is refused the same in both modes. */
const atRunTime = (data: unknown): Pick<Attack, 'rejected' | 'nulled'> => ({ rejected: data, nulled: data })

const ATTACKS: readonly Attack[] = [
  {
    name: "B1 somebody else's object beside one's own",
    query: '{ a: paper(id: "own") { text } b: paper(id: "victim") { text } }',
    ...atRunTime({ a: { text: 'my text' }, b: null }),
    refusals: [`b ${DENIED}`],
  },
  {
    name: "B1 somebody else's object before one's own",
    query: '{ b: paper(id: "victim") { text } a: paper(id: "own") { text } c: paper(id: "victim") { id } }',
    ...atRunTime({ b: null, a: { text: 'my text' }, c: null }),
    refusals: [`b ${DENIED}`, `c ${DENIED}`],
  },
  {
    name: 'B1 by variables',
    query: 'query ($a: ID!, $b: ID!) { a: paper(id: $a) { text } b: paper(id: $b) { text } }',
    variables: { a: 'own', b: 'victim' },
    ...atRunTime({ a: { text: 'my text' }, b: null }),
    refusals: [`b ${DENIED}`],
  },
  {
    name: "B1 somebody else's object in a list with one's own",
    query: '{ papers(ids: ["own", "victim"]) { text } }',
    ...atRunTime({ papers: null }),
    refusals: [`papers ${DENIED}`],
  },
  {
    name: 'B1 in one mutation after another',
    query: 'mutation { a: readPaper(id: "own") { text } b: readPaper(id: "victim") { text } }',
    ...atRunTime({ a: { text: 'my text' }, b: null }),
    refusals: [`b ${DENIED}`],
  },
  {
    name: 'B1 a field that each row guards for itself',
    query: '{ everyPaper { sealed } }',
    ...atRunTime({ everyPaper: [{ sealed: 'my text' }, { sealed: 'my second text' }, { sealed: null }] }),
    refusals: [`everyPaper.2.sealed ${DENIED}`],
  },
]

const shared = openArchive()
describeAttacks(ATTACKS, { extension: shared.extension, settings: { permissions: shared.permissions }, keeper: ARCHIVIST })

describe.each(ENGINES)('with %s', (engine) => {
  let servers: Servers
  let archive: Archive
  let ada: string
  let bob: string
  beforeAll(async () => {
    archive = openArchive()
    servers = await startServers({ engine, extension: archive.extension, settings: { permissions: archive.permissions } })
    ada = await bearer(servers)
    bob = await bearer(servers, { sub: 'bob' })
  })
  beforeEach(() => {
    archive.asked.length = 0
    archive.lookedUp.length = 0
    archive.granted.clear()
  })
  afterAll(() => servers.close())

  /** What a client sees, without the id that ties an answer to its line in the log. */
  const seen = (results: readonly Result[]): string => JSON.stringify(results).replace(/"decisionId":"[^"]*"/g, '')

  const FOREIGN = ['victim', 'User:victim', btoa('Paper:victim'), '!!not base64!!', 'cGFwZXI6', '__proto__', 'x'.repeat(10_000), '0', ' ']

  it.each(TRANSPORTS)("B9 answers an id that is somebody else's, of another type, or no id at all like one that is missing over %s", async (transport) => {
    const ask = async (id: string, authorization: string): Promise<{ seen: string; asked: number; lookups: number }> => {
      archive.asked.length = 0
      archive.lookedUp.length = 0
      const results = await SENDERS[transport](servers, { query: 'query ($id: ID!) { paper(id: $id) { text } }', variables: { id }, authorization })
      return { seen: seen(results), asked: archive.asked.length, lookups: archive.lookedUp.length }
    }
    const missing = await ask('missing', ada)
    expect(missing).toMatchObject({ asked: 1, lookups: 1 })
    expect(missing.seen).toContain('INSUFFICIENT_PERMISSION')
    // The same questions and the same lookups: the time that it takes does not tell either.
    for (const id of FOREIGN) expect({ id, ...(await ask(id, ada)) }).toEqual({ id, ...missing })
    expect((await ask('', ada)).seen).toBe(missing.seen)
    expect((await ask('victim', bob)).seen).toContain('CANARY')
  })

  it.each(TRANSPORTS)('B22 asks about permissions anew for every operation and every caller over %s', async (transport) => {
    const attempt = { query: '{ a: paper(id: "victim") { id } b: paper(id: "victim") { id } }' }
    const together = await Promise.all([ada, bob, ada, bob].map((authorization) => SENDERS[transport](servers, { ...attempt, authorization })))
    expect(together.map((results) => refusalsIn(results).length)).toEqual([2, 0, 2, 0])
    expect(archive.asked.toSorted()).toEqual(['ada', 'ada', 'bob', 'bob'].map((name) => `${name} paper.read victim`))
    archive.granted.add('ada victim')
    expect(refusalsIn(await SENDERS[transport](servers, { ...attempt, authorization: ada }))).toEqual([])
  })

  it.each(TRANSPORTS)('B25 sees in the second field what the first has changed over %s', async (transport) => {
    const query = `mutation {
      before: readPaper(id: "victim") { text }
      grant(to: "ada", id: "victim")
      between: readPaper(id: "victim") { id sealed }
      revoke(to: "ada", id: "victim")
      after: readPaper(id: "victim") { text }
    }`
    const results = await SENDERS[transport](servers, { query, authorization: ada })
    expect(refusalsIn(results)).toEqual([`after ${DENIED}`, `before ${DENIED}`])
    expect(results[0]?.data).toEqual({ before: null, grant: true, between: { id: 'victim', sealed: 'CANARY-text' }, revoke: true, after: null })
  })

  it.each(TRANSPORTS)('B25 sees below a mutation what the mutation itself has changed over %s', async (transport) => {
    archive.granted.add('ada victim')
    const results = await SENDERS[transport](servers, { query: 'mutation { giveAway(id: "victim") { id sealed } }', authorization: ada })
    expect(results[0]?.data).toEqual({ giveAway: { id: 'victim', sealed: null } })
    expect(refusalsIn(results)).toEqual([`giveAway.sealed ${DENIED}`])
  })
})

const LEAK = 'CANARY postgres://admin:hunter2@db/prod SELECT secret FROM tenants'
const hang = (): Promise<never> => new Promise(() => undefined)
const fail = (): never => {
  throw new Error(LEAK)
}

/** What a source answers in place of a list of booleans, and how that is refused. */
const SOURCES: ReadonlyArray<{ name: string; check: () => unknown; reason: string }> = [
  { name: 'throws', check: fail, reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'rejects', check: async () => fail(), reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'hangs', check: hang, reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'answers nothing', check: () => undefined, reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'answers true and no list', check: () => true, reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'answers too few', check: () => [], reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'answers too many', check: () => [true, true], reason: 'SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE' },
  { name: 'answers [undefined]', check: () => [undefined], reason: DENIED },
  { name: "answers ['yes']", check: () => ['yes'], reason: DENIED },
  { name: 'answers [1]', check: () => [1], reason: DENIED },
  { name: 'answers a list of a promise', check: () => [Promise.resolve(true)], reason: DENIED },
]

/** What an `object` function names in place of an object. */
const OBJECTS: ReadonlyArray<{ name: string; object: () => unknown }> = [
  { name: 'throws', object: fail },
  { name: 'rejects', object: async () => fail() },
  { name: 'hangs', object: hang },
  { name: 'names undefined', object: () => undefined },
  { name: 'names null', object: async () => null },
  { name: 'names an empty list', object: () => [] },
  { name: 'names a hole in a list', object: () => ['own', undefined] },
]

describe('B16 what decides at run time', () => {
  let servers: Servers
  let check: () => unknown = () => [true]
  let object: () => unknown = () => 'own'
  let ran = 0
  beforeAll(async () => {
    const guarded = requirePerm('paper.read', { object: () => object() })(() => {
      ran += 1
      return 'CANARY'
    })
    // The source of an application in JavaScript answers what it likes.
    const permissions = { check: () => check() } as PermissionSource
    servers = await startServers({
      extension: { typeDefs: 'extend type Query { guarded: String }', resolvers: { Query: { guarded } } },
      // At once: the deadline is also that of the token's own check.
      backends: [() => ({ active: true, subject: 'ada' })],
      settings: { permissions, verifyTimeout: 100 },
    })
  })
  beforeEach(() => {
    check = () => [true]
    object = () => 'own'
    ran = 0
  })
  afterAll(() => servers.close())

  const expectDenied = async (reason: string): Promise<void> => {
    for (const transport of TRANSPORTS) {
      const results = await SENDERS[transport](servers, { query: '{ guarded hello }', authorization: 'Bearer ada' })
      expect({ transport, refusals: refusalsIn(results), data: results[0]?.data }).toEqual({
        transport,
        refusals: [`guarded ${reason}`],
        data: { guarded: null, hello: 'world' },
      })
    }
    expect(ran).toBe(0)
    expect(servers.sent.join('\n')).not.toMatch(/CANARY|hunter2|postgres|SELECT/)
  }

  it.each(SOURCES)('denies when a permission source $name', async ({ check: answer, reason }) => {
    check = answer
    await expectDenied(reason)
  })

  it.each(OBJECTS)('denies when an object function $name', async ({ object: name }) => {
    object = name
    await expectDenied(DENIED)
  })

  it('lets in when both say so', async () => {
    for (const transport of TRANSPORTS) {
      expect(refusalsIn(await SENDERS[transport](servers, { query: '{ guarded }', authorization: 'Bearer ada' }))).toEqual([])
    }
    expect(ran).toBe(TRANSPORTS.length)
    servers.sent.length = 0
  })
})
