import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { explain } from '../../src/schema/explain/explain.js'
import { executable, Random, randomDocument, randomModel, sdlOf } from './random-model.js'
import { Protected } from './support.js'

const SCHEMAS = 60
const DOCUMENTS = 12
const VARIABLES = { yes: true, no: false }
const SCOPES = [null, [], ['a'], ['b'], ['a', 'c'], ['a', 'b', 'c']] as const

describe('an explanation, beside enforcement', () => {
  let [refusedBefore, refusedInPart, answered] = [0, 0, 0]
  const { stackTraceLimit } = Error
  beforeAll(() => {
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  it('calls refused what is refused, and nothing else', async () => {
    for (let seed = 0; seed < SCHEMAS; seed += 1) {
      const random = new Random(seed * 15_485_863 + 3)
      const model = randomModel(random)
      const schema = executable(model, seed, () => undefined)
      const rejecting = new Protected(schema, { access: model.access })
      const nulling = new Protected(schema, { access: model.access, denied: 'null' })
      for (let index = 0; index < DOCUMENTS; index += 1) {
        const document = randomDocument(random, model)
        const scopes = random.pick(SCOPES)
        const caller = scopes === null ? null : { scopes }
        const principal = caller === null ? null : { issuer: 'https://issuer.test', subject: 'ada', ...caller }
        const story = `seed ${seed}, document ${index}, access ${model.access}\n${sdlOf(model)}\n${document}\nscopes: ${JSON.stringify(scopes)}`
        const told = await explain(rejecting.auth, { document, variables: VARIABLES, principal, schema: rejecting.schema })

        const whole = await rejecting.ask(document, caller, { variables: VARIABLES })
        const coordinates = (whole.data === undefined ? (whole.errors ?? []) : []).map(
          ({ extensions }) => (extensions.auth as { coordinate: string }).coordinate,
        )
        const refused = told.coordinates.filter(({ verdict }) => verdict === 'refused').map(({ coordinate }) => coordinate)
        expect({ story, outcome: told.outcome, refused: [...new Set(refused)].sort() }).toEqual({
          story,
          outcome: coordinates.length > 0 ? 'refused' : 'runs',
          refused: [...new Set(coordinates)].sort(),
        })

        const partial = await nulling.ask(document, caller, { variables: VARIABLES })
        const concrete = new Map(told.coordinates.flatMap(({ types }) => types.map((type) => [type.coordinate, type.verdict])))
        const met = (partial.errors ?? []).map(({ extensions }) => (extensions.auth as { coordinate: string }).coordinate)
        expect({ story, called: met.map((coordinate) => [coordinate, concrete.get(coordinate)]) }).toEqual({
          story,
          called: met.map((coordinate) => [coordinate, 'refused']),
        })
        // Where everything that the operation can come by is allowed, nothing is refused.
        if ([...concrete.values()].every((verdict) => verdict === 'allowed')) expect({ story, errors: partial.errors }).toEqual({ story, errors: undefined })
        if (coordinates.length > 0) refusedBefore += 1
        else if (met.length > 0) refusedInPart += 1
        else answered += 1
      }
    }
  }, 120_000)

  it('is asked often enough, and with every kind of outcome', () => {
    expect([refusedBefore > 200, refusedInPart > 10, answered > 200]).toEqual([true, true, true])
  })
})
