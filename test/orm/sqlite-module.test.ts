import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { ConnectionError, DataTypes, ForeignKeyConstraintError, TimeoutError, UniqueConstraintError } from 'sequelize'
import { Sequelize } from 'sequelize-typescript'
import { sqlite } from '../../examples/support/sqlite.js'
import { memoryDatabase } from './fixtures/memory-database.js'

describe('the SQLite module for Sequelize', () => {
  it('keeps every kind of value', async () => {
    const sequelize = memoryDatabase()
    const Value = sequelize.define('value', { at: DataTypes.DATE, on: DataTypes.BOOLEAN, bytes: DataTypes.BLOB, json: DataTypes.JSON, real: DataTypes.DOUBLE })
    await sequelize.sync()
    const values = { at: new Date(86_400_000), on: true, bytes: Buffer.from([0, 255]), json: { a: [1] }, real: 1.5 }
    await Value.create({ ...values })
    await Value.create({ on: false })
    const [full, empty] = (await Value.findAll({ order: ['id'] })).map((row) => row.get())
    expect(full).toMatchObject(values)
    expect(empty).toMatchObject({ at: null, on: false, bytes: null, json: null, real: null })
    await sequelize.close()
  })

  it('tells a broken unique constraint and a broken foreign key as Sequelize knows them', async () => {
    const sequelize = memoryDatabase()
    const Parent = sequelize.define('parent', { name: { type: DataTypes.STRING, unique: true } })
    const Child = sequelize.define('child', { parentId: { type: DataTypes.INTEGER, references: { model: 'parents', key: 'id' } } })
    await sequelize.sync()
    await Parent.create({ name: 'a' })
    await expect(Parent.create({ name: 'a' })).rejects.toThrow(UniqueConstraintError)
    await expect(Parent.create({ name: 'a' })).rejects.toMatchObject({ fields: ['name'] })
    await expect(Child.create({ parentId: 99 })).rejects.toThrow(ForeignKeyConstraintError)
    await sequelize.close()
  })

  it('tells a file that another connection has locked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sqlite-'))
    const connection = { dialect: 'sqlite', dialectModule: sqlite, storage: join(folder, 'a.sqlite'), logging: false, retry: { max: 1 } } as const
    const [one, two] = [new Sequelize(connection), new Sequelize(connection)]
    await one.query('CREATE TABLE t (n INTEGER)')
    const transaction = await one.transaction()
    await one.query('INSERT INTO t VALUES (1)', { transaction })
    await expect(two.query('INSERT INTO t VALUES (2)')).rejects.toThrow(TimeoutError)
    await transaction.commit()
    await two.query('INSERT INTO t VALUES (2)')
    expect((await one.query('SELECT n FROM t ORDER BY n'))[0]).toEqual([{ n: 1 }, { n: 2 }])
    await Promise.all([one.close(), two.close()])
    rmSync(folder, { recursive: true })
  })

  it('tells a file that cannot be opened', async () => {
    const sequelize = new Sequelize({
      dialect: 'sqlite',
      dialectModule: sqlite,
      storage: join(tmpdir(), 'no such folder', 'a.sqlite'),
      dialectOptions: { mode: sqlite.OPEN_READONLY },
      logging: false,
    })
    await expect(sequelize.authenticate()).rejects.toThrow(ConnectionError)
  })
})
