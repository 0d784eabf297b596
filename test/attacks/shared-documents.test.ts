import { describe, expect, it } from '@jest/globals'
import { type DocumentNode, type ExecutionResult, execute, parse } from 'graphql'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { contextOf, Protected, refusals, schemaOf, testAuth } from '../schema/support.js'

const GUARD = '@requiresScopes(scopes: [["secrets"]])'
const sdl = (guard: string): string => `type Query { user: User @public guarded: String @public } type User { name: String secret: String ${guard} }`
const resolvers = { Query: { user: () => ({ name: 'Ada', secret: 'CANARY' }) } }
const USER = { scopes: ['other'] }
const KEEPER = { scopes: ['secrets'] }

/** Runs a document as a server with a hook does. */
async function ask(
  { auth, schema }: Pick<Protected, 'auth' | 'schema'>,
  document: DocumentNode,
  contextValue: object = contextOf(auth, USER),
): Promise<ExecutionResult> {
  const errors = authorizeOperation({ schema, document, contextValue })
  return errors.length > 0 ? { errors } : await execute({ schema, document, contextValue })
}

/** Documents with the very same operation, as visitors leave it that rewrite fragments alone. */
const open = parse('{ user { ...F } } fragment F on User { name }')
const withFragment = (text: string): DocumentNode => ({ ...open, definitions: [...open.definitions.slice(0, 1), ...parse(text).definitions] })
const closed = withFragment('fragment F on User { name secret }')

describe.each(['reject', 'null'] as const)('with denied: %s', (denied) => {
  const served = (): Protected => new Protected(schemaOf(sdl(GUARD), resolvers), { denied })
  const refused = denied === 'reject' ? ['User.secret INSUFFICIENT_SCOPE'] : ['user.secret INSUFFICIENT_SCOPE']

  it('an operation whose fragments were rewritten is judged by those that it runs with', async () => {
    const here = served()
    expect((await ask(here, open)).errors).toBeUndefined()
    expect(refusals(await ask(here, closed))).toEqual(refused)
    expect((await ask(here, open)).errors).toBeUndefined()
    expect((await ask(here, closed, contextOf(here.auth, KEEPER))).data).toMatchObject({ user: { secret: 'CANARY' } })
    expect(refusals(await ask(here, closed))).toEqual(refused)
  })

  it('also when both run in one context, hook or not', async () => {
    const here = served()
    const context = contextOf(here.auth, USER)
    expect((await ask(here, open, context)).errors).toBeUndefined()
    const { schema } = here
    const bare = (document: DocumentNode, contextValue: object): Promise<ExecutionResult> => Promise.resolve(execute({ schema, document, contextValue }))
    expect(refusals(await bare(closed, context))[0]).toContain('INSUFFICIENT_SCOPE')
    expect(refusals(await ask(here, closed, context))).toEqual(refused)
    const another = contextOf(here.auth, USER)
    expect((await bare(open, another)).errors).toBeUndefined()
    expect(JSON.stringify(await bare(closed, another))).not.toContain('CANARY')
  })

  it('forgets the oldest of many rewritten fragments, and judges it anew', async () => {
    const here = served()
    for (let index = 0; index < 20; index += 1) {
      expect((await ask(here, withFragment(`fragment F on User { a${index}: name }`))).errors).toBeUndefined()
    }
    expect(refusals(await ask(here, closed))).toEqual(refused)
  })

  it('its size is that of the fragments that it runs with', async () => {
    const here = new Protected(schemaOf('type Query { user: User @public } type User { name: String friend: User }', resolvers), {
      denied,
      limits: { depth: 5 },
    })
    expect((await ask(here, open)).errors).toBeUndefined()
    const deep = withFragment(`fragment F on User { ${'friend { '.repeat(20)} name ${'}'.repeat(20)} }`)
    expect((await ask(here, deep)).errors?.map(({ extensions }) => extensions.code)).toEqual(['DOCUMENT_TOO_LARGE'])
  })

  it('what one schema lets through is asked for by another, in the same context', async () => {
    const auth = testAuth({ denied })
    const [lax, strict] = [protectSchema(schemaOf(sdl(''), resolvers), auth), protectSchema(schemaOf(sdl(GUARD), resolvers), auth)]
    const document = parse('{ user { name secret } }')
    const context = contextOf(auth, USER)
    expect((await ask({ auth, schema: lax }, document, context)).data).toMatchObject({ user: { secret: 'CANARY' } })
    expect(refusals(await Promise.resolve(execute({ schema: strict, document, contextValue: context })))[0]).toContain('INSUFFICIENT_SCOPE')
    expect(refusals(await ask({ auth, schema: strict }, document, context))).toEqual(refused)
  })
})
