import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { BeforeCreate, Column, DataType, Model, Sequelize, Table } from 'sequelize-typescript'
import { sqlite } from '../../../examples/support/sqlite.js'
import type { VerifiedToken } from '../../../src/core/backend.js'
import { ConfigurationError } from '../../../src/core/configuration-error.js'
import { AuthError } from '../../../src/core/errors.js'
import { publicAccess } from '../../../src/decorators/public-access.js'
import { requireOAuth } from '../../../src/decorators/require-oauth.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { bearer, engine, knows, verified } from '../../core/support.js'

/** Requirements on methods of a model, above and below decorators of the ORM. */
@Table({ timestamps: false })
class Order extends Model {
  @Column(DataType.STRING)
  declare title: string

  @Column(DataType.STRING)
  get shout(): string {
    return String(this.getDataValue('title')).toUpperCase()
  }

  @requireOAuth('orders:read')
  describe(_args: unknown, _context: unknown): string {
    return `order ${this.title}`
  }

  @requirePerm('order.find')
  static async titled(title: string, _context?: unknown): Promise<Order[]> {
    // biome-ignore lint/complexity/noThisInStatic: what is tested is that the wrapper passes it on.
    return this.findAll({ where: { title } })
  }

  @BeforeCreate
  static stamp(order: Order): void {
    order.title = `${order.title}!`
  }
}

@requireOAuth('notes')
@Table({ tableName: 'notes_above', timestamps: false })
class Above extends Model {
  @Column({ type: DataType.STRING, allowNull: false })
  declare text: string

  read(..._args: unknown[]): string {
    return this.text
  }

  @publicAccess()
  length(): number {
    return this.text.length
  }
}

@Table({ tableName: 'notes_below', timestamps: false })
@requireOAuth('notes')
class Below extends Model {
  @Column({ type: DataType.STRING, allowNull: false })
  declare text: string

  read(..._args: unknown[]): string {
    return this.text
  }

  @publicAccess()
  length(): number {
    return this.text.length
  }
}

async function contextOf(parts: Partial<VerifiedToken>): Promise<{ readonly auth: unknown }> {
  const { auth } = engine([knows({ good: verified(parts) })])
  return { auth: auth.createContext(await auth.authenticate(bearer('good'))) }
}

const sequelize = new Sequelize({ dialect: 'sqlite', dialectModule: sqlite, storage: ':memory:', logging: false, models: [Order, Above, Below] })

beforeAll(async () => {
  await sequelize.sync()
  await Order.create({ title: 'tea' })
})
afterAll(async () => {
  await sequelize.close()
})

describe('requirements on the methods of a model', () => {
  it('leave the model what it was: columns, accessors, hooks', async () => {
    expect(Object.keys(Order.getAttributes()).sort()).toEqual(['id', 'shout', 'title'])
    const order = await Order.findOne({ rejectOnEmpty: true })
    expect(order).toBeInstanceOf(Order)
    expect([order.title, order.shout]).toEqual(['tea!', 'TEA!'])
  })

  it('are asked, with the row as this', async () => {
    const order = await Order.findOne({ rejectOnEmpty: true })
    expect(order.describe({}, await contextOf({ scopes: ['orders:read'] }))).toBe('order tea!')
    const weak = await contextOf({})
    expect(() => order.describe({}, weak)).toThrow(AuthError)
    expect(() => order.describe({}, {})).toThrow(ConfigurationError)
  })

  it('are asked on static methods, with the model as this', async () => {
    const found = await Order.titled('tea!', await contextOf({ permissions: ['order.find'] }))
    expect(found.map(({ title }) => title)).toEqual(['tea!'])
    await expect(Order.titled('tea!', await contextOf({}))).rejects.toThrow(AuthError)
    await expect(Order.titled('tea!')).rejects.toThrow(ConfigurationError)
  })
})

describe.each([
  ['above @Table', Above],
  ['below @Table', Below],
])('a requirement on a whole model, %s', (_, Note) => {
  it('leaves the model what it was', async () => {
    const note = await Note.create({ text: 'hello' })
    await note.update({ text: 'hello you' })
    expect((await Note.findAll()).map(({ text }) => text)).toEqual(['hello you'])
    expect(Note.getTableName()).toBe(Note.options.tableName)
    expect(Note.getAttributes().text?.allowNull).toBe(false)
    await expect(Note.create({})).rejects.toThrow('notNull')
    await note.destroy()
  })

  it('guards its own methods, and none of the ORM’s', async () => {
    const note = Note.build({ text: 'hello' })
    expect(note.read({}, await contextOf({ scopes: ['notes'] }))).toBe('hello')
    const weak = await contextOf({})
    expect(() => note.read({}, weak)).toThrow(AuthError)
    expect(() => note.read()).toThrow(ConfigurationError)
    expect(note.length()).toBe(5)
    expect(note.toJSON()).toMatchObject({ text: 'hello' })
  })
})

describe('a requirement on a column', () => {
  it.each<[string, () => unknown]>([
    [
      'above @Column',
      () => {
        class Wrong extends Model {
          // @ts-expect-error: a column is no resolver
          @requireOAuth('a')
          @Column(DataType.STRING)
          declare secret: string
        }
        return Wrong
      },
    ],
    [
      'below @Column',
      () => {
        class Wrong extends Model {
          @Column(DataType.STRING)
          // @ts-expect-error: a column is no resolver
          @requireOAuth('a')
          declare secret: string
        }
        return Wrong
      },
    ],
    [
      'on an accessor',
      () => {
        class Wrong extends Model {
          @Column(DataType.STRING)
          // @ts-expect-error: an accessor is no resolver
          @requireOAuth('a')
          get secret(): string {
            return ''
          }
        }
        return Wrong
      },
    ],
  ])('%s is refused, rather than taken for a guard', (_, make) => {
    expect(make).toThrow(ConfigurationError)
  })
})
