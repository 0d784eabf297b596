import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { Redis } from 'ioredis'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createClient } from 'redis'
import { type ReplayStore, redisReplayStore } from '../../../src/backends/replay-store.js'
import { createAuth } from '../../../src/create-auth.js'
import { createTestIssuer, type TestIssuer } from '../../../src/testing/index.js'
import { describeWithRedis, type RedisServer, startRedis } from '../../support/redis.js'
import { START_UP_HOOK } from '../../support/server-process.js'

const ORIGIN = 'https://api.example.com'

/** A client of one node, of the library that the row names. */
interface Node {
  store(prefix?: string, timeout?: number): ReplayStore
  close(): void
}

type Connect = (server: Pick<RedisServer, 'host' | 'port'>) => Promise<Node>

const LIBRARIES: Readonly<Record<'ioredis' | 'node-redis', Connect>> = {
  async ioredis({ host, port }) {
    const client = new Redis({ host, port, lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => undefined)
    await client.connect()
    return {
      store: (...settings) => redisReplayStore(client, ...settings),
      close: () => {
        if (client.status !== 'end') client.disconnect()
      },
    }
  },
  async 'node-redis'({ host, port }) {
    const client = createClient({ socket: { host, port, reconnectStrategy: false } })
    client.on('error', () => undefined)
    await client.connect()
    return {
      store: (...settings) => redisReplayStore(client, ...settings),
      close: () => {
        if (client.isOpen) client.destroy()
      },
    }
  },
}

describeWithRedis('a replay store in a real Redis', () => {
  let server: RedisServer
  let admin: Redis
  const opened: Node[] = []

  beforeAll(async () => {
    server = await startRedis()
    admin = new Redis({ host: server.host, port: server.port })
  }, START_UP_HOOK)
  beforeEach(() => admin.flushall())
  afterEach(() => {
    for (const node of opened.splice(0)) node.close()
  })
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })

  const connect = async (library: keyof typeof LIBRARIES, to: Pick<RedisServer, 'host' | 'port'> = server): Promise<Node> => {
    const node = await LIBRARIES[library](to)
    opened.push(node)
    return node
  }

  describe.each(['ioredis', 'node-redis'] as const)('through %s', (library) => {
    it('takes a key for new once, and another key as well', async () => {
      const store = (await connect(library)).store()
      expect([await store.claim('a', 60), await store.claim('a', 60), await store.claim('b', 60)]).toEqual([true, false, true])
    })

    it('lets one of many nodes win that claim a key at the same moment', async () => {
      const nodes = await Promise.all(Array.from({ length: 5 }, () => connect(library)))
      const stores = nodes.map((node) => node.store())
      for (let round = 0; round < 20; round += 1) {
        const claims = await Promise.all(stores.flatMap((store) => Array.from({ length: 10 }, () => store.claim(`round-${round}`, 60))))
        expect(claims.filter(Boolean)).toHaveLength(1)
      }
    })

    it('writes below its prefix alone, and no key that outlives its seconds', async () => {
      const node = await connect(library)
      await node.store().claim('a', 61.5)
      await node.store('shop:').claim('a', 0.0001)
      await node.store('shop:').claim('b', 300)
      expect((await admin.keys('*')).filter((key) => key !== 'shop:a').sort()).toEqual(['gatehouse:replay:a', 'shop:b'])
      const left = await admin.pttl('gatehouse:replay:a')
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(61_500)
      expect(await admin.pttl('shop:b')).toBeGreaterThan(61_500)
    })

    it('remembers a key for its seconds and not longer, however often it is claimed', async () => {
      const store = (await connect(library)).store()
      const began = performance.now()
      expect(await store.claim('brief', 0.2)).toBe(true)
      while (!(await store.claim('brief', 0.2)));
      // Redis counts whole milliseconds, from its own clock's last tick.
      expect(performance.now() - began).toBeGreaterThan(195)
    })

    it('rejects when Redis is full, and so remembers nothing more', async () => {
      const store = (await connect(library)).store()
      try {
        await admin.config('SET', 'maxmemory', '1')
        await expect(store.claim('a', 60)).rejects.toThrow('OOM')
      } finally {
        await admin.config('SET', 'maxmemory', '0')
      }
      expect(await store.claim('a', 60)).toBe(true)
    })

    it('rejects when Redis is silent for too long', async () => {
      const store = (await connect(library)).store('silent:', 100)
      try {
        await admin.client('PAUSE', 60_000, 'WRITE')
        await expect(store.claim('a', 60)).rejects.toThrow('no answer in time')
      } finally {
        await admin.client('UNPAUSE')
      }
    })

    it(
      'rejects when Redis is gone',
      async () => {
        const doomed = await startRedis()
        const store = (await connect(library, doomed)).store('gone:', 5_000)
        expect(await store.claim('a', 60)).toBe(true)
        await doomed.stop()
        await expect(store.claim('a', 60)).rejects.toThrow()
      },
      START_UP_HOOK,
    )
  })

  describe('behind DPoP', () => {
    let issuer: TestIssuer
    beforeAll(async () => {
      issuer = await createTestIssuer()
    })
    afterAll(() => issuer.close())

    /** A bound token, and requests that prove its key anew each time. */
    async function makeCaller(): Promise<() => Promise<Parameters<ReturnType<typeof makeAuth>['authenticate']>[0]>> {
      const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
      const jwk = await exportJWK(publicKey)
      const token = await issuer.token({ cnf: { jkt: await calculateJwkThumbprint(jwk) } })
      const ath = createHash('sha256').update(token).digest('base64url')
      return async () => {
        const proof = await new SignJWT({ htm: 'POST', htu: `${ORIGIN}/graphql`, jti: crypto.randomUUID(), ath })
          .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
          .setIssuedAt()
          .sign(privateKey)
        const headers: Readonly<Record<string, readonly string[]>> = { authorization: [`DPoP ${token}`], dpop: [proof] }
        return { transport: 'http', method: 'POST', url: '/graphql', header: (name) => headers[name] ?? [] }
      }
    }

    function makeAuth(replayStore: ReplayStore, fault = jest.fn()) {
      return createAuth({
        backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }],
        dpop: { origin: ORIGIN, replayStore },
        audit: { logger: { debug() {}, info() {}, error: fault } },
      })
    }

    it('a proof that one node took is refused by another, whichever library each has', async () => {
      const nodes = [makeAuth((await connect('ioredis')).store()), makeAuth((await connect('node-redis')).store())]
      const request = await makeCaller()
      for (const [first, second] of [nodes, nodes.toReversed()] as const) {
        const sent = await request()
        expect(await first?.authenticate(sent)).toMatchObject({ refusal: null, principal: { issuer: issuer.issuer } })
        expect(await second?.authenticate(sent)).toMatchObject({ principal: null, refusal: { reason: 'INVALID_TOKEN', detail: 'proof used before' } })
        expect(await first?.authenticate(sent)).toMatchObject({ principal: null, refusal: { reason: 'INVALID_TOKEN' } })
      }
      await Promise.all(nodes.map((node) => node.close()))
    })

    it('nobody gets in on a good proof while Redis takes no note of it, and the caller is not blamed', async () => {
      const fault = jest.fn()
      const auth = makeAuth((await connect('ioredis')).store(), fault)
      const request = await makeCaller()
      try {
        await admin.config('SET', 'maxmemory', '1')
        expect(await auth.authenticate(await request())).toMatchObject({ principal: null, refusal: { reason: 'BACKEND_UNAVAILABLE' } })
        expect(fault).toHaveBeenCalledTimes(1)
      } finally {
        await admin.config('SET', 'maxmemory', '0')
      }
      expect(await auth.authenticate(await request())).toMatchObject({ refusal: null })
      await auth.close()
    })
  })
})
