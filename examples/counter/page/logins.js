// Ready-made logins. An application would send people to its identity provider here.

/** Gets a token for a login of the demo. `lifetime` is 'normal' or 'short'. The token stays in memory: it is never stored. */
export async function logIn(login, lifetime) {
  const response = await fetch(`/logins/${login}?lifetime=${lifetime}`, { method: 'POST' })
  if (!response.ok) throw new Error(`login answered ${response.status}`)
  const { access_token: token } = await response.json()
  return token
}
