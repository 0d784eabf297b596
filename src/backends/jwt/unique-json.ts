/**
 * Parses a JSON object in which no object, at any depth, has two members of one name. Two names count as one however they are
 * escaped. Returns `null` for every other text. What it returns is frozen all the way down, and its objects have no prototype: what they
 * do not say, nobody else says for them.
 *
 * `JSON.parse` keeps the last of two members and other parsers the first: a token with both means one thing to its issuer and
 * another here (RFC 7515 §4, RFC 7519 §4).
 */
export function parseUniqueJson(text: string): Readonly<Record<string, unknown>> | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // The parser has proved the grammar, so a string before a colon is a member name. It drops duplicates: then the text has more
  // names than the value has members.
  return countNames(text) === isolateAndCount(value) ? (value as Readonly<Record<string, unknown>>) : null
}

const COLON = 0x3a
const BACKSLASH = 0x5c
const SPACE = 0x20

/** Goes from quote to quote of valid JSON: a string is a member name when a colon follows. */
function countNames(json: string): number {
  let names = 0
  for (let open = json.indexOf('"'); open !== -1; ) {
    let close = json.indexOf('"', open + 1)
    while (isEscaped(json, close)) close = json.indexOf('"', close + 1)
    let next = close + 1
    while (json.charCodeAt(next) <= SPACE) next += 1
    if (json.charCodeAt(next) === COLON) names += 1
    open = json.indexOf('"', next)
  }
  return names
}

/** Whether an odd number of backslashes stands before the quote. */
function isEscaped(json: string, quote: number): boolean {
  let before = quote - 1
  while (json.charCodeAt(before) === BACKSLASH) before -= 1
  return (quote - before) % 2 === 0
}

/** Iterative: a text may be nested deeper than the stack is. */
function isolateAndCount(root: object): number {
  let count = 0
  const pending: object[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    let children: readonly unknown[]
    if (Array.isArray(value)) children = value
    else {
      children = Object.values(value)
      count += children.length
      Object.setPrototypeOf(value, null)
    }
    for (const child of children) if (typeof child === 'object' && child !== null) pending.push(child)
    Object.freeze(value)
  }
  return count
}
