import { describe, expect, it, jest } from '@jest/globals'
import type { VerifiedToken } from '../../src/core/backend.js'
import { type OnAuthenticated, UserSync, type UserSyncOptions } from '../../src/core/caller/user-sync.js'
import { principal } from './support.js'

function sync(options: Partial<UserSyncOptions> = {}): { readonly users: UserSync; readonly onAuthenticated: jest.Mock<OnAuthenticated> } {
  const onAuthenticated = jest.fn<OnAuthenticated>(async ({ subject }) => ({ id: subject }))
  return { users: new UserSync({ onAuthenticated, bus: null, cacheSize: 100, verifyTimeout: 1000, ...options }), onAuthenticated }
}

describe('the application’s user', () => {
  it('is made once, and then known', async () => {
    const { users, onAuthenticated } = sync()
    const first = await users.sync(principal(), 'http')
    const second = await users.sync(principal(), 'graphql-ws')
    expect(first.user).toEqual({ id: 'ada' })
    expect(second.user).toBe(first.user)
    expect(Object.isFrozen(first)).toBe(true)
    expect(onAuthenticated.mock.calls.map(([{ subject }, context]) => [subject, context])).toEqual([['ada', { transport: 'http' }]])
  })

  it('is made once for all who come at the same time', async () => {
    const { users, onAuthenticated } = sync()
    await Promise.all(Array.from({ length: 50 }, () => users.sync(principal(), 'http')))
    expect(onAuthenticated).toHaveBeenCalledTimes(1)
  })

  it.each<[string, Partial<VerifiedToken>, number]>([
    ['another token of the same one', { claims: { email: 'a', exp: 2, iat: 2, jti: '2', sid: 's2' }, expiresAt: 9 }, 1],
    ['the same claims in another order', { claims: { jti: '3', email: 'a' } }, 1],
    ['another claim', { claims: { email: 'b' } }, 2],
    ['another role', { claims: { email: 'a' }, roles: ['admin'] }, 2],
    ['another group', { claims: { email: 'a' }, groups: ['g'] }, 2],
    ['another permission', { claims: { email: 'a' }, permissions: ['p'] }, 2],
    ['another scope', { claims: { email: 'a' }, scopes: ['s'] }, 2],
    ['another issuer', { claims: { email: 'a' }, issuer: 'https://other.test' }, 2],
    ['another tenant', { claims: { email: 'a' }, tenant: 't' }, 2],
    ['a client of the same name', { claims: { email: 'a' }, kind: 'client' }, 2],
  ])('after %s was called for %p: %i times', async (_, parts, times) => {
    const { users, onAuthenticated } = sync()
    await users.sync(principal({ claims: { email: 'a', exp: 1, iat: 1, jti: '1', sid: 's1' } }), 'http')
    await users.sync(principal(parts), 'http')
    expect(onAuthenticated).toHaveBeenCalledTimes(times)
  })

  it('of identities whose parts could be joined alike are two', async () => {
    const { users, onAuthenticated } = sync()
    await users.sync(principal({ issuer: 'a', subject: 'bc' }), 'http')
    await users.sync(principal({ issuer: 'ab', subject: 'c' }), 'http')
    expect(onAuthenticated).toHaveBeenCalledTimes(2)
  })

  it('is nothing when the application returns nothing', async () => {
    const { users } = sync({ onAuthenticated: () => undefined })
    expect((await users.sync(principal({ user: { from: 'backend' } }), 'http')).user).toBeNull()
  })

  it('of the backend stays where the application has no say', async () => {
    const { users } = sync({ onAuthenticated: null })
    const ada = principal({ user: { from: 'backend' } })
    expect(await users.sync(ada, 'http')).toBe(ada)
  })

  it('is tried again after a failure', async () => {
    const { users, onAuthenticated } = sync()
    onAuthenticated.mockImplementationOnce(() => Promise.reject(new Error('down')))
    await expect(users.sync(principal(), 'http')).rejects.toThrow('down')
    expect((await users.sync(principal(), 'http')).user).toEqual({ id: 'ada' })
  })

  it('is made anew after it was forgotten', async () => {
    const { users, onAuthenticated } = sync()
    await users.sync(principal(), 'http')
    await users.sync(principal({ subject: 'bob' }), 'http')
    users.forget(({ subject }) => subject === 'ada')
    await users.sync(principal(), 'http')
    await users.sync(principal({ subject: 'bob' }), 'http')
    expect(onAuthenticated.mock.calls.map(([{ subject }]) => subject)).toEqual(['ada', 'bob', 'ada'])
  })
})

describe('the event user.loggedIn', () => {
  it('names who came and nothing that is secret', async () => {
    const publish = jest.fn(async () => undefined)
    const { users } = sync({ onAuthenticated: null, bus: { publish } })
    await users.sync(principal({ roles: ['admin'], tenant: 't', claims: { email: 'canary' }, user: 'canary' }), 'http')
    await users.sync(principal({ roles: ['admin'], tenant: 't', claims: { email: 'canary' }, user: 'canary' }), 'http')
    expect(publish.mock.calls).toEqual([['user.loggedIn', { issuer: 'https://issuer.test', subject: 'ada', kind: 'user', tenant: 't', roles: ['admin'] }]])
  })

  it('that the bus does not take refuses the caller', async () => {
    const { users } = sync({ bus: { publish: () => Promise.reject(new Error('bus down')) } })
    await expect(users.sync(principal(), 'http')).rejects.toThrow('bus down')
  })
})
