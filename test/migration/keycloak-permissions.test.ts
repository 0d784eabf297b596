import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { hasPermission, Public, Resource, Scopes, Unprotected } from '../../src/migration/index.js'
import { openAuth, run } from './support.js'

describe('hasPermission', () => {
  const schema = makeExecutableSchema({
    typeDefs: 'type Query { one: String, both: String, spaced: String }',
    resolvers: {
      Query: {
        one: hasPermission('Article:publish')(() => 'one'),
        both: hasPermission(['Article:publish', 'Comment:delete'])(() => 'both'),
        spaced: hasPermission('Default Resource:view')(() => 'spaced'),
      },
    },
  })

  it('asks the permission source about the resource', async () => {
    const { auth, asked } = openAuth(['Article#publish on Article'])
    expect(await run(auth, schema, '{ one }', {})).toEqual({ data: { one: 'one' }, errors: [], ran: true })
    expect(asked).toEqual(['Article#publish on Article'])
  })

  it('needs each of a list, each on its own resource', async () => {
    const some = openAuth(['Article#publish on Article'])
    expect((await run(some.auth, schema, '{ both }', {})).errors).toEqual(['INSUFFICIENT_PERMISSION'])
    const all = openAuth(['Article#publish on Article', 'Comment#delete on Comment'])
    expect((await run(all.auth, schema, '{ both }', {})).data).toEqual({ both: 'both' })
    expect(all.asked.sort()).toEqual(['Article#publish on Article', 'Comment#delete on Comment'])
  })

  it('names a resource to the source as it is spelled, whatever letters it has', async () => {
    const { auth, asked } = openAuth()
    await run(auth, schema, '{ spaced }', {})
    expect(asked).toEqual(['Default%20Resource#view on Default Resource'])
  })

  it('is not met by permissions in the token, and asks nothing for nobody', async () => {
    const { auth, asked } = openAuth()
    expect((await run(auth, schema, '{ one }', { permissions: ['Article#publish', 'Article:publish', 'publish'] })).errors).toEqual(['INSUFFICIENT_PERMISSION'])
    asked.length = 0
    expect((await run(auth, schema, '{ one }', null)).errors).toEqual(['MISSING_TOKEN'])
    expect(asked).toEqual([])
  })

  it('does not let a schema be served without a permission source', async () => {
    const { auth } = openAuth([], { permissions: undefined as never })
    await expect(run(auth, schema, '{ one }', {})).rejects.toThrow(ConfigurationError)
  })

  it.each([[[]], ['Article'], ['Article:publish:now'], [':publish'], ['Article:'], ['Article#1:publish'], ['Article:pub lish'], [undefined], [[1]]])(
    'throws where it is declared with %j',
    (resources) => {
      expect(() => hasPermission(resources as never)).toThrow(ConfigurationError)
    },
  )
})

describe('Resource and Scopes', () => {
  @Resource('order')
  @requireOAuth('orders')
  class Orders {
    readonly prefix: string = 'order '

    @Scopes('view')
    view(): string {
      return `${this.prefix}view`
    }

    @Scopes('view', 'edit')
    async edit(): Promise<string> {
      return `${this.prefix}edit`
    }

    list(): string {
      return `${this.prefix}list`
    }

    @Unprotected(false)
    @Scopes('view')
    lifted(): string {
      return `${this.prefix}lifted`
    }

    @Public()
    open(): string {
      return `${this.prefix}open`
    }
  }

  class Homeless {
    @Scopes('view')
    homeless(): string {
      return 'never'
    }
  }

  @Resource('order')
  class Heir extends Homeless {}

  const schema = makeExecutableSchema({
    typeDefs: 'type Query { view: String, edit: String, list: String, lifted: String, open: String } type Mutation { homeless: String }',
    resolvers: classResolvers({ Query: Orders, Mutation: Heir }),
  })

  it('ask about each scope of the resource, beside what else the class demands', async () => {
    const { auth, asked } = openAuth(['order#view on order'])
    expect(await run(auth, schema, '{ view }', { scopes: ['orders'] })).toEqual({ data: { view: 'order view' }, errors: [], ran: true })
    expect((await run(auth, schema, '{ edit }', { scopes: ['orders'] })).errors).toEqual(['INSUFFICIENT_PERMISSION'])
    expect(asked).toEqual(['order#view on order', 'order#view on order', 'order#edit on order'])
    expect((await run(auth, schema, '{ view }', {})).errors).toEqual(['INSUFFICIENT_SCOPE'])
  })

  it('demand nothing of a method without scopes', async () => {
    const { auth, asked } = openAuth()
    expect((await run(auth, schema, '{ list }', { scopes: ['orders'] })).data).toEqual({ list: 'order list' })
    expect(asked).toEqual([])
  })

  it('still hold where the method is public, and are then all that holds', async () => {
    const { auth } = openAuth(['order#view on order'])
    expect((await run(auth, schema, '{ lifted }', {})).data).toEqual({ lifted: 'order lifted' })
    expect((await run(auth, schema, '{ lifted }', null)).errors).toEqual(['MISSING_TOKEN'])
    expect((await run(auth, schema, '{ open }', null)).data).toEqual({ open: 'order open' })
  })

  it('refuse everybody when the class that declares the method names no resource', async () => {
    const { auth, asked } = openAuth(['order#view on order', 'no-resource#view on null'])
    expect((await run(auth, schema, 'mutation { homeless }', {})).errors).toEqual(['INSUFFICIENT_PERMISSION'])
    expect(asked).toEqual([])
    const { auth: withAdmins } = openAuth([], { admins: { super: () => true } })
    expect((await run(withAdmins, schema, 'mutation { homeless }', {})).errors).toEqual(['INSUFFICIENT_PERMISSION'])
  })

  it.each<[string, () => unknown]>([
    ['Scopes()', () => Scopes()],
    ["Scopes('')", () => Scopes('')],
    ["Scopes('a b')", () => Scopes('a b')],
    ["Scopes('a#b')", () => Scopes('a#b')],
    ["Resource('')", () => Resource('')],
    ["Resource('a#b')", () => Resource('a#b')],
    ['Resource on a method', () => (Resource('a') as (target: object, key: string) => void)({}, 'method')],
    ['Public on a class', () => (Public() as unknown as (target: object) => void)(class {})],
    ["Public('no')", () => Public('no' as never)],
  ])('%s throws where it is declared', (_name, declare) => {
    expect(declare).toThrow(ConfigurationError)
  })
})
