import { Sequelize } from 'sequelize-typescript'
import { sqlite } from '../support/sqlite.js'
import { Counter, THE_COUNTER } from './counter.js'

/** Opens a database in memory, with the counter at zero. It is gone when the demo stops. */
export async function openDatabase(): Promise<Sequelize> {
  const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, models: [Counter], logging: false })
  await sequelize.sync()
  await Counter.create({ id: THE_COUNTER, value: 0 })
  return sequelize
}
