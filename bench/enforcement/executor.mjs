import { envelop, useEngine, useSchema } from '@envelop/core'
import { useParserCache } from '@envelop/parser-cache'
import { useValidationCache } from '@envelop/validation-cache'
import { execute, parse, specifiedRules, subscribe, validate } from 'graphql'

/**
 * What every adapter and every base runs in: Envelop, which remembers parsed and validated documents. The plugins of an adapter come
 * last, as they would in a server.
 *
 * @returns (document as text, context of one operation) → its result, or a promise of it
 */
export function envelopExecutor(schema, plugins = []) {
  const getEnveloped = envelop({
    plugins: [useEngine({ parse, validate, specifiedRules, execute, subscribe }), useSchema(schema), useParserCache(), useValidationCache(), ...plugins],
  })
  return (source, context) => {
    const enveloped = getEnveloped(context)
    const document = enveloped.parse(source)
    const errors = enveloped.validate(enveloped.schema, document)
    if (errors.length > 0) return { errors }
    const run = (contextValue) => enveloped.execute({ schema: enveloped.schema, document, contextValue, variableValues: {} })
    const contextValue = enveloped.contextFactory()
    return typeof contextValue?.then === 'function' ? contextValue.then(run) : run(contextValue)
  }
}
