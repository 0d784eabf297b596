import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  validate,
} from 'graphql'
import {
  type Demand,
  executable,
  type Model,
  type ModelField,
  type ModelType,
  possibleTypes,
  Random,
  randomDocument,
  randomModel,
  sdlOf,
  valueAt,
} from './random-model.js'
import { type Caller, dataOf, Protected, refusals } from './support.js'

const SCHEMAS = 150
const DOCUMENTS = 16
const VARIABLES = { yes: true, no: false }

/** Who asks; `null` is nobody. */
type Scopes = readonly string[] | null

/** Answers by reading the rules of the house one after the other, on every field that it comes by: no plan, no table, no memory. */
class Oracle {
  readonly #model: Model
  readonly #seed: number
  readonly #scopes: Scopes
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #operation: OperationDefinitionNode
  /** Paths of fields that the caller is refused, as he would meet them. */
  readonly denied = new Set<string>()

  constructor(model: Model, seed: number, scopes: Scopes, { definitions }: DocumentNode) {
    this.#model = model
    this.#seed = seed
    this.#scopes = scopes
    this.#operation = definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode
    this.#fragments = new Map(definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])))
  }

  /** Coordinates that no possible type leaves open. */
  refusedBefore(): readonly string[] {
    const refused = new Set<string>()
    this.#look(this.#operation.selectionSet, 'Query', ['Query'], refused)
    return [...refused].sort()
  }

  /** The data that is left when every field that the caller may not have is null. */
  data(): unknown {
    return this.#run(this.#operation.selectionSet, 'Query', '')
  }

  #demands(type: ModelType, field: ModelField): ReadonlyArray<Demand | 'somebody'> {
    const demands: Array<Demand | 'somebody' | null> = []
    if (type.name === 'Query' && this.#model.access === 'private' && !type.isPublic && !field.isPublic) demands.push('somebody')
    for (const name of type.interfaces) {
      const parent = this.#model.types.get(name)
      const above = parent?.fields.find((candidate) => candidate.name === field.name)
      if (above?.isPublic !== true) demands.push(parent?.demand ?? null)
      demands.push(above?.demand ?? null)
    }
    if (!field.isPublic) demands.push(type.demand)
    demands.push(field.demand)
    return demands.filter((demand) => demand !== null)
  }

