import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Sequelize as BaseSequelize } from 'sequelize'
import type { Sequelize } from 'sequelize-typescript'
import { liveModels } from '../../src/orm/sequelize.js'
import { memoryDatabase } from './fixtures/memory-database.js'
import { Note, Order } from './fixtures/models.js'
import { Recorder } from './fixtures/recorder.js'

/** What Sequelize asks of a CLS namespace, on Node's own storage. */
function namespace(): object {
  const storage = new AsyncLocalStorage<Map<string, unknown>>()
  return {
    run: (work: (context: object) => unknown) => storage.run(new Map(storage.getStore()), () => work({})),
    bind: <Work>(work: Work) => work,
    get: (key: string) => storage.getStore()?.get(key),
    set: (key: string, value: unknown) => storage.getStore()?.set(key, value),
  }
}

class Undo extends Error {}

describe('D9: transactions from a CLS namespace', () => {
  const recorder = new Recorder()
  let sequelize: Sequelize
  beforeAll(async () => {
    BaseSequelize.useCLS(namespace())
    sequelize = memoryDatabase({ models: [Order, Note] })
    await sequelize.sync()
    liveModels(sequelize, { bus: recorder, audit: recorder.audit })
  })
  beforeEach(async () => {
    await sequelize.query('DELETE FROM orders')
    recorder.clear()
  })
  afterAll(() => sequelize.close())

  const writes: [string, () => Promise<unknown>][] = [
    ['create', () => Order.create({ code: 'x' })],
    ['bulkCreate', () => Order.bulkCreate([{ code: 'x' }])],
    ['upsert', () => Order.upsert({ code: 'x' }, { conflictFields: ['code'] })],
    ['findOrCreate', () => Order.findOrCreate({ where: { code: 'x' } })],
  ]

  it.each(writes)('%s is one event, at the commit', async (_, write) => {
    await sequelize.transaction(async () => {
      await write()
      expect(recorder.lines).toEqual([])
    })
    expect(recorder.lines).toEqual((await Order.findAll()).map(({ id }) => `new Order ${id}`))
    expect(recorder.lines).toHaveLength(1)
  })

  it.each(writes)('%s in one that rolls back is no event', async (_, write) => {
    await expect(
      sequelize.transaction(async () => {
        await write()
        throw new Undo()
      }),
    ).rejects.toThrow(Undo)
    expect(recorder.lines).toEqual([])
    expect(await Order.count()).toBe(0)
  })

  it.each<[string, (order: Order) => Promise<unknown>]>([
    ['update', (order) => order.update({ status: 'b' })],
    ['static update', () => Order.update({ status: 'b' }, { where: {} })],
    ['increment', (order) => order.increment('total')],
    ['static increment', () => Order.increment('total', { where: { code: 'x' } })],
    ['destroy', (order) => order.destroy()],
    ['static destroy', () => Order.destroy({ where: {} })],
  ])('%s waits for the commit, and is gone with a rollback', async (_, write) => {
    const order = await Order.create({ code: 'x' })
    recorder.clear()
    await expect(
      sequelize.transaction(async () => {
        await write(order)
        throw new Undo()
      }),
    ).rejects.toThrow(Undo)
    expect(recorder.lines).toEqual([])
    await sequelize.transaction(async () => {
      await write((await Order.findOne({ rejectOnEmpty: true })) as Order)
      expect(recorder.lines).toEqual([])
    })
    expect(recorder.lines).toHaveLength(1)
  })
})
