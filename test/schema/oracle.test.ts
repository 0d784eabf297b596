import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type DocumentNode, type ExecutionResult, execute, parse, validate } from 'graphql'
import { authorizeOperation } from '../../src/schema/authorize-operation.js'
import { worth } from './naive-inputs.js'
import { CONDITIONS, Oracle, type Scopes } from './oracle.js'
import { type Json, randomValues } from './random-inputs.js'
import { executable, type Model, Random, type RandomRequest, randomModel, randomRequest, sdlOf } from './random-model.js'
import { type Caller, contextOf, dataOf, Protected, refusals } from './support.js'

declare const GRAPHQL_MAJOR: number

/** One seed in CI, and another one everywhere else. */
const SEED = Number(process.env.ORACLE_SEED ?? (process.env.CI ? 925_818 : Date.now() % 1_000_000_007))
const CASES = Number(process.env.ORACLE_CASES ?? (process.env.CI && GRAPHQL_MAJOR === 16 ? 200_000 : 12_000))
/** A schema is made once for many documents, and a document once for many callers and values of its variables. */
const DOCUMENTS = 24
const REQUESTS = 40
const BLOCKS = 10
const NO_LIMITS = { documentLength: 1e7, tokens: 1e6, aliases: 1e5, fields: 1e6, rootFields: 1e5, directives: 1e5, overlaps: 1e9 }

const callers: ReadonlyArray<readonly [Caller, Scopes]> = [null, [], ['a'], ['b', 'c'], ['a', 'c'], ['a', 'b'], ['a', 'b', 'c']].map((scopes) => [
  scopes === null ? null : { scopes },
  scopes,
])

/** One schema, guarded in both modes, and how often its resolvers ran. */
class Subject {
  readonly model: Model
  readonly seed: number
  readonly rejecting: Protected
  readonly nulling: Protected
  ran = 0
  /** Requests that were refused before they ran. */
  asked = 0

  constructor(seed: number, random: Random) {
    this.seed = seed
    this.model = randomModel(random, random.chance(0.85))
    const schema = executable(this.model, seed, () => {
      this.ran += 1
    })
    const settings = { access: this.model.access, limits: NO_LIMITS }
    this.rejecting = new Protected(schema, settings)
    this.nulling = new Protected(schema, { ...settings, denied: 'null' })
  }
}

/** One request: a case of the property. */
interface Request extends RandomRequest {
  readonly document: DocumentNode
  readonly values: Readonly<Record<string, Json>>
  readonly caller: Caller
  readonly scopes: Scopes
}

type Outcome = 'answered' | 'refused in part' | 'refused before'

async function ask({ auth, schema }: Protected, { document, values, caller }: Request, isHooked: boolean): Promise<ExecutionResult> {
  const args = { schema, document, variableValues: { ...CONDITIONS, ...values }, contextValue: contextOf(auth, caller) }
  const errors = isHooked ? authorizeOperation(args) : []
  return errors.length > 0 ? { errors } : await execute(args)
}

/** Asks in every way, and answers what came of it; `null` when all is as the oracle says, else the difference. */
async function differ(subject: Subject, request: Request): Promise<{ readonly outcome: Outcome; readonly difference: unknown }> {
  const { model, seed, rejecting, nulling } = subject
  const oracle = new Oracle(model, seed, request.scopes, request.document, worth(request.variables, request.values))
  const before = oracle.refusedBefore()
  const data = JSON.stringify(oracle.data())
  const partial = await ask(nulling, request, true)
  const unexpected = refusals(partial).filter((refusal) => !oracle.denied.has(refusal.split(' ')[0] as string))
  if (JSON.stringify(partial.data) !== data || unexpected.length > 0) {
    return { outcome: 'answered', difference: { expected: data, inPart: dataOf(partial), unexpected, denied: [...oracle.denied] } }
  }
  subject.ran = 0
  const whole = await ask(rejecting, request, true)
  if (before.length === 0) {
    const difference = JSON.stringify(whole.data) === data ? null : { expected: data, whole: dataOf(whole), refused: refusals(whole) }
    return { outcome: oracle.denied.size > 0 ? 'refused in part' : 'answered', difference }
  }
  const coordinates = refusals(whole).map((refusal) => refusal.split(' ')[0] as string)
  const isSame = subject.ran === 0 && whole.data === undefined && [...coordinates].sort().join() === before.join()
  if (!isSame) return { outcome: 'refused before', difference: { before, coordinates, ran: subject.ran } }
  // Nothing asks before here: the guards of root fields refuse the same. Of what is refused, every fourth is enough.
  if (subject.asked++ % 4 > 0) return { outcome: 'refused before', difference: null }
  const bare = await ask(rejecting, request, false)
  const leaked = Object.entries((bare.data ?? {}) as Record<string, unknown>).filter(([key, value]) => key !== '__typename' && value !== null)
  return { outcome: 'refused before', difference: subject.ran === 0 && leaked.length === 0 ? null : { ran: subject.ran, leaked } }
}

describe(`B26: plan and guards, beside an oracle that knows neither, in ${CASES} cases by ORACLE_SEED=${SEED}`, () => {
  const outcomes: Record<Outcome, number> = { answered: 0, 'refused in part': 0, 'refused before': 0 }
  let withValues = 0
  const { stackTraceLimit } = Error
  beforeAll(() => {
    // Most of what a refusal costs is a stack that nobody looks at here.
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
    console.info(JSON.stringify({ seed: SEED, cases: CASES, withValues, ...outcomes }))
  })

  it.each(Array.from({ length: BLOCKS }, (_, block) => block))(
    'agree on block %i of random schemas, documents, variables and callers',
    async (block) => {
      const random = new Random(SEED + block * 7919 + 1)
      const until = Math.ceil(CASES / BLOCKS)
      for (let cases = 0; cases < until; ) {
        const subject = new Subject(SEED + block + cases, random)
        for (let index = 0; index < DOCUMENTS && cases < until; index += 1) {
          const asked = randomRequest(random, subject.model, random.chance(0.3) ? 24 : 10)
          const document = parse(asked.source)
          // All are made to be valid; to check each would take longer than to ask.
          if (index === 0) expect({ ...asked, invalid: validate(subject.nulling.schema, document) }).toEqual({ ...asked, invalid: [] })
          // Without variables there is nothing to ask again that another caller would not.
          const requests = asked.variables.length === 0 ? callers.length : REQUESTS
          for (let time = 0; time < requests && cases < until; time += 1) {
            const [caller, scopes] = callers[time % callers.length] as (typeof callers)[number]
            const request = { ...asked, document, values: randomValues(random, subject.model, asked.variables), caller, scopes }
            const { outcome, difference } = await differ(subject, request)
            if (difference !== null) {
              const { source, values } = request
              throw new Error(JSON.stringify({ difference, source, values, scopes, access: subject.model.access, sdl: sdlOf(subject.model) }, null, 2))
            }
            outcomes[outcome] += 1
            if (passes(asked)) withValues += 1
            cases += 1
          }
        }
      }
    },
    3_600_000,
  )

  it('are asked often enough, and with every kind of outcome', () => {
    const total = outcomes.answered + outcomes['refused in part'] + outcomes['refused before']
    expect(total).toBeGreaterThanOrEqual(CASES)
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(total / 100)
    expect(withValues).toBeGreaterThan(total / 3)
  })
})

/** Whether a document passes anything. */
function passes({ source }: RandomRequest): boolean {
  return /\(a\d:/.test(source)
}
