import type { LimitName, Limits } from '../../core/limits.js'

/**
 * Counts the values in variables, level by level and without recursion. Answers the name of the limit that they exceed, or `null`;
 * stops counting there.
 *
 * Takes them as they came, before they are coerced: a scalar whose JSON is an object counts with all that is in it.
 */
export function exceededByVariables(variables: object, limits: Limits): LimitName | null {
  // Most operations have none, and servers hand on what is no object at all: nothing is read of that.
  if (typeof variables !== 'object' || isEmpty(variables)) return null
  let values = 0
  let level: readonly object[] = [variables]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.depth) return 'depth'
    const next: object[] = []
    for (const holder of level) {
      for (const value of Object.values(holder)) {
        values += 1
        if (typeof value === 'object' && value !== null) next.push(value)
      }
      if (values > limits.variables) return 'variables'
    }
    level = next
  }
  return null
}

function isEmpty(holder: object): boolean {
  for (const _ in holder) return false
  return true
}
