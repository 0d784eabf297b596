import { describe, expect, it } from '@jest/globals'
import { type Auth, createEngine } from '../../src/core/auth.js'
import type { TokenBackend } from '../../src/core/backend.js'
import { carrierOf } from '../../src/core/caller/carrier.js'
import { InvalidTokenError } from '../../src/core/errors.js'
import { resolveSettings } from '../../src/core/settings.js'

const logger = { debug() {}, info() {}, error() {} }

/** A backend that takes a token only from the right device. */
function deviceBound(calls: string[], readsTokenAlone?: boolean): TokenBackend {
  return {
    name: 'device',
    ...(readsTokenAlone === undefined ? {} : { readsTokenAlone }),
    async verify({ token, carrier }) {
      const [device = 'none'] = carrier.header('x-device')
      calls.push(device)
      if (device === 'wrong') throw new InvalidTokenError()
      return { issuer: 'test', subject: token, expiresAt: Date.now() / 1000 + 60 }
    },
  }
}

const engine = (backend: TokenBackend): Auth => createEngine(resolveSettings({ audit: { logger } }, [backend]))

async function ask(auth: Auth, device: string): Promise<string> {
  const headers: Record<string, readonly string[]> = { authorization: ['Bearer tok'], 'x-device': [device] }
  const { refusal } = await auth.authenticate({ transport: 'test', header: (name) => headers[name] ?? [] })
  return refusal?.reason ?? 'accepted'
}

describe('a verdict', () => {
  it('is that of the very request where the backend may look at it, one after the other and at once', async () => {
    const calls: string[] = []
    const auth = engine(deviceBound(calls))
    expect([await ask(auth, 'right'), await ask(auth, 'wrong'), await ask(auth, 'right')]).toEqual(['accepted', 'INVALID_TOKEN', 'accepted'])
    expect(await Promise.all([ask(auth, 'right'), ask(auth, 'wrong')])).toEqual(['accepted', 'INVALID_TOKEN'])
    expect(calls).toEqual(['right', 'wrong', 'right', 'right', 'wrong'])
  })

  it('is remembered and shared where the backend says that it reads the token alone', async () => {
    const calls: string[] = []
    const auth = engine(deviceBound(calls, true))
    await Promise.all([ask(auth, 'right'), ask(auth, 'right')])
    await ask(auth, 'right')
    expect(calls).toEqual(['right'])
  })
})

describe('the URL of a request', () => {
  it('is the whole one, also behind a router that is mounted on a path', () => {
    expect(carrierOf({ url: '/?a=1', originalUrl: '/graphql?a=1', headersDistinct: {} } as never, 'http').url).toBe('/graphql?a=1')
    expect(carrierOf({ url: '/graphql', headersDistinct: {} }, 'http').url).toBe('/graphql')
  })
})
