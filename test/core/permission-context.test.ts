import { inspect } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import type { PermissionContext, PermissionSource } from '../../src/core/permissions/source.js'
import { bearer, carrier, engine, knows, verified } from './support.js'

/** A permission source that says yes, and keeps what it was given. */
function listening(): { readonly source: PermissionSource; readonly contexts: PermissionContext[] } {
  const contexts: PermissionContext[] = []
  return {
    contexts,
    source: {
      check(_, questions, context) {
        contexts.push(context)
        return questions.map(() => true)
      },
    },
  }
}

describe('a permission source', () => {
  it("is given the caller's access token, which no log shows", async () => {
    const { source, contexts } = listening()
    const { auth } = engine([knows({ 'access-token': verified() })], { permissions: source })
    const context = auth.createContext(await auth.authenticate(bearer('access-token')))
    expect(await context.may('order.cancel', 'o1')).toBe(true)
    expect(contexts[0]?.token).toBe('access-token')
    expect(inspect(contexts[0]) + JSON.stringify({ ...contexts[0] })).not.toContain('access-token')
    expect(Object.isFrozen(contexts[0])).toBe(true)
  })

  it('is never given the id of a login session', async () => {
    const { source, contexts } = listening()
    const backend = knows({ 'session-id': verified() }, { session: { member: 'user', allowedOrigins: ['https://app.example.com'] } })
    const { auth } = engine([backend], { permissions: source })
    const authentication = await auth.authenticate(
      carrier({ headers: { origin: 'https://app.example.com' }, session: { id: 'session-id', user: { id: 'ada' } } }),
    )
    expect(await auth.createContext(authentication).may('order.cancel', 'o1')).toBe(true)
    expect(contexts[0]?.token).toBeNull()
  })

  it('is told when its answer is no longer waited for', async () => {
    let signal: AbortSignal | undefined
    const source: PermissionSource = {
      check(_, __, context) {
        signal = context.signal
        return new Promise(() => undefined)
      },
    }
    const { auth } = engine([knows({ token: verified() })], { permissions: source, verifyTimeout: 20 })
    await expect(auth.createContext(await auth.authenticate(bearer('token'))).may('order.cancel', 'o1')).rejects.toThrow()
    expect(signal?.aborted).toBe(true)
  })
})
