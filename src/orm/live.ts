import type { Model } from 'sequelize'
import { z } from 'zod'
import { callback, hint, parseOptions, text } from '../core/options.js'

/** The class of a model; what its constructor takes does not matter here. */
export type ModelClass = abstract new (...args: never) => Model

/** Options of {@link Live}. */
export interface LiveOptions<Row extends Model = Model> {
  /** The bus topic of the model's change events. @default 'model:<Name>' */
  readonly topic?: string
  /**
   * Whose a row is: the attribute that holds the tenant, or a function of the row. A row whose attribute is `NULL` has no
   * tenant; a number is told as text.
   *
   * A function is called with the row as the database holds it, which costs a query before and after each write. What throws, or
   * answers neither a string nor `null`, is reported, and no event is published.
   * @default none: the model's rows belong to no tenant
   */
  readonly tenant?: string | ((row: Row) => string | null)
}

const optionsShape = z.strictObject(
  {
    topic: text("'model:Order'").optional(),
    tenant: z.union([text("'tenantId'"), callback('(row) => row.tenantId')], hint('an attribute or a function', "'tenantId'")).optional(),
  },
  hint('an object', "{ tenant: 'tenantId' }"),
)

const marks = new WeakMap<object, LiveOptions>()

/**
 * Marks a model as live: once `liveModels` has wired its Sequelize instance, every committed write of a row becomes a change event.
 * Above or below `@Table`, or called as a function: `Live({ tenant: 'tenantId' })(Order)`. A class that extends the model is live
 * in the same way, unless it is marked itself.
 *
 * Does nothing by itself, and does not restrict who may read or write the model.
 *
 * @throws {ConfigurationError} for a malformed or unknown option.
 */
export function Live<Row extends Model = Model>(options: LiveOptions<Row> = {}): (model: ModelClass) => void {
  const checked = parseOptions(optionsShape, options, '@Live') as LiveOptions
  return (model) => {
    marks.set(model, checked)
  }
}

/** How a model was marked, or `null` for one that is not live. */
export function liveOptions(model: ModelClass): LiveOptions | null {
  for (let current: object | null = model; typeof current === 'function'; current = Object.getPrototypeOf(current)) {
    const options = marks.get(current)
    if (options !== undefined) return options
  }
  return null
}

/** The topic of a live model's events. */
export function topicOf(model: ModelClass, options: LiveOptions): string {
  return options.topic ?? `model:${model.name}`
}
