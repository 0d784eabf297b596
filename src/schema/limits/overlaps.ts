/**
 * Bounds from above how much validation may have to compare (GraphQL §5.3.2, Field Selection Merging), as the text goes by and
 * before it is parsed. graphql-js compares fields pair by pair; earlier releases do so without a bound of their own.
 *
 * Two fields can only be merged when they have the same response name and stand under fields of the same response name. What stands
 * right in a fragment may stand under any. A pair counts as many as the two have tokens in names and arguments; a pair of fragments
 * counts one.
 */
export class Overlaps {
  /** What was counted so far. */
  total = 0
  readonly #names = new Map<string, Namesakes>()
  #fragments = 0
  #current: Group | null = null
  #currentOthers: Group | null = null

  /** @param parent what tells the place from others; `null` right in a fragment. */
  addField(name: string, parent: string | null): void {
    let namesakes = this.#names.get(name)
    if (namesakes === undefined) {
      namesakes = { inFragments: emptyGroup(), elsewhere: emptyGroup(), byParent: new Map() }
      this.#names.set(name, namesakes)
    }
    const { inFragments, elsewhere, byParent } = namesakes
    const others = parent === null ? elsewhere : inFragments
    let group = parent === null ? inFragments : byParent.get(parent)
    if (group === undefined) {
      group = { fields: 0, tokens: 0, all: elsewhere }
      byParent.set(parent ?? '', group)
    }
    this.total += group.tokens + group.fields + others.tokens + others.fields
    grow(group, 1, 1)
    this.#current = group
    this.#currentOthers = others
  }

  /** A token among the arguments of the field that was added last. */
  addArgumentToken(): void {
    if (this.#current === null || this.#currentOthers === null) return
    this.total += this.#current.fields - 1 + this.#currentOthers.fields
    grow(this.#current, 0, 1)
  }

  addFragment(): void {
    this.total += this.#fragments
    this.#fragments += 1
    this.endField()
  }

  /** What comes belongs to no field. */
  endField(): void {
    this.#current = null
  }
}

/** Fields that may all have to be compared with each other. */
interface Group {
  fields: number
  tokens: number
  /** The group of all that are not right in a fragment, where this is a part of it. */
  readonly all: Group | null
}

/** Fields with the same response name. */
interface Namesakes {
  readonly inFragments: Group
  readonly elsewhere: Group
  readonly byParent: Map<string, Group>
}

function emptyGroup(): Group {
  return { fields: 0, tokens: 0, all: null }
}

function grow(group: Group, fields: number, tokens: number): void {
  group.fields += fields
  group.tokens += tokens
  if (group.all !== null) grow(group.all, fields, tokens)
}
