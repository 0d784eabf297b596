import { describe, expect, it } from '@jest/globals'
import { DataTypes, Model as SequelizeModel } from 'sequelize'
import { Column, DataType, Model, PrimaryKey, type Sequelize, Table } from 'sequelize-typescript'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { Live, type LiveModelsOptions, type LiveOptions, liveModels } from '../../src/orm/sequelize.js'
import { Author } from './fixtures/author.js'
import { Book } from './fixtures/book.js'
import { memoryDatabase } from './fixtures/memory-database.js'
import { Note, Order, Shipment, Tag } from './fixtures/models.js'
import { Recorder } from './fixtures/recorder.js'

/** Wires a database for as long as a test runs. */
async function wiredFor(sequelize: Sequelize, run: (recorder: Recorder) => Promise<void>): Promise<void> {
  const recorder = new Recorder()
  const live = liveModels(sequelize, { bus: recorder, audit: recorder.audit })
  await sequelize.sync({ force: true })
  await run(recorder)
  live.close()
  await sequelize.close()
}

describe('@Live', () => {
  it('marks a model above @Table and below it', () =>
    wiredFor(memoryDatabase({ models: [Order, Note] }), async (recorder) => {
      const order = await Order.create({})
      const note = await Note.create({})
      expect(recorder.lines).toEqual([`new Order ${order.id}`, `new Note ${note.id}`])
      expect(recorder.topics).toEqual(['model:Order', 'notes'])
    }))

  it('marks models that import each other', () =>
    wiredFor(memoryDatabase({ models: [Author, Book] }), async (recorder) => {
      const author = await Author.create({ books: [{}, {}] }, { include: [Book] })
      expect([...recorder.lines].sort()).toEqual([`new Author ${author.id}`, ...author.books.map(({ id }) => `new Book ${id}`)].sort())
    }))

  it('is a function too, for a model of plain Sequelize', async () => {
    const sequelize = memoryDatabase()
    class Plain extends SequelizeModel {}
    Live({ topic: 'plain' })(Plain)
    Plain.init({ text: DataTypes.STRING }, { sequelize, modelName: 'Plain' })
    await wiredFor(sequelize, async (recorder) => {
      const row = await Plain.create({ text: 'a' })
      expect(recorder.lines).toEqual([`new Plain ${row.get('id')}`])
      expect(recorder.topics).toEqual(['plain'])
    })
  })

  it('holds for the repositories of repository mode', () => {
    const sequelize = memoryDatabase({ repositoryMode: true, models: [Shipment] })
    return wiredFor(sequelize, async (recorder) => {
      const row = await sequelize.getRepository(Shipment).create({ country: 'ch' })
      expect(recorder.lines).toEqual([`new Shipment ${row.id}`])
    })
  })

  it('holds for a class that extends the model, under that class its own name', async () => {
    @Live({ tenant: 'tenantId' })
    class Base extends Model {
      @Column(DataType.STRING)
      declare tenantId: string
    }
    @Table
    class Derived extends Base {}
    await wiredFor(memoryDatabase({ models: [Derived] }), async (recorder) => {
      await Derived.create({ tenantId: 'a' })
      expect(recorder.events.map(({ model, tenant }) => `${model} ${tenant}`)).toEqual(['Derived a'])
    })
  })

  it('holds for scopes of the model', () =>
    wiredFor(memoryDatabase({ models: [Order, Note] }), async (recorder) => {
      Order.addScope('late', { where: { status: 'late' } }, { override: true })
      const order = await Order.scope('late').create({ status: 'late' })
      await Order.scope('late').destroy({ where: {} })
      expect(recorder.lines).toEqual([`new Order ${order.id}`, `erase Order ${order.id}`])
    }))

  it.each<[string, unknown, string]>([
    ['an empty topic', { topic: '' }, '@Live.topic'],
    ['a tenant that is no name', { tenant: 7 }, '@Live.tenant'],
    ['an option that does not exist', { tenants: 'tenantId' }, '@Live.tenants'],
    ['no object', 'model:Order', '@Live'],
  ])('refuses %s and names the option', (_, options, option) => {
    const mark = (): unknown => Live(options as LiveOptions)
    expect(mark).toThrow(ConfigurationError)
    expect(mark).toThrow(expect.objectContaining({ option }))
  })
})

