import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals'
import type { CommonSettings } from '../../../src/core/settings.js'
import { ask, type GraphqlBody, type Reply, type Sent, send } from './http-client.js'
import { openShop, type Shop } from './shop.js'

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  close(): Promise<void>
}

/** A server that the whole suite runs on. */
export interface HttpServer {
  readonly name: string
  start(shop: Shop): Promise<RunningServer>
  /** What every request of a well-behaved client carries, where the server asks for more than the specification does. @default nothing */
  readonly headers?: Readonly<Record<string, string>>
  /** What the server answers to JSON that is sent as plain text. */
  readonly foreignBody: number
  /** Whether the response's media type follows the Accept header. */
  readonly negotiates: boolean
  /** Whether the server does batches. */
  readonly batches: boolean
}

/** Starts a shop on the server before the tests of a block, and closes it behind them. */
export function serving(
  server: HttpServer,
  settings: CommonSettings = {},
): { readonly shop: Shop; ask(query: string, token?: string, sent?: Parameters<typeof ask>[3]): Promise<Reply>; send(sent: Sent): Promise<Reply> } {
  let shop: Shop
  let running: RunningServer
  beforeAll(async () => {
    shop = openShop(settings)
    running = await server.start(shop)
  })
  beforeEach(() => {
    shop.calls.clear()
    shop.verified.length = 0
    shop.log.length = 0
  })
  afterAll(() => running.close())
  return {
    get shop() {
      return shop
    },
    ask: (query, token, sent = {}) => ask(running.url, query, token, { ...sent, headers: { ...server.headers, ...sent.headers } }),
    send: (sent) => send(running.url, { ...sent, headers: { ...server.headers, ...sent.headers } }),
  }
}

/** A response that says why, and nothing else. */
export function expectNoData(body: GraphqlBody): void {
  expect(body).not.toHaveProperty('data')
  expect(body.errors?.length).toBeGreaterThan(0)
}
