import { describe, expect, it } from '@jest/globals'
import { execute, GraphQLError, parse, validate } from 'graphql'
import type { CommonSettings } from '../../../src/core/settings.js'
import { concealErrors, concealResult, revealErrors } from '../../../src/schema/introspection/conceal.js'
import { type Caller, contextOf, Protected, schemaOf } from '../support.js'

const typeDefs = `
  type Query {
    product(id: Int): Product @public
    invoice(number: Int!): Invoice @requiresScopes(scopes: [["bills"]])
    invoices: [Invoice] @requiresScopes(scopes: [["bills"]])
    search(by: Sorting, filter: Filter, private: Boolean @requiresScopes(scopes: [["bills"]])): Product @public
    thing: Thing @public
  }
  type Product { name: String, price: Int, margin: Int @requiresScopes(scopes: [["bills"]]) }
  type Invoice implements Thing @requiresScopes(scopes: [["bills"]]) { total: Int, margin: Int, title: String }
  interface Thing { title: String }
  type Book implements Thing { title: String, titular: String @requiresScopes(scopes: [["bills"]]) }
  enum Sorting { NAME PRICE MARGIN @requiresScopes(scopes: [["bills"]]) }
  input Filter { name: String, named: Boolean, margins: Int @requiresScopes(scopes: [["bills"]]) }
`
const reader = { scopes: ['read'] }
const clerk = { scopes: ['bills'] }

function serve(settings: CommonSettings = {}): Protected {
  return new Protected(schemaOf(typeDefs), { access: 'public', introspection: 'filtered', ...settings })
}

/** What this caller reads when a document is not valid, or its variables are not. */
async function read(server: Protected, source: string, caller: Caller, variableValues?: Record<string, unknown>): Promise<readonly string[]> {
  const document = parse(source)
  const contextValue = contextOf(server.auth, caller)
  const invalid = validate(server.schema, document)
  const errors =
    invalid.length > 0
      ? concealErrors(invalid, { schema: server.schema, document, contextValue })
      : (concealResult(await execute({ schema: server.schema, document, variableValues, contextValue }), {
          schema: server.schema,
          document,
          variableValues,
          contextValue,
        }).errors ?? [])
  return errors.map(({ message }) => message)
}

