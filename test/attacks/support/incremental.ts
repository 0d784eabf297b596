import * as graphql from 'graphql'
import type { SchemaSource } from '../../../src/transports/graphql-ws/index.js'
import type { Engine, ServersOptions } from '../../support/transport-servers.js'

type Executor = NonNullable<SchemaSource['execute']>
type IncrementalExecutor = (
  args: graphql.ExecutionArgs,
) => Promise<graphql.ExecutionResult | { initialResult: graphql.ExecutionResult; subsequentResults: AsyncIterable<graphql.ExecutionResult> }>

/** graphql 17 has its incremental execution under a name of its own; Yoga brings an executor that knows @defer with graphql 16 too. */
const { experimentalExecuteIncrementally } = graphql as { experimentalExecuteIncrementally?: IncrementalExecutor }

/** Whether graphql-js alone can run @defer. */
export const canDeferItself = experimentalExecuteIncrementally !== undefined

/** What the servers of a schema with @defer need: graphql 17 refuses to execute one otherwise. Only a plain schema takes an executor. */
export function incremental(engine: Engine): Pick<ServersOptions, 'graphqlWs' | 'socketIo'> {
  if (engine !== 'schema' || experimentalExecuteIncrementally === undefined) return {}
  const execute = asOneStream(experimentalExecuteIncrementally)
  // Their types leave out what belongs to the source, of which this is a part.
  return { graphqlWs: { execute } as object, socketIo: { execute } as object }
}

/** Transports take one result or a stream of them: what graphql 17 gives in two parts is made one. */
function asOneStream(executeIncrementally: IncrementalExecutor): Executor {
  return async (args) => {
    const result = await executeIncrementally(args)
    if (!('initialResult' in result)) return result
    const { initialResult, subsequentResults } = result
    return (async function* () {
      yield initialResult
      yield* subsequentResults
    })()
  }
}
