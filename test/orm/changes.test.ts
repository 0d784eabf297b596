import { makeExecutableSchema } from '@graphql-tools/schema'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type ExecutionResult, parse, subscribe } from 'graphql'
import type { Sequelize } from 'sequelize-typescript'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { type ChangeEvent, type MemoryBus, memoryBus } from '../../src/events/memory.js'
import { type ChangesOptions, changes, liveModels } from '../../src/orm/sequelize.js'
import { memoryDatabase } from './fixtures/memory-database.js'
import { Note, Order, Tag } from './fixtures/models.js'

const DONE = { done: true, value: undefined }
const audit = {
  fault: (what: string, error: unknown): never => {
    throw new Error(what, { cause: error })
  },
}

function event(partial: Partial<ChangeEvent>): ChangeEvent {
  return { model: 'Order', action: 'new', id: 1, tenant: null, changed: [], sequence: 1, ...partial }
}

describe('changes', () => {
  it('delivers events of the tenant alone', async () => {
    const bus = memoryBus()
    const events = changes(bus, Order, { tenant: 'a' })
    for (const [id, tenant] of [
      [1, 'b'],
      [2, 'a'],
      [3, null],
      [4, 'A'],
      [5, 'a'],
    ] as const)
      await bus.publish('model:Order', event({ id, tenant }))
    expect([(await events.next()).value.id, (await events.next()).value.id]).toEqual([2, 5])
  })

  it('delivers rows without a tenant to a subscriber without a tenant, and nothing else', async () => {
    const bus = memoryBus()
    const events = changes(bus, Order, { tenant: null })
    for (const [id, tenant] of [
      [1, 'a'],
      [2, null],
    ] as const)
      await bus.publish('model:Order', event({ id, tenant }))
    expect((await events.next()).value.id).toBe(2)
  })

  it('delivers every tenant only where that is said', async () => {
    const bus = memoryBus()
    const events = changes(bus, Order, { dangerouslyAllTenants: true })
    for (const tenant of ['a', 'b', null]) await bus.publish('model:Order', event({ tenant }))
    expect([(await events.next()).value.tenant, (await events.next()).value.tenant, (await events.next()).value.tenant]).toEqual(['a', 'b', null])
  })

  it('delivers no events of another model on the same topic', async () => {
    const bus = memoryBus()
    const events = changes(bus, Note)
    await bus.publish('notes', event({ model: 'Order', id: 1 }))
    await bus.publish('notes', event({ model: 'Note', id: 2 }))
    expect((await events.next()).value.id).toBe(2)
  })

  it('answers concurrent calls of next in their order, also when the first of them meets an event of others', async () => {
    const bus = memoryBus()
    const events = changes(bus, Order, { tenant: 'a' })
    const answers = Promise.all([events.next(), events.next(), events.next()])
    for (const [id, tenant] of [
      [1, 'b'],
      [2, 'a'],
      [3, 'a'],
      [4, 'a'],
    ] as const) {
      await bus.publish('model:Order', event({ id, tenant }))
    }
    expect((await answers).map(({ value }) => value.id)).toEqual([2, 3, 4])
  })

  it('return ends the subscription at once, while it waits', async () => {
    const bus = memoryBus()
    const events = changes(bus, Order, { tenant: 'a' })
    const waiting = events.next()
    await events.return?.()
    expect(bus.subscriberCount('model:Order')).toBe(0)
    expect(await waiting).toEqual(DONE)
    expect(await events.next()).toEqual(DONE)
  })

  it('abort ends the subscription at once', async () => {
    const bus = memoryBus()
    const controller = new AbortController()
    const waiting = changes(bus, Order, { tenant: 'a', signal: controller.signal }).next()
    controller.abort()
    expect(bus.subscriberCount('model:Order')).toBe(0)
    expect(await waiting).toEqual(DONE)
  })

  it('passes an overflow on', async () => {
    const bus = memoryBus({ maxQueued: 1 })
    const events = changes(bus, Order, { tenant: 'a' })
    for (const id of [1, 2]) await bus.publish('model:Order', event({ id, tenant: 'a' }))
    await expect(events.next()).rejects.toMatchObject({ code: 'ERR_GATEHOUSE_SUBSCRIBER_OVERFLOW' })
    expect(await events.next()).toEqual(DONE)
  })

  it.each<[string, typeof Order | typeof Note | typeof Tag, unknown, string]>([
    ['a model that is not live', Tag, {}, 'changes: model'],
    ['a model with tenants and no word of the tenant', Order, {}, 'changes: tenant'],
    ['a tenant that is undefined', Order, { tenant: undefined }, 'changes: tenant'],
    ['all tenants and one', Order, { tenant: 'a', dangerouslyAllTenants: true }, 'changes: tenant'],
    ['a tenant for a model that has none', Note, { tenant: 'a' }, 'changes: tenant'],
    ['a tenant that is no text', Order, { tenant: 7 }, 'changes.tenant'],
    ['an option that does not exist', Order, { tenants: ['a'] }, 'changes.tenants'],
  ])('refuses %s, and subscribes nobody', (_, model, options, option) => {
    const bus = memoryBus()
    const start = (): unknown => changes(bus, model, options as ChangesOptions)
    expect(start).toThrow(ConfigurationError)
    expect(start).toThrow(expect.objectContaining({ option }))
    expect([bus.subscriberCount('model:Order'), bus.subscriberCount('notes')]).toEqual([0, 0])
  })
})

