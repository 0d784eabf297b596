export {
  createSocketIoWebSocket,
  type SocketIoClient,
  type SocketIoCloseEvent,
  type SocketIoWebSocket,
  type SocketIoWebSocketConstructor,
  type SocketIoWebSocketOptions,
} from './socket-io-web-socket.js'
