import { describe, expect, it } from '@jest/globals'
import { createClient } from 'graphql-ws'
import { io } from 'socket.io-client'
import { createSocketIoWebSocket } from '../../src/client/index.js'
import { serving } from './support/behaviour.js'
import { describeSameOverLive } from './support/live-behaviour.js'
import type { Page } from './support/page.js'

function socketOf({ address }: Page, token: string | null): ReturnType<typeof io> {
  return io(`http://${address}`, { auth: token === null ? {} : { token }, transports: ['websocket'], forceNew: true, reconnection: false })
}

describeSameOverLive('socket-io', (page, token) =>
  createClient({ url: 'socket.io', webSocketImpl: createSocketIoWebSocket(() => socketOf(page, token)), retryAttempts: 0 }),
)

describe('the program of docs/frameworks/socket-io.md, without a GraphQL client', () => {
  const here = serving('socket-io')

  it('answers a request by its acknowledgement', async () => {
    const socket = socketOf(here.page, await here.token('orders:read'))
    try {
      const answer = await socket.emitWithAck('graphql:request', { query: '{ item { id } }' })
      expect(answer).toEqual({ data: { item: { id: 'A-1' } } })
    } finally {
      socket.disconnect()
    }
  })

  it('tells a socket without a token why it is not let in', async () => {
    const socket = socketOf(here.page, null)
    const refusal = await new Promise<Error & { data?: unknown }>((resolve) => socket.on('connect_error', resolve))
    socket.disconnect()
    expect(refusal.data).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'MISSING_TOKEN' })
  })
})
