import { type Plugin, useMaskedErrors, useSchema } from '@envelop/core'
import { describe, expect, it, jest } from '@jest/globals'
import { type DocumentNode, GraphQLError, getOperationAST, Lexer, parse, print } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Auth } from '../../src/core/auth.js'
import { LIMIT_ERROR_CODES, LimitExceededError } from '../../src/core/limit-exceeded-error.js'
import type { LimitSettings } from '../../src/core/limits.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { useAuth } from '../../src/schema/envelop.js'
import { fragmentsOf } from '../../src/schema/fragments.js'
import { checkBatch, checkDocument, checkOperation, isTooLarge, type ParsedOperation } from '../../src/schema/limits/check-limits.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { ProtectedSchema } from '../../src/schema/protected-schema.js'
import { fixture, requestOf, run } from './envelop-support.js'
import { contextOf, NOW, schemaOf, testAuth } from './support.js'

const NOBODY = { transport: 'test', principal: null }
const repeat = (times: number, make: (index: number) => string): string => Array.from({ length: times }, (_, index) => make(index)).join(' ')
const aliases = (times: number): string => `{ ${repeat(times, (index) => `a${index}: open`)} }`

/** The first operation of a document, as the check takes it. */
function parsed(document: DocumentNode): ParsedOperation {
  const operation = getOperationAST(document)
  if (operation === null || operation === undefined) throw new Error('no operation')
  return { document, operation, fragments: fragmentsOf(document) }
}

/** An auth with ears for its log. */
function listening(limits: LimitSettings): { readonly auth: Auth; readonly log: object[] } {
  const log: object[] = []
  const line = (event: object): void => void log.push(event)
  return { auth: testAuth({ limits, audit: { logger: { debug: line, info: line, error: line } } }), log }
}

function tokensRead<T>(action: () => T): readonly [T, number] {
  const advance = jest.spyOn(Lexer.prototype, 'advance')
  const result = action()
  const { length } = advance.mock.calls
  advance.mockRestore()
  return [result, length]
}

describe('a verdict on a document', () => {
  it('is remembered with the text, for each auth', () => {
    const auth = testAuth()
    const query = aliases(10)
    expect(tokensRead(() => checkDocument(auth, query, NOBODY))).toEqual([null, 33])
    expect(tokensRead(() => checkDocument(auth, `${query}`, NOBODY))).toEqual([null, 0])
    expect(tokensRead(() => isTooLarge(auth, query))).toEqual([false, 0])
    const strict = testAuth({ limits: { aliases: 9 } })
    expect(tokensRead(() => isTooLarge(strict, query))).toEqual([true, 30])
    expect(tokensRead(() => checkDocument(strict, query, NOBODY)?.limit)).toEqual([{ name: 'aliases', maximum: 9 }, 0])
  })

  it('is forgotten when others have come since, and a document that is too long is neither read nor remembered', () => {
    const auth = testAuth()
    const first = '{ first }'
    checkDocument(auth, first, NOBODY)
    // 50 times 90 000 characters are more than what is kept.
    for (let index = 0; index < 50; index += 1) checkDocument(auth, `{ a } # ${index} ${'x'.repeat(90_000)}`, NOBODY)
    expect(tokensRead(() => checkDocument(auth, first, NOBODY))).toEqual([null, 4])
    const long = `{ a } # ${'x'.repeat(100_000)}`
    for (let round = 0; round < 2; round += 1) expect(tokensRead(() => checkDocument(auth, long, NOBODY)?.status)).toEqual([413, 0])
    expect(tokensRead(() => checkDocument(auth, first, NOBODY))).toEqual([null, 0])
  })

  it('is audited for each request that it refuses: at the level info, with the caller where he is known, and without the text', () => {
    const { auth, log } = listening({ aliases: 9, batch: 2 })
    const { auth: caller } = contextOf(auth, { subject: 'ada' })
    const document = parse(aliases(10))
    const errors = [
      checkDocument(auth, aliases(10), 'http'),
      checkDocument(auth, aliases(10), NOBODY),
      checkOperation(auth, parsed(document), caller),
      checkBatch(auth, 3, 'http'),
    ]
    const limited = { event: 'limited', limit: 'aliases', maximum: 9 }
    expect(log).toEqual([
      { ...limited, decisionId: expect.any(String), transport: 'http' },
      { ...limited, decisionId: expect.any(String), transport: 'test', anonymous: true },
      expect.objectContaining({ ...limited, transport: 'test', subject: 'ada' }),
      { event: 'limited', limit: 'batch', maximum: 2, decisionId: expect.any(String), transport: 'http' },
    ])
    expect(errors.map((error) => ((error?.extensions.limit ?? {}) as { decisionId?: string }).decisionId)).toEqual(
      log.map((line) => (line as { decisionId: string }).decisionId),
    )
    expect(checkBatch(auth, 2, 'http')).toBeNull()
    expect(JSON.stringify(log)).not.toContain('open')
  })
})

