import 'reflect-metadata'
import { createPubSub } from '@graphql-yoga/subscription'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, type GraphQLSchema, parse, subscribe } from 'graphql'
import { Arg, buildSchema, Ctx, Field, ID, ObjectType, Authorized as Original, Query, Resolver, Root, Subscription } from 'type-graphql'
import type { AuthContext } from '../../src/core/auth-context.js'
import { AuthError } from '../../src/core/errors.js'
import { Authorized, gatehouseAuthChecker } from '../../src/migration/index.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { contextOf, openAuth, run, type Who } from './support.js'

interface Context {
  readonly auth: AuthContext
}

@ObjectType()
class Order {
  @Field(() => ID)
  id!: string

  @Original('ADMIN', 'MOD')
  @Field(() => Number, { nullable: true })
  margin?: number
}

const order: Order = Object.assign(new Order(), { id: 'A-1', margin: 3 })

@Resolver()
class Originals {
  @Original()
  @Query(() => String, { nullable: true })
  mine(): string {
    return 'mine'
  }

  @Original(['ADMIN', 'MOD'])
  @Query(() => String, { nullable: true })
  moderated(@Arg('id', () => ID, { nullable: true }) _id?: string): string {
    return 'moderated'
  }

  @Original('Shop Admin')
  @Query(() => String, { nullable: true })
  malformed(): string {
    return 'never'
  }

  @Original('ADMIN')
  @Subscription(() => String, {
    subscribe: async function* () {
      yield 'tick'
    },
  })
  ticks(@Root() payload: string): string {
    return payload
  }

  @Query(() => Order)
  order(): Order {
    return order
  }
}

@Original('ADMIN')
@Resolver()
class OriginalClass {
  @Query(() => String, { nullable: true })
  ofClass(): string {
    return 'of class'
  }
}

@Authorized('ADMIN')
@Resolver()
class Aliases {
  @Query(() => String, { nullable: true })
  aliased(@Ctx() _context: Context): string {
    return 'aliased'
  }

  @Authorized('MOD')
  @Query(() => String, { nullable: true })
  aliasedTwice(@Ctx() _context: Context): string {
    return 'twice'
  }
}

const { auth } = openAuth([], { access: 'public' })
let schema: GraphQLSchema

beforeAll(async () => {
  schema = await buildSchema({ resolvers: [Originals, OriginalClass, Aliases], authChecker: gatehouseAuthChecker, pubSub: createPubSub() })
})

describe('gatehouseAuthChecker', () => {
  it.each<[string, Who, unknown]>([
    ['{ mine }', {}, { mine: 'mine' }],
    ['{ moderated }', { roles: ['MOD'] }, { moderated: 'moderated' }],
    ['{ ofClass }', { roles: ['ADMIN'] }, { ofClass: 'of class' }],
    ['{ order { id margin } }', { roles: ['ADMIN'] }, { order: { id: 'A-1', margin: 3 } }],
    ['{ order { id } }', null, { order: { id: 'A-1' } }],
  ])('lets %s be answered to %j', async (query, who, data) => {
    expect(await run(auth, schema, query, who)).toEqual({ data, errors: [], ran: true })
  })

  it.each<[string, Who, string, unknown]>([
    ['{ mine }', null, 'MISSING_TOKEN', { mine: null }],
    ['{ moderated }', null, 'MISSING_TOKEN', { moderated: null }],
    ['{ moderated }', { roles: ['USER'], permissions: ['ADMIN'] }, 'INSUFFICIENT_PERMISSION', { moderated: null }],
    ['{ ofClass }', { roles: ['MOD'] }, 'INSUFFICIENT_PERMISSION', { ofClass: null }],
    ['{ order { id margin } }', {}, 'INSUFFICIENT_PERMISSION', { order: { id: 'A-1', margin: null } }],
  ])('refuses %s to %j where the field is reached', async (query, who, reason, data) => {
    expect(await run(auth, schema, query, who)).toEqual({ data, errors: [reason], ran: true })
  })

  it('refuses with an error of ours, which type-graphql passes on', async () => {
    const { errors } = (await execute({ schema, document: parse('{ moderated }'), contextValue: await contextOf(auth, {}) })) as ExecutionResult
    expect(errors?.[0]?.originalError ?? errors?.[0]).toBeInstanceOf(AuthError)
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', auth: { reason: 'INSUFFICIENT_PERMISSION', coordinate: 'Query.moderated' } })
  })

  it('refuses on a server that is not wired, and for a role that cannot be asked for', async () => {
    const unwired = (await execute({ schema, document: parse('{ mine }'), contextValue: { auth: { principal: { roles: ['ADMIN'] } } } })) as ExecutionResult
    expect([unwired.data?.mine, unwired.errors?.[0]?.message]).toEqual([null, expect.stringContaining('the requirement on Query.mine')])
    const { data, errors } = await run(auth, schema, '{ malformed }', { roles: ['Shop Admin'] })
    expect([data, errors]).toEqual([{ malformed: null }, [expect.stringMatching(/^@Authorized on Query.malformed: expected at least one role/)]])
  })

  it('refuses the stream of a subscription', async () => {
    const args = { schema: protectSchema(schema, auth), document: parse('subscription { ticks }') }
    const refused = await subscribe({ ...args, contextValue: await contextOf(auth, { roles: ['MOD'] }) })
    expect(refused).toMatchObject({ errors: [{ extensions: { auth: { reason: 'INSUFFICIENT_PERMISSION' } } }] })
    const stream = await subscribe({ ...args, contextValue: await contextOf(auth, { roles: ['ADMIN'] }) })
    if (!('next' in stream)) throw new Error('refused')
    expect(await stream.next()).toMatchObject({ value: { data: { ticks: 'tick' } } })
    await stream.return(undefined)
  })

  it('reports and lets through in a dry run', async () => {
    const dry = openAuth([], { access: 'public', dryRun: true })
    expect(await run(dry.auth, schema, '{ moderated }', {})).toEqual({ data: { moderated: 'moderated' }, errors: [], ran: true })
  })
})

describe('our Authorized on methods and classes of type-graphql', () => {
  it.each<[string, Who, string | null]>([
    ['aliased', { roles: ['ADMIN'] }, null],
    ['aliased', { roles: ['MOD'] }, 'INSUFFICIENT_PERMISSION'],
    ['aliased', null, 'MISSING_TOKEN'],
    ['aliasedTwice', { roles: ['ADMIN', 'MOD'] }, null],
    ['aliasedTwice', { roles: ['MOD'] }, 'INSUFFICIENT_PERMISSION'],
    ['aliasedTwice', { roles: ['ADMIN'] }, 'INSUFFICIENT_PERMISSION'],
  ])('%s for %j', async (field, who, reason) => {
    const { data, errors } = await run(auth, schema, `{ ${field} }`, who)
    expect([(data as Record<string, unknown>)[field] === null, errors]).toEqual([reason !== null, reason === null ? [] : [reason]])
  })
})
