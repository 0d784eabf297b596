import { DataTypes, type Model, type ModelStatic, Op, type Sequelize, type Transaction } from 'sequelize'
import { type LiveModel, readState, stateAttributes } from './live-model.js'
import { NO_ROWS, type RowStates } from './row-changes.js'

/** A table as Sequelize names it: with its schema where it has one. */
export type TableName = string | { readonly tableName: string }

/** Conditions on columns, in Sequelize's form. */
export type Where = object | undefined

/** What a look at rows takes over from the write that it belongs to. */
export interface LookupOptions {
  readonly transaction?: Transaction | null | undefined
  readonly logging?: unknown
  readonly searchPath?: string
}

/** Sequelize's select on columns, below models, scopes and hooks. Its types know neither `tableAs` nor aliased attributes. */
interface Selecting {
  select(model: ModelStatic<Model>, table: TableName, options: object): Promise<Model[]>
}

/** Looks at the rows of one live model as a write in the same transaction sees them. */
export interface RowLookup {
  /** The states of rows at hand. What cannot be told of a row is reported, and the row is left out: it must not hold up the write. */
  read(rows: readonly Model[]): RowStates
  /** Rows that meet conditions on columns; soft-deleted ones too. */
  where(where: Where): Promise<RowStates>
  /** Rows with these ids. */
  ids(ids: readonly unknown[]): Promise<RowStates>
  /** Rows that share a unique key with one of the records; `null` when a record has no complete key, and so can share none. */
  sharing(records: readonly Record<string, unknown>[]): Promise<RowStates | null>
}

/**
 * Makes the lookup that belongs to one write.
 *
 * @param unreadable told why the state of a row could not be read
 */
export function lookUpRows(sequelize: Sequelize, live: LiveModel, table: TableName, options: LookupOptions, unreadable: (error: unknown) => void): RowLookup {
  const { transaction, logging, searchPath } = options
  const attributes = stateAttributes(live)?.map(({ attribute, field }) => [field, attribute]) ?? allColumns(live)

  const read = (rows: readonly Model[]): RowStates => {
    const states = new Map(NO_ROWS)
    for (const row of rows) {
      try {
        const state = readState(live, row)
        states.set(state.id, state)
      } catch (error) {
        unreadable(error)
      }
    }
    return states
  }
  const where = async (conditions: Where): Promise<RowStates> => {
    const rows = await (sequelize.getQueryInterface() as unknown as Selecting).select(live.model, table, {
      where: conditions ?? {},
      attributes,
      // The table under its own name: conditions of the application's may spell it out.
      tableAs: typeof table === 'string' ? table : table.tableName,
      // A replica may not know yet what was written a moment ago.
      useMaster: true,
      raw: false,
      ...given({ transaction, logging, searchPath }),
    })
    return read(rows)
  }
  const inChunks = async (items: readonly unknown[], lookUp: (chunk: readonly unknown[]) => Where): Promise<RowStates> => {
    const found = new Map(NO_ROWS)
    for (let start = 0; start < items.length; start += CHUNK) {
      for (const [id, state] of await where(lookUp(items.slice(start, start + CHUNK)))) found.set(id, state)
    }
    return found
  }

  return {
    read,
    where,
    ids: (ids) => inChunks(ids, (chunk) => ({ [live.id.field]: chunk })),
    async sharing(records) {
      const shared = records.map((record) => completeKeys(live, record))
      if (shared.some((conditions) => conditions.length === 0)) return null
      return inChunks(shared.flat(), (conditions) => ({ [Op.or]: conditions }))
    },
  }
}

/** Conditions in one statement: SQLite limits how deep an expression nests. */
const CHUNK = 200

function completeKeys({ uniqueKeys }: LiveModel, record: Record<string, unknown>): readonly object[] {
  return uniqueKeys
    .filter((fields) => fields.every((field) => isPlainValue(record[field])))
    .map((fields) => Object.fromEntries(fields.map((field) => [field, record[field]])))
}

/** SQL in a record, such as a call of `nextval`, must not run a second time to look for its row. */
function isPlainValue(value: unknown): boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) || value instanceof Date
}

function allColumns({ model }: LiveModel): readonly (readonly [string, string])[] {
  return Object.entries(model.getAttributes())
    .filter(([, { type }]) => !(type instanceof DataTypes.VIRTUAL))
    .map(([attribute, { field }]) => [field ?? attribute, attribute] as const)
}

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
