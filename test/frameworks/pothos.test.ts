import { describe, expect, it } from '@jest/globals'
import { asking, describeSameOverHttp } from './support/behaviour.js'
import { startPage } from './support/page.js'

describeSameOverHttp({ name: 'pothos' })

describe('extensions of Pothos', () => {
  const onType = asking({ name: 'pothos', replace: [['{ interfaces: [Item] }', "{ interfaces: [Item], extensions: { auth: { scopes: 'vip' } } }"]] })

  it('guard every field of a type that they stand on', async () => {
    expect((await onType.ask('{ orders { id } }', 'orders:read')).status).toBe(403)
    expect((await onType.ask('{ orders { id } }', 'orders:read vip')).body.data).toEqual({ orders: [{ id: 'A-1' }] })
  })

  it('do not let the server start when they are misspelled', async () => {
    const misspelled = startPage('pothos', { replace: [["auth: { scopes: 'orders:admin' }", "auth: { scope: 'orders:admin' }"]] })
    await expect(misspelled).rejects.toThrow('Item.margin extensions.auth: expected a requirement')
  })
})
