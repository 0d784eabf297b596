/**
 * Parses a JSON object in which no object, at any depth, has two members of one name. Two names count as one however they are
 * escaped. Returns `null` for every other text. The object has no prototype: what it does not say, nobody else says for it.
 *
 * `JSON.parse` keeps the last of two members and other parsers the first: a token with both means one thing to its issuer and
 * another here (RFC 7515 §4, RFC 7519 §4).
 */
export function parseUniqueJson(text: string): Record<string, unknown> | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // The parser has proved the grammar, so a string before a colon is a member name. It drops duplicates: then the text has more
  // names than the value has members.
  return countNames(text) === countMembers(value) ? Object.setPrototypeOf(value, null) : null
}

/** Every string of valid JSON, and the colon behind it when it is a member name. */
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?/g

function countNames(json: string): number {
  return (json.match(STRING) ?? []).filter((string) => string.endsWith(':')).length
}

/** Iterative: a text may be nested deeper than the stack is. */
function countMembers(root: object): number {
  let count = 0
  const pending: object[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const children: unknown[] = Object.values(value)
    if (!Array.isArray(value)) count += children.length
    for (const child of children) if (typeof child === 'object' && child !== null) pending.push(child)
  }
  return count
}
