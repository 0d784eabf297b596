/** Where a selection set stands in its definition: under which field, in which place. `null` is right in a fragment. */
export interface Place {
  /** A response name; of an operation's own selection set, something that is no name and no other operation's. */
  readonly name: string
  readonly around: Place | null
}

/**
 * Bounds from above how much validation may have to compare (GraphQL §5.3.2, Field Selection Merging), as the text goes by and
 * before it is parsed. graphql-js compares fields pair by pair; earlier releases do so without a bound of their own.
 *
 * Two fields can only meet when they have the same response name under fields of the same response names, up to the operation that
 * they stand in, or up to the fragment: what is around that, depends on where it is spread. A pair counts as many as the two have
 * tokens in names and arguments. A pair of fragments counts one, and a half for each spread in the two.
 */
export class Overlaps {
  /** What was counted so far. */
  total = 0
  /** Fields by their own name, then the name of the field around, and so on outwards: each step is found by the one before and the name. */
  readonly #paths = new Map<number, Path>()
  readonly #names = new Map<string, number>()
  readonly #start = new Path(0)
  #fragments = 0
  /** With one more for each fragment. */
  #spreads = 0
  /** Of the field that was added last: the way to it, what it has to be compared with, and its arguments' tokens. */
  #way: readonly Path[] = []
  #partners = 0
  #argumentTokens = 0

  addField(name: string, place: Place | null): void {
    this.endField()
    const way: Path[] = []
    let partners = 0
    let path = this.#start
    for (let at: Place | null = { name, around: place }; at !== null && way.length < LONGEST_PATH; at = at.around) {
      partners += path.fieldsEnded
      this.total += path.fieldsEnded + path.tokensEnded
      path = this.#step(path, at.name)
      way.push(path)
    }
    partners += path.fields
    this.total += path.fields + path.tokens
    path.fieldsEnded += 1
    for (const step of way) step.fields += 1
    this.#way = way
    this.#partners = partners
    this.#argumentTokens = 1
  }

  #step(from: Path, name: string): Path {
    let id = this.#names.get(name)
    if (id === undefined) {
      id = this.#names.size
      this.#names.set(name, id)
    }
    // Two numbers in one, which is exact: documents are bounded far below what a number can tell apart.
    const key = from.id * MOST_NAMES + id
    let path = this.#paths.get(key)
    if (path === undefined) {
      path = new Path(this.#paths.size + 1)
      this.#paths.set(key, path)
    }
    return path
  }

  /** A token among the arguments of the field that was added last. */
  addArgumentToken(): void {
    this.#argumentTokens += 1
    this.total += this.#partners
  }

  addFragment(): void {
    this.endField()
    this.total += (this.#fragments + this.#spreads) / 2
    this.#fragments += 1
    this.#spreads += 1
  }

  /** Of a fragment, in the definition that was begun last. */
  addSpread(): void {
    this.endField()
    this.total += Math.max(0, this.#fragments - 1) / 2
    this.#spreads += 1
  }

  /** What comes belongs to no field. */
  endField(): void {
    const last = this.#way.at(-1)
    if (last !== undefined) last.tokensEnded += this.#argumentTokens
    for (const step of this.#way) step.tokens += this.#argumentTokens
    this.#way = []
    this.#partners = 0
    this.#argumentTokens = 0
  }
}

/** Names beyond are not looked at: fields that agree in so many count as if they could meet. It bounds what a field costs. */
const LONGEST_PATH = 5

/** More than a text of the greatest length can have. */
const MOST_NAMES = 2 ** 26

/** Fields whose names agree from here inwards. */
class Path {
  readonly id: number
  /** All of them, and the tokens in their names and arguments. */
  fields = 0
  tokens = 0
  /** Those that nothing more is known of. */
  fieldsEnded = 0
  tokensEnded = 0

  constructor(id: number) {
    this.id = id
  }
}
