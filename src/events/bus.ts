/** A row was written, and the write has been committed. Names what changed and carries no column values: readers resolve them as themselves. */
export interface ChangeEvent {
  readonly model: string
  readonly action: 'new' | 'edit' | 'erase'
  readonly id: string | number
  /** The row's tenant, or `null` where the model has none. */
  readonly tenant: string | null
  /** Attributes that the write changed; of a bulk write, those that it set. Every written one for `new`, none for `erase`. */
  readonly changed: readonly string[]
  /** Counts up by one for each event of one publisher, in commit order. */
  readonly sequence: number
}

/**
 * Carries messages between the parts of a server, and between its nodes. Messages are plain data that survives JSON.
 *
 * Delivery is at most once to those who are subscribed when a message is published; nothing is kept for later.
 */
export interface EventBus {
  /** Hands a message to every subscriber of the topic, in the order of the calls. Rejects when the bus could not take it. */
  publish(topic: string, message: unknown): Promise<void>
  /**
   * Messages of a topic from the moment of this call on, not from the first `next()`. Ends when the signal aborts, the consumer
   * returns, or the bus closes. A consumer that falls behind by more than the bus's bound is ended with an error rather than skipped.
   */
  subscribe<Message = unknown>(topic: string, signal?: AbortSignal): AsyncIterableIterator<Message>
  /** Ends every subscription. */
  close(): Promise<void>
}
