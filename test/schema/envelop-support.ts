import { envelop, type Plugin, useEngine } from '@envelop/core'
import { type ExecutionResult, execute, type GraphQLSchema, parse, specifiedRules, subscribe, validate } from 'graphql'
import { type Auth, createEngine } from '../../src/core/auth.js'
import { AuthContext } from '../../src/core/auth-context.js'
import type { TokenBackend } from '../../src/core/backend.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { NOW, schemaOf } from './support.js'

/** A plugin with whatever context. */
// biome-ignore lint/suspicious/noExplicitAny: plugins of one server add different members to one context.
export type AnyPlugin = Plugin<any>

/** graphql-js, for Envelop. */
export const engine = useEngine({ parse, validate, specifiedRules, execute, subscribe })

/** A schema with one field of each kind, an engine whose tokens are the names of their subjects, and what ran. */
export function fixture(settings: CommonSettings = {}): { auth: Auth; schema: GraphQLSchema; ran: string[]; verified: string[] } {
  const ran: string[] = []
  const verified: string[] = []
  const backend: TokenBackend = {
    name: 'echo',
    async verify({ token }) {
      verified.push(token)
      if (token === 'bad') throw new InvalidTokenError()
      return { issuer: 'https://issuer.test', subject: token, scopes: token === 'keeper' ? ['secrets'] : [] }
    },
  }
  const silent = { debug: () => undefined, info: () => undefined, error: () => undefined }
  const auth = createEngine(resolveSettings({ audit: { logger: silent }, now: () => NOW * 1000, cacheSize: 0, ...settings }, [backend]))
  const read =
    <T>(name: string, value: T) =>
    (): T => {
      ran.push(name)
      return value
    }
  const schema = schemaOf(
    `
      type Query { open: String @public mine: String secret: String @requiresScopes(scopes: [["secrets"]]) node: Node @public breaks: String @public who: String @public decorated: String freed: String }
      interface Node { id: ID secret: String }
      type User implements Node { id: ID secret: String @requiresScopes(scopes: [["secrets"]]) }
      type Bot implements Node { id: ID secret: String }
    `,
    {
      Query: {
        open: read('open', 'open'),
        mine: read('mine', 'mine'),
        secret: read('secret', 'secret'),
        node: () => ({ __typename: 'User', id: 1, secret: 'user secret' }),
        breaks: () => {
          throw new TypeError('postgres://secret@db')
        },
        who: (_: unknown, __: unknown, context: object) => AuthContext.of(context)?.principal?.subject ?? 'nobody',
        decorated: requireOAuth('secrets')(read('decorated', 'decorated')),
        freed: publicAccess()(read('freed', 'freed')),
      },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
    },
  )
  return { auth, schema, ran, verified }
}

/** A request with a bearer token, or with none. */
export const requestOf = (token?: string): Request =>
  new Request('http://127.0.0.1/', token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })

/** Runs a document through plugins as a server on Envelop does. */
export async function run(plugins: readonly AnyPlugin[], source: string, initial: object): Promise<ExecutionResult> {
  const proxy = envelop({ plugins: [engine, ...plugins] })(initial as Record<string, unknown>)
  const document = proxy.parse(source)
  const invalid = proxy.validate(proxy.schema, document)
  if (invalid[0] !== undefined) throw invalid[0]
  const contextValue = await proxy.contextFactory()
  return (await proxy.execute({ schema: proxy.schema, document, contextValue })) as ExecutionResult
}