describe('liveModels', () => {
  const recorder = new Recorder()

  it.each<[string, unknown, string]>([
    ['no bus', { audit: recorder.audit }, 'liveModels.bus'],
    ['a bus that cannot publish', { bus: {}, audit: recorder.audit }, 'liveModels.bus'],
    ['nobody to tell of faults', { bus: recorder }, 'liveModels.audit'],
    ['a timeout of nothing', { bus: recorder, audit: recorder.audit, publishTimeout: 0 }, 'liveModels.publishTimeout'],
    ['an option that does not exist', { bus: recorder, audit: recorder.audit, topic: 'a' }, 'liveModels.topic'],
  ])('refuses %s and names the option', (_, options, option) => {
    const wire = (): unknown => liveModels(memoryDatabase({ models: [Tag] }), options as LiveModelsOptions)
    expect(wire).toThrow(ConfigurationError)
    expect(wire).toThrow(expect.objectContaining({ option }))
  })

  it('refuses to wire an instance twice, until it is closed', async () => {
    const sequelize = memoryDatabase({ models: [Order, Note] })
    const first = new Recorder()
    const second = new Recorder()
    const live = liveModels(sequelize, { bus: first, audit: first.audit })
    expect(() => liveModels(sequelize, { bus: second, audit: second.audit })).toThrow(ConfigurationError)
    live.close()
    liveModels(sequelize, { bus: second, audit: second.audit })
    await sequelize.sync()
    await sequelize.transaction((transaction) => Order.create({}, { transaction }))
    expect([first.lines.length, second.lines.length]).toEqual([0, 1])
    await sequelize.close()
  })

  it('publishes nothing after close, also of a transaction that was open', async () => {
    const sequelize = memoryDatabase({ models: [Order, Note] })
    const own = new Recorder()
    const live = liveModels(sequelize, { bus: own, audit: own.audit })
    await sequelize.sync()
    await sequelize.transaction(async (transaction) => {
      await Order.create({}, { transaction })
      live.close()
    })
    await Order.create({})
    expect(own.lines).toEqual([])
    await sequelize.close()
  })

  it('sees models that are added later', async () => {
    const sequelize = memoryDatabase()
    await wiredFor(sequelize, async (own) => {
      sequelize.addModels([Order, Note])
      await sequelize.sync()
      const order = await Order.create({})
      expect(own.lines).toEqual([`new Order ${order.id}`])
    })
  })

  it('two instances do not hear of each other', async () => {
    const [one, two] = [memoryDatabase({ repositoryMode: true, models: [Shipment] }), memoryDatabase({ repositoryMode: true, models: [Shipment] })]
    await wiredFor(one, (first) =>
      wiredFor(two, async (second) => {
        await one.getRepository(Shipment).create({ country: 'a' })
        await two.getRepository(Shipment).bulkCreate([{ country: 'b' }, { country: 'b' }])
        expect([first.events.map(({ tenant }) => tenant), second.events.map(({ tenant }) => tenant)]).toEqual([['a/main'], ['b/main', 'b/main']])
      }),
    )
  })

  const composite = (): Sequelize => {
    @Live()
    @Table
    class Membership extends Model {
      @PrimaryKey
      @Column(DataType.INTEGER)
      declare userId: number

      @PrimaryKey
      @Column(DataType.INTEGER)
      declare groupId: number
    }
    return memoryDatabase({ models: [Membership] })
  }
  const misspelt = (): Sequelize => {
    @Live({ tenant: 'tennantId' })
    @Table
    class Misspelt extends Model {
      @Column(DataType.STRING)
      declare tenantId: string
    }
    return memoryDatabase({ models: [Misspelt] })
  }
  it.each<[string, () => Sequelize, string]>([
    ['a live model with a primary key of two columns', composite, '@Live on Membership'],
    ['a tenant that is no attribute of the model', misspelt, '@Live on Misspelt: tenant'],
  ])('refuses %s', (_, make, option) => {
    const sequelize = make()
    const wire = (): unknown => liveModels(sequelize, { bus: recorder, audit: recorder.audit })
    expect(wire).toThrow(ConfigurationError)
    expect(wire).toThrow(expect.objectContaining({ option }))
  })

  it('refuses the first write of a live model that is added later, before anything is written', async () => {
    @Live({ tenant: 'tennantId' })
    @Table
    class Late extends Model {
      @Column(DataType.STRING)
      declare text: string
    }
    const sequelize = memoryDatabase()
    const live = liveModels(sequelize, { bus: recorder, audit: recorder.audit })
    sequelize.addModels([Late])
    await sequelize.sync()
    const writes: (() => Promise<unknown>)[] = [
      () => Late.create({}),
      () => Late.bulkCreate([{}]),
      () => Late.upsert({}),
      () => Late.update({ text: 'a' }, { where: {} }),
      () => Late.destroy({ where: {} }),
    ]
    for (const write of writes) await expect(write()).rejects.toThrow(ConfigurationError)
    expect(await Late.count()).toBe(0)
    live.close()
    await sequelize.close()
  })

  describe('a row whose event cannot be told', () => {
    const tenantOf = { answer: (): unknown => 'a' }
    @Live<Odd>({ tenant: () => tenantOf.answer() as string })
    @Table
    class Odd extends Model {
      @Column(DataType.STRING)
      declare text: string
    }

    it.each<[string, () => unknown]>([
      [
        'a tenant function that throws',
        () => {
          throw new RangeError('tenant-7')
        },
      ],
      ['a tenant function that answers nothing', () => undefined],
      ['a tenant function that answers an object', () => ({ tenant: 'tenant-7' })],
      ['a tenant function that answers a promise', () => Promise.resolve('tenant-7')],
    ])('for %s is reported without a value and not published; the write stands', (_, answer) =>
      wiredFor(memoryDatabase({ models: [Odd] }), async (own) => {
        tenantOf.answer = answer
        await Odd.create({})
        expect(await Odd.count()).toBe(1)
        expect(own.lines).toEqual([])
        expect(own.faults.map(({ what }) => what)).toEqual(['reading what was written to Odd'])
      }),
    )

    it.each<[string, (row: Odd) => Promise<unknown>]>([
      ['update', (row) => row.update({ text: 'b' })],
      ['static update', () => Odd.update({ text: 'b' }, { where: {} })],
      ['upsert', (row) => Odd.upsert({ id: row.id, text: 'b' })],
      ['destroy', (row) => row.destroy()],
      ['static destroy', () => Odd.destroy({ where: {} })],
    ])('before an %s is reported too; the write stands', (_, write) =>
      wiredFor(memoryDatabase({ models: [Odd] }), async (own) => {
        tenantOf.answer = () => 'a'
        const row = await Odd.create({ text: 'a' })
        own.clear()
        tenantOf.answer = () => {
          throw new RangeError('tenant-7')
        }
        await write(row)
        expect(await Odd.count({ where: { text: 'a' } })).toBe(0)
        expect(own.lines).toEqual([])
        expect(own.faults.map(({ error }) => (error as Error).name)).toContain('RangeError')
      }),
    )

    it('because a bulk insert mixes its own ids with the database its own is reported, where the database cannot say more', () =>
      wiredFor(memoryDatabase({ models: [Order, Note] }), async (own) => {
        await Order.bulkCreate([{ id: 50 }, {}])
        expect(await Order.count()).toBe(2)
        expect(own.lines).toEqual([])
        expect(own.faults).toMatchObject([{ error: { name: 'UnseenRowsError' } }])
      }))

    it('leaves the write alone when the audit sink throws too', async () => {
      const sequelize = memoryDatabase({ models: [Odd] })
      const own = new Recorder()
      const audit = {
        fault: (): void => {
          throw new RangeError('audit')
        },
      }
      tenantOf.answer = () => undefined
      liveModels(sequelize, { bus: own, audit })
      await sequelize.sync()
      await expect(Odd.create({})).resolves.toBeInstanceOf(Odd)
      await sequelize.close()
    })
  })
})
