import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { TokenBackend } from '../../src/core/backend.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { eventually, openLeases, WireClient } from '../support/transport-wire.js'

const ORIGIN = 'https://app.example.com'
const COOKIE = 'access_token'

let servers: Servers
beforeAll(async () => {
  servers = await startServers({
    settings: { credentials: { cookie: { name: COOKIE, allowedOrigins: [ORIGIN] } } },
    graphqlWs: { connectionInitWaitTimeout: 300 },
  })
})
afterAll(() => servers.close())

describe('before the connection is acknowledged', () => {
  it('C1: closes with 4401 for an operation before connection_init', async () => {
    const client = await WireClient.open(servers)
    client.subscribe('1', '{ hello }')
    expect(await client.closed).toEqual({ code: 4401, reason: 'Unauthorized' })
    expect(servers.ran).toEqual([])
  })

  it.each([
    ['the legacy subprotocol', ['graphql-ws']],
    ['no subprotocol', []],
  ])('C1: serves nobody who asks for %s', async (_, protocols) => {
    const client = new WireClient(servers.webSocketUrl, protocols)
    client.socket.on('open', () => client.send({ type: 'start', id: '1', payload: { query: 'mutation { greet }' } }))
    const { code } = await client.closed
    expect([1006, 4406]).toContain(code)
    expect(client.messages).toEqual([])
    expect(servers.ran).toEqual([])
  })

  it('C2: closes with 4401 for an operation while the token is verified, and runs nothing afterwards either', async () => {
    let verify: () => void = () => undefined
    const verified = new Promise<void>((resolve) => {
      verify = resolve
    })
    const slow: TokenBackend = { name: 'slow', verify: () => verified.then(() => ({ issuer: 'https://issuer.test', subject: 'ada' })) }
    const waiting = await startServers({ backends: [slow] })
    try {
      const client = await WireClient.open(waiting)
      client.init({ token: 'abc' })
      client.subscribe('1', 'mutation { greet }')
      client.subscribe('2', 'mutation { greet }')
      expect(await client.closed).toEqual({ code: 4401, reason: 'Unauthorized' })
      verify()
      await eventually(() => waiting.logged().some(({ event }) => event === 'authenticated'))
      await new Promise((resolve) => setImmediate(resolve))
      expect(waiting.ran).toEqual([])
      expect(openLeases(waiting).size).toBe(0)
    } finally {
      await waiting.close()
    }
  })

  it('leaves no lease open when the client goes while its token is verified', async () => {
    let verify: () => void = () => undefined
    const verified = new Promise<void>((resolve) => {
      verify = resolve
    })
    let asked: () => void = () => undefined
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const slow: TokenBackend = {
      name: 'slow',
      verify: () => {
        asked()
        return verified.then(() => ({ issuer: 'https://issuer.test', subject: 'ada' }))
      },
    }
    const waiting = await startServers({ backends: [slow] })
    try {
      const client = await WireClient.open(waiting)
      client.init({ token: 'abc' })
      await isAsked
      client.terminate()
      await eventually(() => waiting.webSockets.clients.size === 0)
      verify()
      await eventually(() => waiting.logged().some(({ event }) => event === 'authenticated'))
      await new Promise((resolve) => setImmediate(resolve))
      expect(waiting.logged().some(({ event }) => event === 'lease.opened')).toBe(false)
    } finally {
      await waiting.close()
    }
  })

  it('C4: closes with 4408 whoever says nothing, however many there are', async () => {
    const before = servers.logged().length
    const clients = await Promise.all(Array.from({ length: 200 }, () => WireClient.open(servers)))
    const closes = await Promise.all(clients.map(({ closed }) => closed))
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([4408]))
    expect(servers.logged()).toHaveLength(before)
    await eventually(() => servers.webSockets.clients.size === 0)
  })
})

