import { z } from 'zod'
import { hint, parseOptions } from '../core/options.js'
import type { EventBus } from './bus.js'
import { MessageQueue } from './message-queue.js'
import { onAbort } from './on-abort.js'

export type { ChangeEvent, EventBus } from './bus.js'
export { SubscriberOverflowError } from './subscriber-overflow-error.js'

/** Options of {@link memoryBus}. */
export interface MemoryBusOptions {
  /** Messages that may wait for one slow subscriber before it is ended. @default 1000 */
  readonly maxQueued?: number
}

/** An {@link EventBus} within one process. */
export interface MemoryBus extends EventBus {
  /** How many subscriptions a topic has at this moment, for gauges and health pages. */
  subscriberCount(topic: string): number
}

const count = hint('a whole number above 0', '1000')
const optionsShape = z.strictObject({ maxQueued: z.number(count).int(count).positive(count).default(1000) }, hint('an object', '{ maxQueued: 1000 }'))

/**
 * Makes a bus that reaches the subscribers of this process, and of no other: several nodes need one that they share.
 *
 * Subscribers get the message as it would come over a network: passed through JSON once for each publish, and frozen all the way
 * down, so that neither the publisher nor one subscriber can change what another one reads. `publish` rejects what JSON cannot say
 * (a cycle, a bigint, `undefined`) and whatever comes after `close`; it never rejects because of a subscriber. A subscriber that
 * falls behind by more than `maxQueued` messages gets a {@link SubscriberOverflowError} from its next `next()`; nobody else notices.
 *
 * Does not check who subscribes or publishes.
 *
 * @throws {ConfigurationError} for a malformed or unknown option.
 */
export function memoryBus(options: MemoryBusOptions = {}): MemoryBus {
  const { maxQueued } = parseOptions(optionsShape, options, 'memoryBus')
  const topics = new Map<string, Set<MessageQueue>>()
  let closed = false

  const unregister = (topic: string, queue: MessageQueue): void => {
    const queues = topics.get(topic)
    queues?.delete(queue)
    if (queues?.size === 0) topics.delete(topic)
  }

  return {
    async publish(topic, message) {
      if (closed) throw new Error('The bus is closed')
      const copy = frozenCopy(message)
      for (const queue of topics.get(topic) ?? []) queue.push(copy)
    },
    subscribe<Message>(topic: string, signal?: AbortSignal): AsyncIterableIterator<Message> {
      let forgetSignal: (() => void) | undefined
      const queue = new MessageQueue(maxQueued, () => {
        forgetSignal?.()
        unregister(topic, queue)
      })
      if (closed || signal?.aborted === true) {
        queue.end()
      } else {
        topics.set(topic, (topics.get(topic) ?? new Set()).add(queue))
        forgetSignal = signal && onAbort(signal, () => queue.end())
      }
      // What a topic carries is agreed between publisher and subscriber; the bus does not look.
      return queue as AsyncIterableIterator<Message>
    },
    close() {
      closed = true
      for (const queues of [...topics.values()]) for (const queue of [...queues]) queue.end()
      return Promise.resolve()
    },
    subscriberCount: (topic) => topics.get(topic)?.size ?? 0,
  }
}

/** JSON's own reviver sees every value after its children, so each is frozen when nothing below it is left to change. */
function frozenCopy(message: unknown): unknown {
  const text: string | undefined = JSON.stringify(message)
  if (text === undefined) throw new TypeError('A message is plain data that survives JSON')
  return JSON.parse(text, (_, value: unknown) => Object.freeze(value))
}
