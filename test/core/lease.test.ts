import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { createAudit } from '../../src/core/audit.js'
import { openLease } from '../../src/core/lease.js'
import { NOW, openTestLease, principal, recorder } from './support.js'

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

describe('a lease', () => {
  it('lives until exp, and not on it', () => {
    const { lease, clock } = openTestLease()
    clock.seconds = NOW + 59.999
    expect(lease.isAlive()).toBe(true)
    clock.seconds = NOW + 60
    expect(lease.isAlive()).toBe(false)
    expect(lease.ended).toBe('expired')
  })

  it('ends by its timer when nobody looks', () => {
    const { lease, clock } = openTestLease()
    const reasons: string[] = []
    lease.onEnd((reason) => reasons.push(reason))
    clock.seconds = NOW + 60
    jest.advanceTimersByTime(60_000)
    expect(reasons).toEqual(['expired'])
    expect(jest.getTimerCount()).toBe(0)
  })

  it('is found expired by whoever looks before the timer fired', () => {
    const { lease, clock } = openTestLease()
    const reasons: string[] = []
    lease.onEnd((reason) => reasons.push(reason))
    clock.seconds = NOW + 61
    expect(lease.isAlive()).toBe(false)
    expect(reasons).toEqual(['expired'])
    expect(jest.getTimerCount()).toBe(0)
  })

  it('goes on when its timer fires before the clock has come to exp', () => {
    const { lease, clock } = openTestLease()
    clock.seconds = NOW + 30
    jest.advanceTimersByTime(60_000)
    expect(lease.ended).toBeNull()
    clock.seconds = NOW + 60
    jest.advanceTimersByTime(30_000)
    expect(lease.ended).toBe('expired')
  })

  it('to the year 2286 does not end at once: no timer is longer than Node can wait', () => {
    const set = jest.spyOn(globalThis, 'setTimeout')
    const { lease, clock } = openTestLease(9_999_999_999)
    for (let day = 0; day < 40; day += 1) {
      clock.seconds += 86_400
      jest.advanceTimersByTime(86_400_000)
    }
    expect(lease.isAlive()).toBe(true)
    expect(jest.getTimerCount()).toBe(1)
    expect(set.mock.calls.length).toBeGreaterThan(40)
    for (const [, delay] of set.mock.calls) expect(delay).toBeLessThanOrEqual(2 ** 31 - 1)
    lease.end('closed')
    expect(jest.getTimerCount()).toBe(0)
    set.mockRestore()
  })

  it.each([NOW, NOW - 1, -1, 0])('of a token that expired at %p ends before it has begun', (expiresAt) => {
    const { lease } = openTestLease(expiresAt)
    expect(lease.ended).toBe('expired')
    expect(jest.getTimerCount()).toBe(0)
  })

  it('of nobody, and of a token without exp, needs no timer', () => {
    expect(openTestLease(null).lease.isAlive()).toBe(true)
    const audit = createAudit(recorder().logger)
    expect(openLease({ principal: principal(), transport: 'test', audit, now: () => Number.MAX_SAFE_INTEGER }).isAlive()).toBe(true)
    expect(jest.getTimerCount()).toBe(0)
  })

  it('does not keep the process alive', () => {
    jest.useRealTimers()
    const set = jest.spyOn(globalThis, 'setTimeout')
    const { lease } = openTestLease()
    const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout)
    expect(timers.map((timer) => timer.hasRef())).toEqual([false])
    lease.end('closed')
    set.mockRestore()
  })

  it('tells each listener once, and those who come late at once', () => {
    const { lease } = openTestLease()
    const told: string[] = []
    lease.onEnd((reason) => told.push(`early ${reason}`))
    lease.end('closed')
    lease.end('expired')
    lease.onEnd((reason) => told.push(`late ${reason}`))
    expect(told).toEqual(['early closed', 'late closed'])
    expect(lease.ended).toBe('closed')
  })

  it('does not tell a listener that was taken back', () => {
    const { lease } = openTestLease()
    const listener = jest.fn()
    lease.onEnd(listener)()
    lease.end('closed')
    expect(listener).not.toHaveBeenCalled()
  })

  it('tells the others when one listener throws, and says so in the audit log', () => {
    const { lease, log, clock } = openTestLease()
    const told: string[] = []
    lease.onEnd(() => {
      throw new RangeError('canary')
    })
    lease.onEnd((reason) => told.push(reason))
    clock.seconds = NOW + 60
    expect(() => jest.advanceTimersByTime(60_000)).not.toThrow()
    expect(told).toEqual(['expired'])
    expect(log.lines).toContainEqual({ level: 'error', event: { event: 'fault', what: 'lease listener', error: 'RangeError' }, message: 'fault' })
  })

  it('says in the audit log when it began and how it ended, with one id', () => {
    const { lease, log, clock } = openTestLease()
    clock.seconds = NOW + 60
    expect(lease.isAlive()).toBe(false)
    expect(log.lines.map(({ event }) => event)).toEqual([
      expect.objectContaining({ event: 'lease.opened', leaseId: lease.id, transport: 'test', subject: 'ada', expiresAt: NOW + 60 }),
      expect.objectContaining({ event: 'lease.ended', leaseId: lease.id, transport: 'test', subject: 'ada', reason: 'expired', seconds: 60 }),
    ])
  })
})
