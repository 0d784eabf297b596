/** The part of a socket.io-client `Socket` that is used here. */
export interface SocketIoClient {
  readonly connected: boolean
  /** Whether the socket is connected, or will try to be without being told. */
  readonly active: boolean
  connect(): unknown
  disconnect(): unknown
  // Listeners take what the other side sends, and what they take is looked at before it is used.
  // biome-ignore lint/suspicious/noExplicitAny: the parameter types of listeners are the client's, and those of its events the application's
  on(event: any, listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: any, listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  emit(event: any, ...args: any[]): unknown
}

/** Options of {@link createSocketIoWebSocket}. */
export interface SocketIoWebSocketOptions {
  /** The event that the server serves GraphQL on. @default 'graphql' */
  readonly event?: string
}

/** How a connection ended: the members of a browser's `CloseEvent` that GraphQL clients look at. */
export interface SocketIoCloseEvent {
  readonly type: 'close'
  readonly code: number
  readonly reason: string
  /** Whether the other side took part in it. */
  readonly wasClean: boolean
}

/** A WebSocket as the graphql-ws client uses it. */
export interface SocketIoWebSocket {
  readonly url: string
  readonly protocol: string
  readonly readyState: number
  onopen: ((event: { readonly type: 'open' }) => void) | null
  onmessage: ((event: { readonly type: 'message'; readonly data: string }) => void) | null
  onclose: ((event: SocketIoCloseEvent) => void) | null
  /** Never called: what goes wrong is the reason of the close. */
  onerror: ((event: unknown) => void) | null
  /** @throws {Error} while the socket is connecting, as a WebSocket does. After the end it does nothing. */
  send(data: string): void
  /** Ends the session. A Socket.IO socket that was made for it is disconnected; one that is shared stays. */
  close(code?: number, reason?: string): void
}

/** What `webSocketImpl` of the graphql-ws client takes. */
export interface SocketIoWebSocketConstructor {
  new (url: string | URL, protocols?: string | string[]): SocketIoWebSocket
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** The only subprotocol that the server speaks. */
const PROTOCOL = 'graphql-transport-ws'

/** Close codes that the graphql-ws client tries again after (RFC 6455 §7.4.1; 4403 is its own). */
const NORMAL = 1000
const NO_STATUS = 1005
const ABNORMAL = 1006
const TRY_AGAIN_LATER = 1013
const FORBIDDEN = 4403

/** Sessions on one socket, by several GraphQL clients or one after the other, must not meet. */
const sessionIds = new WeakMap<SocketIoClient, number>()

/**
 * Makes the class that carries the stock graphql-ws client over a Socket.IO socket, for its option `webSocketImpl`. Works unchanged
 * with Apollo's `GraphQLWsLink` and urql's `subscriptionExchange`, which sit on that client.
 *
 * Pass a socket to share it with the rest of the page: GraphQL then comes and goes on it, and never disconnects it. Pass a function
 * to have a socket for each connection: what it returns belongs to the connection, and is disconnected with it; the function gets
 * the `url` of the GraphQL client.
 *
 * The token belongs into the socket's `auth`, as a function, so that each attempt takes a fresh one; leave `connectionParams` out.
 * A refused handshake closes with 4403 and the reason, such as `TOKEN_EXPIRED`; with 1013 when the server's identity provider is out
 * of reach; and any other failure to connect with 1006. The GraphQL client tries again after each of them, with its own waits.
 *
 * Holds nothing back while the socket is away: that the GraphQL client does.
 *
 * @example
 * const socket = io('https://api.example.com', { auth: (send) => send({ token: currentToken() }) })
 * const client = createClient({ url: 'socket.io', webSocketImpl: createSocketIoWebSocket(socket) })
 */
export function createSocketIoWebSocket(
  socket: SocketIoClient | ((url: string) => SocketIoClient),
  { event = 'graphql' }: SocketIoWebSocketOptions = {},
): SocketIoWebSocketConstructor {
  return class extends GraphqlSocket {
    constructor(url: string | URL) {
      if (typeof socket === 'function') super(String(url), socket(String(url)), event, true)
      else super(String(url), socket, event, false)
    }
  }
}

class GraphqlSocket implements SocketIoWebSocket {
  static readonly CONNECTING = CONNECTING
  static readonly OPEN = OPEN
  static readonly CLOSING = CLOSING
  static readonly CLOSED = CLOSED

