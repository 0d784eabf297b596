import { describe, expect, it } from '@jest/globals'
import { asking, describeSameOverHttp } from './support/behaviour.js'

describeSameOverHttp({ name: 'type-graphql' })

describe('a decorator on a method of type-graphql', () => {
  const here = asking({ name: 'type-graphql' })

  it('is asked when the method is called, so that a refusal is 200 and null', async () => {
    const { status, body } = await here.ask('{ about latest }', 'profile')
    expect([status, body.data]).toEqual([200, { about: 'Orders of the shop', latest: null }])
    expect(body.errors).toEqual([
      expect.objectContaining({ message: 'Forbidden', path: ['latest'], extensions: expect.objectContaining({ code: 'FORBIDDEN' }) }),
    ])
  })

  it('answers who may', async () => {
    expect((await here.ask('{ latest }', 'orders:read')).body).toEqual({ data: { latest: 'A-1' } })
  })
})
