import { once } from 'node:events'
import WebSocket from 'ws'
import type { Servers } from './transport-servers.js'

/** A message of graphql-transport-ws. */
export interface Message {
  readonly type: string
  readonly id?: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of every shape
  readonly payload?: any
}

/** How a websocket was closed. */
export interface Close {
  readonly code: number
  readonly reason: string
}

/** A websocket that says exactly what it is told to, and keeps what it hears. */
export class WireClient {
  readonly socket: WebSocket
  readonly messages: Message[] = []
  readonly closed: Promise<Close>
  #heard: () => void = () => undefined

  constructor(url: string, protocol: string | string[] = 'graphql-transport-ws', headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, protocol, { headers })
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)))
      this.#heard()
    })
    this.closed = new Promise((resolve) => this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })))
    void this.closed.then(() => this.#heard())
  }

  /** A socket that is open, before `connection_init`. */
  static async open({ webSocketUrl }: Servers, headers: Record<string, string> = {}): Promise<WireClient> {
    const client = new WireClient(webSocketUrl, 'graphql-transport-ws', headers)
    await once(client.socket, 'open')
    return client
  }

  /** A socket whose `connection_init` was acknowledged. */
  static async connected(servers: Servers, token: string): Promise<WireClient> {
    const client = await WireClient.open(servers)
    client.init({ authorization: `Bearer ${token}` })
    await client.until(({ type }) => type === 'connection_ack')
    return client
  }

  send(message: object | string | Uint8Array): void {
    this.socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message))
  }

  init(payload?: unknown): void {
    this.send({ type: 'connection_init', ...(payload === undefined ? {} : { payload }) })
  }

  subscribe(id: string, query: string, more: object = {}): void {
    this.send({ type: 'subscribe', id, payload: { query, ...more } })
  }

  complete(id: string): void {
    this.send({ type: 'complete', id })
  }

  of(id: string): readonly Message[] {
    return this.messages.filter((message) => message.id === id)
  }

  /** Resolves with the first message that fits, heard already or still to come; rejects when the socket closes before. */
  async until(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(fits)
      if (found !== undefined) return found
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('closed before the message came')
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  /** Resolves when the server has handled everything that was sent before. */
  async settled(): Promise<void> {
    const mark = `mark-${WireClient.#marks++}`
    this.send({ type: 'ping', payload: { mark } })
    await this.until(({ type, payload }) => type === 'pong' && payload?.mark === mark)
  }

  static #marks = 0

  /** Ends it as a lost network does. */
  terminate(): void {
    this.socket.terminate()
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}

/** Ids of the leases that were opened and have not ended, by the audit log. */
export function openLeases(servers: Servers): ReadonlySet<unknown> {
  const open = new Set<unknown>()
  for (const { event, leaseId } of servers.logged()) {
    if (event === 'lease.opened') open.add(leaseId)
    if (event === 'lease.ended') open.delete(leaseId)
  }
  return open
}

/** Resolves when the condition holds; looks again after each turn of the event loop. */
export async function eventually(holds: () => boolean): Promise<void> {
  const end = Date.now() + 15_000
  while (!holds()) {
    if (Date.now() > end) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
