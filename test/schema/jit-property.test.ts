import { expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse } from 'graphql'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { jitExecute } from '../../src/schema/graphql-jit.js'
import { CONDITIONS } from './oracle.js'
import { randomValues } from './random-inputs.js'
import { executable, Random, randomModel, randomRequest, sdlOf } from './random-model.js'
import { type Caller, contextOf, Protected, refusals } from './support.js'

const SEED = Number(process.env.JIT_SEED ?? (process.env.CI ? 403_117 : Date.now() % 1_000_000_007))
const SCHEMAS = 12
const DOCUMENTS = 12
const NO_LIMITS = { documentLength: 1e7, tokens: 1e6, aliases: 1e5, fields: 1e6, rootFields: 1e5, directives: 1e5, overlaps: 1e9 }
const CALLERS: readonly Caller[] = [null, { scopes: [] }, { scopes: ['a'] }, { scopes: ['b', 'c'] }, { scopes: ['a', 'b', 'c'] }]

it(`compiled operations answer what graphql-js answers, on random schemas, by JIT_SEED=${SEED}`, async () => {
  const random = new Random(SEED)
  const tally = { whole: 0, inPart: 0, refused: 0, interpreted: 0, different: 0 }
  for (let made = 0; made < SCHEMAS; made += 1) {
    const model = randomModel(random, made % 3 === 0)
    const schema = executable(model, SEED + made, () => undefined)
    const runPlain = jitExecute({ compileAt: 1 })
    for (const denied of ['reject', 'null'] as const) {
      const served = new Protected(schema, { access: model.access, limits: NO_LIMITS, denied })
      // Where enum values have requirements, or input types contain themselves.
      const compiled = jitExecute({ compileAt: 1 }, (args) => {
        tally.interpreted += 1
        return execute(args)
      })
      for (let index = 0; index < DOCUMENTS; index += 1) {
        const asked = randomRequest(random, model, 10)
        const document = parse(asked.source)
        for (const caller of shuffled(random, [...CALLERS, ...CALLERS])) {
          const variableValues = { ...CONDITIONS, ...randomValues(random, model, asked.variables) }
          const ask = async (run: (args: Parameters<typeof execute>[0]) => unknown): Promise<ExecutionResult> => {
            const args = { schema: served.schema, document, variableValues, contextValue: contextOf(served.auth, caller) }
            const errors = authorizeOperation(args)
            return errors.length > 0 ? { errors } : ((await run(args)) as ExecutionResult)
          }
          // Without any auth it answers some of these documents otherwise than graphql-js does, and then also with it.
          const bare = { schema, document, variableValues }
          if (JSON.stringify(await runPlain(bare)) !== JSON.stringify(await execute(bare))) {
            tally.different += 1
            continue
          }
          const expected = await ask(execute)
          const found = await ask(compiled)
          const about = { denied, caller, source: asked.source, variableValues, sdl: sdlOf(model) }
          const additional = refusals(found).filter((refusal) => !refusals(expected).includes(refusal))
          // What stands beside a field that nulls their parent is refused too, and graphql-js may stop before it gets there.
          const unexpected = additional.filter((refusal) => !isBelowNull(found.data, refusal))
          expect({ ...about, data: JSON.stringify(found.data), refused: [...refusals(found)].sort(), unexpected }).toEqual({
            ...about,
            data: JSON.stringify(expected.data),
            refused: [...refusals(expected), ...additional].sort(),
            unexpected: [],
          })
          tally[expected.errors === undefined ? 'whole' : expected.data === undefined ? 'refused' : 'inPart'] += 1
        }
      }
    }
  }
  console.info(JSON.stringify({ seed: SEED, ...tally }))
  const { interpreted, different, ...outcomes } = tally
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(50)
  expect(interpreted).toBeLessThan((outcomes.whole + outcomes.inPart) / 2)
  expect(different).toBeLessThan(outcomes.whole)
}, 600_000)

/** Whether a refusal's path leads through a null to where nothing is left to refuse. */
function isBelowNull(data: unknown, refusal: string): boolean {
  let value = data
  for (const key of refusal.slice(0, refusal.indexOf(' ')).split('.').slice(0, -1)) {
    if (typeof value !== 'object' || value === null) break
    value = (value as Record<string, unknown>)[key]
  }
  return value === null
}

function shuffled<Value>(random: Random, values: readonly Value[]): readonly Value[] {
  return values
    .map((value) => [random.next(), value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value)
}
