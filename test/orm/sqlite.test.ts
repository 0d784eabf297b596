import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from '@jest/globals'
import { Sequelize } from 'sequelize-typescript'
import { sqlite } from '../../examples/support/sqlite.js'
import { describeBulkTruth } from './fixtures/bulk-truth.js'
import { describeCommitTruth, type TestDatabase } from './fixtures/commit-truth.js'
import { Note, Order, Shipment, Tag } from './fixtures/models.js'
import { describeRandomTruth } from './fixtures/random-truth.js'

/** A database file, so that there can be a second connection to it. */
async function openFile(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sqlite-'))
  const connection = { dialect: 'sqlite', dialectModule: sqlite, storage: join(folder, 'test.sqlite'), logging: false } as const
  const sequelize = new Sequelize({ ...connection, models: [Order, Note, Shipment, Tag] })
  const other = new Sequelize(connection)
  return {
    sequelize,
    other,
    // SQLite leaves a transaction open whose COMMIT it has refused, and Sequelize leaves its connection open.
    abandon: async (transaction) => {
      const { connection } = transaction as unknown as { connection: { run(sql: string): void } }
      connection.run('ROLLBACK')
    },
    async close() {
      await sequelize.close()
      await other.close()
      rmSync(folder, { recursive: true })
    },
  }
}

describe('SQLite: committed writes', () => {
  describeCommitTruth(openFile)
})

describe('SQLite: bulk writes', () => {
  describeBulkTruth(openFile)
})

describe('SQLite: random writes', () => {
  describeRandomTruth(openFile)
})
