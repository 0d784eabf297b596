import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { argumentValue, ofLeaf, passedTo } from './naive-inputs.js'
import type { Json, Slot } from './random-inputs.js'
import { type Demand, leafAt, type Model, type ModelField, type ModelType, possibleTypes, valueAt } from './random-model.js'

/** What the variables of conditions are worth in every request. */
export const CONDITIONS = { yes: true, no: false }

/** Who asks; `null` is nobody. */
export type Scopes = readonly string[] | null

/** Answers by reading the rules of the house one after the other, on every field that it comes by: no plan, no table, no memory. */
export class Oracle {
  readonly #model: Model
  readonly #seed: number
  readonly #scopes: Scopes
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #operation: OperationDefinitionNode
  readonly #variables: ReadonlyMap<string, Json>
  /** Paths of fields that the caller is refused, as he would meet them. */
  readonly denied = new Set<string>()

  constructor(model: Model, seed: number, scopes: Scopes, { definitions }: DocumentNode, variables: ReadonlyMap<string, Json>) {
    this.#model = model
    this.#seed = seed
    this.#scopes = scopes
    this.#variables = variables
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
    demands.push(field.demand, ofLeaf(this.#model, { name: field.leaf ?? '' }))
    return demands.filter((demand) => demand !== null)
  }

  #mayNot(typeName: string, fieldName: string): boolean {
    return this.#isRefused(this.#demands(this.#model.types.get(typeName) as ModelType, this.#field(typeName, fieldName)))
  }

  #isRefused(demands: ReadonlyArray<Demand | 'somebody'>): boolean {
    const scopes = this.#scopes
    return demands.some((demand) => scopes === null || (demand !== 'somebody' && !demand.some((all) => all.every((scope) => scopes.includes(scope)))))
  }

  /** Coordinates of what one argument passes and the caller may not. */
  #refusedInputs(typeName: string, node: FieldNode, arg: Slot, coordinate: string): readonly string[] {
    const type = this.#model.types.get(typeName) as ModelType
    const inherited = type.interfaces.map(
      (name) =>
        this.#model.types
          .get(name)
          ?.fields.find((field) => field.name === node.name.value)
          ?.args.find(({ name: above }) => above === arg.name)?.demand ?? null,
    )
    const passed = passedTo(this.#model, coordinate, arg, [...inherited, arg.demand], argumentValue(node.arguments, arg.name, this.#variables))
    return passed.filter(({ demands }) => this.#isRefused(demands)).map((refused) => refused.coordinate)
  }

  #mayNotPass(typeName: string, node: FieldNode): boolean {
    return this.#field(typeName, node.name.value).args.some((arg) => this.#refusedInputs(typeName, node, arg, arg.name).length > 0)
  }

  /** Of each argument, what it passes on every parent and no parent lets it. */
  #refusedBeforeBy(on: string, possible: readonly string[], node: FieldNode, refused: Set<string>): void {
    for (const { name } of this.#field(on, node.name.value).args) {
      const lists = possible.map((type) => {
        const arg = this.#field(type, node.name.value).args.find((candidate) => candidate.name === name) as Slot
        return this.#refusedInputs(type, node, arg, `${on}.${node.name.value}(${name}:)`)
      })
      for (const coordinate of lists[0] ?? []) if (lists.every((list) => list.includes(coordinate))) refused.add(coordinate)
    }
  }

  #field(typeName: string, fieldName: string): ModelField {
    return this.#model.types.get(typeName)?.fields.find(({ name }) => name === fieldName) as ModelField
  }

  #isLeftOut({ directives }: SelectionNode): boolean {
    const valueIn = (name: string): boolean | null => {
      const value = directives?.find((directive) => directive.name.value === name)?.arguments?.[0]?.value
      if (value?.kind === Kind.BOOLEAN) return value.value
      return value?.kind === Kind.VARIABLE
        ? (({ ...CONDITIONS, byDefault: true, notByDefault: false } as Record<string, boolean>)[value.name.value] ?? null)
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
      this.#refusedBeforeBy(on, possible, selection, refused)
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
      const field = this.#field(typeName, name)
      const { returns, leaf, isList, isRequired } = field
      if (this.#mayNot(typeName, name) || this.#mayNotPass(typeName, selection)) {
        this.denied.add(at)
        result[key] = null
        if (isRequired) isWhole = false
      } else if (leaf !== null) {
        result[key] = this.#leaf(leaf, leafAt(this.#model, this.#seed, at, field), at)
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

  /** The values that a field answers, without those that the caller may not have. */
  #leaf(leaf: string, value: Json, at: string): Json {
    if (Array.isArray(value)) return value.map((item: Json, index) => this.#leaf(leaf, item, `${at}.${index}`))
    const demand = this.#model.enums.get(leaf)?.values.find(({ name }) => name === value)?.demand ?? null
    if (demand === null || !this.#isRefused([demand])) return value
    this.denied.add(at)
    return null
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
