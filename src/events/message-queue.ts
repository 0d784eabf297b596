import { SubscriberOverflowError } from './subscriber-overflow-error.js'

/**
 * One subscriber's messages, between a bus that pushes and a consumer that pulls. Takes messages from its construction on, not
 * from the first `next()`. Concurrent calls of `next()` are answered in the order they were made.
 *
 * The end comes at once: what was queued is dropped, whoever waits gets `done`. An overflow is told to the next call of `next()`.
 */
export class MessageQueue implements AsyncIterableIterator<unknown, undefined, unknown> {
  readonly #maxQueued: number
  readonly #onEnd: () => void
  readonly #queued: unknown[] = []
  readonly #waiting: ((result: IteratorResult<unknown, undefined>) => void)[] = []
  #overflow: SubscriberOverflowError | null = null
  #ended = false

  /**
   * @param maxQueued messages that may wait for the consumer
   * @param onEnd runs once, however the queue ends
   */
  constructor(maxQueued: number, onEnd: () => void) {
    this.#maxQueued = maxQueued
    this.#onEnd = onEnd
  }

  /** Hands over a message; after the end it does nothing. Never throws: a full queue ends itself instead. */
  push(message: unknown): void {
    if (this.#ended) return
    const answer = this.#waiting.shift()
    if (answer !== undefined) return answer({ done: false, value: message })
    if (this.#queued.length < this.#maxQueued) {
      this.#queued.push(message)
      return
    }
    this.#overflow = new SubscriberOverflowError()
    this.end()
  }

  /** Ends the queue; does nothing when it has ended. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#queued.length = 0
    for (const answer of this.#waiting.splice(0)) answer(END)
    this.#onEnd()
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const overflow = this.#overflow
    if (overflow !== null) {
      this.#overflow = null
      return Promise.reject(overflow)
    }
    if (this.#queued.length > 0) return Promise.resolve({ done: false, value: this.#queued.shift() })
    if (this.#ended) return Promise.resolve(END)
    return new Promise((answer) => this.#waiting.push(answer))
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.end()
    this.#overflow = null
    return Promise.resolve(END)
  }

  throw(error: unknown): Promise<IteratorResult<unknown, undefined>> {
    this.end()
    this.#overflow = null
    return Promise.reject(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })
