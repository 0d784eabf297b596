import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { describeSameOverLive } from './support/live-behaviour.js'

describeSameOverLive('graphql-ws', ({ address }, token) =>
  createClient({
    url: `ws://${address}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(token === null ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
  }),
)
