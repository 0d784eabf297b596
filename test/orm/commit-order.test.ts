import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { orderCommits } from '../../src/orm/commit-order.js'

describe('the order of commits', () => {
  const handedOver: string[] = []
  const takePlace = orderCommits<string>((items) => handedOver.push(...items), 1000)
  beforeEach(() => {
    jest.useFakeTimers()
    handedOver.length = 0
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  it('is that in which they were sent, whatever the order of the answers', () => {
    const [first, second, third] = [takePlace(), takePlace(), takePlace()]
    third(['c'])
    second(['b1', 'b2'])
    expect(handedOver).toEqual([])
    first(['a'])
    expect(handedOver).toEqual(['a', 'b1', 'b2', 'c'])
  })

  it('closes up behind one that failed', () => {
    const [first, second] = [takePlace(), takePlace()]
    second(['b'])
    first([])
    expect(handedOver).toEqual(['b'])
  })

  it('is not held up for ever by one that is not answered, and loses nothing of it', () => {
    const [first, second, third] = [takePlace(), takePlace(), takePlace()]
    second(['b'])
    jest.advanceTimersByTime(999)
    expect(handedOver).toEqual([])
    jest.advanceTimersByTime(1)
    expect(handedOver).toEqual(['b'])
    third(['c'])
    first(['a'])
    expect(handedOver).toEqual(['b', 'c', 'a'])
  })

  it('leaves no timer behind', () => {
    const [first, second] = [takePlace(), takePlace()]
    first(['a'])
    second([])
    expect(jest.getTimerCount()).toBe(0)
  })
})
