import { envelop, useEngine, useSchema } from '@envelop/core'
import { useParserCache } from '@envelop/parser-cache'
import { useValidationCache } from '@envelop/validation-cache'
import { execute, parse, specifiedRules, subscribe, validate } from 'graphql'
import { createYoga } from 'graphql-yoga'

/** Where operations run: `envelop` for what execution costs by itself, `yoga` for a whole server, from the request to the text of the answer. */
const { BENCH_SERVER: server = 'envelop' } = process.env

/**
 * What every adapter and every base runs in. The plugins of an adapter come last, as they would in a server.
 *
 * @returns (document as text, context of one operation) → its result, or a promise of it
 */
export function executor(schema, plugins = []) {
  return EXECUTORS[server](schema, plugins)
}

const EXECUTORS = { envelop: envelopExecutor, yoga: yogaExecutor }

/** Envelop, which remembers parsed and validated documents. */
function envelopExecutor(schema, plugins) {
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

/** Yoga, without a network around it. */
function yogaExecutor(schema, plugins) {
  const yoga = createYoga({ schema, plugins, logging: false, graphiql: false, landingPage: false })
  const headers = { 'content-type': 'application/json' }
  return async (query, context) => {
    const response = await yoga.fetch('http://127.0.0.1/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) }, context)
    return await response.json()
  }
}

/** An `execute` by itself, with documents parsed once, and what is to be asked before it runs. */
export function bareExecutor(schema, run, authorize = () => []) {
  const documents = new Map()
  return (source, contextValue) => {
    let document = documents.get(source)
    if (document === undefined) {
      document = parse(source)
      documents.set(source, document)
    }
    const args = { schema, document, contextValue, variableValues: {} }
    const errors = authorize(args)
    return errors.length > 0 ? { errors } : run(args)
  }
}