describe('at connection_init', () => {
  it('acknowledges with the end of the token', async () => {
    const token = await servers.issuer.token({ sub: 'ada' }, { expiresIn: 120 })
    const client = await WireClient.connected(servers, token)
    const { payload } = await client.until(({ type }) => type === 'connection_ack')
    expect(payload).toEqual({ expiresAt: expect.any(Number) })
    expect(Math.abs(payload.expiresAt - Date.now() / 1000 - 120)).toBeLessThan(5)
    await client.close()
  })

  it('C3: closes with 4429 when a second one comes, whoever it is from, and goes on as nobody', async () => {
    const client = await WireClient.connected(servers, await servers.issuer.token({ sub: 'ada' }))
    client.init({ authorization: `Bearer ${await servers.issuer.token({ sub: 'grace' })}` })
    client.subscribe('1', '{ me }')
    expect((await client.closed).code).toBe(4429)
    expect(client.of('1')).toEqual([])
    await eventually(() => openLeases(servers).size === 0)
    expect(servers.logged().some(({ subject }) => subject === 'grace')).toBe(false)
  })

  it('takes the token from the Authorization header of the upgrade', async () => {
    const client = await WireClient.open(servers, { authorization: `Bearer ${await servers.issuer.token({ sub: 'ada' })}` })
    client.init()
    await client.until(({ type }) => type === 'connection_ack')
    client.subscribe('1', '{ me }')
    expect((await client.until(({ id }) => id === '1')).payload).toEqual({ data: { me: 'ada' } })
    await client.close()
  })

  it('refuses a second token beside that of the header', async () => {
    const token = await servers.issuer.token({ sub: 'ada' })
    const client = await WireClient.open(servers, { authorization: `Bearer ${token}` })
    client.init({ token })
    expect(await client.closed).toEqual({ code: 4403, reason: 'MALFORMED_TOKEN' })
  })

  it.each([
    ['the allowed origin', { origin: ORIGIN }, true],
    ['a page of the same origin', { 'sec-fetch-site': 'same-origin' }, true],
    ['a foreign origin', { origin: 'https://evil.example' }, false],
    ['the origin null', { origin: 'null' }, false],
    ['no origin', {}, false],
    ['an origin that only begins like it', { origin: `${ORIGIN}.evil.example` }, false],
    ['an origin that only ends like it', { origin: 'https://evil-app.example.com' }, false],
    ['the origin over http', { origin: ORIGIN.replace('https', 'http') }, false],
  ])('C5: a cookie from %s', async (_, headers, counts) => {
    const client = await WireClient.open(servers, { ...headers, cookie: `${COOKIE}=${await servers.issuer.token({ sub: 'ada' })}` } as Record<string, string>)
    client.init()
    if (counts) {
      await client.until(({ type }) => type === 'connection_ack')
      await client.close()
    } else expect(await client.closed).toEqual({ code: 4403, reason: 'MISSING_TOKEN' })
  })

  it('C15: refuses a token in the URL, also when it is good, and writes it nowhere', async () => {
    const token = await servers.issuer.token({ sub: 'ada' })
    const client = new WireClient(`${servers.webSocketUrl}?access_token=${token}`)
    client.socket.on('open', () => client.init())
    expect(await client.closed).toEqual({ code: 4403, reason: 'MALFORMED_TOKEN' })
    expect(servers.log()).not.toContain(token)
    expect(servers.sent.join('\n')).not.toContain(token)
  })

  it('audits a refusal', async () => {
    const before = servers.logged().length
    const client = await WireClient.open(servers)
    client.init({ authorization: `Bearer ${await servers.issuer.forgedToken()}` })
    expect(await client.closed).toEqual({ code: 4403, reason: 'INVALID_TOKEN' })
    expect(servers.logged().slice(before)).toEqual([
      expect.objectContaining({ event: 'refused', transport: 'graphql-ws', refusals: [expect.objectContaining({ reason: 'INVALID_TOKEN' })] }),
    ])
  })

  it.each([
    ['an array', []],
    ['a string', 'Bearer abc'],
    ['a number', 7],
  ])('closes with 4400 for a payload that is %s', async (_, payload) => {
    const client = await WireClient.open(servers)
    client.init(payload)
    expect((await client.closed).code).toBe(4400)
  })

  it.each([
    ['a token that is an object', { authorization: { toString: 'abc' } }],
    ['a token that is a list', { token: ['a', 'b'] }],
    ['two names for a token', { token: 'abc', authorization: 'Bearer abc' }],
  ])('refuses %s as malformed', async (_, payload) => {
    const client = await WireClient.open(servers)
    client.init(payload)
    expect(await client.closed).toEqual({ code: 4403, reason: 'MALFORMED_TOKEN' })
  })

  it('finds no token on a prototype', async () => {
    const client = await WireClient.open(servers)
    client.send(`{"type":"connection_init","payload":{"__proto__":{"authorization":"Bearer ${await servers.issuer.token()}"}}}`)
    expect(await client.closed).toEqual({ code: 4403, reason: 'MISSING_TOKEN' })
  })
})

