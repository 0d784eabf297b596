import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { type Lease, streamUnderLease } from '../../src/core/lease.js'
import { NOW, openTestLease } from './support.js'

/** A source that gives what it is told to, one item for each push. */
class Source<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = []
  readonly #waiting: ((result: IteratorResult<T>) => void)[] = []
  returned = 0

  push(item: T): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#items.push(item)
    else next({ done: false, value: item })
  }

  finish(): void {
    for (const next of this.#waiting.splice(0)) next({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve({ done: false, value: item })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async return(): Promise<IteratorResult<T>> {
    this.returned += 1
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

const END = { done: true, value: undefined }
const item = <T>(value: T): IteratorResult<T> => ({ done: false, value })

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

describe('a stream under a lease', () => {
  it('gives what its source gives, and ends with it', async () => {
    const { lease } = openTestLease()
    const source = new Source<number>()
    const done = jest.fn()
    const stream = streamUnderLease(source, lease, { done })
    source.push(1)
    expect(await stream.next()).toEqual(item(1))
    const last = stream.next()
    source.finish()
    expect(await last).toEqual(END)
    expect(await stream.next()).toEqual(END)
    expect(done).toHaveBeenCalledTimes(1)
    expect(lease.ended).toBeNull()
  })

  it('gives nothing at or after exp, also when the timer is late', async () => {
    const { lease, clock } = openTestLease()
    const source = new Source<number>()
    const stream = streamUnderLease(source, lease)
    clock.seconds = NOW + 59.999
    source.push(1)
    expect(await stream.next()).toEqual(item(1))
    const next = stream.next()
    clock.seconds = NOW + 60
    source.push(2)
    expect(await next).toEqual(END)
    expect(source.returned).toBe(1)
  })

  it('does not give what the source gave before exp and the consumer asks for after it', async () => {
    const { lease, clock } = openTestLease()
    const source = new Source<number>()
    const stream = streamUnderLease(source, lease)
    source.push(1)
    clock.seconds = NOW + 60
    expect(await stream.next()).toEqual(END)
    expect(source.returned).toBe(1)
  })

  it('ends at exp while it is idle', async () => {
    const { lease, clock } = openTestLease()
    const source = new Source<number>()
    const done = jest.fn()
    const next = streamUnderLease(source, lease, { done }).next()
    clock.seconds = NOW + 60
    await jest.advanceTimersByTimeAsync(60_000)
    expect(await next).toEqual(END)
    expect(source.returned).toBe(1)
    expect(done).toHaveBeenCalledTimes(1)
  })

  it('tells its source to return at the end also when nobody is reading', async () => {
    const { lease } = openTestLease()
    const source = new Source<number>()
    const stream = streamUnderLease(source, lease, { last: () => -1 })
    lease.end('expired')
    expect(source.returned).toBe(1)
    expect(await stream.next()).toEqual(item(-1))
    expect(await stream.next()).toEqual(END)
    expect(source.returned).toBe(1)
  })

  it('says why it stops where it is asked to, once', async () => {
    const { lease, clock } = openTestLease()
    const source = new Source<number>()
    const stream = streamUnderLease(source, lease, { last: (reason) => (reason === 'expired' ? -1 : -2) })
    const waiting = [stream.next(), stream.next(), stream.next()]
    clock.seconds = NOW + 60
    await jest.advanceTimersByTimeAsync(60_000)
    expect(await Promise.all(waiting)).toEqual([item(-1), END, END])
    expect(await stream.next()).toEqual(END)
  })

  it('says nothing when the connection was closed: nobody is there to read it', async () => {
    const { lease } = openTestLease()
    const stream = streamUnderLease(new Source<number>(), lease, { last: () => -1 })
    const next = stream.next()
    lease.end('closed')
    expect(await next).toEqual(END)
  })

  it('of a lease that has ended begins with its end', async () => {
    const { lease } = openTestLease()
    lease.end('expired')
    const source = new Source<number>()
    source.push(1)
    const stream = streamUnderLease(source, lease, { last: () => -1 })
    expect(await stream.next()).toEqual(item(-1))
    expect(await stream.next()).toEqual(END)
    expect(source.returned).toBe(1)
  })

  it('answers several questions at once in their order', async () => {
    const { lease } = openTestLease()
    const source = new Source<number>()
    const stream = streamUnderLease(source, lease)
    const answers = [stream.next(), stream.next(), stream.next()]
    source.push(1)
    source.push(2)
    expect(await answers[0]).toEqual(item(1))
    expect(await answers[1]).toEqual(item(2))
    source.finish()
    expect(await answers[2]).toEqual(END)
  })

  it.each<[string, (stream: AsyncGenerator<number, void, void>) => Promise<unknown>]>([
    ['return', (stream) => stream.return()],
    ['throw', (stream) => stream.throw(new Error('stop')).catch(() => undefined)],
    ['dispose', (stream) => (stream as unknown as AsyncDisposable)[Symbol.asyncDispose]() as Promise<void>],
  ])('ends on %s: the source is told, those who wait get the end, the lease lives on', async (_, stop) => {
    const { lease } = openTestLease()
    const source = new Source<number>()
    const done = jest.fn()
    const stream = streamUnderLease(source, lease, { done, last: () => -1 })
    const waiting = stream.next()
    await stop(stream)
    await stop(stream)
    expect(await waiting).toEqual(END)
    expect(source.returned).toBe(1)
    expect(done).toHaveBeenCalledTimes(1)
    lease.end('expired')
    expect(await stream.next()).toEqual(END)
    expect(source.returned).toBe(1)
  })

  it('ends when its consumer breaks off', async () => {
    const { lease } = openTestLease()
    const source = new Source<number>()
    source.push(1)
    for await (const value of streamUnderLease(source, lease)) {
      expect(value).toBe(1)
      break
    }
    expect(source.returned).toBe(1)
  })

  it.each<[string, () => AsyncIterator<number>['next']]>([
    ['rejects', () => () => Promise.reject(new RangeError('broken'))],
    [
      'throws',
      () => () => {
        throw new RangeError('broken')
      },
    ],
  ])('passes on that its source %s, and ends', async (_, next) => {
    const { lease } = openTestLease()
    const done = jest.fn()
    const stream = streamUnderLease({ [Symbol.asyncIterator]: () => ({ next: next() }) }, lease, { done })
    await expect(stream.next()).rejects.toThrow(RangeError)
    expect(await stream.next()).toEqual(END)
    expect(done).toHaveBeenCalledTimes(1)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('ends also when the source’s return %s', async (_, stop) => {
    const { lease } = openTestLease()
    const waiting = (): Promise<IteratorResult<number>> => new Promise(() => undefined)
    const stream = streamUnderLease({ [Symbol.asyncIterator]: () => ({ next: waiting, return: stop as () => Promise<IteratorResult<number>> }) }, lease)
    const next = stream.next()
    lease.end('expired')
    expect(await next).toEqual(END)
    expect(await stream.return()).toEqual(END)
  })

  it('takes a source that answers without promises, or cannot be told to return', async () => {
    const { lease } = openTestLease()
    const plain = { next: () => item(7) as unknown as Promise<IteratorResult<number>> }
    const stream = streamUnderLease({ [Symbol.asyncIterator]: () => plain }, lease)
    expect(await stream.next()).toEqual(item(7))
    lease.end('expired')
    expect(await stream.next()).toEqual(END)
  })

  it('is one of several on a lease, and all of them end', async () => {
    const { lease } = openTestLease()
    const sources = [new Source<number>(), new Source<number>(), new Source<number>()]
    const answers = sources.map((source) => streamUnderLease(source, lease).next())
    lease.end('expired')
    expect(await Promise.all(answers)).toEqual([END, END, END])
    expect(sources.map(({ returned }) => returned)).toEqual([1, 1, 1])
  })

  it('leaves nothing behind on the lease when it ends first', async () => {
    const listeners = new Set<unknown>()
    const lease = {
      isAlive: () => true,
      ended: null,
      onEnd: (listener: unknown) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    } as unknown as Lease
    const stream = streamUnderLease(new Source<number>(), lease)
    expect(listeners.size).toBe(1)
    await stream.return()
    expect(listeners.size).toBe(0)
  })

  it('keeps memory flat over 100 000 events', async () => {
    jest.useRealTimers()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { lease } = openTestLease()
    let given = 0
    const endless: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          given += 1
          return item(given)
        },
      }),
    }
    const stream = streamUnderLease(endless, lease)
    const read = async (events: number): Promise<number> => {
      for (let event = 0; event < events; event += 1) await stream.next()
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = await read(10_000)
    const after = await read(100_000)
    expect(given).toBe(110_000)
    // A reaction kept for each event would be some 20 MB.
    expect(after - before).toBeLessThan(3_000_000)
    lease.end('closed')
  })
})
