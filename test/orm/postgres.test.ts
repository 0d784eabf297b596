import { afterAll, beforeAll, describe } from '@jest/globals'
import { Sequelize } from 'sequelize-typescript'
import { describeWithPostgres, type PostgresServer, startPostgres } from '../support/postgres.js'
import { START_UP_HOOK } from '../support/server-process.js'
import { describeBulkTruth } from './fixtures/bulk-truth.js'
import { describeCommitTruth, type TestDatabase } from './fixtures/commit-truth.js'
import { Note, Order, Shipment, Tag } from './fixtures/models.js'
import { describePostgresTruth } from './fixtures/postgres-truth.js'
import { describeRandomTruth } from './fixtures/random-truth.js'

describeWithPostgres('PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  }, START_UP_HOOK)
  afterAll(() => server.stop())

  const open = async (): Promise<TestDatabase> => {
    const { host, port, user, database } = server
    const connection = { dialect: 'postgres', host, port, username: user, database, logging: false } as const
    const sequelize = new Sequelize({ ...connection, pool: { max: 10 }, models: [Order, Note, Shipment, Tag] })
    const other = new Sequelize(connection)
    return {
      sequelize,
      other,
      abandon: () => Promise.resolve(),
      async close() {
        await sequelize.drop({ cascade: true })
        await sequelize.close()
        await other.close()
      },
    }
  }

  describe('committed writes', () => {
    describeCommitTruth(open)
  })

  describe('bulk writes', () => {
    describeBulkTruth(open)
  })

  describe('several connections', () => {
    describePostgresTruth(open)
  })

  describe('random writes', () => {
    describeRandomTruth(open)
  })
})
