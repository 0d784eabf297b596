import { describe, expect, it, jest } from '@jest/globals'
import { createCredentials } from '../../src/core/caller/credentials.js'
import { TokenCache } from '../../src/core/caller/token-cache.js'
import { Clock, carrier, NOW } from './support.js'

const credentials = (token: string, scheme = 'bearer'): ReturnType<typeof createCredentials> => createCredentials(scheme, token, 'header', carrier())
const until = (seconds: number | null) => (): { readonly until: number | null } => ({ until: seconds })

function open(max = 100): { readonly cache: TokenCache<string>; readonly clock: Clock } {
  const clock = new Clock()
  return { cache: new TokenCache<string>(max, clock.now), clock }
}

describe('a remembered verdict', () => {
  it('is found by the same token, and dies at its time', async () => {
    const { cache, clock } = open()
    expect(await cache.load(credentials('a'), async () => 'ada', until(NOW + 10))).toBe('ada')
    expect(cache.get(credentials('a'))).toBe('ada')
    clock.seconds = NOW + 10
    expect(cache.get(credentials('a'))).toBeUndefined()
  })

  it.each<[string, string, string]>([
    ['another token', 'b', 'bearer'],
    ['another scheme', 'a', 'dpop'],
    ['the empty token', '', 'bearer'],
  ])('is not found by %s', async (_, token, scheme) => {
    const { cache } = open()
    await cache.load(credentials('a'), async () => 'ada', until(NOW + 10))
    expect(cache.get(credentials(token, scheme))).toBeUndefined()
  })

  it('is not found by another token with the same end', async () => {
    const { cache } = open()
    const signature = 's'.repeat(86)
    await cache.load(credentials(`header.ada.${signature}`), async () => 'ada', until(NOW + 10))
    expect(cache.get(credentials(`header.eve.${signature}`))).toBeUndefined()
    expect(cache.get(credentials(signature))).toBeUndefined()
    expect(await cache.load(credentials(`header.eve.${signature}`), async () => 'eve', until(NOW + 10))).toBe('eve')
    expect(cache.get(credentials(`header.ada.${signature}`))).toBeUndefined()
  })

  it.each([[null], [NOW], [NOW - 1]])('is not kept when it is good until %p', async (seconds) => {
    const { cache } = open()
    await cache.load(credentials('a'), async () => 'ada', until(seconds))
    expect(cache.get(credentials('a'))).toBeUndefined()
  })

  it('is not kept at all with a size of 0', async () => {
    const { cache } = open(0)
    await cache.load(credentials('a'), async () => 'ada', until(NOW + 10))
    expect(cache.get(credentials('a'))).toBeUndefined()
  })

  it('makes room for others: the one that was not used the longest goes first', async () => {
    const { cache } = open(2)
    for (const token of ['a', 'b']) await cache.load(credentials(token), async () => token, until(NOW + 10))
    expect(cache.get(credentials('a'))).toBe('a')
    await cache.load(credentials('c'), async () => 'c', until(NOW + 10))
    expect([cache.get(credentials('a')), cache.get(credentials('b')), cache.get(credentials('c'))]).toEqual(['a', undefined, 'c'])
  })

  it('is asked at every hit whether it still stands', async () => {
    const { cache } = open()
    const isCurrent = jest.fn(() => true)
    await cache.load(
      credentials('a'),
      async () => 'ada',
      () => ({ until: NOW + 10, isCurrent }),
    )
    expect(cache.get(credentials('a'))).toBe('ada')
    isCurrent.mockReturnValue(false)
    expect(cache.get(credentials('a'))).toBeUndefined()
    isCurrent.mockReturnValue(true)
    expect(cache.get(credentials('a'))).toBeUndefined()
  })
})

describe('a verification that runs', () => {
  it('is shared, also its failure, and is not repeated for those who waited', async () => {
    const { cache } = open()
    const verify = jest.fn(async () => {
      throw new Error('bad')
    })
    const answers = await Promise.allSettled([1, 2, 3].map(() => cache.load(credentials('a'), verify, until(NOW + 10))))
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(verify).toHaveBeenCalledTimes(1)
    await expect(cache.load(credentials('a'), verify, until(NOW + 10))).rejects.toThrow('bad')
    expect(verify).toHaveBeenCalledTimes(2)
  })

  it('is not shared with another token that ends alike', async () => {
    const { cache } = open()
    const tail = 't'.repeat(50)
    const answers = await Promise.all([
      cache.load(credentials(`ada.${tail}`), async () => 'ada', until(NOW + 10)),
      cache.load(credentials(`eve.${tail}`), async () => 'eve', until(NOW + 10)),
      cache.load(credentials(`ada.${tail}`), async () => 'ada', until(NOW + 10)),
    ])
    expect(answers).toEqual(['ada', 'eve', 'ada'])
  })

  it('that began before entries were forgotten does not bring one back', async () => {
    const { cache } = open()
    let finish: (value: string) => void = () => undefined
    const running = cache.load(credentials('a'), () => new Promise((resolve) => (finish = resolve)), until(NOW + 10))
    cache.forget(() => true)
    const fresh = cache.load(credentials('a'), async () => 'fresh', until(NOW + 10))
    finish('stale')
    expect(await running).toBe('stale')
    expect(await fresh).toBe('fresh')
    expect(cache.get(credentials('a'))).toBe('fresh')
  })

  it('shares with size 0, too', async () => {
    const { cache } = open(0)
    const verify = jest.fn(async () => 'ada')
    await Promise.all([cache.load(credentials('a'), verify, until(NOW + 10)), cache.load(credentials('a'), verify, until(NOW + 10))])
    expect(verify).toHaveBeenCalledTimes(1)
  })
})
