import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { type RunningDemo, runDemo, startDemo } from './demo.js'

describe('starting the demo', () => {
  it('prints what to open, and serves it', async () => {
    const demo = await startDemo()
    try {
      expect(demo.stdout).toContain(`Page       ${demo.url}/\n`)
      expect(demo.stdout).toContain(`GraphiQL   ${demo.url}/graphiql\n`)
      expect(demo.stdout).toContain('development identity provider')
      for (const path of ['/', '/graphiql', '/graphql?login=reader']) {
        const response = await fetch(demo.url + path, { headers: { accept: 'text/html' } })
        expect([path, response.status]).toEqual([path, 200])
      }
    } finally {
      await demo.stop()
    }
  })

  it('says in one line which port is taken and what to do, and exits with 1', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const { port } = squatter.address() as AddressInfo
    try {
      const { code, stdout, stderr } = await runDemo({ PORT: String(port) })
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr: `Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start\n`,
      })
    } finally {
      squatter.close()
    }
  })

  it.each(['abc', '-1', '65536', '80.5', ' '])('refuses PORT=%p in one line', async (PORT) => {
    const { code, stderr } = await runDemo({ PORT })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^PORT is not a port: .+\n$/)
  })

  it('refuses to be a production server, in one line', async () => {
    const { code, stderr } = await runDemo({ PORT: '0', NODE_ENV: 'production' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^.*NODE_ENV other than production.*\n$/)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with clients connected, with code 0 and nothing more to say', async (signal) => {
    const demo = await startDemo()
    const client = connect(demo.url, await tokenOf(demo.url, 'reader'))
    const closed = new Promise<{ code: number }>((resolve) => client.on('closed', (event) => resolve(event as { code: number })))
    await new Promise((resolve) => client.on('connected', resolve))
    const stream = await post(demo.url, SUBSCRIPTION, { accept: 'text/event-stream', ...(await authorization(demo.url, 'reader')) })
    const { code, stderr } = await demo.stop(signal)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect((await closed).code).toBe(1001)
    await stream.body?.cancel().catch(() => {})
    await client.dispose()
  })
})

describe('the running demo', () => {
  let demo: RunningDemo
  beforeAll(async () => {
    demo = await startDemo()
  })
  afterAll(() => demo.stop())

  it.each(['/../package.json', '/..%2fpackage.json', '/server.js', '/vendor/graphql-ws/index.js', '/vendor/../package.json', '/toString'])(
    'does not serve %s',
    async (path) => {
      expect(await statusOf(demo.url, path)).toBe(404)
    },
  )

  it('has no logins but its own, and none by GET', async () => {
    expect(await statusOf(demo.url, '/logins/reader')).toBe(404)
    for (const name of ['nobody', 'constructor', '__proto__', '']) {
      expect((await fetch(`${demo.url}/logins/${name}`, { method: 'POST' })).status).toBe(404)
    }
  })

  it('answers a refused write over HTTP with 403 and what is missing', async () => {
    const response = await post(demo.url, SET(3), await authorization(demo.url, 'reader'))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="counter:write"')
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN', auth: { reason: 'INSUFFICIENT_SCOPE' } } }] })
  })

  it.each([-1, 101])('refuses %d as a value, and counts nothing down', async (value) => {
    const writer = await authorization(demo.url, 'writer')
    const response = await post(demo.url, SET(value), writer)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    const read = await post(demo.url, '{ counter { value } }', writer)
    expect(await read.json()).toEqual({ data: { counter: { value: 0 } } })
  })

  it('counts down once however often it is set, from what was set last', async () => {
    const writer = await authorization(demo.url, 'writer')
    const sets = [9, 7, 7, 2].map((value, index) => `set${index}: setCounter(value: ${value}) { value }`)
    const values = await followToZero(demo.url, await tokenOf(demo.url, 'reader'), () => post(demo.url, `mutation { ${sets.join(' ')} }`, writer))
    // Four writes and two steps: a second countdown would bring more. What an event finds may be what was written after it.
    expect(values).toHaveLength(6)
    expect(values.slice(-3)).toEqual([2, 1, 0])
  })

  it('takes about a second for a step, and starts the second anew when the same value is set again', async () => {
    const writer = await authorization(demo.url, 'writer')
    const times: number[] = []
    const values = await followToZero(
      demo.url,
      await tokenOf(demo.url, 'reader'),
      () => post(demo.url, SET(3), writer),
      async () => {
        times.push(performance.now())
        if (times.length > 1) return
        // The time between two steps is what this is about: more than half of it passes.
        await setTimeout(600)
        await post(demo.url, SET(3), writer)
      },
    )
    const again = values.lastIndexOf(3)
    expect(again).toBeGreaterThan(0)
    expect(values.slice(again)).toEqual([3, 2, 1, 0])
    const [three = 0, two = 0, one = 0, zero = 0] = times.slice(again)
    for (const pause of [two - three, one - two, zero - one]) expect(pause).toBeGreaterThan(900)
  })
})

const SUBSCRIPTION = 'subscription { counter { value } }'
const SET = (value: number) => `mutation { setCounter(value: ${value}) { value } }`

function post(url: string, query: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${url}/graphql`, { method: 'POST', body: JSON.stringify({ query }), headers: { 'content-type': 'application/json', ...headers } })
}

async function tokenOf(url: string, login: string): Promise<string> {
  const response = await fetch(`${url}/logins/${login}`, { method: 'POST' })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

async function authorization(url: string, login: string): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await tokenOf(url, login)}` }
}

function connect(url: string, token: string) {
  return createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
  })
}

/** The values that a subscriber gets from `start` on, until the counter is at zero. */
async function followToZero(url: string, token: string, start: () => Promise<unknown>, onValue?: (value: number) => Promise<void>): Promise<number[]> {
  const client = connect(url, token)
  const values: number[] = []
  // Answered after the subscription, which is sent before it on the same connection.
  const started = client.iterate<{ counter: { value: number } }>({ query: SUBSCRIPTION })
  const first = started.next()
  await client.iterate({ query: '{ about }' }).next()
  await start()
  for (let result = await first; !result.done; result = await started.next()) {
    const value = result.value.data?.counter.value ?? Number.NaN
    values.push(value)
    await onValue?.(value)
    if (value === 0) break
  }
  await client.dispose()
  return values
}

/** By node:http, which sends a path as it is. */
async function statusOf(url: string, path: string): Promise<number | undefined> {
  const sent = request(url, { path }).end()
  const [response] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }]
  response.resume()
  return response.statusCode
}