describe('a subscription from the write to the result', () => {
  interface Viewer {
    readonly tenant: string | null
  }
  const schema = makeExecutableSchema<Viewer>({
    typeDefs: `
      type Order { id: Int!, status: String, secret: String }
      type OrderChange { action: String!, id: Int!, order: Order }
      type Query { ok: Boolean }
      type Subscription { orderChanged: OrderChange! }
    `,
    resolvers: {
      Subscription: {
        orderChanged: {
          subscribe: (_: unknown, __: unknown, { tenant }: Viewer) => changes(bus, Order, { tenant }),
          resolve: (change: ChangeEvent) => change,
        },
      },
      OrderChange: { order: ({ id }: ChangeEvent, _: unknown, { tenant }: Viewer) => Order.findOne({ where: { id, tenantId: tenant } }) },
      Order: { secret: ({ secret }: Order, _: unknown, { tenant }: Viewer) => (tenant === 'a' ? secret : null) },
    },
  })
  const document = parse('subscription { orderChanged { action id order { status secret } } }')
  let bus: MemoryBus
  let sequelize: Sequelize

  const listen = async (viewer: Viewer): Promise<AsyncGenerator<ExecutionResult, void, void>> => {
    const results = await subscribe({ schema, document, contextValue: viewer })
    if (Symbol.asyncIterator in results) return results
    throw new Error(`refused: ${JSON.stringify(results)}`)
  }
  const next = async (results: AsyncGenerator<ExecutionResult, void, void>): Promise<unknown> => {
    const { value } = await results.next()
    return value?.errors ?? JSON.parse(JSON.stringify(value?.data?.orderChanged))
  }

  beforeAll(async () => {
    sequelize = memoryDatabase({ models: [Order, Note] })
    await sequelize.sync()
    bus = memoryBus()
    liveModels(sequelize, { bus, audit })
  })
  beforeEach(() => sequelize.query('DELETE FROM orders'))
  afterAll(async () => {
    await bus.close()
    await sequelize.close()
  })

  it('tells what was committed, with the fields as the subscriber may read them', async () => {
    const [a, b] = [await listen({ tenant: 'a' }), await listen({ tenant: 'b' })]
    const own = await Order.create({ tenantId: 'a', status: 'open', secret: 'classified' })
    const other = await Order.create({ tenantId: 'b', status: 'open', secret: 'classified' })
    await sequelize.transaction((transaction) => own.update({ status: 'paid' }, { transaction }))
    await own.destroy()
    expect(await next(a)).toEqual({ action: 'new', id: own.id, order: null })
    expect(await next(a)).toEqual({ action: 'edit', id: own.id, order: null })
    expect(await next(a)).toEqual({ action: 'erase', id: own.id, order: null })
    expect(await next(b)).toEqual({ action: 'new', id: other.id, order: { status: 'open', secret: null } })
    await Promise.all([a.return(), b.return()])
    expect(bus.subscriberCount('model:Order')).toBe(0)
  })

  it('tells nothing of what was rolled back', async () => {
    const results = await listen({ tenant: 'a' })
    await sequelize
      .transaction(async (transaction) => {
        await Order.create({ tenantId: 'a', status: 'lost' }, { transaction })
        throw new RangeError('undo')
      })
      .catch(() => undefined)
    const kept = await Order.create({ tenantId: 'a', status: 'kept', secret: 'classified' })
    expect(await next(results)).toEqual({ action: 'new', id: kept.id, order: { status: 'kept', secret: 'classified' } })
    await results.return()
  })

  it('is over for the bus when the client goes while it waits', async () => {
    const results = await listen({ tenant: 'a' })
    const waiting = results.next()
    await results.return()
    expect(await waiting).toEqual(DONE)
    expect(bus.subscriberCount('model:Order')).toBe(0)
  })
})
