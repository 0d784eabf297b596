import type { Random } from './random-model.js'

const NAMES = ['a', 'b', 'on', 'fragment', 'query', 'id'] as const

/** A small document of one or two operations and a few fragments, none of which spreads itself. It fits no schema. */
export function randomDocument(random: Random): string {
  const fragments = random.below(4)
  const operations = 1 + random.below(2)
  return [
    ...Array.from({ length: operations }, (_, index) => `${heading(random, index)} ${selectionSet(random, 0, fragments, 0)}`),
    ...Array.from({ length: fragments }, (_, index) => `fragment F${index} on T${directives(random)} ${selectionSet(random, 0, fragments, index + 1)}`),
  ].join('\n# a comment { a: b @c ( }\n')
}

function heading(random: Random, index: number): string {
  const variables = random.below(2) === 0 ? '' : `($v: [T!] = [{ a: 1, b: [2, { c: "{ a: b @c }" }] }]${directives(random)})`
  return `${random.pick(['query', 'mutation', 'subscription'])} Q${index}${variables}${directives(random)}`
}

function selectionSet(random: Random, level: number, fragments: number, from: number): string {
  return `{ ${Array.from({ length: 1 + random.below(4) }, () => selection(random, level, fragments, from)).join(', ')} }`
}

function selection(random: Random, level: number, fragments: number, from: number): string {
  const choice = random.below(8)
  // Only to fragments further on: there is no cycle.
  if (choice === 0 && from < fragments) return `...F${from + random.below(fragments - from)}${directives(random)}`
  if (choice === 1 && level < 3) return `...${random.pick(['', ' on T', ' on on'])}${directives(random)} ${selectionSet(random, level + 1, fragments, from)}`
  const alias = random.below(3) === 0 ? `${random.pick(NAMES)}: ` : ''
  const values = random.below(4) === 0 ? `(x: ${value(random, 0)}, y: $v)` : ''
  const below = random.below(3) === 0 && level < 3 ? ` ${selectionSet(random, level + 1, fragments, from)}` : ''
  return `${alias}${random.pick(NAMES)}${values}${directives(random)}${below}`
}

function directives(random: Random): string {
  return random.below(4) === 0 ? ` @${random.pick(NAMES)}${random.below(2) === 0 ? '' : `(if: ${value(random, 2)})`}` : ''
}

function value(random: Random, level: number): string {
  const choice = random.below(level < 3 ? 5 : 3)
  if (choice === 0) return '1'
  if (choice === 1) return '"a: @b {"'
  if (choice === 2) return '"""c: @d ("""'
  return choice === 3 ? `[${value(random, level + 1)}, ${value(random, level + 1)}]` : `{ on: ${value(random, level + 1)} }`
}
