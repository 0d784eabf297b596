import type { Model, ModelStatic, Sequelize } from 'sequelize'
import type { LookupOptions, TableName, Where } from './row-lookup.js'

/** Values by column. */
export type Values = Record<string, unknown>

/** The options of a write that the adapter looks at. */
export interface WriteOptions extends LookupOptions {
  readonly model?: ModelStatic<Model>
  readonly returning?: boolean | readonly unknown[]
  readonly ignoreDuplicates?: boolean
  readonly updateOnDuplicate?: readonly string[]
  readonly truncate?: boolean
  readonly limit?: number | null
  readonly raw?: boolean
}

/**
 * The part of Sequelize 6's query interface that every write of a model ends in: `create`, `save`, `update`, `destroy`, `restore`,
 * `increment`, their static and bulk forms, and the writes of associations. Declared anew because Sequelize's own types differ from
 * what it passes. Columns here, not attributes.
 */
export interface WriteInterface {
  insert(instance: Model | null, table: TableName, values: Values, options?: WriteOptions): Promise<unknown>
  bulkInsert(table: TableName, records: Values[], options?: WriteOptions, attributes?: object): Promise<unknown>
  upsert(table: TableName, insertValues: Values, updateValues: Values, where: Where, options?: WriteOptions): Promise<unknown>
  update(instance: Model, table: TableName, values: Values, where: Where, options?: WriteOptions): Promise<unknown>
  bulkUpdate(table: TableName, values: Values, where: Where, options?: WriteOptions, attributes?: object): Promise<unknown>
  increment(model: ModelStatic<Model>, table: TableName, where: Where, amounts: Values, extra: Values, options?: WriteOptions): Promise<unknown>
  decrement(model: ModelStatic<Model>, table: TableName, where: Where, amounts: Values, extra: Values, options?: WriteOptions): Promise<unknown>
  delete(instance: Model, table: TableName, where: Where, options?: WriteOptions): Promise<unknown>
  bulkDelete(table: TableName, where: Where, options?: WriteOptions, model?: ModelStatic<Model>): Promise<unknown>
}

/** The query interface that a Sequelize instance's models write through. */
export function writeInterface(sequelize: Sequelize): WriteInterface {
  return sequelize.getQueryInterface() as unknown as WriteInterface
}

/** Whether a write can answer with the rows that it wrote (`RETURNING`). */
export function returnsRows(sequelize: Sequelize): boolean {
  const { dialect } = sequelize as unknown as { readonly dialect: { readonly supports: { readonly returnValues: unknown } } }
  return dialect.supports.returnValues !== false
}
