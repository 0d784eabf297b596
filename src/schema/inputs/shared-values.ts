import type { GraphQLInputType } from 'graphql'
import type { CoordinateRule } from '../requirement-table.js'

/**
 * What the variables of one running operation pass, looked at once for all the fields that they are passed to: graphql-js coerces
 * a variable once, and a small document can pass it a hundred times.
 */
export class SharedValues {
  readonly #found = new Map<object, Map<GraphQLInputType, ReadonlySet<CoordinateRule>>>()

  private constructor(values: Iterable<unknown>) {
    for (const value of values) if (isObject(value)) this.#found.set(value, new Map())
  }

  /** @param variableValues of the resolver's `info`: one object for each execution. In graphql 17 the values are one level further down. */
  static of(variableValues: unknown): SharedValues | null {
    if (!isObject(variableValues)) return null
    let shared = executions.get(variableValues)
    if (shared === undefined) {
      const { coerced } = variableValues as { coerced?: unknown }
      shared = new SharedValues([...Object.values(variableValues), ...(isObject(coerced) ? Object.values(coerced) : [])])
      executions.set(variableValues, shared)
    }
    return shared
  }

  /** The rules inside of a variable's value; `null` for any other value. */
  rulesOf(value: unknown, type: GraphQLInputType, look: () => ReadonlySet<CoordinateRule>): ReadonlySet<CoordinateRule> | null {
    const byType = isObject(value) ? this.#found.get(value) : undefined
    if (byType === undefined) return null
    let rules = byType.get(type)
    if (rules === undefined) {
      rules = look()
      byType.set(type, rules)
    }
    return rules
  }
}

const executions = new WeakMap<object, SharedValues>()

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
