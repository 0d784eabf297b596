// What a refusal means, said to a person. The server sends codes and what was missing, never prose: wording is the page's business.

const SENTENCES = {
  MISSING_TOKEN: () => 'Nobody is logged in here, and this needs a login.',
  MALFORMED_TOKEN: () => 'What was sent as a token is not one.',
  INVALID_TOKEN: () => 'The server does not accept this login. Log in again.',
  TOKEN_EXPIRED: () => 'The login has expired. Log in again to go on.',
  TOKEN_REVOKED: () => 'The login was withdrawn. Log in again to go on.',
  INSUFFICIENT_SCOPE: ({ requiredScopes }) => `This login may not do that. It would need ${anyOf(requiredScopes)}.`,
  INSUFFICIENT_PERMISSION: ({ requiredPermissions }) => `This login may not do that. It would need ${anyOf(requiredPermissions)}.`,
  INSUFFICIENT_AUTHENTICATION: () => 'This needs a stronger or fresher login.',
  BACKEND_UNAVAILABLE: () => 'The identity provider cannot be reached. Try again in a moment.',
}

/** Turns a GraphQL error into `{ coordinate, code, reason, sentence }`; `reason` is undefined when it is not about auth. */
export function explain({ message, extensions }) {
  const { code = 'ERROR', auth = {} } = extensions ?? {}
  return { coordinate: auth.coordinate, code, reason: auth.reason, sentence: SENTENCES[auth.reason]?.(auth) ?? message }
}

/** The same for a connection that the server has closed, where all there is is the reason. */
export function explainReason(reason) {
  return SENTENCES[reason]?.({}) ?? null
}

/** `[['a', 'b'], ['c']]` is "a and b, or c". */
function anyOf(alternatives = []) {
  return alternatives.map((all) => all.join(' and ')).join(', or ')
}
