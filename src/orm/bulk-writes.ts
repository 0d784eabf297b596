import { Model } from 'sequelize'
import { type LiveModel, meansDeleted, rowId } from './live-model.js'
import { type ObservedWrite, type Observer, observeWrite, UnseenRowsError } from './observed-write.js'
import { NO_ROWS, type RowStates } from './row-changes.js'
import { returnsRows, type Values, type WriteInterface } from './write-interface.js'

/**
 * Observes writes that name their rows by a condition: static `update`, `destroy`, `restore` and `truncate`, and `increment` and
 * `decrement` of both kinds. Rows are looked up before the write; where the database can answer with what it wrote, that counts.
 */
export function observeBulkWrites(writes: WriteInterface, observer: Observer): void {
  const bulkUpdate = writes.bulkUpdate.bind(writes)
  const bulkDelete = writes.bulkDelete.bind(writes)
  const returning = returnsRows(observer.sequelize)

  writes.bulkUpdate = async (table, values, where, options = {}, attributes) => {
    const live = observer.liveModel(options.model)
    if (live === undefined) return bulkUpdate(table, values, where, options, attributes)
    const write = observeWrite(observer, live, table, options)
    const before = await write.rows.where(where)
    if (!returning || options.returning) {
      const result = await bulkUpdate(table, values, where, options, attributes)
      const ids = returnedIds(live, result)
      await write.look(() => rowsUpdated(write, before, values, { ids, count: countOf(result), some: ids === null && Boolean(options.limit) }))
      return result
    }
    const rows = (await bulkUpdate(table, values, where, { ...options, returning: [live.id.field], raw: true }, attributes)) as readonly Values[]
    await write.look(() => rowsUpdated(write, before, values, { ids: rows.map((row) => rowId(row[live.id.field])), count: rows.length, some: false }))
    return rows.length
  }

  for (const name of ['increment', 'decrement'] as const) {
    const calculate = writes[name].bind(writes)
    writes[name] = async (model, table, where, amounts, extra, options = {}) => {
      const live = observer.liveModel(model)
      if (live === undefined) return calculate(model, table, where, amounts, extra, options)
      const write = observeWrite(observer, live, table, options)
      const before = await write.rows.where(where)
      const result = await calculate(model, table, where, amounts, extra, options)
      await write.look(() => rowsUpdated(write, before, { ...amounts, ...extra }, { ids: null, count: countOf(result), some: false }))
      return result
    }
  }

  writes.bulkDelete = async (table, where, options = {}, model) => {
    const live = observer.liveModel(model ?? options.model)
    if (live === undefined) return bulkDelete(table, where, options, model)
    const write = observeWrite(observer, live, table, options)
    const before = await write.rows.where(options.truncate === true ? {} : where)
    const result = await bulkDelete(table, where, options, model)
    await write.look(() => rowsDeleted(write, before, result))
    return result
  }
}

/** What is known of an update. */
interface Outcome {
  /** The rows that it wrote; `null` where the database did not say. */
  readonly ids: readonly (string | number)[] | null
  /** How many it wrote; `null` where the database did not say. */
  readonly count: number | null
  /** Whether it wrote only some of the rows that matched, and nobody said which. */
  readonly some: boolean
}

async function rowsUpdated(write: ObservedWrite, before: RowStates, values: Values, { ids, count, some }: Outcome): Promise<void> {
  const { live } = write
  const fields = Object.keys(values)
  if (fields.includes(live.id.field)) {
    write.changed(before, await write.rows.ids(ids ?? [rowId(values[live.id.field])]), fields)
    return
  }
  const written = ids ?? [...before.keys()]
  const unsure = some || movesTenants(live, fields) || written.some((id) => !before.has(id))
  const after = unsure ? await write.rows.ids(written) : afterwards(live, before, new Set(written), values)
  write.changed(beforehand(live, before, after, values), after, fields)
  // Between the look at the rows and the write, somebody else made more of them match.
  if (count !== null && count > written.length) throw new UnseenRowsError('an update wrote more rows than it was seen to match')
}

async function rowsDeleted(write: ObservedWrite, before: RowStates, result: unknown): Promise<void> {
  const count = countOf(result) ?? before.size
  if (count === before.size) return write.changed(before, NO_ROWS, [])
  const left = await write.rows.ids([...before.keys()])
  const gone = new Map([...before].filter(([id]) => !left.has(id)))
  write.changed(gone, NO_ROWS, [])
  if (count > gone.size) throw new UnseenRowsError('a delete erased more rows than it was seen to match')
}

/** Rows affected: Sequelize answers with the number alone, or behind the rows. */
function countOf(result: unknown): number | null {
  const count: unknown = Array.isArray(result) ? result[1] : result
  return typeof count === 'number' ? count : null
}

function returnedIds({ id }: LiveModel, result: unknown): readonly (string | number)[] | null {
  if (!Array.isArray(result)) return null
  const ids = result.map((row: unknown) => (row instanceof Model ? (row.getDataValue(id.field) ?? row.getDataValue(id.attribute)) : undefined))
  return ids.includes(undefined) ? null : ids.map(rowId)
}

function movesTenants({ tenant }: LiveModel, fields: readonly string[]): boolean {
  return typeof tenant === 'function' || (tenant !== null && fields.includes(tenant.field))
}

/** The written rows after a write of plain values, told without another look. */
function afterwards(live: LiveModel, before: RowStates, written: ReadonlySet<string | number>, values: Values): RowStates {
  const { deletion } = live
  const set = deletion === null || !Object.hasOwn(values, deletion.field) ? {} : { deleted: meansDeleted(live, values[deletion.field]) }
  return new Map([...before].filter(([id]) => written.has(id)).map(([id, state]) => [id, { ...state, ...set }]))
}

/** The written rows before the write. One that was not looked at in time was there too: an update makes no rows. */
function beforehand(live: LiveModel, before: RowStates, after: RowStates, values: Values): RowStates {
  const toggled = live.deletion !== null && Object.hasOwn(values, live.deletion.field)
  return new Map([...after].map(([id, state]) => [id, before.get(id) ?? { ...state, deleted: toggled ? !state.deleted : state.deleted }]))
}