/** Documents whose errors name what is hidden, and the word that gives it away. */
const leaks: ReadonlyArray<readonly [what: string, source: string, secret: RegExp, told: RegExp, variables?: Record<string, unknown>]> = [
  ['a field near a typo', '{ invoic }', /invoice/, /Cannot query field "invoic" on type "Query"/],
  ['a field of the same name as a visible one, on another type', '{ product { margi } }', /margin/, /Cannot query field "margi" on type "Product"/],
  ['the type of a hidden field', '{ invoices { nothing } }', /"Invoice|Did you mean/, /Cannot query field "invoices" on type "Query"/],
  ['the type of a hidden field that needs a selection', '{ invoices }', /"\[?Invoice|subfields/, /Cannot query field "invoices" on type "Query"/],
  ['an argument near a typo', '{ search(privat: true) { name } }', /private/, /Unknown argument "privat" on field "Query.search"/],
  ['an argument that is missing', '{ invoice { total } }', /number/, /Cannot query field "invoice" on type "Query"/],
  ['an enum value near a typo', '{ search(by: MARGI) { name } }', /MARGIN/, /"MARGI" does not exist in "Sorting" enum|"Sorting".*MARGI/],
  ['an input field near a typo', '{ search(filter: { margin: 1 }) { name } }', /margins/, /"margin" is not defined by type "Filter"|"Filter".*"margin"/],
  ['a type near a typo', '{ thing { ... on Invoic { total } } }', /Invoice/, /Unknown type "Invoic"/],
  ['types that have the field', '{ thing { titular } }', /Invoice|"Book"/, /Cannot query field "titular" on type "Thing"/],
  ['an input field near a typo in a variable', 'query Q($f: Filter) { search(filter: $f) { name } }', /margins/, /\$f/, { f: { margin: 1 } }],
  ['an enum value near a typo in a variable', 'query Q($s: Sorting) { search(by: $s) { name } }', /MARGIN/, /\$s/, { s: 'MARGI' }],
]

describe('errors of a caller who may not see everything', () => {
  it.each(leaks)('do not name %s', async (_what, source, secret, told, variables = {}) => {
    const open = (await read(serve({ introspection: 'public' }), source, reader, variables)).join('\n')
    // Without concealing it would be told, or the case says nothing.
    expect(open).toMatch(secret)
    for (const caller of [reader, null]) {
      const messages = (await read(serve(), source, caller, variables)).join('\n')
      expect(messages).toMatch(told)
      expect(messages.replaceAll(/"(MARGI|invoices?|titular)"/g, '')).not.toMatch(secret)
    }
  })

  it.each(leaks)('name %s to a caller who may see it', async (_what, source, _secret, _told, variables = {}) => {
    expect(await read(serve(), source, clerk, variables)).toEqual(await read(serve({ introspection: 'public' }), source, clerk, variables))
  })

  it.each([
    ['fields', '{ product { nam } }', '"name"'],
    ['arguments', '{ product(i: 1) { name } }', '"id"'],
    ['enum values', '{ search(by: PRIC) { name } }', '"PRICE"'],
    ['input fields', '{ search(filter: { nam: "x" }) { name } }', '"name"'],
    ['types', '{ thing { ... on Boo { title } } }', '"Book"'],
  ])('suggest %s that he may see', async (_what, source, name) => {
    expect((await read(serve(), source, reader)).join()).toMatch(new RegExp(`Did you mean.*${name}`))
  })
})

describe('errors under private introspection', () => {
  it.each(leaks)('do not name %s to anonymous callers, and hide nothing from others', async (_what, source, secret, _told, variables = {}) => {
    const messages = (await read(serve({ introspection: 'private' }), source, null, variables)).join('\n')
    expect(messages.replaceAll(/"(MARGI|invoices?|titular)"/g, '')).not.toMatch(secret)
    expect(messages).not.toMatch(/Did you mean/)
    expect(await read(serve({ introspection: 'private' }), source, reader, variables)).toEqual(
      await read(serve({ introspection: 'public' }), source, reader, variables),
    )
  })

  it.each([
    ['a bad token', { refusal: { reason: 'INVALID_TOKEN' } }],
    ['an expired one', { scopes: ['bills'], expiresAt: 1 }],
  ] as ReadonlyArray<readonly [string, Caller]>)('suggest nothing to callers with %s', async (_what, caller) => {
    expect(await read(serve({ introspection: 'private' }), '{ product { nam } }', caller)).toEqual(['Cannot query field "nam" on type "Product".'])
  })

  it.each(leaks)('name nothing at all where anonymous callers may reach nothing: %s', async (_what, source, secret, _told, variables = {}) => {
    for (const introspection of ['private', 'filtered'] as const) {
      const closed = new Protected(schemaOf(typeDefs.replaceAll('@public', '')), { introspection })
      const messages = (await read(closed, source, null, variables)).join('\n')
      expect(messages.replaceAll(/"(MARGI|invoices?|titular)"/g, '')).not.toMatch(secret)
      expect(messages).not.toMatch(/Did you mean|"Product|"Thing/)
      expect(messages).not.toBe('')
    }
  })
})

const messagesOf = (errors: readonly GraphQLError[]): readonly string[] => errors.map(({ message }) => message)

describe('concealing', () => {
  const server = serve()
  const document = parse('{ invoic }')
  const asked = (caller: Caller) => ({ schema: server.schema, document, contextValue: contextOf(server.auth, caller) })
  const raw = validate(server.schema, document)

  it('starts from what was found, whoever was told of it before', () => {
    const forReader = concealErrors(raw, asked(reader))
    expect(messagesOf(concealErrors(forReader, asked(clerk)))).toEqual(messagesOf(raw))
    expect(messagesOf(concealErrors(forReader, asked(reader)))).toEqual(messagesOf(forReader))
    const copied = forReader.map(({ message }) => new GraphQLError(message))
    expect(
      concealErrors(copied, asked(null))
        .map(({ message }) => message)
        .join(),
    ).not.toMatch(/invoice/)
  })

  it('can tell more when the caller is known', () => {
    const early = concealErrors(raw, { schema: server.schema, document })
    expect(early.map(({ message }) => message).join()).not.toMatch(/invoice/)
    expect(revealErrors(early, contextOf(server.auth, clerk)).map(({ message }) => message)).toEqual(raw.map(({ message }) => message))
    expect(
      revealErrors(early, contextOf(server.auth, reader))
        .map(({ message }) => message)
        .join(),
    ).not.toMatch(/invoice/)
    expect(revealErrors(raw, contextOf(server.auth, clerk)) === raw).toBe(true)
  })

  it('leaves resolvers, refusals and data alone', () => {
    const results = [
      { data: null, errors: [new GraphQLError('of "Invoice"')] },
      { errors: [new GraphQLError('of "Invoice"', { path: ['a'] })] },
      { errors: [new GraphQLError('of "Invoice"', { extensions: { code: 'FORBIDDEN' } })] },
      { data: {} },
      {},
    ]
    expect(results.map((result) => concealResult(result, asked(reader)) === result)).toEqual(results.map(() => true))
  })

  it('takes the names out of messages of rules that are not in the specification', () => {
    const valid = parse('{ product { name } }')
    const messages = ['"Invoice" is too deep', "Type 'Invoice' is expensive", 'Too deep: "product"', 'Depth 7. Did you mean "invoice"?'].map(
      (message) => new GraphQLError(message),
    )
    expect(concealErrors(messages, { ...asked(reader), document: valid }).map(({ message }) => message)).toEqual([
      'The operation is not valid.',
      'The operation is not valid.',
      'Too deep: "product"',
      'Depth 7.',
    ])
  })

  it('answers as the errors would have been answered', () => {
    const errors = [new GraphQLError('of "Invoice"', { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 }, detail: 'Invoice' } })]
    expect(concealErrors(errors, asked(reader))[0]?.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } })
  })

  it('leaves errors with a code of their own, and those that an application throws, among others as they are', () => {
    const coded = new GraphQLError('of "Invoice"', { extensions: { code: 'TOO_DEEP' } })
    const thrown = new GraphQLError('of "Invoice"', { originalError: new TypeError('of "Invoice"') })
    const mixed = [coded, ...raw, thrown]
    const told = concealErrors(mixed, asked(reader))
    expect(told.slice(1)).toEqual([coded, thrown])
    expect(told[0]?.message).toMatch(/^Cannot query field "invoic"/)
    expect(told[0]?.message).not.toMatch(/invoice/)
    const answered = told.map((error) => new GraphQLError(error.message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...error.extensions } }))
    expect(answered.map(({ extensions }) => extensions.code)).toEqual(['GRAPHQL_VALIDATION_FAILED', 'TOO_DEEP', 'GRAPHQL_VALIDATION_FAILED'])
    const again = revealErrors(told, contextOf(server.auth, clerk))
    expect(messagesOf(again)).toEqual([...messagesOf(raw), 'of "Invoice"', 'of "Invoice"'])
    expect(again.map(({ extensions }) => extensions.code)).toEqual([undefined, 'TOO_DEEP', undefined])
  })

  it('gives what is revealed the head of what it replaces, and that of no other error', () => {
    const coded = new GraphQLError('deep', { extensions: { code: 'TOO_DEEP', http: { status: 418 } } })
    const told = concealErrors([coded, ...raw], { schema: server.schema, document })
    // As Yoga does it, on the errors that it is about to send.
    for (const { extensions } of told)
      Object.assign(extensions, { code: extensions.code ?? 'GRAPHQL_VALIDATION_FAILED', http: extensions.http ?? { status: 400 } })
    expect(revealErrors(told, contextOf(server.auth, clerk)).map(({ extensions }) => extensions)).toEqual([
      { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
      { code: 'TOO_DEEP', http: { status: 418 } },
    ])
    expect(raw.map(({ extensions }) => extensions)).toEqual([{}])
  })

  it('changes neither the list that it is given nor the errors in it', () => {
    const list = Object.freeze(raw.map((error) => Object.freeze(error)))
    const before = JSON.stringify(list)
    for (const caller of [reader, null, clerk]) concealErrors(list, asked(caller))
    expect(JSON.stringify(list)).toBe(before)
  })

  it('takes errors without extensions, as compiled queries make them', () => {
    const bare = Object.create(GraphQLError.prototype, { message: { value: 'of "Invoice"', enumerable: true }, extensions: { value: undefined } })
    expect(messagesOf(concealErrors([bare], { ...asked(reader), document: undefined }))).toEqual(['The operation is not valid.'])
  })

  it('shows everything in a dry run, and in a schema that is not protected', () => {
    const dry = serve({ dryRun: true })
    expect(concealErrors(raw, { schema: dry.schema, document, contextValue: contextOf(dry.auth, null) }) === raw).toBe(true)
    expect(concealErrors(raw, { ...asked(null), schema: schemaOf('type Query { a: Int }') }) === raw).toBe(true)
  })
})

describe('variables that no limit was held against', () => {
  // Apollo Server and Mercurius validate before anything measures the variables.
  it.each(['private', 'filtered'] as const)('are not followed however deep they are, under %s introspection', (introspection) => {
    const server = new Protected(schemaOf('type Query { a(in: In): Int } input In { in: [In] }'), { introspection })
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    const document = parse('query ($in: In) { a(in: $in) b }')
    const asked = { schema: server.schema, document, variableValues: { in: deep }, contextValue: contextOf(server.auth, null) }
    expect(concealErrors(validate(server.schema, document), asked).map(({ message }) => message)).toEqual(['Cannot query field "b" on type "Query".'])
  })
})
