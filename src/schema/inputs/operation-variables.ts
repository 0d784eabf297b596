import type { OperationDefinitionNode } from 'graphql'
import { literal, NO_VARIABLES, type Value, type Variables } from './value.js'

/**
 * The variables of an operation, as they came with the request or as graphql-js has coerced them. One without a value is worth its
 * default in the operation, and one with neither is worth nothing: what it stands for is not passed.
 */
export function operationVariables(operation: OperationDefinitionNode, values: Readonly<Record<string, unknown>>, form: 'json' | 'coerced'): Variables {
  return {
    read: (name): Value | undefined => {
      if (Object.hasOwn(values, name)) return { form, value: values[name] }
      const fallback = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue
      return fallback === undefined ? undefined : literal(fallback, NO_VARIABLES)
    },
  }
}
