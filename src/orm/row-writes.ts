import type { Model } from 'sequelize'
import { attributesOf, type LiveModel, previousRow, stateAttributes } from './live-model.js'
import { type Observer, observeWrite, UnseenRowsError } from './observed-write.js'
import { NO_ROWS, type RowStates } from './row-changes.js'
import type { RowLookup } from './row-lookup.js'
import type { Values, WriteInterface } from './write-interface.js'

/** Observes the writes of single rows: what `create`, `save`, `update`, `destroy` and `restore` of an instance end in. */
export function observeRowWrites(writes: WriteInterface, observer: Observer): void {
  const insert = writes.insert.bind(writes)
  const update = writes.update.bind(writes)
  const erase = writes.delete.bind(writes)

  writes.insert = async (instance, table, values, options = {}) => {
    const live = observer.liveModel(instance?.constructor)
    if (live === undefined || instance === null) return insert(instance, table, values, options)
    const write = observeWrite(observer, live, table, options)
    const result = await insert(instance, table, values, options)
    if (!wroteNothing(result)) {
      await write.look(async () => write.changed(NO_ROWS, await currentState(live, instance, write.rows), Object.keys(values)))
    }
    return result
  }

  writes.update = async (instance, table, values, where, options = {}) => {
    const live = observer.liveModel(instance.constructor)
    if (live === undefined) return update(instance, table, values, where, options)
    const write = observeWrite(observer, live, table, options)
    const known = isKnown(live, instance) && wasKnown(live, instance)
    const before = known ? write.rows.read([previousRow(live, instance)]) : await write.rows.where(where)
    const fields = changedFields(live, instance, values)
    const result = await update(instance, table, values, where, options)
    if (!wroteNothing(result)) {
      await write.look(async () => write.changed(before, known ? write.rows.read([instance]) : await write.rows.ids([...before.keys()]), fields))
    }
    return result
  }

  writes.delete = async (instance, table, where, options = {}) => {
    const live = observer.liveModel(instance.constructor)
    if (live === undefined) return erase(instance, table, where, options)
    const write = observeWrite(observer, live, table, options)
    const before = isKnown(live, instance) ? write.rows.read([instance]) : await write.rows.where(where)
    const result = await erase(instance, table, where, options)
    await write.look(async () => write.changed(before, NO_ROWS, []))
    return result
  }
}

/** Sequelize answers a write of one row with `[row, rows affected]`; some dialects leave the number out. */
function wroteNothing(result: unknown): boolean {
  return Array.isArray(result) && result[1] === 0
}

async function currentState(live: LiveModel, instance: Model, rows: RowLookup): Promise<RowStates> {
  if (isKnown(live, instance)) return rows.read([instance])
  const id: unknown = instance.getDataValue(live.id.attribute)
  if (id === undefined || id === null) throw new UnseenRowsError('the database did not tell the id of a new row')
  return rows.ids([id])
}

/** Whether an instance holds all that an event says of its row. It may have been loaded in part, or the database may have filled in a default. */
function isKnown(live: LiveModel, instance: Model): boolean {
  return stateAttributes(live)?.every(({ attribute }) => isLoaded(instance.getDataValue(attribute))) ?? false
}

function wasKnown(live: LiveModel, instance: Model): boolean {
  return stateAttributes(live)?.every(({ attribute }) => isLoaded(instance.previous(attribute))) ?? false
}

/** A value that the row holds: neither missing nor SQL that the database is still to evaluate. */
function isLoaded(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || value === null || value instanceof Date)
}

/** The written columns whose value is another one than before: `save` may be told to write more. */
function changedFields(live: LiveModel, instance: Model, values: Values): readonly string[] {
  return Object.keys(values).filter((field) => {
    const [attribute = field] = attributesOf(live, [field])
    return instance.changed(attribute as keyof Model) || instance.previous(attribute)?.valueOf() !== instance.getDataValue(attribute)?.valueOf()
  })
}
