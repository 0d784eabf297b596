// The two ways to the server. Both speak graphql-transport-ws, so that one client serves them: only the socket under it differs.
import { createSocketIoWebSocket } from '/vendor/gatehouse/index.js'
import { io } from '/vendor/socket.io-client.js'

/** The options of the graphql-ws client that depend on the transport. `token` is null for an anonymous caller. */
export function webSocketFor(transport, token) {
  if (transport === 'socket-io') {
    // Socket.IO checks the token at its own handshake. A function, so that each connection has a socket of its own.
    const socket = (url) => io(url, { auth: token === null ? {} : { token }, forceNew: true, reconnection: false })
    return { url: location.origin, webSocketImpl: createSocketIoWebSocket(socket) }
  }
  // graphql-ws checks it in connection_init: browsers cannot set headers on a WebSocket.
  return { url: `${location.origin.replace('http', 'ws')}/graphql`, connectionParams: token === null ? {} : { authorization: `Bearer ${token}` } }
}
