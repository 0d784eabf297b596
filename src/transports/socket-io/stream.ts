import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, type Server, type WebSocket } from 'graphql-ws'
import type { Audit } from '../../core/audit.js'
import type { Authentication } from '../../core/caller/authentication.js'
import type { LiveAuth, Wire } from '../graphql-ws/session.js'
import type { AnySocket } from './handshake.js'

/** What a graphql-transport-ws session on a Socket.IO socket carries in `ctx.extra`. */
export interface StreamExtra {
  readonly socket: AnySocket
  readonly wire: Wire
  readonly authentication: Authentication
  readonly auth: LiveAuth
}

/** The socket that sessions run on, and who is on it. */
export type StreamHost = Omit<StreamExtra, 'wire'>

/** Sessions that one socket may have open: one for each GraphQL client in the page. */
const MAX_SESSIONS = 16

/**
 * Serves graphql-transport-ws on one event of a Socket.IO socket. A frame is the arguments of the event:
 *
 * | from | frame | meaning |
 * | --- | --- | --- |
 * | client | `session, 'open'` | begins a session; nothing is answered |
 * | both | `session, 'message', text` | one message of the protocol, as JSON text |
 * | both | `session, 'close', code, reason` | ends the session, as a WebSocket close does; sent once, by either side |
 *
 * `session` is a whole number of the client's choice, fresh for each session on the socket, so that a frame which crosses a close
 * cannot be taken for one of the session after it. Socket.IO keeps the order of frames. Frames of another shape are ignored; a
 * message or an unknown kind of frame in a session that is not open is answered with a close, 4400. When the socket goes, its
 * sessions go with it.
 *
 * @returns closes every open session.
 */
export function serveStream(event: string, server: Server<StreamExtra>, host: StreamHost, audit: Audit): (code: number, reason: string) => void {
  const { socket } = host
  const sessions = new Map<number, StreamSession>()
  const open = (id: number): void => {
    if (sessions.has(id)) return sessions.get(id)?.close(CloseCode.TooManyInitialisationRequests, 'Session is open already')
    if (sessions.size >= MAX_SESSIONS) return void socket.emit(event, id, 'close', CloseCode.TooManyInitialisationRequests, 'Too many sessions')
    const session = new StreamSession((...frame) => socket.emit(event, id, ...frame), audit)
    sessions.set(id, session)
    session.start(server, host, () => sessions.delete(id))
  }
  socket.on(event, (id: unknown, kind: unknown, ...rest: unknown[]) => {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || !socket.connected) return
    if (kind === 'open') return open(id)
    const session = sessions.get(id)
    if (kind === 'close') return session?.finish(...closeOf(rest))
    const [text] = rest
    if (session === undefined) return void socket.emit(event, id, 'close', CloseCode.BadRequest, 'No such session')
    if (kind !== 'message' || typeof text !== 'string') return session.close(CloseCode.BadRequest, 'Invalid frame')
    session.receive(text)
  })
  socket.on('disconnect', () => {
    for (const session of [...sessions.values()]) session.finish(GOING_AWAY, 'Socket.IO socket closed')
  })
  return (code, reason) => {
    for (const session of [...sessions.values()]) session.close(code, reason)
  }
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
const NO_STATUS = 1005

function closeOf([code, reason]: readonly unknown[]): [number, string] {
  return [typeof code === 'number' ? code : NO_STATUS, typeof reason === 'string' ? reason : '']
}

/** One session, as graphql-ws sees a WebSocket. */
class StreamSession implements WebSocket, Wire {
  readonly protocol: string = GRAPHQL_TRANSPORT_WS_PROTOCOL
  readonly #emit: (...frame: readonly unknown[]) => void
  readonly #audit: Audit
  #deliver: ((text: string) => Promise<void>) | null = null
  #finish: ((code: number, reason: string) => void) | null = null

  constructor(emit: (...frame: readonly unknown[]) => void, audit: Audit) {
    this.#emit = emit
    this.#audit = audit
  }

  start(server: Server<StreamExtra>, host: StreamHost, gone: () => void): void {
    const closed = server.opened(this, { ...host, wire: this })
    this.#finish = (code, reason) => {
      gone()
      closed(code, reason).catch((error) => this.#audit.fault('session end', error))
    }
  }

  onMessage(deliver: (text: string) => Promise<void>): void {
    this.#deliver = deliver
  }

  receive(text: string): void {
    this.#deliver?.(text).catch((error) => {
      // Hooks of the application, or results that JSON cannot hold. What they say stays here.
      this.#audit.fault('session', error)
      this.close(CloseCode.InternalServerError, 'Internal Server Error')
    })
  }

  send(data: string): void {
    if (this.#finish !== null) this.#emit('message', data)
  }

  close(code: number = NO_STATUS, reason: string = ''): void {
    if (this.#finish !== null) this.#emit('close', code, reason)
    this.finish(code, reason)
  }

  /** Ends the session without a word to the client. */
  finish(code: number, reason: string): void {
    const finish = this.#finish
    this.#finish = null
    this.#deliver = null
    finish?.(code, reason)
  }
}
