import { Live } from 'graphql-gatehouse/orm/sequelize'
import { Column, DataType, Model, Table } from 'sequelize-typescript'

/** The row that the demo is about. `@Live` makes every committed write of it an event. */
@Live()
@Table({ timestamps: false })
export class Counter extends Model {
  @Column({ type: DataType.INTEGER, primaryKey: true })
  declare id: number

  @Column({ type: DataType.INTEGER, allowNull: false })
  declare value: number
}

/** There is one counter. */
export const THE_COUNTER = 1
