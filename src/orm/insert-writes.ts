import { Model } from 'sequelize'
import { type LiveModel, rowId } from './live-model.js'
import { type ObservedWrite, type Observer, observeWrite, UnseenRowsError } from './observed-write.js'
import { NO_ROWS, type RowStates } from './row-changes.js'
import { returnsRows, type Values, type WriteInterface } from './write-interface.js'

/**
 * Observes writes that may insert several rows, or insert or update: `bulkCreate` with and without `ignoreDuplicates` and
 * `updateOnDuplicate`, and `upsert`. What was there before is found by the unique keys that a record shares with it.
 */
export function observeInsertWrites(writes: WriteInterface, observer: Observer): void {
  const bulkInsert = writes.bulkInsert.bind(writes)
  const upsert = writes.upsert.bind(writes)
  const returning = returnsRows(observer.sequelize)

  writes.bulkInsert = async (table, records, options = {}, attributes) => {
    const live = observer.liveModel(options.model)
    if (live === undefined) return bulkInsert(table, records, options, attributes)
    const write = observeWrite(observer, live, table, options)
    const mayMeetRows = options.ignoreDuplicates === true || options.updateOnDuplicate !== undefined
    const before = mayMeetRows ? await write.rows.sharing(records) : null
    const result = await bulkInsert(table, records, returning ? { ...options, returning: true } : options, attributes)
    await write.look(() => {
      if (before === null) return rowsInserted(write, records, idsOf(write.live, records, result, returning))
      return rowsMet(write, before, records, options.ignoreDuplicates === true ? null : (options.updateOnDuplicate ?? fieldsOf(records)))
    })
    return result
  }

  writes.upsert = async (table, insertValues, updateValues, where, options = {}) => {
    const live = observer.liveModel(options.model)
    if (live === undefined) return upsert(table, insertValues, updateValues, where, options)
    const write = observeWrite(observer, live, table, options)
    const before = await write.rows.sharing([insertValues])
    const result = await upsert(table, insertValues, updateValues, where, options)
    await write.look(() => {
      if (before === null) return rowsInserted(write, [insertValues], [upsertedId(live, result)])
      return rowsMet(write, before, [insertValues], Object.keys(updateValues))
    })
    return result
  }
}

async function rowsInserted(write: ObservedWrite, records: readonly Values[], ids: readonly (string | number)[]): Promise<void> {
  const { live, rows } = write
  const onlyIds = live.tenant === null && live.deletion === null
  const after = onlyIds ? new Map(ids.map((id) => [id, { id, tenant: null, deleted: false }])) : await rows.ids(ids)
  write.changed(NO_ROWS, after, fieldsOf(records))
}

/** @param updated the columns that rows got which were there before; `null` when such rows were left as they are */
async function rowsMet(write: ObservedWrite, before: RowStates, records: readonly Values[], updated: readonly string[] | null): Promise<void> {
  const after = (await write.rows.sharing(records)) ?? NO_ROWS
  if (after.size === 0) throw new UnseenRowsError('the rows of a write were not found by their unique keys')
  const written = new Map([...after].filter(([id]) => updated !== null || !before.has(id)))
  const stayed = new Map([...before].filter(([id]) => written.has(id)))
  write.changed(stayed, written, updated ?? [], fieldsOf(records))
}

function fieldsOf(records: readonly Values[]): readonly string[] {
  return [...new Set(records.flatMap(Object.keys))]
}

/** Ids come from the records where the application has set them, else from the database, which answers for all of them or not at all. */
function idsOf({ id }: LiveModel, records: readonly Values[], result: unknown, returning: boolean): readonly (string | number)[] {
  const own = records.map((record) => record[id.field])
  if (own.every(isSet)) return own.map(rowId)
  if (Array.isArray(result) && result.length === records.length && (returning || !own.some(isSet))) {
    return result.map((row: Values) => rowId(row[id.field]))
  }
  throw new UnseenRowsError('the database did not tell the ids of new rows')
}

function upsertedId({ id }: LiveModel, result: unknown): string | number {
  const row: unknown = Array.isArray(result) ? result[0] : undefined
  return rowId(row instanceof Model ? row.getDataValue(id.attribute) : undefined)
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null
}
