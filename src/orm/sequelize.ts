import type { Sequelize } from 'sequelize'
import { z } from 'zod'
import type { Audit } from '../core/audit.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { hint, parseOptions } from '../core/options.js'
import type { EventBus } from '../events/bus.js'
import { observeBulkWrites } from './bulk-writes.js'
import { observeInsertWrites } from './insert-writes.js'
import { liveOptions, type ModelClass } from './live.js'
import { describeModel, type LiveModel } from './live-model.js'
import type { Observer } from './observed-write.js'
import { createPublisher, reportFault } from './publisher.js'
import type { Change } from './row-changes.js'
import { observeRowWrites } from './row-writes.js'
import { logTransactions } from './transaction-log.js'
import { writeInterface } from './write-interface.js'

export type { ChangeEvent, EventBus } from '../events/bus.js'
export { type ChangesOptions, changes } from './changes.js'
export { Live, type LiveOptions, type ModelClass } from './live.js'

/** Options of {@link liveModels}. */
export interface LiveModelsOptions {
  /** Carries the events. */
  readonly bus: EventBus
  /** Told what went wrong where nobody waits for an answer: `auth.audit`, or anything with `fault(what, error)`. */
  readonly audit: Pick<Audit, 'fault'>
  /** Milliseconds that the bus may take for one event before it is reported. @default 10000 */
  readonly publishTimeout?: number
}

/** The wiring of one Sequelize instance. */
export interface LiveModels {
  /** Stops publishing; what is committed from then on goes unseen. */
  close(): void
}

const timeout = hint('a whole number of milliseconds above 0', '10000')
const optionsShape = z.strictObject(
  {
    bus: z.custom<EventBus>((value) => typeof (value as Partial<EventBus> | null)?.publish === 'function', hint('an event bus', 'memoryBus()')),
    audit: z.custom<Pick<Audit, 'fault'>>((value) => typeof (value as Partial<Audit> | null)?.fault === 'function', hint('an audit sink', 'auth.audit')),
    publishTimeout: z.number(timeout).int(timeout).positive(timeout).default(10_000),
  },
  hint('an object', '{ bus: memoryBus(), audit: auth.audit }'),
)

const wired = new WeakSet<Sequelize>()

/**
 * Makes every committed write of the models that `@Live` marks a change event on the bus: one for each row, in the order in which the
 * COMMITs were sent, which is the database's own for transactions that meet in a row. Call it once for a Sequelize instance, after or
 * before its models are added.
 *
 * **When.** A write in a transaction is published when the outermost transaction has committed: managed, unmanaged, from a CLS
 * namespace, and across savepoints and `findOrCreate`. A rollback, a rolled back savepoint and a COMMIT that fails publish nothing; nor
 * does a PostgreSQL transaction that an earlier error has turned into a rollback, although Sequelize calls it committed. A write
 * without a transaction is published as soon as its row is readable. The caller never waits for the bus and never hears of its
 * failures; those go to `audit`.
 *
 * **What is seen.** Everything that models write through Sequelize, with or without hooks: `create`, `save`, `update`, `destroy`,
 * `restore`, `increment` and `decrement` of an instance; `create`, `findOrCreate`, `findCreateFind`, `bulkCreate`, `update`, `destroy`,
 * `restore`, `truncate`, `increment`, `decrement` and `upsert` of a model; the setters of associations. A soft delete is an `erase`, a
 * `restore` a `new`, and what is written to a soft-deleted row is no event. A row that changes its tenant is an `erase` for the old
 * tenant and a `new` for the new one. A condition on rows is looked up before the write, and what may meet rows (`upsert`,
 * `ignoreDuplicates`, `updateOnDuplicate`) before and after it: one query more each, and when that first query fails, so does the write.
 *
 * **What is not seen.** Raw SQL; what the database does by itself (cascading foreign keys, triggers); `sync`, `drop` and migrations;
 * writes given to the query interface without a model; other processes that are not wired; transactions begun and ended by raw SQL.
 * Rows whose ids cannot be told are reported to `audit`, not guessed: a `bulkCreate` that sets some ids and leaves others to a
 * database without `RETURNING`, and rows that another connection makes match between the look and a static `destroy` (without
 * `RETURNING`, also `update`). An `upsert` says `new` or `edit` by what was there before it, whatever Sequelize's `created` says.
 * `destroy` of an instance says `erase` also when somebody else had erased the row, and a static `update` with a `limit` says `edit`
 * of every row that matched, unless the database has `RETURNING`. Of an instance that was loaded with its tenant column, that value
 * counts: reload one that may be stale. Rows of one model in several schemas are told apart by their ids alone.
 *
 * Run against PostgreSQL and SQLite. On MySQL and MariaDB a deadlock rolls back the whole transaction: let its error reach the end
 * of the transaction there, for a commit that follows it would publish what was written before.
 *
 * Delivery is the bus's: at most once, and what is committed when the process dies before it publishes is not published later.
 *
 * @throws {ConfigurationError} for a malformed option, an instance that is wired already, a live model without a primary key of
 *   exactly one column, or a tenant that is no attribute. A model that is added later is checked at its first write, which rejects.
 */
export function liveModels(sequelize: Sequelize, options: LiveModelsOptions): LiveModels {
  const { bus, audit, publishTimeout } = parseOptions(optionsShape, options, 'liveModels')
  if (wired.has(sequelize)) throw new ConfigurationError('liveModels: sequelize', 'an instance that is not wired already')
  const liveModel = modelsOf(sequelize)
  wired.add(sequelize)
  let closed = false

  const publish = createPublisher({ bus, audit, publishTimeout })
  const log = logTransactions<Change>(sequelize, (changes) => {
    if (!closed) publish(changes)
  })
  const observer: Observer = {
    sequelize,
    liveModel: (model) => (closed ? undefined : liveModel(model)),
    record: (transaction, changes) => log.record(transaction, changes),
    missed: (live, error) => reportFault(audit, `reading what was written to ${live.name}`, error),
  }
  const writes = writeInterface(sequelize)
  observeRowWrites(writes, observer)
  observeBulkWrites(writes, observer)
  observeInsertWrites(writes, observer)

  return {
    close() {
      closed = true
      wired.delete(sequelize)
    },
  }
}

/** The live models of an instance. Sequelize knows a model, its scopes and its schemas by one name. */
function modelsOf(sequelize: Sequelize): (model: unknown) => LiveModel | undefined {
  const models = new Map<string, LiveModel>()
  const find = (model: unknown): LiveModel | undefined => {
    if (typeof model !== 'function') return undefined
    const options = liveOptions(model as ModelClass)
    const registered = sequelize.models[model.name]
    if (options === null || registered === undefined) return undefined
    const live = models.get(model.name) ?? describeModel(registered, options)
    models.set(model.name, live)
    return live
  }
  for (const model of Object.values(sequelize.models)) find(model)
  return find
}
