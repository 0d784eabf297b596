import { describe, expect, it } from '@jest/globals'
import type { Client } from 'graphql-ws'
import { serving } from './behaviour.js'
import type { Change, Page } from './page.js'

/** How a stock client reaches the server of a page. */
export type Connect = (page: Page, token: string | null) => Client

/** What an operation said, in order: data, or the reasons of the errors in its place, or how the connection was refused. */
export interface Said {
  readonly said: readonly unknown[]
  readonly closed: { readonly code: number; readonly reason: string } | null
}

interface ErrorShape {
  readonly message: string
  readonly extensions?: { readonly auth?: { readonly reason: string } }
}

const reasonOf = ({ message, extensions }: ErrorShape): string => extensions?.auth?.reason ?? message

/** Runs one operation to its end, on a connection of its own. */
export async function runLive(client: Client, query: string): Promise<Said> {
  const said: unknown[] = []
  try {
    return await new Promise<Said>((resolve, reject) => {
      client.subscribe(
        { query },
        {
          next: ({ data, errors }) => {
            said.push(errors === undefined ? data : { data, errors: errors.map((error) => [error.path, reasonOf(error as ErrorShape)]) })
          },
          error: (error) => {
            if (Array.isArray(error)) resolve({ said: [...said, error.map(reasonOf)], closed: null })
            else if (isClose(error)) resolve({ said, closed: { code: error.code, reason: error.reason } })
            else reject(error)
          },
          complete: () => resolve({ said, closed: null }),
        },
      )
    })
  } finally {
    await client.dispose()
  }
}

function isClose(error: unknown): error is { readonly code: number; readonly reason: string } {
  return typeof (error as { code?: unknown } | null)?.code === 'number'
}

/** What every connection that stays open answers alike. */
export function describeSameOverLive(name: string, connect: Connect, change: Change = {}): void {
  describe(`the program of docs/frameworks/${name}.md, over live connections`, () => {
    const here = serving(name, change)
    const run = async (query: string, scope?: string): Promise<Said> => runLive(connect(here.page, scope === undefined ? null : await here.token(scope)), query)

    it('refuses the handshake of nobody', async () => {
      expect(await run('{ about }')).toEqual({ said: [], closed: { code: 4403, reason: 'MISSING_TOKEN' } })
    })

    it('refuses the handshake of a bad token', async () => {
      expect(await runLive(connect(here.page, 'e30.e30.e30'), '{ about }')).toEqual({ said: [], closed: { code: 4403, reason: 'INVALID_TOKEN' } })
    })

    it('refuses an operation without the scope, and keeps the connection', async () => {
      expect(await run('subscription { shipped { id } }', 'profile')).toEqual({ said: [['INSUFFICIENT_SCOPE']], closed: null })
    })

    it('streams to a token with the scope', async () => {
      expect(await run('subscription { shipped { id } }', 'orders:read')).toEqual({ said: [{ shipped: { id: 'A-1' } }], closed: null })
    })

    it.each(['subscription { shipped { margin } }', '{ item { margin } }', '{ item { ... on Order { margin } } }'])(
      'holds an interface’s guard at %s',
      async (query) => {
        expect(await run(query, 'orders:read')).toEqual({ said: [['INSUFFICIENT_SCOPE']], closed: null })
        const { said } = await run(query, 'orders:read orders:admin')
        expect(JSON.stringify(said)).toContain('"margin":0.3')
      },
    )
  })

  describe(`the same program with denied: 'null'`, () => {
    const here = serving(name, { ...change, settings: "denied: 'null', " })

    it('delivers the event, with null and an error in place of what was refused', async () => {
      const { said } = await runLive(connect(here.page, await here.token('orders:read')), 'subscription { shipped { id margin } }')
      expect(said).toEqual([{ data: { shipped: { id: 'A-1', margin: null } }, errors: [[['shipped', 'margin'], 'INSUFFICIENT_SCOPE']] }])
    })
  })
}