describe('an exemption', () => {
  it('is asked for only where a limit is exceeded, and with the text as it came, or as it prints where there is none', () => {
    const asked: string[] = []
    const exempt = (document: string): boolean => asked.push(document) > 0
    const auth = testAuth({ limits: { aliases: 9, rootFields: 9, dangerouslyExempt: exempt } })
    const small = aliases(9)
    expect(checkDocument(auth, small, NOBODY)).toBeNull()
    expect(asked).toEqual([])
    const large = `${aliases(10)} # with a comment`
    expect(checkDocument(auth, large, NOBODY)).toBeNull()
    const documents = [parse(large), parse(large, { noLocation: true })]
    for (const document of documents) expect(checkOperation(auth, parsed(document), NOBODY)).toBeNull()
    expect(asked).toEqual([large, large, print(parse(large))])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('late')) as never],
    ['answers something else than true', () => 'yes' as never],
    ['answers false', () => false],
  ])('is none when the function %s', async (_name, dangerouslyExempt: () => boolean) => {
    const promise = dangerouslyExempt() as unknown
    if (promise instanceof Promise) promise.catch(() => undefined)
    expect(checkDocument(testAuth({ limits: { aliases: 9, dangerouslyExempt: () => promise as boolean } }), aliases(10), NOBODY)?.code).toBe(
      'DOCUMENT_TOO_LARGE',
    )
  })

  it('is none for a batch', () => {
    expect(checkBatch(testAuth({ limits: { batch: 2, dangerouslyExempt: () => true } }), 3, NOBODY)?.code).toBe('BATCH_TOO_LARGE')
  })
})

