import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Servers, startServers } from '../support/transport-servers.js'
import { MODES } from './support/engines.js'
import { type Attempt, bearer, errorsIn, refusalsIn, SENDERS, TRANSPORTS } from './support/senders.js'

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'] as const
type Name = (typeof NAMES)[number]
/** The schema may not have the first: names with two underscores are GraphQL's own. */
const FIELDS = NAMES.filter((name) => name !== '__proto__')

const SCOPE = 'FORBIDDEN INSUFFICIENT_SCOPE'
const KEEPER = { scope: 'secrets' }

const fieldsOf = (guard: string): string =>
  FIELDS.map((name) => `${name}(${FIELDS.map((argument) => `${argument}: String`).join(' ')}): Odd ${guard}`).join('\n')

const resolvers = Object.fromEntries(FIELDS.map((name) => [name, () => ({})]))

/** Objects whose fields and arguments are called like members of every object in JavaScript. */
const extension = {
  typeDefs: `
    type Odd { plain: String secret: String @requiresScopes(scopes: [["secrets"]]) ${fieldsOf('')} }
    type Locked { ${fieldsOf('@requiresScopes(scopes: [["secrets"]])')} }
    extend type Query { odd(value: String): Odd @public locked: Locked @public }
  `,
  resolvers: {
    Query: { odd: () => ({}), locked: () => ({}) },
    Odd: { plain: () => 'plain', secret: () => 'CANARY', ...resolvers },
    Locked: { ...resolvers },
  },
}

/** Each puts the name at one place of a document, over or under a denied field; `paths` says where that is. */
interface Place {
  readonly name: string
  readonly of: readonly Name[]
  readonly attempt: (name: Name) => Attempt
  readonly path: (name: Name) => string
  readonly coordinate?: (name: Name) => string
}

const everyName = NAMES
/** By parsing, as from the wire: in a literal, `__proto__` would be a prototype. */
const variablesOf = (name: Name, value: unknown): Record<string, unknown> => JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`)

const PLACES: readonly Place[] = [
  { name: 'an alias of the denied field', of: everyName, attempt: (name) => ({ query: `{ odd { plain ${name}: secret } }` }), path: (name) => `odd.${name}` },
  { name: 'an alias above it', of: everyName, attempt: (name) => ({ query: `{ ${name}: odd { secret plain } }` }), path: (name) => `${name}.secret` },
  {
    name: 'aliases all the way down',
    of: everyName,
    attempt: (name) => ({ query: `{ ${name}: odd { ${name}: toString { ${name}: secret plain } } }` }),
    path: (name) => `${name}.${name}.${name}`,
  },
  { name: 'a field above it', of: FIELDS, attempt: (name) => ({ query: `{ odd { ${name} { secret plain } } }` }), path: (name) => `odd.${name}.secret` },
  {
    name: 'the denied field itself',
    of: FIELDS,
    attempt: (name) => ({ query: `{ locked { ${name} { plain } } odd { plain } }` }),
    path: (name) => `locked.${name}`,
    coordinate: (name) => `Locked.${name}`,
  },
  {
    name: 'an argument above it',
    of: FIELDS,
    attempt: (name) => ({ query: `{ odd { toString(${name}: "x") { secret plain } } }` }),
    path: () => 'odd.toString.secret',
  },
  {
    name: 'a variable in an argument above it',
    of: everyName,
    attempt: (name) => ({ query: `query ($${name}: String) { odd(value: $${name}) { secret plain } }`, variables: variablesOf(name, 'x') }),
    path: () => 'odd.secret',
  },
  {
    name: 'a variable with a default in an argument above it',
    of: everyName,
    attempt: (name) => ({ query: `query ($${name}: String = "x") { odd(value: $${name}) { secret plain } }` }),
    path: () => 'odd.secret',
  },
  {
    name: 'a variable in an unrelated condition',
    of: FIELDS,
    attempt: (name) => ({ query: `query ($${name}: Boolean!) { odd { secret plain other: plain @skip(if: $${name}) } }`, variables: variablesOf(name, false) }),
    path: () => 'odd.secret',
  },
  {
    name: 'the variable that brings it in',
    of: FIELDS,
    attempt: (name) => ({ query: `query ($${name}: Boolean!) { odd { plain secret @include(if: $${name}) } }`, variables: variablesOf(name, true) }),
    path: () => 'odd.secret',
  },
  {
    name: 'the operation',
    of: everyName,
    attempt: (name) => ({ query: `query Other { odd { plain } } query ${name} { odd { secret plain } }`, operationName: name }),
    path: () => 'odd.secret',
  },
  {
    name: 'a fragment',
    of: everyName,
    attempt: (name) => ({ query: `{ odd { ...${name} plain } } fragment ${name} on Odd { secret }` }),
    path: () => 'odd.secret',
  },
]

const CASES = PLACES.flatMap((place) => place.of.map((name) => ({ place, name })))

describe.each(MODES)('B27 with $engine and denied: $denied', ({ engine, denied }) => {
  let servers: Servers
  let user: string
  let keeper: string
  beforeAll(async () => {
    servers = await startServers({ engine, extension, settings: { denied } })
    user = await bearer(servers)
    keeper = await bearer(servers, KEEPER)
  })
  afterAll(() => servers.close())

  it.each(CASES)('$name as $place.name is denied like any other name', async ({ place, name }) => {
    const attempt = place.attempt(name)
    const before = Reflect.ownKeys(Object.prototype).length
    for (const transport of TRANSPORTS) {
      const results = await SENDERS[transport](servers, { ...attempt, authorization: user })
      const text = JSON.stringify(results)
      expect(text).not.toContain('CANARY')
      const at = denied === 'null' ? place.path(name) : (place.coordinate?.(name) ?? 'Odd.secret')
      expect({ transport, refusals: refusalsIn(results) }).toEqual({ transport, refusals: [`${at} ${SCOPE}`] })
      expect({ transport, answers: text.includes('"plain":"plain"') }).toEqual({ transport, answers: denied === 'null' })
      const control = await SENDERS[transport](servers, { ...attempt, authorization: keeper })
      expect({ transport, errors: errorsIn(control) }).toEqual({ transport, errors: [] })
      if (place.coordinate === undefined) expect(JSON.stringify(control)).toContain('CANARY')
    }
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before)
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('$__proto__ in a condition hides nothing from the guards', async () => {
    for (const value of [true, false, { x: 1 }]) {
      for (const condition of ['skip', 'include']) {
        const query = `query ($__proto__: Boolean!) { odd { plain secret @${condition}(if: $__proto__) } }`
        for (const transport of TRANSPORTS) {
          const results = await SENDERS[transport](servers, { query, variables: variablesOf('__proto__', value), authorization: user })
          expect(JSON.stringify(results)).not.toContain('CANARY')
        }
      }
    }
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})
