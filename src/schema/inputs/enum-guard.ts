import { type GraphQLEnumType, type GraphQLOutputType, type GraphQLResolveInfo, getNamedType, getNullableType, isEnumType, isListType } from 'graphql'
import type { AuthContext } from '../../core/auth-context.js'
import { enforce, type ResolverArguments } from '../../core/decisions/enforcement.js'
import type { Refusal } from '../../core/refusal.js'
import type { Requirement } from '../../core/rules/requirement.js'
import { refuseField } from '../../decorators/refuse-field.js'
import type { CoordinateRule, RequirementTable } from '../requirement-table.js'

/** Holds the enum values that one field answers against the caller: a value that he may not have is a null with an error at its path. */
export class EnumGuard {
  /** Every requirement that a value can come by, once. */
  readonly requirements: readonly Requirement[]
  /** Of the field that answers. */
  readonly #coordinate: string
  readonly #type: GraphQLEnumType
  readonly #returned: GraphQLOutputType
  readonly #rules: ReadonlyMap<string, CoordinateRule>
  /** Whether all guarded values demand the same, so that what is missing does not tell which of them it is. */
  readonly #demandsAreEqual: boolean

  private constructor(coordinate: string, type: GraphQLEnumType, returned: GraphQLOutputType, rules: ReadonlyMap<string, CoordinateRule>) {
    this.#coordinate = coordinate
    this.#type = type
    this.#returned = returned
    this.#rules = rules
    const lists = [...rules.values()].map(({ requirements }) => requirements)
    this.requirements = [...new Set(lists.flat())]
    this.#demandsAreEqual = lists.every((list) => list.length === this.requirements.length)
  }

  /** The guard of a field of this type, or `null` when it returns no enum, or one whose values are free. @param coordinate of the field */
  static of(table: RequirementTable, coordinate: string, returned: GraphQLOutputType): EnumGuard | null {
    const type = getNamedType(returned)
    if (!isEnumType(type)) return null
    const rules = new Map<string, CoordinateRule>()
    for (const { name } of type.getValues()) {
      const rule = table.inputRuleOf(type.name, name)
      if (rule !== undefined && rule.requirements.length > 0) rules.set(name, rule)
    }
    return rules.size === 0 ? null : new EnumGuard(coordinate, type, returned, rules)
  }

  /** Returns what a resolver gave, with refused values in lists replaced by their errors, which graphql-js takes for failures of the item. */
  hold(result: unknown, auth: AuthContext, resolver: ResolverArguments): unknown {
    return this.#holdAs(this.#returned, result, auth, resolver, resolver.info as GraphQLResolveInfo)
  }

  /** @param at the field, or the item of its list that the result is for */
  #holdAs(returned: GraphQLOutputType, result: unknown, auth: AuthContext, resolver: ResolverArguments, at: GraphQLResolveInfo): unknown {
    if (result === null || result === undefined || result instanceof Error) return result
    if (isPromiseLike(result)) return result.then((value) => this.#holdAs(returned, value, auth, resolver, at))
    const type = getNullableType(returned)
    if (!isListType(type)) return this.#holdValue(result, auth, resolver, at)
    const item = (value: unknown, index: number): unknown =>
      asItem(() => this.#holdAs(type.ofType, value, auth, resolver, auth.reports === null ? at : itemOf(at, index, type.ofType)))
    if (isIterable(result)) return Array.from(result, (value, index) => handled(item(value, index)))
    return isAsyncIterable(result) ? mapped(result, item) : result
  }

  #holdValue(value: unknown, auth: AuthContext, resolver: ResolverArguments, at: GraphQLResolveInfo): unknown {
    const rule = this.#ruleOf(value)
    const verdict = rule === undefined ? null : enforce(rule.requirements, auth, resolver)
    if (rule === undefined || verdict === null) return value
    const { context } = resolver
    if (!(verdict instanceof Promise)) {
      refuseField(auth, this.#coordinate, this.#withoutValue(verdict, rule), context, at)
      return value
    }
    return verdict.then((refusal) => {
      if (refusal !== null) refuseField(auth, this.#coordinate, this.#withoutValue(refusal, rule), context, at)
      return value
    })
  }

  /** An error that named the value would answer what it refuses: only the audit log is told. */
  #withoutValue(refusal: Refusal, { coordinate }: CoordinateRule): Refusal {
    const { requiredScopes: _scopes, requiredPermissions: _permissions, acrValues: _acr, maxAge: _age, detail, ...rest } = refusal
    return { ...(this.#demandsAreEqual ? refusal : rest), detail: detail === undefined ? coordinate : `${coordinate}: ${detail}` }
  }

  /** By the name that the value will be answered as. What is no value of the enum is graphql-js' to refuse. */
  #ruleOf(value: unknown): CoordinateRule | undefined {
    try {
      return this.#rules.get(String(this.#type.serialize(value)))
    } catch {
      return undefined
    }
  }
}

/** For a report, which says at which item of a list a value is refused. */
function itemOf(list: GraphQLResolveInfo, index: number, returnType: GraphQLOutputType): GraphQLResolveInfo {
  return { ...list, path: { prev: list.path, key: index, typename: undefined }, returnType }
}

/** Within a list, a failure is that of one item. */
function asItem(hold: () => unknown): unknown {
  try {
    return hold()
  } catch (error) {
    return error
  }
}

/** An executor that has given up on a list, or that awaits no items, leaves their promises alone: a refusal among them is no crash. */
function handled(item: unknown): unknown {
  if (item instanceof Promise) item.catch(() => undefined)
  return item
}

async function* mapped(items: AsyncIterable<unknown>, map: (item: unknown, index: number) => unknown): AsyncGenerator<unknown, void, void> {
  let index = 0
  for await (const item of items) {
    // A rejection that is yielded would end the whole list.
    yield await Promise.resolve(map(item, index++)).catch((error: unknown) => error)
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown }).then === 'function'
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function'
}