describe('an operation that is too large', () => {
  const schema = schemaOf('type Query { open: String @public mine: String }')

  it('is one error, before its plan is made and before anything of the caller is looked at, in a dry run too', () => {
    const judge = jest.spyOn(ProtectedSchema.prototype, 'authorize')
    const document = parse(`{ mine ${repeat(101, (index) => `a${index}: mine`)} }`)
    for (const dryRun of [false, true]) {
      const auth = testAuth({ dryRun })
      for (const caller of [null, { subject: 'ada' }, { expiresAt: NOW - 1 }, { refusal: { reason: 'INVALID_TOKEN' } as const }]) {
        const errors = authorizeOperation({ schema: protectSchema(schema, auth), document, contextValue: contextOf(auth, caller) })
        expect(errors).toEqual([expect.any(LimitExceededError)])
      }
    }
    expect(judge).not.toHaveBeenCalled()
    judge.mockRestore()
  })

  it('is so by its variables too, each time that it runs', () => {
    const auth = testAuth({ limits: { variables: 3 } })
    const args = { schema: protectSchema(schema, auth), document: parse('{ open }'), contextValue: contextOf(auth, null) }
    const limitsOf = (variableValues: Record<string, unknown> | null): unknown[] =>
      authorizeOperation({ ...args, variableValues }).map(({ extensions }) => [extensions.code, (extensions.limit as { name: string }).name])
    expect(limitsOf({ a: 1, b: [2] })).toEqual([])
    expect(limitsOf({ a: 1, b: [2, 3] })).toEqual([['VARIABLES_TOO_LARGE', 'variables']])
    expect(limitsOf({ a: JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`) })).toEqual([['VARIABLES_TOO_LARGE', 'variables']])
    expect(limitsOf(null)).toEqual([])
  })

  it('is measured once, however often it runs', () => {
    const auth = testAuth()
    const document = parse(aliases(3))
    const { selectionSet } = getOperationAST(document) as { selectionSet: { selections: unknown } }
    let read = 0
    const { selections } = selectionSet
    Object.defineProperty(selectionSet, 'selections', {
      get: () => {
        read += 1
        return selections
      },
    })
    for (let round = 0; round < 5; round += 1) expect(checkOperation(auth, parsed(document), NOBODY)).toBeNull()
    expect(read).toBe(1)
  })
})

describe('the error', () => {
  it.each([
    ['documentLength', 'DOCUMENT_TOO_LARGE', 413, 'Document Too Large'],
    ['tokens', 'DOCUMENT_TOO_LARGE', 400, 'Document Too Large'],
    ['depth', 'DOCUMENT_TOO_LARGE', 400, 'Document Too Large'],
    ['batch', 'BATCH_TOO_LARGE', 413, 'Batch Too Large'],
    ['variables', 'VARIABLES_TOO_LARGE', 400, 'Variables Too Large'],
    ['depth', 'VARIABLES_TOO_LARGE', 400, 'Variables Too Large'],
  ] as const)('of %s is a GraphQLError with code %s and status %i, which never travels', (name, code, status, message) => {
    const error = new LimitExceededError(code, { name, maximum: 7 }, 'd1')
    expect(error).toBeInstanceOf(GraphQLError)
    expect([error.name, error.code, error.status, error.limit, LIMIT_ERROR_CODES.includes(error.code)]).toEqual([
      'GraphQLError',
      code,
      status,
      { name, maximum: 7 },
      true,
    ])
    expect(error.extensions.http).toMatchObject({ status })
    expect(JSON.parse(JSON.stringify(error))).toEqual({ message, extensions: { code, limit: { name, maximum: 7, decisionId: 'd1' } } })
    expect(Object.keys(error)).not.toEqual(expect.arrayContaining(['limit', 'status']))
  })
})

describe('limits with Envelop', () => {
  const large = aliases(600)

  it.each([
    ['before', true],
    ['after', false],
  ])('refuse in parse, as they are with masked errors, also %s a plugin that knows the document already', async (_name, first) => {
    const { auth, schema, ran } = fixture()
    const parserCache: Plugin = { onParse: ({ setParsedDocument }) => setParsedDocument(parse('{ open }')) }
    const plugins = first
      ? [useSchema(schema), useMaskedErrors(), useAuth(auth), parserCache]
      : [parserCache, useSchema(schema), useMaskedErrors(), useAuth(auth)]
    await expect(run(plugins, large, { request: requestOf(undefined) })).rejects.toThrow(LimitExceededError)
    expect(ran).toEqual([])
  })

  it('hold for a document that a plugin puts in place of another: it is trusted with the text, not with the size of the operation', async () => {
    const { auth, schema, ran } = fixture()
    const persisted: Plugin = { onParse: ({ setParsedDocument }) => setParsedDocument(parse(aliases(101))) }
    const { errors } = await run([useSchema(schema), useAuth(auth), persisted], 'hash-of-a-document', { request: requestOf(undefined) })
    expect(errors?.map(({ extensions }) => extensions.limit)).toEqual([{ name: 'rootFields', maximum: 100, decisionId: expect.any(String) }])
    expect(ran).toEqual([])
  })

  it('refuse again what Yoga remembers, for each request with a decision of its own', async () => {
    const { auth, schema } = fixture()
    const yoga = createYoga({ schema, plugins: [useAuth(auth)], logging: false })
    const ids = new Set<string>()
    for (let round = 0; round < 3; round += 1) {
      const response = await yoga.fetch('http://127.0.0.1/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: large }),
      })
      const { errors } = (await response.json()) as { errors: Array<{ extensions: { limit: { decisionId: string } } }> }
      expect([response.status, errors[0]?.extensions.limit]).toEqual([400, { name: 'aliases', maximum: 500, decisionId: expect.any(String) }])
      ids.add(errors[0]?.extensions.limit.decisionId ?? '')
    }
    expect(ids.size).toBe(3)
  })
})