describe('on an acknowledged connection', () => {
  let client: WireClient
  beforeAll(async () => {
    client = await WireClient.connected(servers, await servers.issuer.token({ sub: 'ada', scope: 'orders:read' }))
  })
  afterAll(() => client.close())

  it.each([
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['hasOwnProperty', 'hasOwnProperty'],
    ['of 10 kB', 'x'.repeat(10_000)],
  ])('C14: serves the operation id %s', async (_, id) => {
    client.subscribe(id, '{ me }')
    await client.until((message) => message.id === id && message.type === 'complete')
    expect(client.of(id)).toEqual([
      { id, type: 'next', payload: { data: { me: 'ada' } } },
      { id, type: 'complete' },
    ])
  })

  it('C14: serves an id again when its operation is complete, and refuses it before', async () => {
    client.subscribe('again', '{ me }')
    await client.until(({ id, type }) => id === 'again' && type === 'complete')
    client.subscribe('again', '{ hello }')
    await client.until(({ payload }) => payload?.data?.hello === 'world')
    const other = await WireClient.connected(servers, await servers.issuer.token())
    other.subscribe('1', 'subscription { ticks }')
    other.subscribe('1', 'subscription { ticks }')
    expect((await other.closed).code).toBe(4409)
  })

  it.each([
    ['a document that is no GraphQL', '{ me', 'Syntax Error'],
    ['a field that the schema does not have', '{ nothing }', 'Cannot query field'],
    ['an operation that the document does not have', 'query A { me } query B { me }', 'Unable to identify operation'],
  ])('answers %s with an error, and the socket stays', async (name, query, message) => {
    client.subscribe(name, query)
    const { type, payload } = await client.until(({ id }) => id === name)
    expect([type, payload[0].message]).toEqual(['error', expect.stringContaining(message)])
    await client.settled()
  })

  it('runs the operation that is named, and no other', async () => {
    client.subscribe('named', 'query A { orders } query B { vault }', { operationName: 'A' })
    expect((await client.until(({ id }) => id === 'named')).payload).toEqual({ data: { orders: 'orders' } })
  })

  it('passes on the error that a resolver or a source meant to be seen', async () => {
    client.subscribe('teapot', '{ throws }')
    expect((await client.until(({ id }) => id === 'teapot')).payload.errors[0].extensions).toEqual({ code: 'TEAPOT' })
    client.subscribe('broken', 'subscription { breaks }')
    const { type, payload } = await client.until(({ id }) => id === 'broken')
    expect(type).toBe('error')
    expect(payload).toEqual([{ message: 'The source broke', extensions: { code: 'BROKEN' } }])
  })

  it('sends nothing that is for HTTP alone', async () => {
    client.subscribe('scoped', 'mutation { order }')
    const { payload } = await client.until(({ id }) => id === 'scoped')
    expect(Object.keys(payload[0].extensions)).toEqual(['code', 'auth'])
    expect(servers.sent.filter((frame) => /WWW-Authenticate|"http"/.test(frame))).toEqual([])
  })
})

describe('C16: hostile frames', () => {
  // graphql-ws reports what ws refuses on the console.
  beforeAll(() => {
    jest.spyOn(console, 'error').mockImplementation(() => undefined)
  })
  afterAll(() => {
    jest.restoreAllMocks()
  })

  it.each<[string, string | Uint8Array, number]>([
    ['text that is no JSON', '{"type":', 4400],
    ['JSON that is no message', '[1,2,3]', 4400],
    ['a message of no type', '{"id":"1"}', 4400],
    ['a message of an unknown type', '{"type":"start","id":"1"}', 4400],
    ['binary', Uint8Array.from([0, 255, 254, 1, 2]), 4400],
    ['2 MB', `{"type":"ping","payload":{"a":"${'x'.repeat(2_000_000)}"}}`, 1009],
  ])('closes for %s', async (_, frame, code) => {
    const client = await WireClient.open(servers)
    client.send(frame)
    expect((await client.closed).code).toBe(code)
  })

  it('lives through JSON that is nested 100000 deep', async () => {
    const client = await WireClient.open(servers)
    client.send(`{"type":"ping","payload":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`)
    expect([4400, 4408, 4500]).toContain((await client.closed).code)
    const other = await WireClient.connected(servers, await servers.issuer.token())
    await other.close()
  })

  it('lives through a flood of tiny fragments', async () => {
    const client = await WireClient.open(servers)
    for (let index = 0; index < 20_000; index += 1) client.socket.send(index === 0 ? '{"type":"ping","payload":{"a":"' : 'x', { fin: false })
    client.socket.send('"}}', { fin: true })
    const answered = await Promise.race([client.until(({ type }) => type === 'pong').then(() => true), client.closed.then(() => true)])
    expect(answered).toBe(true)
    const other = await WireClient.connected(servers, await servers.issuer.token())
    await other.settled()
    await other.close()
    client.terminate()
  })

  it('lives through an upgrade with many headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`x-${index}`, 'a']))
    const client = new WireClient(servers.webSocketUrl, 'graphql-transport-ws', headers)
    client.socket.on('open', () => client.init({ token: 'abc' }))
    expect([1006, 4403]).toContain((await client.closed).code)
    const other = await WireClient.connected(servers, await servers.issuer.token())
    await other.close()
  })
})
