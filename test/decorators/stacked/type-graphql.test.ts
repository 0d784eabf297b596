import 'reflect-metadata'
import { createPubSub } from '@graphql-yoga/subscription'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, type GraphQLSchema, parse, printType, subscribe } from 'graphql'
import {
  Arg,
  Authorized,
  buildSchema,
  Ctx,
  Extensions,
  Field,
  FieldResolver,
  ID,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql'
import type { AuthContext } from '../../../src/core/auth-context.js'
import type { VerifiedToken } from '../../../src/core/backend.js'
import { publicAccess } from '../../../src/decorators/public-access.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { protectSchema } from '../../../src/schema/protect-schema.js'
import { bearer, believes, carrier, engine, tokenFor } from '../../core/support.js'

interface Context {
  readonly auth: AuthContext
}

@ObjectType()
class Item {
  @Field(() => ID)
  id!: string

  @Field(() => String)
  name!: string
}

const tea: Item = { id: '1', name: 'tea' }

@Resolver(() => Item)
class Items {
  readonly prefix: string = 'item:'

  @requireOAuth('read')
  @Query(() => String)
  above(@Arg('id', () => ID) id: string, @Ctx() _context: Context): string {
    return this.prefix + id
  }

  @Query(() => String)
  @requireOAuth('read')
  below(@Arg('id', () => ID) id: string, @Ctx() _context: Context): string {
    return this.prefix + id
  }

  @requireOAuth('read')
  @Query(() => String)
  withoutContext(): string {
    return 'never'
  }

  @Query(() => String)
  @requireOAuth('read')
  withoutContextBelow(): string {
    return 'never'
  }

  @requirePerm('write')
  @Mutation(() => String)
  async change(@Ctx() _context: Context, @Arg('id', () => ID) id: string): Promise<string> {
    return `changed ${id}`
  }

  @Mutation(() => String)
  @requirePerm('write', { object: (_context, id: string) => id })
  async changeMine(@Ctx() _context: Context, @Arg('id', () => ID) id: string): Promise<string> {
    return `changed ${id}`
  }

  @requireOAuth('read')
  @Authorized('reader')
  @Query(() => String)
  both(@Ctx() _context: Context): string {
    return 'both'
  }

  @Authorized('reader')
  @Query(() => String)
  @requireOAuth('read')
  bothBelow(@Ctx() _context: Context): string {
    return 'both'
  }

  @publicAccess()
  @Query(() => String)
  open(): string {
    return 'open'
  }

  @Extensions({ auth: { scopes: 'read' } })
  @Query(() => String)
  extended(): string {
    return 'extended'
  }

  @Query(() => Item)
  item(): Item {
    return tea
  }

  @requireOAuth('secret')
  @FieldResolver(() => String)
  secret(@Root() item: Item, @Ctx() _context: Context): string {
    return `secret of ${item.name}`
  }

  @FieldResolver(() => String)
  @requireOAuth('secret')
  secretBelow(@Root() item: Item, @Ctx() _context: Context): string {
    return `secret of ${item.name}`
  }

  @requireOAuth('feed')
  @Subscription(() => String, { topics: 'items' })
  ticks(@Root() payload: string, @Ctx() _context: Context): string {
    return `tick ${payload}`
  }

  @Extensions({ auth: { scopes: 'feed' } })
  @Subscription(() => String, { topics: 'items' })
  extendedTicks(@Root() payload: string): string {
    return `tick ${payload}`
  }
}

@requireOAuth('class')
@Resolver()
class Above {
  @Query(() => String)
  ofClassAbove(@Ctx() _context: Context): string {
    return 'class'
  }
}

@Resolver()
@requireOAuth('class')
class Below {
  @requirePerm('write')
  @Query(() => String)
  ofClassBelow(@Ctx() _context: Context): string {
    return 'class'
  }
}

type Who = Partial<VerifiedToken> | null

const pubSub = createPubSub<{ items: [string] }>()
const { auth } = engine([believes], { access: 'public', permissions: { check: (_, questions) => questions.map(({ object }) => object === 'mine') } })
let schema: GraphQLSchema
let built: GraphQLSchema

async function contextOf(who: Who): Promise<Context> {
  return { auth: auth.createContext(await auth.authenticate(who === null ? carrier() : bearer(tokenFor(who)))) }
}

async function run(query: string, who: Who): Promise<{ readonly data: unknown; readonly errors: readonly string[] }> {
  return shown((await execute({ schema, document: parse(query), contextValue: await contextOf(who) })) as ExecutionResult)
}

function shown({ data, errors = [] }: ExecutionResult): { readonly data: unknown; readonly errors: readonly string[] } {
  return {
    data: JSON.parse(JSON.stringify(data ?? null)) as unknown,
    errors: errors.map(({ extensions, message }) => (extensions.auth as { readonly reason: string } | undefined)?.reason ?? message),
  }
}

beforeAll(async () => {
  built = await buildSchema({
    resolvers: [Items, Above, Below],
    validate: false,
    emitSchemaFile: false,
    pubSub,
    authChecker: ({ context }: { readonly context: Context }, roles) => roles.every((role) => context.auth.principal?.roles.includes(role) === true),
  })
  schema = protectSchema(built, auth)
})

describe('type-graphql', () => {
  it('sees the same fields with our decorators as without', () => {
    expect(printType(built.getType('Item') as never)).toContain('secretBelow: String!')
    expect(Object.keys(built.getQueryType()?.getFields() ?? {}).sort()).toEqual(
      ['above', 'below', 'both', 'bothBelow', 'extended', 'item', 'ofClassAbove', 'ofClassBelow', 'open', 'withoutContext', 'withoutContextBelow'].sort(),
    )
    expect(
      built
        .getQueryType()
        ?.getFields()
        .above?.args.map(({ name }) => name),
    ).toEqual(['id'])
  })

  it.each<[string, Partial<VerifiedToken>, unknown]>([
    ['{ above(id: 1) below(id: 2) }', { scopes: ['read'] }, { above: 'item:1', below: 'item:2' }],
    ['mutation { change(id: 1) }', { permissions: ['write'] }, { change: 'changed 1' }],
    ['mutation { changeMine(id: "mine") }', {}, { changeMine: 'changed mine' }],
    ['{ both bothBelow }', { scopes: ['read'], roles: ['reader'] }, { both: 'both', bothBelow: 'both' }],
    ['{ item { name secret secretBelow } }', { scopes: ['secret'] }, { item: { name: 'tea', secret: 'secret of tea', secretBelow: 'secret of tea' } }],
    ['{ ofClassAbove }', { scopes: ['class'] }, { ofClassAbove: 'class' }],
    ['{ ofClassBelow }', { scopes: ['class'], permissions: ['write'] }, { ofClassBelow: 'class' }],
    ['{ open extended }', { scopes: ['read'] }, { open: 'open', extended: 'extended' }],
  ])('%s answers who may', async (query, who, data) => {
    expect(await run(query, who)).toEqual({ data, errors: [] })
  })

  it('opens what is public to nobody in particular', async () => {
    expect(await run('{ open item { name } }', null)).toEqual({ data: { open: 'open', item: { name: 'tea' } }, errors: [] })
  })

  it.each<[string, Who, string]>([
    ['{ above(id: 1) }', { scopes: ['write'] }, 'INSUFFICIENT_SCOPE'],
    ['{ above(id: 1) }', null, 'MISSING_TOKEN'],
    ['{ below(id: 1) }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ below(id: 1) }', null, 'MISSING_TOKEN'],
    ['mutation { change(id: 1) }', {}, 'INSUFFICIENT_PERMISSION'],
    ['mutation { changeMine(id: "yours") }', { permissions: ['write'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ both }', { roles: ['reader'] }, 'INSUFFICIENT_SCOPE'],
    ['{ bothBelow }', { roles: ['reader'] }, 'INSUFFICIENT_SCOPE'],
    ['{ item { secret } }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ item { secretBelow } }', null, 'MISSING_TOKEN'],
    ['{ ofClassAbove }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ ofClassBelow }', { permissions: ['write'] }, 'INSUFFICIENT_SCOPE'],
    ['{ ofClassBelow }', { scopes: ['class'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ extended }', {}, 'INSUFFICIENT_SCOPE'],
  ])('%s is refused for %j', async (query, who, reason) => {
    expect(await run(query, who)).toEqual({ data: null, errors: [reason] })
  })

  it.each(['both', 'bothBelow'])('%s still asks type-graphql’s own checker', async (field) => {
    const { data, errors } = await run(`{ ${field} }`, { scopes: ['read'] })
    expect(data).toBeNull()
    expect(errors).toEqual([expect.stringMatching(/^Access denied/)])
  })

  it.each(['withoutContext', 'withoutContextBelow'])('%s, which does not take the context, is refused with what is missing', async (field) => {
    const { data, errors } = await run(`{ ${field} }`, { scopes: ['read'] })
    expect(data).toBeNull()
    expect(errors).toEqual([expect.stringContaining('let the resolver take the context')])
  })
})

describe('type-graphql subscriptions', () => {
  async function firstEvent(query: string, who: Who): Promise<unknown> {
    const stream = await subscribe({ schema, document: parse(query), contextValue: await contextOf(who) })
    if (!('next' in stream)) return { refused: shown(stream).errors }
    const next = stream.next()
    pubSub.publish('items', 'tock')
    const { value } = (await next) as IteratorResult<ExecutionResult, undefined>
    await stream.return?.()
    return value === undefined ? 'ended' : shown(value)
  }

  it('stream to who may', async () => {
    expect(await firstEvent('subscription { ticks }', { scopes: ['feed'] })).toEqual({ data: { ticks: 'tick tock' }, errors: [] })
    expect(await firstEvent('subscription { extendedTicks }', { scopes: ['feed'] })).toEqual({ data: { extendedTicks: 'tick tock' }, errors: [] })
  })

  it('refuse each event with a decorator: type-graphql calls the method for the event, not for the stream', async () => {
    expect(await firstEvent('subscription { ticks }', {})).toEqual({ data: null, errors: ['INSUFFICIENT_SCOPE'] })
    expect(await firstEvent('subscription { ticks }', null)).toEqual({ data: null, errors: ['MISSING_TOKEN'] })
  })

  it('refuse the stream with an extension', async () => {
    expect(await firstEvent('subscription { extendedTicks }', {})).toEqual({ refused: ['INSUFFICIENT_SCOPE'] })
    expect(await firstEvent('subscription { extendedTicks }', null)).toEqual({ refused: ['MISSING_TOKEN'] })
  })
})
