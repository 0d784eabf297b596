import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AuthContext } from '../../src/core/auth-context.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { ENGINES } from './support/engines.js'
import { bearer, refusalsIn, SENDERS, TRANSPORTS } from './support/senders.js'

interface Context {
  readonly auth: AuthContext
}

/** Lets every other request in between. */
async function dawdle(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const subjectOf = ({ auth }: Context): string => String(auth.principal?.subject)

const extension = {
  typeDefs: /* GraphQL */ `
    type Account { owner: String later: String secret: String @requiresScopes(scopes: [["secrets"]]) ledger: String }
    extend type Query { account: Account }
  `,
  resolvers: {
    Query: {
      account: async (_: unknown, __: unknown, context: Context) => {
        await dawdle(3)
        return { owner: subjectOf(context) }
      },
    },
    Account: {
      later: async (_: unknown, __: unknown, context: Context) => {
        await dawdle(5)
        return subjectOf(context)
      },
      secret: (_: unknown, __: unknown, context: Context) => `secret of ${subjectOf(context)}`,
      ledger: requirePerm('ledger.read', { object: (account: { owner: string }) => account.owner })((_: unknown, __: unknown, context: Context) =>
        subjectOf(context),
      ),
    },
  },
}

describe.each(ENGINES)('with %s', (engine) => {
  let servers: Servers
  const mixed: string[] = []
  beforeAll(async () => {
    const permissions = {
      async check(principal: { readonly subject: string }, questions: ReadonlyArray<{ readonly object: unknown }>) {
        await dawdle(2)
        // Questions of one caller in a call for another would show here.
        for (const { object } of questions) if (object !== principal.subject) mixed.push(`${principal.subject} asked about ${String(object)}`)
        return questions.map(({ object }) => object === principal.subject && Number(principal.subject.slice(5)) % 3 === 0)
      },
    }
    servers = await startServers({ engine, extension, settings: { permissions, denied: 'null', connections: { anonymous: true } } })
  })
  afterAll(() => servers.close())

  it('B23 answers two hundred callers at once each as himself, on every transport alike', async () => {
    const people = Array.from({ length: 200 }, (_, index) => ({ index, subject: `user-${index}`, transport: TRANSPORTS[index % TRANSPORTS.length] ?? 'HTTP' }))
    const tokens = await Promise.all(people.map(({ index, subject }) => bearer(servers, { sub: subject, scope: index % 2 === 0 ? 'secrets' : 'profile' })))
    const query = '{ me account { owner later secret ledger } }'
    const answers = await Promise.all(
      // Every tenth comes without a token.
      people.map(({ index, transport }) => SENDERS[transport](servers, { query, authorization: index % 10 === 9 ? undefined : tokens[index] })),
    )
    for (const { index, subject, transport } of people) {
      const results = answers[index] ?? []
      const seen = { index, transport, data: results[0]?.data, refusals: refusalsIn(results) }
      if (index % 10 === 9) {
        expect(seen).toEqual({
          index,
          transport,
          data: { me: null, account: null },
          refusals: ['account UNAUTHENTICATED MISSING_TOKEN', 'me UNAUTHENTICATED MISSING_TOKEN'],
        })
        continue
      }
      const [mayKnow, mayCount] = [index % 2 === 0, index % 3 === 0]
      expect(seen).toEqual({
        index,
        transport,
        data: { me: subject, account: { owner: subject, later: subject, secret: mayKnow ? `secret of ${subject}` : null, ledger: mayCount ? subject : null } },
        refusals: [
          ...(mayCount ? [] : ['account.ledger FORBIDDEN INSUFFICIENT_PERMISSION']),
          ...(mayKnow ? [] : ['account.secret FORBIDDEN INSUFFICIENT_SCOPE']),
        ],
      })
    }
    expect(mixed).toEqual([])
  })
})
