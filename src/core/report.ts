import { randomUUID } from 'node:crypto'
import { type PublicRefusal, publicDetails } from './errors.js'
import type { Refusal } from './refusal.js'

/** What an operation was refused, or would have been, under `extensions.authorization` of its result. */
export interface AuthorizationReport {
  /** Whether nothing was refused in fact. */
  readonly dryRun: boolean
  /** The id of the lines in the audit log. */
  readonly decisionId: string
  readonly refused: readonly ReportedRefusal[]
}

/** One refusal: the members of an error's `extensions.auth`, and where in the result it is. */
export interface ReportedRefusal extends PublicRefusal {
  /** Of the field that is refused while the operation runs; absent for what is refused before. */
  readonly path?: ResultPath
}

/** A place in a result. */
export type ResultPath = ReadonlyArray<string | number>

/** A refused field's place, and the place that its refusal makes null: a nullable field's own, else that of what holds it. */
export interface RefusedPlace {
  readonly path: ResultPath
  readonly nulled: ResultPath
}

/** Writes a refusal to the audit log, under the id of the report. */
export type WriteRefusals = (refusals: readonly Refusal[], decisionId: string) => unknown

/**
 * Collects the refusals of one operation as enforcement finds them: when the operation as a whole is refused, nothing of it runs,
 * and below a field that is null nothing is asked.
 */
export class OperationReport {
  readonly decisionId: string = randomUUID()
  readonly dryRun: boolean
  readonly #write: WriteRefusals
  readonly #written = new Set<string>()
  readonly #nulled = new Set<string>()
  #before: readonly ReportedRefusal[] = []
  #during: ReportedRefusal[] = []

  constructor(dryRun: boolean, write: WriteRefusals) {
    this.dryRun = dryRun
    this.#write = write
  }

  /** Notes that the operation as a whole is refused, before it runs. Servers may ask at more than one place: once is enough. */
  refuseOperation(refusals: readonly Refusal[]): void {
    if (this.#before.length > 0) return
    this.#before = refusals.map((refusal) => publicDetails(refusal))
    this.#write(refusals, this.decisionId)
  }

  /** Notes that a field is refused while the operation runs; without a place, that a resolver refused by itself. */
  refuseField(refusal: Refusal, place?: RefusedPlace): void {
    if (this.#before.length > 0 || (place !== undefined && this.#isNulled(place.path))) return
    if (place !== undefined) this.#nulled.add(keyOf(place.nulled))
    this.#during.push({ ...publicDetails(refusal), ...(place === undefined ? {} : { path: place.path }) })
    const line = `${refusal.coordinate} ${refusal.reason}`
    if (this.#written.has(line)) return
    this.#written.add(line)
    this.#write([refusal], this.decisionId)
  }

  /**
   * The report for a result that is about to be sent; `null` when there is nothing to say. What was found while it ran is in the
   * result that it belongs to and in none after it; what refuses the operation is in each, but in no later part of one result.
   *
   * @param part whether it is a result of its own (an event of a subscription is one), the first part of one, or a later part.
   */
  take(part: 'whole' | 'first' | 'later' = 'whole'): AuthorizationReport | null {
    const refused = part === 'later' ? this.#during : [...this.#before, ...this.#during]
    this.#during = []
    if (part === 'whole') this.#nulled.clear()
    return refused.length === 0 ? null : { dryRun: this.dryRun, decisionId: this.decisionId, refused }
  }

  #isNulled(path: ResultPath): boolean {
    if (this.#nulled.size === 0) return false
    return this.#nulled.has('') || path.some((_, index) => this.#nulled.has(keyOf(path.slice(0, index + 1))))
  }
}

/** The reports of the operations that run for one caller: those of a batch share him, and have a context each. */
export class Reports {
  /** Whether refusals are reported and nobody is refused. */
  readonly dryRun: boolean
  readonly #write: WriteRefusals
  readonly #byContext = new WeakMap<object, { readonly operation: object | null; readonly report: OperationReport }>()
  #latest: OperationReport | null = null

  constructor(dryRun: boolean, write: WriteRefusals) {
    this.dryRun = dryRun
    this.#write = write
  }

  /** Begins the report of the operation that is about to run in this context; asked twice about the same one, it goes on. */
  begin(context: object, operation: object): OperationReport {
    const known = this.#byContext.get(context)
    return known?.operation === operation ? known.report : this.#begin(context, operation)
  }

  /** The report of the operation that runs in this context; begun when nobody did so before it ran. */
  of(context: object): OperationReport {
    return this.#byContext.get(context)?.report ?? this.#begin(context, null)
  }

  /** The report of the operation in this context, where one was begun. */
  find(context: object): OperationReport | null {
    return this.#byContext.get(context)?.report ?? null
  }

  #begin(context: object, operation: object | null): OperationReport {
    const report = new OperationReport(this.dryRun, this.#write)
    this.#byContext.set(context, { operation, report })
    this.#latest = report
    return report
  }

  /** The report that was begun last, for a resolver that refuses by itself and names no context. */
  get latest(): OperationReport {
    this.#latest ??= new OperationReport(this.dryRun, this.#write)
    return this.#latest
  }
}

function keyOf(path: ResultPath): string {
  return path.join('.')
}