  readonly url: string
  readonly protocol: string = PROTOCOL
  onopen: SocketIoWebSocket['onopen'] = null
  onmessage: SocketIoWebSocket['onmessage'] = null
  onclose: SocketIoWebSocket['onclose'] = null
  onerror: SocketIoWebSocket['onerror'] = null
  readonly #socket: SocketIoClient
  readonly #event: string
  readonly #owned: boolean
  readonly #session: number
  readonly #listeners: ReadonlyArray<readonly [event: string, listener: (...args: unknown[]) => void]>
  #readyState: number = CONNECTING

  constructor(url: string, socket: SocketIoClient, event: string, owned: boolean) {
    this.url = url
    this.#socket = socket
    this.#event = event
    this.#owned = owned
    this.#session = (sessionIds.get(socket) ?? 0) + 1
    sessionIds.set(socket, this.#session)
    this.#listeners = [
      ['connect', () => this.#open()],
      ['connect_error', (error) => this.#end(...refusalOf(error))],
      ['disconnect', (reason) => this.#end(ABNORMAL, String(reason))],
      [event, (...frame) => this.#receive(frame)],
    ]
    for (const [name, listener] of this.#listeners) socket.on(name, listener)
    // Whoever makes a WebSocket puts his listeners on it after the constructor has returned.
    if (socket.connected) queueMicrotask(() => this.#open())
    else if (!socket.active) socket.connect()
  }

  get readyState(): number {
    return this.#readyState
  }

  send(data: string): void {
    if (this.#readyState === CONNECTING) throw new Error('The socket is still connecting')
    if (this.#readyState === OPEN) this.#emit('message', data)
  }

  close(code: number = NO_STATUS, reason: string = ''): void {
    if (this.#readyState === OPEN) {
      this.#emit('close', code === NO_STATUS ? NORMAL : code, reason)
      this.#endLater(code, reason, true)
    } else if (this.#readyState === CONNECTING) this.#endLater(ABNORMAL, '', false)
  }

  #emit(...frame: readonly unknown[]): void {
    this.#socket.emit(this.#event, this.#session, ...frame)
  }

  #open(): void {
    if (this.#readyState !== CONNECTING || !this.#socket.connected) return
    this.#readyState = OPEN
    this.#emit('open')
    this.onopen?.({ type: 'open' })
  }

  #receive([session, kind, ...rest]: readonly unknown[]): void {
    if (session !== this.#session || this.#readyState !== OPEN) return
    if (kind === 'message') this.onmessage?.({ type: 'message', data: String(rest[0]) })
    else if (kind === 'close') this.#end(typeof rest[0] === 'number' ? rest[0] : NO_STATUS, typeof rest[1] === 'string' ? rest[1] : '', true)
  }

  /** A WebSocket's own close is told after `close()` has returned. */
  #endLater(code: number, reason: string, wasClean: boolean): void {
    this.#readyState = CLOSING
    queueMicrotask(() => this.#end(code, reason, wasClean))
  }

  #end(code: number, reason: string, wasClean: boolean = false): void {
    if (this.#readyState === CLOSED) return
    this.#readyState = CLOSED
    for (const [name, listener] of this.#listeners) this.#socket.off(name, listener)
    if (this.#owned) this.#socket.disconnect()
    this.onclose?.({ type: 'close', code, reason, wasClean })
  }
}

/** What a `connect_error` says: the reason is in its `data` when the server refused, and there is none when it was not reached. */
function refusalOf(error: unknown): [code: number, reason: string] {
  const data = (error as { data?: unknown } | null | undefined)?.data as { reason?: unknown; retriable?: unknown } | null | undefined
  if (typeof data !== 'object' || data === null || typeof data.reason !== 'string') return [ABNORMAL, '']
  return [data.retriable === true ? TRY_AGAIN_LATER : FORBIDDEN, data.reason]
}
