import { envelop, useSchema } from '@envelop/core'
import { describe, expect, it } from '@jest/globals'
import type { ExecutionResult } from 'graphql'
import { createYoga } from 'graphql-yoga'
import { createPrincipal } from '../../src/core/caller/principal.js'
import type { CommonSettings } from '../../src/core/settings.js'
import { useAuth } from '../../src/schema/envelop.js'
import { engine, fixture, requestOf } from './envelop-support.js'
import { contextOf, dataOf, NOW, refusals, schemaOf } from './support.js'

describe('incremental delivery', () => {
  const defer = 'directive @defer(if: Boolean, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT'
  const sdl = `
    ${defer}
    type Query { node: Node @public open: String @public mine: String }
    interface Node { id: ID secret: String }
    type User implements Node { id: ID secret: String @requiresScopes(scopes: [["secrets"]]) }
    type Bot implements Node { id: ID secret: String }
  `
  async function stream(source: string, token?: string, settings: CommonSettings = {}): Promise<{ status: number; text: string; ran: boolean }> {
    let ran = false
    const schema = schemaOf(sdl, {
      Query: {
        node: () => ({ __typename: 'User', id: 1 }),
        open: () => 'open',
        mine: () => {
          ran = true
          return 'mine alone'
        },
      },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      User: {
        secret: () => {
          ran = true
          return 'user secret'
        },
      },
    })
    const yoga = createYoga({ schema, plugins: [useAuth(fixture(settings).auth)], logging: false })
    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const response = await yoga.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body: JSON.stringify({ query: source }) })
    return { status: response.status, text: await response.text(), ran }
  }

  it('refuses for what is deferred like for what is not', async () => {
    const { status, text, ran } = await stream('{ open ... @defer { mine } }')
    expect([status, text.includes('"MISSING_TOKEN"'), text.includes('"data"'), ran]).toEqual([401, true, false, false])
  })

  it.each([
    ['a fragment that shows its type at run time only', '{ node { id ... @defer { secret } } }', {}],
    ["a fragment under denied: 'null'", '{ node { ... on User @defer { secret } } }', { denied: 'null' }],
    ['a named fragment', '{ node { id ...S @defer(label: "s") } } fragment S on Node { secret }', {}],
  ] as const)('sends nothing in a later payload that is refused: %s', async (_name, source, settings) => {
    const refused = await stream(source, 'ada', settings)
    expect([refused.status, refused.text.includes('"hasNext":false'), refused.text.includes('INSUFFICIENT_SCOPE'), refused.ran]).toEqual([
      200,
      true,
      true,
      false,
    ])
    expect(refused.text).not.toContain('user secret')
    expect((await stream(source, 'keeper', settings)).text).toContain('user secret')
  })
})

describe('a stream of results', () => {
  it("ends when the caller's token expires, with one error that says so, and closes its source", async () => {
    const clock = { seconds: NOW }
    let closed = false
    let wake = (): void => undefined
    const { auth } = fixture({ now: () => clock.seconds * 1000 })
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: {
        ticks: {
          subscribe: async function* () {
            try {
              yield { ticks: 1 }
              await new Promise<void>((resolve) => {
                wake = resolve
              })
              yield { ticks: 2 }
            } finally {
              closed = true
            }
          },
        },
      },
    })
    const proxy = envelop({ plugins: [engine, useSchema(schema), useAuth(auth)] })(contextOf(auth, { expiresAt: NOW + 60 }))
    const contextValue = await proxy.contextFactory()
    const stream = (await proxy.subscribe({
      schema: proxy.schema,
      document: proxy.parse('subscription { ticks }'),
      contextValue,
    })) as AsyncIterable<ExecutionResult>
    const iterator = stream[Symbol.asyncIterator]()
    expect(dataOf((await iterator.next()).value)).toEqual({ ticks: 1 })
    clock.seconds = NOW + 60
    const last = iterator.next()
    expect(refusals((await last).value)).toEqual(['- TOKEN_EXPIRED'])
    expect((await iterator.next()).done).toBe(true)
    wake()
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(true)
  })

  it("ends with the connection's lease, and leaves it to the transport to say why", async () => {
    const { auth } = fixture()
    let closed = false
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: {
        ticks: {
          subscribe: async function* () {
            try {
              yield { ticks: 1 }
              await new Promise(() => undefined)
            } finally {
              closed = true
            }
          },
        },
      },
    })
    const authentication = {
      principal: createPrincipal({ issuer: 'https://issuer.test', subject: 'ada' }),
      refusal: null,
      credentials: null,
      transport: 'test',
    }
    const lease = auth.openLease(authentication)
    const proxy = envelop({ plugins: [engine, useSchema(schema), useAuth(auth)] })({ auth: auth.createContext(authentication, lease) })
    const contextValue = await proxy.contextFactory()
    const stream = (await proxy.subscribe({
      schema: proxy.schema,
      document: proxy.parse('subscription { ticks }'),
      contextValue,
    })) as AsyncIterable<ExecutionResult>
    const iterator = stream[Symbol.asyncIterator]()
    expect(dataOf((await iterator.next()).value)).toEqual({ ticks: 1 })
    const waiting = iterator.next()
    lease.end('closed')
    expect((await waiting).done).toBe(true)
    // The source waits for what never comes: it is told to return, and nobody waits for it.
    expect(closed).toBe(false)
  })

  it('is not opened for who may not have it', async () => {
    const { auth } = fixture()
    let started = false
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int @requiresScopes(scopes: [["ticks"]]) }', {
      Subscription: {
        ticks: {
          subscribe: () => {
            started = true
          },
        },
      },
    })
    const proxy = envelop({ plugins: [engine, useSchema(schema), useAuth(auth)] })({ request: requestOf('ada') })
    const contextValue = await proxy.contextFactory()
    const result = (await proxy.subscribe({ schema: proxy.schema, document: proxy.parse('subscription { ticks }'), contextValue })) as ExecutionResult
    expect([refusals(result), started]).toEqual([['Subscription.ticks INSUFFICIENT_SCOPE'], false])
  })
})
