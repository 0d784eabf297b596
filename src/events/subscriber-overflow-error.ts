/**
 * A subscriber read more slowly than messages came, and its queue was full. What it missed is gone: it subscribes anew and reads
 * the present state first. The message names neither topic nor tenant.
 */
export class SubscriberOverflowError extends Error {
  /** Stable code of every overflow. */
  readonly code = 'ERR_GATEHOUSE_SUBSCRIBER_OVERFLOW'

  constructor() {
    super('The subscriber fell behind, and messages were lost')
  }

  override get name(): string {
    return 'SubscriberOverflowError'
  }
}
