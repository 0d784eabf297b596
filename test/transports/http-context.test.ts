import { describe, expect, it } from '@jest/globals'
import { withAuth } from '../../src/transports/http/http-context.js'
import { type HttpRequest, httpContext } from '../../src/transports/http/index.js'
import { openShop } from './support/shop.js'

const fetched = (token?: string): Request =>
  new Request('http://127.0.0.1/graphql', token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })

describe('httpContext', () => {
  it('authenticates a request once, and makes an auth of its own for each operation', async () => {
    const { auth, verified } = openShop()
    const request = fetched('reader')
    const [first, second] = await Promise.all([httpContext(auth, request), httpContext(auth, request)])
    const third = await httpContext(auth, request)
    expect(verified).toEqual(['reader'])
    expect(new Set([first.auth, second.auth, third.auth]).size).toBe(3)
    expect(first.auth.principal).toBe(third.auth.principal)
  })

  it('does not take the verdict of another auth over', async () => {
    const request = fetched('reader')
    const [one, other] = [openShop(), openShop()]
    await httpContext(one.auth, request)
    await httpContext(other.auth, request)
    expect([one.verified, other.verified]).toEqual([['reader'], ['reader']])
  })

  it('tells apart two requests with the same token', async () => {
    const { auth, verified } = openShop()
    await httpContext(auth, fetched('reader'))
    await httpContext(auth, fetched('reader'))
    expect(verified).toEqual(['reader', 'reader'])
  })

  it.each([
    ['nobody', undefined, null, null],
    ['somebody', 'reader', 'u1', null],
    ['a bad token', 'stranger', null, 'INVALID_TOKEN'],
    ['a provider out of reach', 'busy', null, 'BACKEND_UNAVAILABLE'],
  ])('says who is asking, without refusing anything: %s', async (_name, token, subject, reason) => {
    const { auth } = await httpContext(openShop().auth, fetched(token))
    expect([auth.principal?.subject ?? null, auth.refusal?.reason ?? null, auth.transport]).toEqual([subject, reason, 'http'])
  })

  it('finds the request that a framework holds under raw', async () => {
    const { auth } = await httpContext(openShop().auth, { raw: fetched('reader') })
    expect(auth.principal?.subject).toBe('u1')
  })

  it.each([undefined, null, {}, { headers: { authorization: 'Bearer reader' } }, { raw: {} }, 'request'])(
    'refuses %j in place of a request',
    async (request) => {
      await expect(httpContext(openShop().auth, request as unknown as HttpRequest)).rejects.toThrow('httpContext: expected a request of node:http or fetch')
    },
  )
})

describe('withAuth', () => {
  it.each(['text', 7, true, Symbol('x')])('refuses %p as a context', async (own) => {
    const context = await httpContext(openShop().auth, fetched())
    expect(() => withAuth(own, context)).toThrow('context: expected an object')
  })

  it('keeps the prototype, and leaves the original as it was', async () => {
    const context = await httpContext(openShop().auth, fetched())
    const original = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })
    const copy = withAuth(original, context)
    expect([copy.inherited, copy.own, copy.auth]).toEqual([1, 2, context.auth])
    expect('auth' in original).toBe(false)
  })

  it('takes nothing for an empty context', async () => {
    const context = await httpContext(openShop().auth, fetched())
    expect([withAuth(undefined, context), withAuth(null, context)]).toEqual([{ auth: context.auth }, { auth: context.auth }])
  })
})
