import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { type MemoryBusOptions, memoryBus, SubscriberOverflowError } from '../../src/events/memory.js'

const DONE = { done: true, value: undefined }

/** Whether a promise is settled by the time that everything which is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = (): void => {
    settled = true
  }
  promise.then(note, note)
  await new Promise(setImmediate)
  return settled
}

async function read(messages: AsyncIterator<unknown>, count: number): Promise<unknown[]> {
  const values: unknown[] = []
  while (values.length < count) values.push((await messages.next()).value)
  return values
}

describe('memoryBus: delivery', () => {
  it('delivers what is published after subscribe, before the first next', async () => {
    const bus = memoryBus()
    await bus.publish('a', 'too early')
    const messages = bus.subscribe('a')
    await bus.publish('a', 'in time')
    expect(await messages.next()).toEqual({ done: false, value: 'in time' })
  })

  it('delivers to every subscriber of the topic, in the order of the calls, and to no other topic', async () => {
    const bus = memoryBus()
    const [first, second, other] = [bus.subscribe('a'), bus.subscribe('a'), bus.subscribe('b')]
    const waiting = other.next()
    await Promise.all([1, 2, 3].map((n) => bus.publish('a', n)))
    expect(await read(first, 3)).toEqual([1, 2, 3])
    expect(await read(second, 3)).toEqual([1, 2, 3])
    expect(await isSettled(waiting)).toBe(false)
    await bus.close()
  })

  it('treats topics named like properties of an object as any other', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe('__proto__')
    await bus.publish('constructor', 1)
    await bus.publish('__proto__', 2)
    expect((await messages.next()).value).toBe(2)
  })

  it('answers concurrent calls of next in their order', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe('a')
    const answers = Promise.all([messages.next(), messages.next(), messages.next()])
    for (const n of [1, 2, 3]) await bus.publish('a', n)
    expect((await answers).map(({ value }) => value)).toEqual([1, 2, 3])
  })

  it('can be read by for await', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe<number>('a')
    for (const n of [1, 2, 3]) await bus.publish('a', n)
    const seen: number[] = []
    for await (const n of messages) {
      seen.push(n)
      if (n === 2) break
    }
    expect(seen).toEqual([1, 2])
    expect(bus.subscriberCount('a')).toBe(0)
  })

  it.each([null, 0, '', false])('delivers the value %p like any other', async (value) => {
    const bus = memoryBus()
    const messages = bus.subscribe('a')
    await bus.publish('a', value)
    expect(await messages.next()).toEqual({ done: false, value })
  })
})

describe('memoryBus: isolation of messages', () => {
  it('gives subscribers a copy that the publisher cannot change', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe('a')
    const message = { ids: [1] }
    await bus.publish('a', message)
    message.ids.push(2)
    expect((await messages.next()).value).toEqual({ ids: [1] })
  })

  it('freezes the message all the way down, so that one subscriber cannot change what another reads', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe<{ list: { deep: object }[] }>('a')
    await bus.publish('a', { list: [{ deep: {} }] })
    const { value } = await messages.next()
    expect([value, value.list, value.list[0], value.list[0].deep].map(Object.isFrozen)).toEqual([true, true, true, true])
  })

  it('delivers what JSON would deliver over a network', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe('a')
    await bus.publish('a', { at: new Date(0), gone: undefined })
    expect((await messages.next()).value).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  const cycle: { self?: object } = {}
  cycle.self = cycle
  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a cycle', cycle],
  ])('rejects the publishing of %s, with subscribers and without', async (_, message) => {
    const bus = memoryBus()
    await expect(bus.publish('a', message)).rejects.toThrow(TypeError)
    const messages = bus.subscribe('a')
    await expect(bus.publish('a', message)).rejects.toThrow(TypeError)
    await bus.publish('a', 'next')
    expect((await messages.next()).value).toBe('next')
  })
})

describe('memoryBus: a slow subscriber', () => {
  it('ends with an error when its queue overflows, and affects neither publisher nor other subscribers', async () => {
    const bus = memoryBus({ maxQueued: 2 })
    const [slow, fast] = [bus.subscribe('a'), bus.subscribe('a')]
    const seen: unknown[] = []
    for (const n of [1, 2, 3]) {
      await bus.publish('a', n)
      seen.push((await fast.next()).value)
    }
    expect(bus.subscriberCount('a')).toBe(1)
    await expect(slow.next()).rejects.toThrow(SubscriberOverflowError)
    expect(await slow.next()).toEqual(DONE)
    await bus.publish('a', 4)
    seen.push((await fast.next()).value)
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('is not overrun by as many messages as may wait', async () => {
    const bus = memoryBus({ maxQueued: 2 })
    const messages = bus.subscribe('a')
    await bus.publish('a', 1)
    await bus.publish('a', 2)
    expect(await read(messages, 2)).toEqual([1, 2])
  })

  it('may let 1000 messages wait unless told otherwise', async () => {
    const bus = memoryBus()
    const [full, over] = [bus.subscribe('a'), bus.subscribe('b')]
    for (let n = 0; n < 1000; n += 1) await bus.publish('a', n)
    for (let n = 0; n <= 1000; n += 1) await bus.publish('b', n)
    expect((await read(full, 1000)).at(-1)).toBe(999)
    await expect(over.next()).rejects.toMatchObject({ name: 'SubscriberOverflowError', code: 'ERR_GATEHOUSE_SUBSCRIBER_OVERFLOW' })
  })

  it('that returns after an overflow is told nothing more', async () => {
    const bus = memoryBus({ maxQueued: 1 })
    const messages = bus.subscribe('a')
    await bus.publish('a', 1)
    await bus.publish('a', 2)
    expect(await messages.return?.()).toEqual(DONE)
    expect(await messages.next()).toEqual(DONE)
  })
})

describe('memoryBus: the end of a subscription', () => {
  it('return resolves what waits, drops what was queued, and unregisters at once', async () => {
    const bus = memoryBus()
    const [idle, queued] = [bus.subscribe('a'), bus.subscribe('a')]
    const waiting = [idle.next(), idle.next()]
    expect(await idle.return?.()).toEqual(DONE)
    expect(await Promise.all(waiting)).toEqual([DONE, DONE])
    await bus.publish('a', 1)
    const returned = queued.return?.()
    expect(bus.subscriberCount('a')).toBe(0)
    expect(await returned).toEqual(DONE)
    expect(await queued.next()).toEqual(DONE)
  })

  it('throw ends it too, and rejects with the error', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe('a')
    await expect(messages.throw?.(new RangeError('mine'))).rejects.toThrow(RangeError)
    expect(bus.subscriberCount('a')).toBe(0)
    expect(await messages.next()).toEqual(DONE)
  })

  it('abort resolves what waits, drops what was queued, and unregisters at once', async () => {
    const bus = memoryBus()
    const controller = new AbortController()
    const [idle, queued] = [bus.subscribe('idle', controller.signal), bus.subscribe('a', controller.signal)]
    const waiting = idle.next()
    await bus.publish('a', 1)
    controller.abort()
    expect([bus.subscriberCount('idle'), bus.subscriberCount('a')]).toEqual([0, 0])
    expect(await waiting).toEqual(DONE)
    expect(await queued.next()).toEqual(DONE)
  })

  it('a signal that has aborted before subscribes to nothing', async () => {
    const bus = memoryBus()
    const messages = bus.subscribe('a', AbortSignal.abort())
    expect(bus.subscriberCount('a')).toBe(0)
    expect(await messages.next()).toEqual(DONE)
  })

  it('one that has returned does not hear its signal any more', async () => {
    const bus = memoryBus()
    const controller = new AbortController()
    const [first, second] = [bus.subscribe('a', controller.signal), bus.subscribe('a', controller.signal)]
    await first.return?.()
    expect(bus.subscriberCount('a')).toBe(1)
    controller.abort()
    expect(bus.subscriberCount('a')).toBe(0)
    expect(await second.next()).toEqual(DONE)
  })

  it('close ends every subscription, refuses messages, and subscribes nobody afterwards', async () => {
    const bus = memoryBus()
    const [a, b] = [bus.subscribe('a'), bus.subscribe('b')]
    const waiting = a.next()
    await bus.publish('b', 'queued')
    await bus.close()
    expect(await waiting).toEqual(DONE)
    expect(await b.next()).toEqual(DONE)
    await expect(bus.publish('a', 1)).rejects.toThrow('closed')
    expect(await bus.subscribe('a').next()).toEqual(DONE)
    expect(bus.subscriberCount('a')).toBe(0)
    await bus.close()
  })
})

describe('memoryBus: leaks', () => {
  it('holds nothing after 100 000 subscriptions on one signal have come and gone', async () => {
    const bus = memoryBus()
    const { signal } = new AbortController()
    const waiting: Promise<unknown>[] = []
    for (let n = 0; n < 100_000; n += 1) {
      const messages = bus.subscribe(n % 2 === 0 ? 'shared' : `topic ${n}`, signal)
      if (n % 1000 === 0) waiting.push(messages.next())
      void messages.return?.()
    }
    expect(bus.subscriberCount('shared')).toBe(0)
    expect(bus.subscriberCount('topic 99999')).toBe(0)
    expect(getEventListeners(signal, 'abort').length).toBe(1)
    expect(new Set((await Promise.all(waiting)).map((result) => JSON.stringify(result))).size).toBe(1)
  })

  it('lets ended subscriptions be collected while bus and signal live on', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const bus = memoryBus()
    const { signal } = new AbortController()
    const subscribeAndReturn = (topic: string): WeakRef<object> => {
      const messages = bus.subscribe(topic, signal)
      void messages.return?.()
      return new WeakRef(messages)
    }
    const kept = bus.subscribe('kept', signal)
    const ended = ['kept', 'own'].map(subscribeAndReturn)
    await new Promise(setImmediate)
    collect()
    expect(ended.map((reference) => reference.deref())).toEqual([undefined, undefined])
    expect([bus.subscriberCount('kept'), signal.aborted]).toEqual([1, false])
    await kept.return?.()
  })
})

describe('memoryBus: options', () => {
  it.each<[string, unknown, string]>([
    ['no room at all', { maxQueued: 0 }, 'memoryBus.maxQueued'],
    ['a fraction', { maxQueued: 1.5 }, 'memoryBus.maxQueued'],
    ['no bound', { maxQueued: Number.POSITIVE_INFINITY }, 'memoryBus.maxQueued'],
    ['a word', { maxQueued: 'many' }, 'memoryBus.maxQueued'],
    ['an option that does not exist', { maxQueue: 5 }, 'memoryBus.maxQueue'],
    ['no object', null, 'memoryBus'],
  ])('refuses %s and names the option', (_, options, option) => {
    const make = (): unknown => memoryBus(options as MemoryBusOptions)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expect.objectContaining({ option }))
  })
})
