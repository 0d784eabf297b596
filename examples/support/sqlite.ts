// SQLite for Sequelize without a compiler: SQLite's own code as WebAssembly, behind the callbacks of the `sqlite3` package.
// Use: new Sequelize({ dialect: 'sqlite', dialectModule: sqlite, storage: ':memory:' }). It runs in the caller's thread.
import wasm, { type BindValues, type JSValue, type QueryResult, type RunResult } from 'node-sqlite3-wasm'

type Callback<Result> = (this: Statement, error: Error | null, result?: Result) => void
type Parameters = readonly unknown[] | Readonly<Record<string, unknown>>
/** What follows the statement: parameters may be left out, and so may the callback. */
type Rest<Result> = [Callback<Result>?] | [Parameters, Callback<Result>?]

const OPEN_READONLY = 1
const OPEN_READWRITE = 2
const OPEN_CREATE = 4

/** What a callback's `this` tells of a write. Sequelize looks at the name of this class. */
class Statement {
  readonly lastID: number
  readonly changes: number

  constructor({ lastInsertRowid, changes }: RunResult = { lastInsertRowid: 0, changes: 0 }) {
    this.lastID = Number(lastInsertRowid)
    this.changes = changes
  }
}

class Database {
  readonly filename: string
  readonly #open: InstanceType<typeof wasm.Database> | null = null

  constructor(filename: string, mode: number, opened: (error: Error | null) => void) {
    this.filename = filename
    let failure: Error | null = null
    try {
      this.#open = new wasm.Database(filename, { readOnly: (mode & OPEN_READWRITE) === 0, fileMustExist: (mode & OPEN_CREATE) === 0 })
    } catch (error) {
      failure = sqliteError(error)
    }
    queueMicrotask(() => opened(failure))
  }

  run(sql: string, ...rest: Rest<undefined>): this {
    const [parameters, done] = split(rest)
    return this.#answer(done, (db) => ({ statement: db.run(sql, parameters), result: undefined }))
  }

  all(sql: string, ...rest: Rest<unknown[]>): this {
    const [parameters, done] = split(rest)
    return this.#answer(done, (db) => ({ result: db.all(sql, parameters).map(row) }))
  }

  get(sql: string, ...rest: Rest<unknown>): this {
    const [parameters, done] = split(rest)
    return this.#answer(done, (db) => ({ result: row(db.get(sql, parameters) ?? undefined) }))
  }

  exec(sql: string, done: Callback<undefined> = ignore): this {
    return this.#answer(done, (db) => ({ result: db.exec(sql) as undefined }))
  }

  /** Statements run in the order of the calls anyway: there is no thread to overtake in. */
  serialize(run?: () => void): void {
    run?.()
  }

  parallelize(run?: () => void): void {
    run?.()
  }

  close(done: (error: Error | null) => void = ignore): void {
    this.#answer(done, (db) => ({ result: db.close() }))
  }

  /** Runs at once and answers later, as the package does: a callback never runs inside the call. */
  #answer<Result>(done: Callback<Result>, work: (db: InstanceType<typeof wasm.Database>) => { statement?: RunResult; result: Result }): this {
    try {
      if (this.#open === null) throw new Error('the database is not open')
      const { statement, result } = work(this.#open)
      queueMicrotask(() => done.call(new Statement(statement), null, result))
    } catch (error) {
      queueMicrotask(() => done.call(new Statement(), sqliteError(error)))
    }
    return this
  }
}

function ignore(): void {}

function split<Result>([first, second]: Rest<Result>): [BindValues, Callback<Result>] {
  return typeof first === 'function' ? [[], first] : [bound(first ?? []), second ?? ignore]
}

function bound(parameters: Parameters): BindValues {
  if (Array.isArray(parameters)) return parameters.map(boundValue)
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, boundValue(value)]))
}

function boundValue(value: unknown): JSValue {
  if (value === undefined) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  return value instanceof Date ? value.toISOString() : (value as JSValue)
}

function row(values: QueryResult | undefined): unknown {
  if (values === undefined) return undefined
  return Object.fromEntries(Object.entries(values).map(([column, value]) => [column, value instanceof Uint8Array ? Buffer.from(value) : value]))
}

/** Sequelize tells errors by the code and the first word that the `sqlite3` package gives them. */
function sqliteError(thrown: unknown): Error {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const code = /constraint failed/i.test(message) ? 'SQLITE_CONSTRAINT' : /database (table )?is locked/i.test(message) ? 'SQLITE_BUSY' : 'SQLITE_ERROR'
  return Object.assign(new Error(`${code}: ${message}`, { cause: thrown }), { code })
}

/** The `dialectModule` to give to Sequelize. */
export const sqlite = { Database, OPEN_READONLY, OPEN_READWRITE, OPEN_CREATE, verbose: () => sqlite } as const