  #mayNot(typeName: string, fieldName: string): boolean {
    const scopes = this.#scopes
    return this.#demands(this.#model.types.get(typeName) as ModelType, this.#field(typeName, fieldName)).some(
      (demand) => scopes === null || (demand !== 'somebody' && !demand.some((all) => all.every((scope) => scopes.includes(scope)))),
    )
  }

  #field(typeName: string, fieldName: string): ModelField {
    return this.#model.types.get(typeName)?.fields.find(({ name }) => name === fieldName) as ModelField
  }

  #isLeftOut({ directives }: SelectionNode): boolean {
    const valueIn = (name: string): boolean | null => {
      const value = directives?.find((directive) => directive.name.value === name)?.arguments?.[0]?.value
      if (value?.kind === Kind.BOOLEAN) return value.value
      return value?.kind === Kind.VARIABLE
        ? (({ ...VARIABLES, byDefault: true, notByDefault: false } as Record<string, boolean>)[value.name.value] ?? null)
        : null
    }
    return valueIn('skip') === true || valueIn('include') === false
  }

  #look(set: SelectionSetNode, on: string, possible: readonly string[], refused: Set<string>): void {
    if (possible.length === 0) return
    for (const selection of set.selections) {
      if (this.#isLeftOut(selection)) continue
      if (selection.kind !== Kind.FIELD) {
        const [type, inner] = this.#fragment(selection, on)
        const allowed = possibleTypes(this.#model, type)
        this.#look(
          inner,
          type,
          possible.filter((name) => allowed.includes(name)),
          refused,
        )
        continue
      }
      const name = selection.name.value
      if (name === '__typename') continue
      if (possible.every((type) => this.#mayNot(type, name))) refused.add(`${on}.${name}`)
      const { returns } = this.#field(on, name)
      if (selection.selectionSet !== undefined && returns !== null) this.#look(selection.selectionSet, returns, possibleTypes(this.#model, returns), refused)
    }
  }

  #run(set: SelectionSetNode, typeName: string, path: string): Record<string, unknown> | null {
    const result: Record<string, unknown> = {}
    let isWhole = true
    for (const selection of set.selections) {
      if (this.#isLeftOut(selection)) continue
      if (selection.kind !== Kind.FIELD) {
        const [type, inner] = this.#fragment(selection, typeName)
        if (!possibleTypes(this.#model, type).includes(typeName)) continue
        const part = this.#run(inner, typeName, path)
        if (part === null) isWhole = false
        else merge(result, part)
        continue
      }
      const name = selection.name.value
      const key = selection.alias?.value ?? name
      const at = path === '' ? key : `${path}.${key}`
      if (name === '__typename') {
        result[key] = typeName
        continue
      }
      const { returns, isList, isRequired } = this.#field(typeName, name)
      if (this.#mayNot(typeName, name)) {
        this.denied.add(at)
        result[key] = null
        if (isRequired) isWhole = false
      } else if (returns === null) {
        result[key] = `${typeName}.${name}`
      } else {
        const value = valueAt(this.#model, this.#seed, at, returns, isList)
        const below = (type: string | null, where: string): unknown =>
          type === null ? null : this.#run(selection.selectionSet as SelectionSetNode, type, where)
        result[key] = Array.isArray(value) ? value.map((type, index) => below(type as string | null, `${at}.${index}`)) : below(value as string | null, at)
      }
    }
    return isWhole ? result : null
  }

  #fragment(selection: Exclude<SelectionNode, { kind: Kind.FIELD }>, on: string): readonly [type: string, set: SelectionSetNode] {
    if (selection.kind === Kind.INLINE_FRAGMENT) return [selection.typeCondition?.name.value ?? on, selection.selectionSet]
    const fragment = this.#fragments.get(selection.name.value) as FragmentDefinitionNode
    return [fragment.typeCondition.name.value, fragment.selectionSet]
  }
}

/** Aliases are unique, so two parts meet only where the same fragment stands twice, and then they agree. */
function merge(into: Record<string, unknown>, part: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(part)) {
    const known = into[key]
    if (typeof known === 'object' && known !== null && !Array.isArray(known) && typeof value === 'object' && value !== null)
      merge(known as Record<string, unknown>, value as Record<string, unknown>)
    else into[key] = value
  }
}

const callers: ReadonlyArray<readonly [Caller, Scopes]> = [null, [], ['a'], ['b'], ['a', 'c'], ['a', 'b', 'c']].map((scopes) => [
  scopes === null ? null : { scopes },
  scopes,
])

describe('plan and guards, beside an oracle that knows neither', () => {
  let [asked, refusedBefore, refusedInPart, answered] = [0, 0, 0, 0]
  const { stackTraceLimit } = Error
  beforeAll(() => {
    // Thousands of refusals are errors, and most of their cost is a stack that nobody looks at.
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  it.each(Array.from({ length: 10 }, (_, block) => block))(
    `agree on block ${'%i'} of random schemas, documents and callers`,
    async (block) => {
      for (let seed = block; seed < SCHEMAS; seed += 10) {
        const random = new Random(seed * 7919 + 1)
        const model = randomModel(random)
        let ran = 0
        const schema = executable(model, seed, () => {
          ran += 1
        })
        const rejecting = new Protected(schema, { access: model.access })
        const nulling = new Protected(schema, { access: model.access, denied: 'null' })
        for (let index = 0; index < DOCUMENTS; index += 1) {
          const source = randomDocument(random, model)
          const document = parse(source)
          // All are made to be valid; to check each would take longer than to ask.
          if (index === 0) expect({ source, invalid: validate(schema, document) }).toEqual({ source, invalid: [] })
          const [caller, scopes] = random.pick(callers)
          const oracle = new Oracle(model, seed, scopes, document)
          const before = oracle.refusedBefore()
          const data = oracle.data()
          const story = `seed ${seed}, document ${index}, access ${model.access}\n${sdlOf(model)}\n${source}\nscopes: ${JSON.stringify(scopes)}`
          asked += 1

          const partial = await nulling.ask(source, caller, { variables: VARIABLES, isValid: true })
          expect({ story, data: dataOf(partial) }).toEqual({ story, data })
          const paths = refusals(partial).map((refusal) => refusal.split(' ')[0] as string)
          expect({ story, unexpected: paths.filter((path) => !oracle.denied.has(path)) }).toEqual({ story, unexpected: [] })

          ran = 0
          const whole = await rejecting.ask(source, caller, { variables: VARIABLES, isValid: true })
          if (before.length === 0) {
            expect({ story, data: dataOf(whole) }).toEqual({ story, data })
            if (oracle.denied.size > 0) refusedInPart += 1
            else answered += 1
            continue
          }
          refusedBefore += 1
          const coordinates = refusals(whole).map((refusal) => refusal.split(' ')[0])
          expect({ story, ran, data: whole.data, coordinates: [...coordinates].sort() }).toEqual({ story, ran: 0, data: undefined, coordinates: before })
          const bare = await rejecting.askBare(source, caller, { variables: VARIABLES, isValid: true })
          const leaked = Object.entries(dataOf(bare) as Record<string, unknown>).filter(([key, value]) => key !== '__typename' && value !== null)
          expect({ story, ran, leaked }).toEqual({ story, ran: 0, leaked: [] })
        }
      }
    },
    60_000,
  )

  it('are asked often enough, and with every kind of outcome', () => {
    expect(asked).toBe(SCHEMAS * DOCUMENTS)
    expect([refusedBefore > 800, refusedInPart > 50, answered > 800]).toEqual([true, true, true])
  })
})
