import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AuthContext } from '../../src/core/auth-context.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { MODES } from './support/engines.js'
import { bearer, refusalsIn, SENDERS, TRANSPORTS } from './support/senders.js'

interface Row {
  readonly secret: string
}

interface Context {
  readonly auth: AuthContext
}

/** A resolver that is guarded where it stands, and can be called by others. */
class People {
  @requireOAuth('secrets')
  secret(row: Row, _args: object, _context: Context): string {
    return row.secret
  }

  /** Asks by calling what is guarded. */
  delegating(row: Row, args: object, context: Context): string {
    return `via ${this.secret(row, args, context)}`
  }
}
const people = new People()

/** Fields that are made of a guarded one, each in its own way. */
const extension = {
  typeDefs: /* GraphQL */ `
    type Employee {
      secret: String @requiresScopes(scopes: [["secrets"]])
      unguarded: String
      guarded: String @requiresScopes(scopes: [["secrets"]])
      asking: String
      delegating: String
      tactful: String
    }
    extend type Query { employee: Employee @public }
  `,
  resolvers: {
    Query: { employee: () => ({ secret: 'CANARY' }) },
    Employee: {
      unguarded: ({ secret }: Row) => `made of ${secret}`,
      guarded: ({ secret }: Row) => `made of ${secret}`,
      asking: ({ secret }: Row, _: object, { auth }: Context) => {
        auth.requireScopes('secrets')
        return `made of ${secret}`
      },
      delegating: (row: Row, args: object, context: Context) => people.delegating(row, args, context),
      tactful: ({ secret }: Row, _: object, { auth }: Context) => (auth.hasScopes('secrets') ? `made of ${secret}` : 'nothing to see'),
    },
  },
}

describe.each(MODES)('B5 a computed field that reads a guarded one, with $engine and denied: $denied', ({ engine, denied }) => {
  let servers: Servers
  let user: string
  let keeper: string
  beforeAll(async () => {
    servers = await startServers({ engine, extension, settings: { denied } })
    user = await bearer(servers)
    keeper = await bearer(servers, { scope: 'secrets' })
  })
  afterAll(() => servers.close())

  const ask = (transport: (typeof TRANSPORTS)[number], field: string, authorization: string) =>
    SENDERS[transport](servers, { query: `{ employee { ${field} } }`, authorization })

  it.each(TRANSPORTS)('is refused with a requirement of its own over %s', async (transport) => {
    const results = await ask(transport, 'guarded', user)
    expect(JSON.stringify(results)).not.toContain('CANARY')
    expect(refusalsIn(results)).toEqual([`${denied === 'null' ? 'employee.guarded' : 'Employee.guarded'} FORBIDDEN INSUFFICIENT_SCOPE`])
  })

  it.each(TRANSPORTS)('is refused when its resolver asks, or calls the guarded one, over %s', async (transport) => {
    for (const field of ['asking', 'delegating']) {
      const results = await ask(transport, field, user)
      expect(results[0]?.data).toEqual({ employee: { [field]: null } })
      expect(refusalsIn(results)).toEqual([`employee.${field} FORBIDDEN INSUFFICIENT_SCOPE`])
      expect(JSON.stringify(await ask(transport, field, keeper))).toContain('CANARY')
    }
  })

  it.each(TRANSPORTS)('may answer by what the caller holds over %s', async (transport) => {
    expect((await ask(transport, 'tactful', user))[0]?.data).toEqual({ employee: { tactful: 'nothing to see' } })
    expect((await ask(transport, 'tactful', keeper))[0]?.data).toEqual({ employee: { tactful: 'made of CANARY' } })
  })

  it.each(TRANSPORTS)('is open over %s when nothing says otherwise: what a resolver reads is its own affair, as documented', async (transport) => {
    expect((await ask(transport, 'unguarded', user))[0]?.data).toEqual({ employee: { unguarded: 'made of CANARY' } })
  })
})
