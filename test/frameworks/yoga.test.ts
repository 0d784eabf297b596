import { describe, expect, it } from '@jest/globals'
import { asking, describeSameOverHttp } from './support/behaviour.js'
import { describeBatchesOf, describeInvalidDocuments } from './support/differences.js'

const yoga = { name: 'yoga' }
const plugins = 'plugins: [useAuth(auth)]'
const cache = "{ onExecute: ({ setResultAndStopExecution }) => setResultAndStopExecution({ data: { orders: 'of somebody else' } }) }"

describeSameOverHttp(yoga)
describeBatchesOf({ ...yoga, enable: [plugins, `batching: true, ${plugins}`] })
describeInvalidDocuments(yoga, 200)

describe('a plugin that answers from a cache', () => {
  const after = asking({ ...yoga, replace: [[plugins, `plugins: [useAuth(auth), ${cache}]`]] })
  const before = asking({ ...yoga, replace: [[plugins, `plugins: [${cache}, useAuth(auth)]`]] })

  it('is not asked about what is refused, when it comes after useAuth', async () => {
    expect((await after.ask('{ orders { id } }')).status).toBe(401)
    expect((await after.ask('{ orders { id } }', 'orders:read')).body.data).toEqual({ orders: 'of somebody else' })
  })

  it('answers anybody, when it comes before', async () => {
    expect((await before.ask('{ orders { id } }')).body.data).toEqual({ orders: 'of somebody else' })
  })
})
