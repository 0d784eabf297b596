import { once } from 'node:events'
import type { io } from 'socket.io-client'
import WebSocket from 'ws'
import type { HandshakeRefusal } from '../../src/transports/socket-io/index.js'
import { socketOf } from './transport-callers.js'
import type { Servers } from './transport-servers.js'

/** A Socket.IO client socket, and every event that it was sent. */
export interface HeardSocket {
  readonly socket: ReturnType<typeof io>
  readonly heard: ReadonlyArray<readonly unknown[]>
}

/** A socket that the server let in. Rejects with its refusal when it did not. */
export async function connectedSocket(servers: Servers, token?: string, options: Parameters<typeof socketOf>[2] = {}): Promise<HeardSocket> {
  const socket = socketOf(servers, token === undefined ? undefined : `Bearer ${token}`, options)
  const heard: unknown[][] = []
  socket.onAny((...event: unknown[]) => void heard.push(event))
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve)
    socket.on('connect_error', reject)
  })
  return { socket, heard }
}

/** What a server says to a socket that it does not let in. */
export async function refusalOf(
  servers: Servers,
  options: Parameters<typeof socketOf>[2],
): Promise<{ readonly message: string; readonly data: HandshakeRefusal }> {
  const socket = socketOf(servers, undefined, options)
  try {
    return await new Promise((resolve, reject) => {
      socket.on('connect', () => reject(new Error('it was let in')))
      socket.on('connect_error', (error) => resolve({ message: error.message, data: (error as Error & { data: HandshakeRefusal }).data }))
    })
  } finally {
    socket.disconnect()
  }
}

/** Resolves with the arguments of the next event of that name. */
export async function heardEvent(socket: HeardSocket['socket'], name: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(name, (...args: unknown[]) => resolve(args)))
}

/** The packets of Socket.IO as they travel, for clients that do not keep to its rules. */
export class PacketClient {
  readonly socket: WebSocket
  readonly packets: string[] = []
  readonly closed: Promise<unknown>

  private constructor(url: string) {
    this.socket = new WebSocket(url)
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data) => void this.packets.push(String(data)))
    this.closed = once(this.socket, 'close')
  }

  /** A connection of Engine.IO, before Socket.IO's CONNECT. */
  static async open({ port }: Servers, query = ''): Promise<PacketClient> {
    const client = new PacketClient(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket${query}`)
    await client.until((packet) => packet.startsWith('0'))
    return client
  }

  send(packet: string): void {
    this.socket.send(packet)
  }

  async until(fits: (packet: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.packets.find(fits)
      if (found !== undefined) return found
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('closed before the packet came')
      await Promise.race([once(this.socket, 'message'), this.closed])
    }
  }

  close(): void {
    this.socket.terminate()
  }
}
