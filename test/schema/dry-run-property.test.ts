import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse } from 'graphql'
import type { AuthorizationReport } from '../../src/core/report.js'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { finishOperation } from '../../src/schema/report.js'
import { executable, Random, randomDocument, randomModel, sdlOf } from './random-model.js'
import { type Caller, contextOf, Protected, type Question } from './support.js'

const SCHEMAS = 80
const DOCUMENTS = 12
const VARIABLES = { yes: true, no: false }

const CALLERS: readonly Caller[] = [
  null,
  { scopes: [] },
  { scopes: ['a'] },
  { scopes: ['b'] },
  { scopes: ['a', 'c'] },
  { scopes: ['a', 'b', 'c'] },
  { refusal: { reason: 'INVALID_TOKEN' } },
  { expiresAt: 1 },
]

/** Asks like a server with a hook before execution and one after it. */
async function ask({ auth, schema }: Protected, source: string, caller: Caller, { variables }: Question): Promise<ExecutionResult> {
  const contextValue = contextOf(auth, caller)
  const args = { schema, document: parse(source), variableValues: variables, contextValue }
  const errors = authorizeOperation(args)
  return errors.length > 0 ? { errors } : finishOperation(auth, contextValue, await execute(args))
}

/** What enforcement answers with, as a report says it. */
function errorsOf({ errors = [] }: ExecutionResult): readonly string[] {
  return errors.map(({ path, extensions }) => {
    const { decisionId, ...refusal } = extensions.auth as Record<string, unknown>
    return JSON.stringify([path ?? null, refusal])
  })
}

function reportOf({ extensions }: ExecutionResult): readonly string[] {
  const report = extensions?.authorization as AuthorizationReport | undefined
  return (report?.refused ?? []).map(({ path, ...refusal }) => JSON.stringify([path ?? null, refusal]))
}

describe('a dry run, beside enforcement', () => {
  let [refused, answered] = [0, 0]
  const { stackTraceLimit } = Error
  beforeAll(() => {
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  it.each(['reject', 'null'] as const)(
    `reports exactly the errors of the mode denied: '%s', and refuses nothing`,
    async (denied) => {
      for (let seed = 0; seed < SCHEMAS; seed += 1) {
        const random = new Random(seed * 104_729 + 7)
        const model = randomModel(random)
        const schema = executable(model, seed, () => undefined)
        const enforcing = new Protected(schema, { access: model.access, denied })
        const trying = new Protected(schema, { access: model.access, denied, dryRun: true })
        const open = new Protected(
          executable(model, seed, () => undefined),
          { access: 'public', denied: 'null', dryRun: true },
        )
        const reporting = new Protected(schema, { access: model.access, denied, report: true })
        for (let index = 0; index < DOCUMENTS; index += 1) {
          const source = randomDocument(random, model)
          const caller = random.pick(CALLERS)
          const story = `seed ${seed}, document ${index}, access ${model.access}\n${sdlOf(model)}\n${source}\ncaller: ${JSON.stringify(caller)}`
          const enforced = await ask(enforcing, source, caller, { variables: VARIABLES })
          const tried = await ask(trying, source, caller, { variables: VARIABLES })
          expect({ story, refused: [...reportOf(tried)].sort() }).toEqual({ story, refused: [...errorsOf(enforced)].sort() })
          expect({ story, errors: tried.errors }).toEqual({ story, errors: undefined })
          const everything = await ask(open, source, { scopes: ['a', 'b', 'c'] }, { variables: VARIABLES })
          expect({ story, data: tried.data }).toEqual({ story, data: everything.data })
          const reported = await ask(reporting, source, caller, { variables: VARIABLES })
          // What is refused before anything runs is an answer of errors alone.
          const expected = reported.data === undefined ? [] : errorsOf(reported)
          expect({ story, refused: reportOf(reported) }).toEqual({ story, refused: expected })
          if (reportOf(tried).length > 0) refused += 1
          else answered += 1
        }
      }
    },
    120_000,
  )

  it('is asked often enough, and with every kind of outcome', () => {
    expect([refused > 500, answered > 200]).toEqual([true, true])
  })
})
