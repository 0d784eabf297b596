import type { Sequelize, Transaction } from 'sequelize'
import type { LiveModel } from './live-model.js'
import { type Change, changesBetween, type RowStates } from './row-changes.js'
import { lookUpRows, type RowLookup, type TableName } from './row-lookup.js'
import type { WriteOptions } from './write-interface.js'

/** What the adapter does with what it sees. */
export interface Observer {
  readonly sequelize: Sequelize
  /** The live model of a class, `undefined` for any other. */
  liveModel(model: unknown): LiveModel | undefined
  record(transaction: Transaction | null, changes: readonly Change[]): void
  /** A write went through, and what it changed could not be told. */
  missed(live: LiveModel, error: unknown): void
}

/** One write of a live model. */
export interface ObservedWrite {
  readonly live: LiveModel
  readonly rows: RowLookup
  /** Notes what the write did, from the rows before and after it. */
  changed(before: RowStates, after: RowStates, updated: readonly string[], inserted?: readonly string[]): void
  /**
   * Looks at what a write has done. The rows are written by then, so that nothing which goes wrong here may reject the write: it is
   * reported instead.
   */
  look(at: () => Promise<void>): Promise<void>
}

/** Begins to observe one write. */
export function observeWrite(observer: Observer, live: LiveModel, table: TableName, options: WriteOptions): ObservedWrite {
  const { sequelize } = observer
  return {
    live,
    rows: lookUpRows(sequelize, live, table, options, (error) => observer.missed(live, error)),
    changed(before, after, updated, inserted) {
      observer.record(transactionOf(sequelize, options), changesBetween(live, before, after, updated, inserted))
    },
    async look(at) {
      try {
        await at()
      } catch (error) {
        observer.missed(live, error)
      }
    },
  }
}

/** A write reached rows whose ids cannot be told: no event names them. */
export class UnseenRowsError extends Error {
  override get name(): string {
    return 'UnseenRowsError'
  }
}

/** Sequelize puts a write without a `transaction` option into that of its CLS namespace; `null` keeps it out of it. */
function transactionOf(sequelize: Sequelize, { transaction }: WriteOptions): Transaction | null {
  if (transaction !== undefined) return transaction
  const { _cls } = sequelize.constructor as { readonly _cls?: { get(key: string): Transaction | null | undefined } }
  return _cls?.get('transaction') ?? null
}
