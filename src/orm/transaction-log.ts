import { QueryTypes, type Sequelize, type Transaction } from 'sequelize'
import { orderCommits } from './commit-order.js'

/** What a Sequelize 6 transaction also holds; its types leave it out. */
interface Scope extends Transaction {
  readonly parent?: Scope | null
  /** Of a savepoint: what SQL calls it at this moment. */
  readonly name: string
}

/** What was written in one root transaction so far. */
interface Log<Item> {
  readonly items: Item[]
  /** The savepoints that the database holds, oldest first, and how many items there were when each was set. */
  readonly savepoints: { readonly name: string; readonly position: number }[]
}

/** The methods of the query interface that every transaction begins and ends with. */
interface Boundaries {
  startTransaction(transaction: Transaction, options?: object): Promise<unknown>
  commitTransaction(transaction: Transaction, options?: object): Promise<unknown>
  rollbackTransaction(transaction: Transaction, options?: object): Promise<unknown>
}

/** Keeps what was written in each transaction until it is known whether it was committed. */
export interface TransactionLog<Item> {
  /** Notes items of a transaction, or of no transaction, which count as committed. */
  record(transaction: Transaction | null, items: readonly Item[]): void
}

/**
 * Follows the transactions of a Sequelize instance and hands over what was recorded in one, in the order of recording, as soon as
 * the database has confirmed its COMMIT, and those that were sent before it.
 *
 * It stands at the query interface, and not at `transaction.afterCommit`, because only there is the truth: those hooks also run when
 * COMMIT has failed, and when a savepoint is given up to an outer transaction that is rolled back later; and one of them that throws
 * makes `commit()` reject although the rows are there. What a failed, a lost or a rolled back transaction held is dropped. So is what
 * a transaction held whose connection broke during COMMIT: whether the database took it cannot be told.
 *
 * A rollback to a savepoint takes back what SQL says it does: all that was written after the newest savepoint of that name was set,
 * through whichever transaction object. Sequelize gives savepoints two levels deep each other's names, so that the object alone
 * would not tell.
 *
 * Does not see transactions that are begun and ended by SQL of the application's own.
 *
 * @param committed must not throw
 */
export function logTransactions<Item>(sequelize: Sequelize, committed: (items: readonly Item[]) => void): TransactionLog<Item> {
  const logs = new WeakMap<Scope, Log<Item>>()
  const takePlace = orderCommits(committed, PATIENCE)
  const boundaries = sequelize.getQueryInterface() as Boundaries
  const start = boundaries.startTransaction.bind(boundaries)
  const commit = boundaries.commitTransaction.bind(boundaries)
  const rollback = boundaries.rollbackTransaction.bind(boundaries)

  const logOf = (root: Scope): Log<Item> => {
    const log = logs.get(root) ?? { items: [], savepoints: [] }
    logs.set(root, log)
    return log
  }

  boundaries.startTransaction = async (transaction, options) => {
    const scope = transaction as Scope
    const { name } = scope
    const answer = await start(transaction, options)
    if (isSavepoint(scope)) {
      const { items, savepoints } = logOf(rootOf(scope))
      savepoints.push({ name, position: items.length })
    }
    return answer
  }

  boundaries.commitTransaction = async (transaction, options) => {
    const scope = transaction as Scope
    // Sequelize sends nothing for a savepoint that is given up: its rows are the outer transaction's, and so are its items.
    if (isSavepoint(scope)) return commit(transaction, options)
    const log = logOf(scope)
    const place = takePlace()
    let items: readonly Item[] = []
    try {
      const answer = await commit(transaction, { ...options, type: QueryTypes.RAW })
      if (!isRollback(answer)) items = log.items
      return answer
    } finally {
      logs.delete(scope)
      place(items)
    }
  }

  boundaries.rollbackTransaction = async (transaction, options) => {
    const scope = transaction as Scope
    const { name } = scope
    // When the rollback of the whole fails, Sequelize closes the connection, and the database rolls back.
    if (!isSavepoint(scope)) logs.delete(scope)
    const answer = await rollback(transaction, options)
    if (isSavepoint(scope)) rollBackTo(logOf(rootOf(scope)), name)
    return answer
  }

  return {
    record(transaction, items) {
      if (transaction === null) return takePlace()(items)
      const log = logOf(rootOf(transaction as Scope))
      for (const item of items) log.items.push(item)
    },
  }
}

/** Milliseconds that a COMMIT may go unanswered before the transactions after it are published without it. */
const PATIENCE = 1000

function rollBackTo<Item>({ items, savepoints }: Log<Item>, name: string): void {
  const index = savepoints.findLastIndex((savepoint) => savepoint.name === name)
  items.length = savepoints[index]?.position ?? items.length
  // The savepoint itself stays, and can be rolled back to again; those set after it are gone.
  savepoints.length = index + 1
}

function isSavepoint({ parent }: Scope): boolean {
  return Boolean(parent)
}

function rootOf(scope: Scope): Scope {
  return scope.parent ? rootOf(scope.parent) : scope
}

/** PostgreSQL answers the COMMIT of a transaction in which a statement has failed with ROLLBACK, and with no error. */
function isRollback(answer: unknown): boolean {
  const [, result] = Array.isArray(answer) ? (answer as unknown[]) : []
  return typeof result === 'object' && result !== null && (result as { command?: unknown }).command === 'ROLLBACK'
}
