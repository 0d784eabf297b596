import { type GraphQLNamedType, type GraphQLSchema, isAbstractType, isObjectType } from 'graphql'

/** A set of object types. Equal sets of one {@link TypeSets} are one object. */
export interface TypeSet {
  /** In alphabetical order. */
  readonly names: readonly string[]
  readonly key: string
}

/** The sets of object types that selections of one operation can meet, each made once. */
export class TypeSets {
  readonly #schema: GraphQLSchema
  readonly #byKey = new Map<string, TypeSet>()
  readonly #byType = new Map<GraphQLNamedType, TypeSet>()
  readonly #narrowed = new Map<TypeSet, Map<GraphQLNamedType, TypeSet>>()

  constructor(schema: GraphQLSchema) {
    this.#schema = schema
  }

  /** The object types that a value of this type can turn out to be. */
  of(type: GraphQLNamedType): TypeSet {
    let set = this.#byType.get(type)
    if (set === undefined) {
      set = this.#intern(this.#possible(type))
      this.#byType.set(type, set)
    }
    return set
  }

  /** Those that values of any of these types can turn out to be. */
  union(types: ReadonlySet<GraphQLNamedType>): TypeSet {
    const sets = [...types].map((type) => this.of(type))
    return sets.length === 1 ? (sets[0] as TypeSet) : this.#intern(sets.flatMap(({ names }) => names))
  }

  /** Those of a set that a fragment on this type applies to. */
  narrow(set: TypeSet, type: GraphQLNamedType): TypeSet {
    let known = this.#narrowed.get(set)
    if (known === undefined) {
      known = new Map()
      this.#narrowed.set(set, known)
    }
    let narrowed = known.get(type)
    if (narrowed === undefined) {
      const allowed = new Set(this.of(type).names)
      narrowed = this.#intern(set.names.filter((name) => allowed.has(name)))
      known.set(type, narrowed)
    }
    return narrowed
  }

  #possible(type: GraphQLNamedType): readonly string[] {
    if (isAbstractType(type)) return this.#schema.getPossibleTypes(type).map(({ name }) => name)
    return isObjectType(type) ? [type.name] : []
  }

  #intern(names: readonly string[]): TypeSet {
    const sorted = [...new Set(names)].sort()
    const key = sorted.join(' ')
    let set = this.#byKey.get(key)
    if (set === undefined) {
      set = { names: sorted, key }
      this.#byKey.set(key, set)
    }
    return set
  }
}
