import type { Model, ModelStatic } from 'sequelize'
import { ConfigurationError } from '../core/configuration-error.js'
import { type LiveOptions, topicOf } from './live.js'

/** An attribute of a model and the column that holds it. */
export interface Column {
  readonly attribute: string
  readonly field: string
}

/** A live model as the adapter sees it, checked once when it is wired. */
export interface LiveModel {
  readonly model: ModelStatic<Model>
  readonly name: string
  readonly topic: string
  readonly id: Column
  readonly tenant: Column | ((row: Model) => string | null) | null
  /** Of a paranoid model: where a soft delete is noted, and the value of a row that is not deleted. */
  readonly deletion: (Column & { readonly absent: unknown }) | null
  /** Sets of columns that no two rows share, the primary key first. */
  readonly uniqueKeys: readonly (readonly string[])[]
}

/** What an event says of a row, at one moment. */
export interface RowState {
  readonly id: string | number
  readonly tenant: string | null
  /** Soft-deleted: to a reader the row is not there. */
  readonly deleted: boolean
}

/**
 * Describes a marked model.
 *
 * @throws {ConfigurationError} when it has no primary key of exactly one column, or its tenant is no attribute.
 */
export function describeModel(model: ModelStatic<Model>, options: LiveOptions): LiveModel {
  const keys = model.primaryKeyAttributes
  const [key] = keys
  if (key === undefined || keys.length > 1) {
    throw new ConfigurationError(`@Live on ${model.name}`, 'a model with a primary key of one column: an event names its row by it')
  }
  const id = columnOf(model, key)
  return Object.freeze({
    model,
    name: model.name,
    topic: topicOf(model, options),
    id,
    tenant: typeof options.tenant === 'string' ? tenantColumn(model, options.tenant) : (options.tenant ?? null),
    deletion: deletionOf(model),
    uniqueKeys: Object.freeze([[id.field], ...uniqueKeysOf(model)]),
  })
}

/** The attribute names of columns; of a column that is no attribute, its own name. */
export function attributesOf(live: LiveModel, fields: readonly string[]): readonly string[] {
  const attributes = new Map(Object.entries(live.model.getAttributes()).map(([attribute, { field }]) => [field ?? attribute, attribute]))
  return fields.map((field) => attributes.get(field) ?? field)
}

/** Attributes that the row state is read from; `null` for all of them, where a function of the application reads. */
export function stateAttributes({ id, tenant, deletion }: LiveModel): readonly Column[] | null {
  if (typeof tenant === 'function') return null
  return [id, ...(tenant === null ? [] : [tenant]), ...(deletion === null ? [] : [deletion])]
}

/**
 * Reads what an event says of a row.
 *
 * @throws {TypeError} when the id or the tenant cannot be told. The message holds no value.
 */
export function readState(live: LiveModel, row: Model): RowState {
  const { id, tenant } = live
  const owner: unknown = typeof tenant === 'function' ? tenant(row) : tenant === null ? null : row.getDataValue(tenant.attribute)
  return Object.freeze({ id: rowId(row.getDataValue(id.attribute)), tenant: rowTenant(owner), deleted: isDeleted(live, row) })
}

/** The row before an edit that was made on an instance: its values as they were loaded. */
export function previousRow(live: LiveModel, row: Model): Model {
  const previous = Object.fromEntries((stateAttributes(live) ?? []).map(({ attribute }) => [attribute, row.previous(attribute)]))
  return live.model.build(previous, { raw: true, isNewRecord: false })
}

/** Whether a value in the deletion column means that the row is gone. */
export function meansDeleted(live: LiveModel, value: unknown): boolean {
  if (live.deletion === null || value === undefined || value === null) return false
  return value?.valueOf() !== live.deletion.absent?.valueOf()
}

/** A row's id as events say it. @throws {TypeError} for anything but a string, a number or a bigint. */
export function rowId(value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'bigint') return String(value)
  throw new TypeError('the id of a live row is a string or a number')
}

function rowTenant(value: unknown): string | null {
  if (typeof value === 'string' || value === null) return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  throw new TypeError('the tenant of a live row is a string or null')
}

function isDeleted(live: LiveModel, row: Model): boolean {
  return live.deletion !== null && meansDeleted(live, row.getDataValue(live.deletion.attribute))
}

function columnOf(model: ModelStatic<Model>, attribute: string): Column {
  return { attribute, field: model.getAttributes()[attribute]?.field ?? attribute }
}

function tenantColumn(model: ModelStatic<Model>, attribute: string): Column {
  if (Object.hasOwn(model.getAttributes(), attribute)) return columnOf(model, attribute)
  throw new ConfigurationError(`@Live on ${model.name}: tenant`, 'an attribute of the model, or a function of the row', "'tenantId'")
}

function deletionOf(model: ModelStatic<Model>): LiveModel['deletion'] {
  const { timestamps, paranoid, deletedAt } = model.options
  if (timestamps !== true || paranoid !== true || deletedAt === false) return null
  const attribute = typeof deletedAt === 'string' ? deletedAt : 'deletedAt'
  return { ...columnOf(model, attribute), absent: model.getAttributes()[attribute]?.defaultValue ?? null }
}

/** The parts of a Sequelize 6 model that know its unique constraints; its types leave them out. */
interface Constraints {
  readonly uniqueKeys: Readonly<Record<string, { readonly fields: readonly string[] }>>
  readonly _indexes: readonly { readonly unique?: boolean; readonly where?: unknown; readonly fields: readonly unknown[] }[]
}

function uniqueKeysOf(model: ModelStatic<Model>): readonly (readonly string[])[] {
  const { uniqueKeys, _indexes } = model as unknown as Constraints
  const indexes = _indexes.filter(({ unique, where }) => unique === true && where === undefined)
  return [...Object.values(uniqueKeys), ...indexes]
    .map(({ fields }) => fields)
    .filter((fields): fields is readonly string[] => fields.length > 0 && fields.every((field) => typeof field === 'string'))
}
