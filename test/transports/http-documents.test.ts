import { createServer } from 'node:http'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import {
  type ASTVisitor,
  execute,
  GraphQLError,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql'
import { createHandler, type HandlerOptions } from 'graphql-http/lib/use/http'
import { DocumentCache } from '../../src/transports/http/document-cache.js'
import type { ContextWithAuth } from '../../src/transports/http/http-context.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { schemaOf } from '../schema/support.js'
import { ask } from './support/http-client.js'
import type { RunningServer } from './support/http-serving.js'
import { openHouse } from './support/introspection-house.js'
import { listen } from './support/listen.js'
import { openShop } from './support/shop.js'

const servers: RunningServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(options: HandlerOptions<ContextWithAuth>): Promise<string> {
  const running = await listen(createServer(createHandler(options)))
  servers.push(running)
  return running.url
}

const messages = ({ body }: Awaited<ReturnType<typeof ask>>): readonly string[] | undefined => body.errors?.map(({ message }) => message)

describe('graphqlHttp, asked the same again', () => {
  it('parses a document once, and holds it against each caller', async () => {
    const { auth, schema, calls } = openShop()
    const read = jest.fn(parse)
    const url = await serve(graphqlHttp(auth, { schema, parse: read }))
    const outcomes: unknown[] = []
    for (const token of ['reader', undefined, 'clerk', 'stranger', 'reader']) outcomes.push((await ask(url, '{ orders { id } }', token)).status)
    expect(outcomes).toEqual([200, 401, 200, 401, 200])
    expect([read.mock.calls.length, calls.get('orders')]).toEqual([1, 3])
    await ask(url, '{ orders { id  } }', 'reader')
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('runs the operation, with the variables, that each request names', async () => {
    const { auth, schema } = openShop()
    const read = jest.fn(parse)
    const url = await serve(graphqlHttp(auth, { schema, parse: read }))
    const query = 'query A($no: Boolean!) { open @skip(if: $no) __typename } query B { me }'
    const replies = [
      await ask(url, query, 'reader', { operationName: 'A', variables: { no: true } }),
      await ask(url, query, undefined, { operationName: 'B' }),
      await ask(url, query, undefined, { operationName: 'A', variables: { no: false } }),
      await ask(url, query, 'reader', { operationName: 'B' }),
    ]
    expect(replies.map(({ status, body }) => [status, body.data])).toEqual([
      [200, { __typename: 'Query' }],
      [401, undefined],
      [200, { open: 'hello', __typename: 'Query' }],
      [200, { me: 'u1' }],
    ])
    expect(read).toHaveBeenCalledTimes(1)
  })

  it('executes the same document object each time, for whoever remembers something with it', async () => {
    const { auth, schema } = openShop()
    const ran = new Set<unknown>()
    const remembering: typeof execute = (args) => {
      ran.add(args.document)
      return execute(args)
    }
    const url = await serve(graphqlHttp(auth, { schema, execute: remembering }))
    for (const token of [undefined, 'reader', 'clerk']) expect((await ask(url, '{ open }', token)).body.data).toEqual({ open: 'hello' })
    expect(ran.size).toBe(1)
  })

  it.each(['{ open', '{ nobody }', 'query Q($unused: Int) { open }'])('remembers no document with errors: %s', async (query) => {
    const { auth, schema } = openShop()
    const read = jest.fn(parse)
    const url = await serve(graphqlHttp(auth, { schema, parse: read }))
    const first = await ask(url, query, 'reader')
    const second = await ask(url, query, 'reader')
    expect(first.body).toEqual({ errors: [expect.anything()] })
    expect([second.status, second.text]).toEqual([first.status, first.text])
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('neither parses nor remembers a document that is too large', async () => {
    const { auth, schema } = openShop({ limits: { documentLength: 20, depth: 3 } })
    const read = jest.fn(parse)
    const url = await serve(graphqlHttp(auth, { schema, parse: read }))
    for (const query of [`{ open }${' '.repeat(20)}`, '{a{a{a{a}}}}']) {
      for (let turn = 0; turn < 2; turn += 1) expect((await ask(url, query, 'reader')).body.errors?.[0]?.extensions?.code).toBe('DOCUMENT_TOO_LARGE')
    }
    expect(read).not.toHaveBeenCalled()
    expect((await ask(url, '{ open }', 'reader')).body.data).toEqual({ open: 'hello' })
  })

  it('refuses what is too large with its fragments each time, also once the document is known', async () => {
    const { auth, schema, calls } = openShop({ limits: { rootFields: 3 } })
    const url = await serve(graphqlHttp(auth, { schema }))
    const query = '{ a: open ...F ... { ...F } } fragment F on Query { b: open c: open }'
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(url, query, 'reader')).body.errors?.[0]?.extensions?.code).toBe('DOCUMENT_TOO_LARGE')
    expect(calls.size).toBe(0)
  })

  it("asks the application's rules about every request, and tells each caller what he may read of their errors", async () => {
    const { auth, schema } = openHouse({ introspection: 'private' })
    let isClosed = false
    const asked = jest.fn((context: ValidationContext): ASTVisitor => {
      if (isClosed) context.reportError(new GraphQLError('Closed today, ask for "invoices" tomorrow.'))
      return {}
    })
    const url = await serve({ ...graphqlHttp(auth, { schema }), validationRules: [asked] })
    const query = '{ product { name } }'
    expect((await ask(url, query)).body.data).toEqual({ product: { name: 'pen' } })
    expect((await ask(url, query)).body.data).toEqual({ product: { name: 'pen' } })
    expect(asked).toHaveBeenCalledTimes(2)
    isClosed = true
    const [nobody, clerk] = await Promise.all([ask(url, query), ask(url, query, 'clerk')])
    expect([messages(nobody), messages(clerk)]).toEqual([['The operation is not valid.'], ['Closed today, ask for "invoices" tomorrow.']])
  })

  it('holds a document against the rules that another request was spared', async () => {
    const { auth, schema } = openShop()
    const lax = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule)
    const rules: ValidationRule[][] = [lax, [...specifiedRules], lax, [...specifiedRules]]
    const url = await serve({ ...graphqlHttp(auth, { schema }), validationRules: () => rules.shift() ?? [] })
    const outcomes: unknown[] = []
    for (let turn = 0; turn < 4; turn += 1) outcomes.push(messages(await ask(url, 'query Q($unused: Int) { open }', 'reader')))
    expect(outcomes).toEqual([undefined, ['Variable "$unused" is never used in operation "Q".'], undefined, [expect.stringContaining('never used')]])
  })

  it("asks the application's own validate about every request", async () => {
    const { auth, schema } = openShop()
    let isClosed = false
    const own: typeof validate = (...args) => (isClosed ? [new GraphQLError('Closed.', { extensions: { code: 'CLOSED' } })] : validate(...args))
    const read = jest.fn(parse)
    const url = await serve(graphqlHttp(auth, { schema, parse: read, validate: own }))
    expect((await ask(url, '{ open }')).body.data).toEqual({ open: 'hello' })
    isClosed = true
    expect(messages(await ask(url, '{ open }'))).toEqual(['Closed.'])
    expect(read).toHaveBeenCalledTimes(1)
  })

  it('asks a parse or validate that was added beside for every request', async () => {
    const { auth, schema } = openShop()
    const beside = { parse: jest.fn(parse), validate: jest.fn(validate) }
    const within = jest.fn(parse)
    const url = await serve({ ...graphqlHttp(auth, { schema, parse: within }), ...beside })
    for (let turn = 0; turn < 2; turn += 1) expect((await ask(url, '{ open }')).body.data).toEqual({ open: 'hello' })
    expect([beside.parse.mock.calls.length, beside.validate.mock.calls.length, within.mock.calls.length]).toEqual([2, 2, 0])
  })

  it('never takes a document that is valid on one schema for valid on another', async () => {
    const { auth, schema: house } = openHouse({ introspection: 'private' })
    const other = schemaOf('type Query { invoic: Bill @public } type Bill { total: Int @public }', { Query: { invoic: () => ({ total: 1 }) } })
    const read = jest.fn(parse)
    const url = await serve(graphqlHttp(auth, { schema: ({ headers }) => ('x-other' in headers ? other : house), parse: read }))
    const onOther = { headers: { 'x-other': '1' } }
    const [here, there] = ['{ product { name } }', '{ invoic { total } }']
    const unknown = 'Cannot query field "invoic" on type "Query".'
    for (let turn = 0; turn < 2; turn += 1) {
      expect((await ask(url, here)).body.data).toEqual({ product: { name: 'pen' } })
      expect((await ask(url, there, undefined, onOther)).body.data).toEqual({ invoic: { total: 1 } })
      expect(messages(await ask(url, here, undefined, onOther))).toEqual(['Cannot query field "product" on type "Query".'])
      const [nobody, clerk] = await Promise.all([ask(url, there), ask(url, there, 'clerk')])
      expect([messages(nobody), messages(clerk)]).toEqual([[unknown], [`${unknown} Did you mean "invoices"?`]])
    }
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('leaves documents that onSubscribe brings to their owner', async () => {
    const { auth, schema } = openShop()
    const document = parse('{ me }')
    const ran = new Set<unknown>()
    const remembering: typeof execute = (args) => {
      ran.add(args.document)
      return execute(args)
    }
    const url = await serve(graphqlHttp(auth, { schema, onSubscribe: () => ({ schema, document }), execute: remembering }))
    expect((await ask(url, '{ open }')).status).toBe(401)
    expect((await ask(url, '{ open }', 'reader')).body.data).toEqual({ me: 'u1' })
    expect(ran.size).toBe(1)
    expect([...ran][0]).toBe(document)
  })
})

describe('the cache of documents', () => {
  const schema = schemaOf('type Query { a: Int }')

  function open(): { read: (text: string) => void; parsed: () => number } {
    const counting = jest.fn(parse)
    const cache = new DocumentCache({ parse: counting })
    return { read: (text) => void cache.validate(schema, cache.parse(text)), parsed: () => counting.mock.calls.length }
  }

  it('remembers a thousand documents, the latest used', () => {
    const { read, parsed } = open()
    const texts = Array.from({ length: 1001 }, (_, number) => `{ a${number}: a }`)
    for (const text of texts.slice(0, 1000)) read(text)
    read(texts[0] as string)
    expect(parsed()).toBe(1000)
    read(texts[1000] as string)
    read(texts[0] as string)
    expect(parsed()).toBe(1001)
    read(texts[1] as string)
    expect(parsed()).toBe(1002)
  })

  it('remembers 400,000 characters of documents', () => {
    const { read, parsed } = open()
    const texts = Array.from({ length: 5 }, (_, number) => `{ a${number}: a }${' '.repeat(89_991)}`)
    for (const text of texts.slice(0, 4)) for (let turn = 0; turn < 2; turn += 1) read(text)
    expect(parsed()).toBe(4)
    for (const text of [texts[4], texts[0]]) read(text as string)
    expect(parsed()).toBe(6)
  })

  it('leaves out what is more than a text, and what comes with options', () => {
    const counting = { parse: jest.fn(parse), validate: jest.fn(validate) }
    const cache = new DocumentCache(counting)
    for (let turn = 0; turn < 2; turn += 1) cache.validate(schema, cache.parse('{ a }', { noLocation: true }))
    expect(counting.parse).toHaveBeenCalledTimes(2)
    expect(counting.parse.mock.calls[0]).toEqual(['{ a }', { noLocation: true }])
    cache.validate(schema, cache.parse('{ a }'), specifiedRules, { maxErrors: 1 })
    expect(counting.validate.mock.calls.at(-1)?.[3]).toEqual({ maxErrors: 1 })
    cache.parse('{ a }')
    expect(counting.parse).toHaveBeenCalledTimes(4)
  })

  it("holds a known document against graphql-js' own rules once for each schema", () => {
    const cache = new DocumentCache({})
    const other = schemaOf('type Query { b: Int }')
    const visits = jest.fn(() => ({}))
    for (const expected of [[], []]) expect(cache.validate(schema, cache.parse('{ a }'), [...specifiedRules, visits])).toEqual(expected)
    expect(cache.validate(other, cache.parse('{ a }'), [...specifiedRules, visits])).toHaveLength(1)
    expect(visits).toHaveBeenCalledTimes(3)
  })
})
