import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Deadline, UNHEARD } from '../../src/core/deadline.js'

/** Never answers, and keeps the signal that it was given. */
function silent(signals: AbortSignal[]): (signal: AbortSignal) => Promise<never> {
  return (signal) => {
    signals.push(signal)
    return new Promise<never>(() => undefined)
  }
}

describe('a deadline', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  it('passes answers on, sync and async, and failures of both kinds', async () => {
    const deadline = new Deadline(1000)
    await expect(deadline.run(() => 1)).resolves.toBe(1)
    await expect(deadline.run(async () => 2)).resolves.toBe(2)
    await expect(deadline.run(() => Promise.reject(new Error('late')))).rejects.toThrow('late')
    await expect(
      deadline.run(() => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
  })

  it('ends each run at its own time, though one timer serves them all', async () => {
    const deadline = new Deadline(1000)
    const signals: AbortSignal[] = []
    const ended: string[] = []
    const first = deadline.run(silent(signals)).catch(() => ended.push('first'))
    await jest.advanceTimersByTimeAsync(400)
    const second = deadline.run(silent(signals)).catch(() => ended.push('second'))
    expect(jest.getTimerCount()).toBe(1)
    await jest.advanceTimersByTimeAsync(599)
    expect(ended).toEqual([])
    await jest.advanceTimersByTimeAsync(1)
    await first
    expect(ended).toEqual(['first'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    await jest.advanceTimersByTimeAsync(400)
    await second
    expect(ended).toEqual(['first', 'second'])
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(jest.getTimerCount()).toBe(0)
  })

  it('times a run that begins while the timer of an earlier one still stands', async () => {
    const deadline = new Deadline(1000)
    await deadline.run(() => 1)
    await jest.advanceTimersByTimeAsync(900)
    const run = deadline.run(silent([])).catch((error: Error) => error.message)
    await jest.advanceTimersByTimeAsync(999)
    await jest.advanceTimersByTimeAsync(1)
    await expect(run).resolves.toBe('no answer in time')
  })

  it('gives a signal that never aborts to whoever takes none', async () => {
    const given: unknown[] = []
    const listens = (...args: unknown[]): number => given.push(args[0])
    await new Deadline(1000).run(listens)
    expect(given).toEqual([UNHEARD])
    expect(UNHEARD.aborted).toBe(false)
  })
})
