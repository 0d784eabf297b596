import { type FieldNode, type InlineFragmentNode, Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql'
import type { LimitName, Limits } from '../../core/limits.js'
import type { Fragments } from '../fragments.js'

/** How large an operation is with its fragments written out where they are spread. */
export interface OperationSize {
  readonly fields: number
  readonly rootFields: number
  readonly aliases: number
  /** Those on fields, spreads and inline fragments. */
  readonly directives: number
  /** Levels of selection sets; a fragment is one more where it is spread. */
  readonly depth: number
}

/**
 * Measures an operation as if every fragment were written out where it is spread, as often as it is. Iterative, and linear in the
 * document: each definition is walked once, however many spreads lead to it. A fragment that spreads itself makes every number
 * infinite; one that does not exist counts for nothing.
 */
export function measureOperation(operation: OperationDefinitionNode, fragments: Fragments): OperationSize {
  const root = partOf(operation.selectionSet)
  const parts = new Map<string, Part>()
  const sizes = new Map<string, OperationSize | typeof OPEN>()
  const pending: Array<readonly [name: string, part: Part]> = [[ROOT, root]]
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const [name, part] = top
    sizes.set(name, OPEN)
    const spread = part.spreads[part.visited]
    if (spread === undefined) {
      sizes.set(name, sizeOf(part, sizes))
      pending.pop()
      continue
    }
    part.visited += 1
    const size = sizes.get(spread.name)
    if (size === OPEN) return ENDLESS
    const fragment = Object.hasOwn(fragments, spread.name) ? fragments[spread.name] : undefined
    if (size !== undefined || fragment === undefined) continue
    const found = parts.get(spread.name) ?? partOf(fragment.selectionSet)
    parts.set(spread.name, found)
    pending.push([spread.name, found])
  }
  return sizes.get(ROOT) as OperationSize
}

/** The name of the first limit that an operation of this size exceeds, or `null`. */
export function exceededBySize(size: OperationSize, limits: Limits): LimitName | null {
  return MEASURED.find((name) => size[name] > limits[name]) ?? null
}

const MEASURED = ['depth', 'aliases', 'rootFields', 'fields', 'directives'] as const

/** No fragment can have this name. */
const ROOT = ''

/** Being walked: whoever spreads it from below spreads itself. */
const OPEN = Symbol('open')

const ENDLESS: OperationSize = Object.freeze({
  fields: Infinity,
  rootFields: Infinity,
  aliases: Infinity,
  directives: Infinity,
  depth: Infinity,
})

/** A fragment, where it is spread. */
interface Spread {
  readonly name: string
  /** Levels of selection sets around it, in its definition. */
  readonly level: number
  readonly atRoot: boolean
}

/** What one definition holds by itself. */
interface Part {
  fields: number
  rootFields: number
  aliases: number
  directives: number
  depth: number
  readonly spreads: Spread[]
  /** How many of the spreads have been followed. */
  visited: number
}

/** Selections of one level of a definition. */
interface Level {
  readonly selectionSet: SelectionSetNode
  readonly level: number
  readonly atRoot: boolean
}

function partOf(selectionSet: SelectionSetNode): Part {
  const part: Part = { fields: 0, rootFields: 0, aliases: 0, directives: 0, depth: 0, spreads: [], visited: 0 }
  const pending: Level[] = [{ selectionSet, level: 1, atRoot: true }]
  for (let level = pending.pop(); level !== undefined; level = pending.pop()) {
    part.depth = Math.max(part.depth, level.level)
    for (const selection of level.selectionSet.selections) addSelection(part, selection, level, pending)
  }
  return part
}

function addSelection(part: Part, selection: SelectionNode, { level, atRoot }: Level, pending: Level[]): void {
  part.directives += selection.directives?.length ?? 0
  if (selection.kind === Kind.FRAGMENT_SPREAD) return void part.spreads.push({ name: selection.name.value, level, atRoot })
  if (selection.kind === Kind.FIELD) addField(part, selection, atRoot)
  if (selection.selectionSet !== undefined) pending.push({ selectionSet: selection.selectionSet, level: level + 1, atRoot: atRoot && isTransparent(selection) })
}

function addField(part: Part, { alias }: FieldNode, atRoot: boolean): void {
  part.fields += 1
  if (atRoot) part.rootFields += 1
  if (alias !== undefined) part.aliases += 1
}

/** What is selected below is selected on the same object. */
function isTransparent({ kind }: FieldNode | InlineFragmentNode): boolean {
  return kind === Kind.INLINE_FRAGMENT
}

function sizeOf({ fields, rootFields, aliases, directives, depth, spreads }: Part, sizes: ReadonlyMap<string, OperationSize | typeof OPEN>): OperationSize {
  const total = { fields, rootFields, aliases, directives, depth }
  for (const { name, level, atRoot } of spreads) {
    const size = sizes.get(name)
    if (size === undefined || size === OPEN) continue
    total.fields += size.fields
    total.aliases += size.aliases
    total.directives += size.directives
    total.depth = Math.max(total.depth, level + size.depth)
    if (atRoot) total.rootFields += size.rootFields
  }
  return total
}
