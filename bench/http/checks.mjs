import { concrete, MARK } from '../support/model.mjs'

/** What every request asks. */
export const BODY = JSON.stringify({ query: concrete.documents.me })

/**
 * Refuses to measure a server that does not protect what it claims to. Without a claim everybody gets the data; a server that claims
 * `authentication` gives it to whoever brings a good token; one that claims `scopes` only to whoever holds them.
 *
 * @returns the answer that every measured request has to get
 */
export async function checkServer({ name, claims }, url, { allowed, unscoped, tampered }) {
  const strangers = { none: {}, authentication: { anonymous: undefined, tampered }, scopes: { anonymous: undefined, tampered, unscoped } }[claims]
  for (const [caller, token] of Object.entries(strangers)) {
    const { text } = await send(url, token)
    if (text.includes(MARK)) throw new Error(`${name}, ${caller}: got what it may not read`)
    if (!Array.isArray(parsed(text).errors)) throw new Error(`${name}, ${caller}: got no error`)
  }
  // Known keys first, as in a server that has run for a while.
  for (const token of allowed) {
    const { status, text } = await send(url, token)
    const { data, errors } = parsed(text)
    if (status !== 200 || errors !== undefined || JSON.stringify(data) !== JSON.stringify(concrete.data.me))
      throw new Error(`${name}, allowed: ${status} ${text}`)
  }
  return (await send(url, allowed[0])).text
}

async function send(url, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: BODY,
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, text: await response.text() }
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
