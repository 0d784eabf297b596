import type { ChangeEvent } from '../events/bus.js'
import { attributesOf, type LiveModel, type RowState } from './live-model.js'

/** A change that will be an event when its transaction has committed. */
export interface Change extends Omit<ChangeEvent, 'sequence'> {
  readonly topic: string
}

/** Row states by id. */
export type RowStates = ReadonlyMap<string | number, RowState>

/** No rows: before an insert, after a delete. */
export const NO_ROWS: RowStates = new Map()

/**
 * Says what a write did to each row, by what was there before and after. A soft-deleted row counts as not there: readers do not see
 * it. A row that moves to another tenant is erased for the old one and new to the new one, for neither may hear of the other.
 *
 * @param updated the columns that the write set in rows that were there
 * @param inserted the columns that it set in rows that were not
 */
export function changesBetween(
  live: LiveModel,
  before: RowStates,
  after: RowStates,
  updated: readonly string[],
  inserted: readonly string[] = updated,
): readonly Change[] {
  const columns = { updated: attributesOf(live, updated), inserted: attributesOf(live, inserted) }
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const written = before.has(id) ? columns.updated : columns.inserted
    return rowChanges(live, shown(before.get(id)), shown(after.get(id)), written)
  })
}

function shown(state: RowState | undefined): RowState | null {
  return state === undefined || state.deleted ? null : state
}

function rowChanges(live: LiveModel, before: RowState | null, after: RowState | null, written: readonly string[]): readonly Change[] {
  const change = (action: Change['action'], { id, tenant }: RowState, changed: readonly string[]): Change =>
    Object.freeze({ topic: live.topic, model: live.name, action, id, tenant, changed: Object.freeze([...changed]) })

  if (before !== null && after !== null && before.tenant === after.tenant) {
    // The row was there before and is there now, so that a restore which set the deletion column to what it was changed nothing.
    const changed = written.filter((attribute) => attribute !== live.deletion?.attribute)
    return changed.length === 0 ? [] : [change('edit', after, changed)]
  }
  return [...(before === null ? [] : [change('erase', before, [])]), ...(after === null ? [] : [change('new', after, written)])]
}
