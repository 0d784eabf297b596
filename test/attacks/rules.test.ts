import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { RuleFunction } from '../../src/core/rules/node.js'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'
import { type PermOptions, requirePerm } from '../../src/decorators/require-perm.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { refusalsIn, SENDERS, TRANSPORTS } from './support/senders.js'

const LEAK = 'CANARY postgres://admin:hunter2@db/prod SELECT secret FROM tenants'
const fail = (): never => {
  throw new Error(LEAK)
}
const hang = (): Promise<never> => new Promise(() => undefined)

/** What code that decides answers in place of a boolean. JavaScript does not keep to types. */
const ANSWERS: ReadonlyArray<readonly [name: string, answer: () => unknown]> = [
  ['throws', fail],
  [
    'throws what is no error',
    () => {
      throw undefined
    },
  ],
  ['rejects', async () => fail()],
  ['rejects with true', () => Promise.reject(true)],
  ['hangs', hang],
  ['answers nothing', () => undefined],
  ['answers nothing, later', async () => undefined],
  ['answers null', () => null],
  ['answers 1', () => 1],
  ["answers 'yes'", async () => 'yes'],
  ['answers an object', () => ({})],
  ['answers a promise of a promise of nothing', async () => Promise.resolve(undefined)],
]

/** Where such code can stand; the answer is asked for by each of them. */
const PLACES: Readonly<Record<string, (answer: () => unknown) => ReturnType<typeof requirePerm>>> = {
  'a rule': (answer) => requirePerm(allOf(answer as RuleFunction)),
  'a rule beside one that holds': (answer) => requirePerm(anyOf(answer as RuleFunction, allOf(answer as RuleFunction))),
  'a rule under not': (answer) => requirePerm(not(answer as RuleFunction)),
  'a rule under not not': (answer) => requirePerm(not(not(answer as RuleFunction))),
  'a rule before one that refuses': (answer) => requirePerm(allOf(answer as RuleFunction, () => true)),
  'a tenant function': (answer) => requirePerm('read', { tenant: answer as NonNullable<PermOptions['tenant']> }),
}

/** An owner may be an id, or nobody: a text that is not the caller's and `null` are answers. */
const OWNERS: ReadonlyArray<readonly [name: string, answer: () => unknown]> = [
  ...ANSWERS,
  ['answers another id', () => 'bob'],
  ['answers a part of the id', () => 'ad'],
  ['answers the id in capitals', () => 'ADA'],
  ['answers an empty list', () => []],
  ['answers an empty text', () => ''],
]

const ADA = 'Bearer ada'

describe('B16 with rules', () => {
  let servers: Servers
  let answer: () => unknown = () => true
  let ran = 0
  const secret = (): string => {
    ran += 1
    return 'CANARY'
  }
  const names = Object.keys(PLACES).map((_, index) => `place${index}`)

  beforeAll(async () => {
    const ask = (): unknown => answer()
    const guarded = Object.values(PLACES).map((place, index) => [`place${index}`, place(ask)(secret)] as const)
    const owned = requirePerm(owner(ask as never), { object: () => ({ id: 1 }) })(secret)
    servers = await startServers({
      extension: {
        typeDefs: `extend type Query { ${names.map((name) => `${name}: String`).join(' ')} owned: String }`,
        resolvers: { Query: { ...Object.fromEntries(guarded), owned } },
      },
      // At once: the deadline is also that of the token's own check.
      backends: [() => ({ active: true, subject: 'ada', tenant: 'a', permissions: ['read'] })],
      settings: { verifyTimeout: 100 },
    })
  })
  beforeEach(() => {
    answer = () => true
    ran = 0
  })
  afterAll(() => servers.close())

  const expectDenied = async (field: string): Promise<void> => {
    for (const transport of TRANSPORTS) {
      const results = await SENDERS[transport](servers, { query: `{ ${field} hello }`, authorization: ADA })
      expect({ transport, data: results[0]?.data }).toEqual({ transport, data: { [field]: null, hello: 'world' } })
      expect(refusalsIn(results)).toEqual([
        expect.stringMatching(new RegExp(`^${field} (FORBIDDEN INSUFFICIENT_PERMISSION|SERVICE_UNAVAILABLE BACKEND_UNAVAILABLE)$`)),
      ])
    }
    expect(ran).toBe(0)
    expect(`${servers.sent.join('\n')}${servers.log()}`).not.toMatch(/CANARY|hunter2|postgres|SELECT/)
  }

  describe.each(Object.keys(PLACES).map((place, index) => ({ place, field: `place${index}` })))('denies when $place', ({ field }) => {
    it.each(ANSWERS)('%s', async (_name, given) => {
      answer = given
      await expectDenied(field)
    })
  })

  it.each(OWNERS)('denies when a function that reads owners %s', async (_name, given) => {
    answer = given
    await expectDenied('owned')
  })

  it('lets in when it says so', async () => {
    const right: Readonly<Record<string, unknown>> = { 'a rule under not': false, 'a tenant function': 'a' }
    for (const [index, place] of Object.keys(PLACES).entries()) {
      answer = () => right[place] ?? true
      for (const transport of TRANSPORTS) {
        const results = await SENDERS[transport](servers, { query: `{ place${index} }`, authorization: ADA })
        expect({ place, refusals: refusalsIn(results) }).toEqual({ place, refusals: [] })
      }
    }
    answer = () => 'ada'
    expect(refusalsIn(await SENDERS.HTTP(servers, { query: '{ owned }', authorization: ADA }))).toEqual([])
    expect(ran).toBe(names.length * TRANSPORTS.length + 1)
  })
})
