import { envelop, useEngine, useSchema } from '@envelop/core'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import * as GraphQL from 'graphql'
import { type ExecutionResult, type GraphQLSchema, graphql, parse, subscribe } from 'graphql'
import { type Auth, createEngine } from '../../src/core/auth.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { useAuth } from '../../src/schema/envelop.js'
import { protectSchema } from '../../src/schema/protect-schema.js'

const logger = { debug() {}, info() {}, error() {} }

/** Reads a token as `subject~scope~exp`. */
function authOf(settings: CommonSettings = {}): Auth {
  const backend = {
    name: 'test',
    async verify({ token }: { readonly token: string }) {
      const [subject = '', scope = '', exp] = token.split('~')
      if (subject === 'bad') throw new InvalidTokenError()
      return { issuer: 'test', subject, scopes: scope === '' ? [] : [scope], ...(exp === undefined ? {} : { expiresAt: Number(exp) }) }
    },
  }
  return createEngine(resolveSettings({ audit: { logger }, ...settings }, [backend]))
}

const carrier = (token: string | null) => ({
  transport: 'test',
  header: (name: string) => (name === 'authorization' && token !== null ? [`Bearer ${token}`] : []),
})

async function run(auth: Auth, schema: GraphQLSchema, source: string, token: string | null): Promise<ExecutionResult> {
  return graphql({ schema: protectSchema(schema, auth), source, contextValue: { auth: auth.createContext(await auth.authenticate(carrier(token))) } })
}

const reasons = ({ errors }: ExecutionResult): unknown[] =>
  (errors ?? []).map(({ extensions }) => (extensions.auth as { reason?: unknown } | undefined)?.reason)

describe('a decorator on the resolver of an interface', () => {
  const typeDefs =
    'interface Node { secret: String } type A implements Node { secret: String } type B implements Node { secret: String } type Query { a: A n: Node }'
  const roots = { a: publicAccess()(() => ({ secret: 'SECRET' })), n: publicAccess()(() => ({ __typename: 'B', secret: 'SECRET' })) }

  class NodeFields {
    secret(source: { secret: string }): string {
      return source.secret
    }
  }
  requireOAuth('admin')(NodeFields)

  it.each<[string, object, boolean]>([
    ['a class', classResolvers({ Node: NodeFields }), false],
    ['a function', { Node: { secret: requireOAuth('admin')((source: { secret: string }) => source.secret) } }, false],
    ['a class, inherited', classResolvers({ Node: NodeFields }), true],
    [
      'a function, where the type has its own',
      { Node: { secret: requireOAuth('admin')(() => 'x') }, A: { secret: () => 'SECRET' }, B: { secret: () => 'SECRET' } },
      true,
    ],
  ])('holds on every type that implements it: %s', async (_, resolvers, inheritResolversFromInterfaces) => {
    const schema = makeExecutableSchema({ typeDefs, resolvers: { ...resolvers, Query: roots }, inheritResolversFromInterfaces })
    const auth = authOf({ access: 'public' })
    for (const source of ['{ a { secret } }', '{ n { secret } }', '{ n { ... on B { secret } } }']) {
      expect(JSON.stringify(await run(auth, schema, source, 'ada'))).not.toContain('SECRET')
      expect(reasons(await run(auth, schema, source, 'ada'))).toEqual(['INSUFFICIENT_SCOPE'])
      expect(JSON.stringify(await run(auth, schema, source, null))).not.toContain('SECRET')
      expect((await run(auth, schema, source, 'ada~admin')).errors).toBeUndefined()
    }
  })
})

describe('a schema that is protected', () => {
  const schema = makeExecutableSchema({ typeDefs: 'type Query { open: String }', resolvers: { Query: { open: () => 'open' } } })

  it('is one copy for each auth, however often it is asked for', () => {
    const auth = authOf()
    const copy = protectSchema(schema, auth)
    expect(protectSchema(schema, auth)).toBe(copy)
    expect(protectSchema(copy, auth)).toBe(copy)
    expect(protectSchema(schema, authOf())).not.toBe(copy)
  })

  it('is refused under another auth, whose rules it does not know', () => {
    const copy = protectSchema(schema, authOf({ access: 'public' }))
    expect(() => protectSchema(copy, authOf())).toThrow('schema: expected one that no other auth has protected')
    expect(() => envelop({ plugins: [useEngine(GraphQL), useSchema(copy), useAuth(authOf())] })()).toThrow('schema: expected')
  })
})

describe('a token that expires while its operation runs', () => {
  it('delivers no further event where no transport holds a lease, also on a public field', async () => {
    let now = 1_000_000
    const auth = authOf({ now: () => now })
    const ticks = async function* (): AsyncGenerator<{ tick: string; open: string }> {
      for (let i = 0; i < 5; i += 1) yield { tick: 'TICK', open: 'TICK' }
    }
    const schema = protectSchema(
      makeExecutableSchema({
        typeDefs: 'type Query { q: String } type Subscription { tick: String open: String }',
        resolvers: { Subscription: { tick: { subscribe: requireOAuth()(ticks) }, open: { subscribe: publicAccess()(ticks) } } },
      }),
      auth,
    )
    for (const field of ['tick', 'open']) {
      now = 1_000_000
      const contextValue = { auth: auth.createContext(await auth.authenticate(carrier('ada~~1010'))) }
      const stream = (await subscribe({ schema, document: parse(`subscription { ${field} }`), contextValue })) as AsyncGenerator<ExecutionResult>
      expect((await stream.next()).value).toEqual({ data: { [field]: 'TICK' } })
      now = 1_010_000
      const late = (await stream.next()).value as ExecutionResult
      expect(JSON.stringify(late)).not.toContain('TICK')
      expect(reasons(late)).toEqual(['TOKEN_EXPIRED'])
    }
  })
})

describe('the request behind an Envelop context', () => {
  const schema = makeExecutableSchema({
    typeDefs: 'type Query { me: String }',
    resolvers: { Query: { me: (_source, _args, { auth }) => auth.principal.subject } },
  })
  const node = (...authorization: string[]) => ({ url: '/', headersDistinct: authorization.length === 0 ? {} : { authorization } })

  async function ask(context: object): Promise<ExecutionResult> {
    const {
      execute,
      contextFactory,
      parse: parseDocument,
      schema: enveloped,
    } = envelop({ plugins: [useEngine(GraphQL), useSchema(schema), useAuth(authOf())] })(context)
    return execute({ schema: enveloped, document: parseDocument('{ me }'), contextValue: await contextFactory() })
  }

  it('decides, also when the context has been used for another before', async () => {
    const shared: { req: object } = { req: node('Bearer ada') }
    expect(await ask(shared)).toEqual({ data: { me: 'ada' } })
    shared.req = node()
    expect(reasons(await ask(shared))).toEqual(['MISSING_TOKEN'])
  })

  it('is that of node:http also where a framework holds it, so that a second header is seen', async () => {
    const request = new Request('http://127.0.0.1/', { headers: { authorization: 'Bearer ada' } })
    expect(await ask({ request, req: { raw: node('Bearer ada') } })).toEqual({ data: { me: 'ada' } })
    expect(reasons(await ask({ request, req: { raw: node('Bearer ada', 'Bearer ben') } }))).toEqual(['MALFORMED_TOKEN'])
  })
})
