// One caller's connection: a login, a graphql-ws client, and the questions that every caller asks.
import { createClient } from '/vendor/graphql-ws/client.js'
import { logIn } from './logins.js'
import { webSocketFor } from './transports.js'

// Subscribed first and read second, so that what changes in between is not missed.
const QUESTIONS = {
  'Query.about': 'query { about }',
  'Subscription.counter': 'subscription { counter { value protectedValue } }',
  'Query.counter': 'query { counter { value protectedValue } }',
  'Mutation.setCounter': 'mutation ($value: Int!) { setCounter(value: $value) { value } }',
}

/** The coordinates that a session asks, in order. */
export const COORDINATES = Object.keys(QUESTIONS)

/**
 * Connects, asks everything but the mutation, and tells its listener what comes back:
 * `connecting()`, `connected({ expiresAt })`, `asked(coordinate)`, `answer(coordinate, { data, errors })`, `message(text)`,
 * `ended({ code, reason })`.
 * After `close()` it tells nothing any more.
 */
export class Session {
  #listener
  #client = null
  #closed = false

  constructor(listener) {
    this.#listener = listener
  }

  async start({ login, lifetime, transport }) {
    this.#tell('connecting')
    let token = null
    try {
      if (login !== null) token = await logIn(login, lifetime)
    } catch {
      this.#tell('ended', { code: null, reason: '' })
      return
    }
    if (!this.#closed) this.#client = this.#connect(token, transport)
  }

  setCounter(value) {
    this.#ask('Mutation.setCounter', { value })
  }

  close() {
    this.#closed = true
    this.#client?.dispose()
  }

  #connect(token, transport) {
    return createClient({
      ...webSocketFor(transport, token),
      // Open at once and stay open: the connection itself is on show, not only what runs over it.
      lazy: false,
      // A refused or expired login stays refused: whoever wants to go on logs in again.
      retryAttempts: 0,
      onNonLazyError: () => {},
      on: {
        connected: (_socket, ack) => this.#connected(ack),
        message: (message) => this.#tell('message', summary(message)),
        closed: ({ code, reason }) => {
          this.#tell('message', `closed ${code} ${reason}`)
          this.#tell('ended', { code, reason })
        },
      },
    })
  }

  #connected(ack) {
    this.#tell('connected', { expiresAt: ack?.expiresAt ?? null })
    for (const coordinate of COORDINATES) if (!coordinate.startsWith('Mutation.')) this.#ask(coordinate)
  }

  #ask(coordinate, variables) {
    this.#tell('asked', coordinate)
    this.#client?.subscribe(
      { query: QUESTIONS[coordinate], variables },
      {
        next: (result) => this.#tell('answer', coordinate, result),
        // A list is GraphQL errors: the operation was refused. Anything else is the connection's end, which `closed` has told.
        error: (problem) => Array.isArray(problem) && this.#tell('answer', coordinate, { errors: problem }),
        complete: () => {},
      },
    )
  }

  #tell(event, ...details) {
    if (!this.#closed) this.#listener[event](...details)
  }
}

/** A message in one line: its type, and the values in it. */
function summary({ type, payload }) {
  const errors = type === 'error' ? payload : (payload?.errors ?? [])
  const reasons = new Set(errors.map(({ extensions }) => extensions?.auth?.reason ?? extensions?.code ?? 'ERROR'))
  const values =
    errors.length > 0 ? [...reasons] : Object.entries(payload?.data ?? payload ?? {}).map(([name, value]) => `${name} ${leaves(value).join(' · ')}`)
  return [type, ...values].join(' ')
}

function leaves(value) {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value ?? 'none']
}
