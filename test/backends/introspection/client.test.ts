import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { type IntrospectionOptions, introspectionClient } from '../../../src/backends/introspection/client.js'
import { BackendUnavailableError } from '../../../src/core/errors.js'
import { FAILURE_MODES, failWith } from '../../../src/testing/failures.js'
import { answer, startEndpoint, type TestEndpoint } from './endpoint.js'

const TOKEN = 'the-token-that-no-error-shows'
const never = new AbortController().signal
let endpoint: TestEndpoint
let received: TestEndpoint['received']

beforeAll(async () => {
  endpoint = await startEndpoint()
  received = endpoint.received
})
afterEach(() => {
  received.length = 0
})
afterAll(() => endpoint.close())

function client(options: Partial<IntrospectionOptions> = {}): ReturnType<typeof introspectionClient> {
  return introspectionClient({
    endpoint: endpoint.url,
    clientId: 'api',
    clientSecret: 'secret',
    clientAuthentication: 'client_secret_basic',
    timeoutDuration: 2_000,
    ...options,
  })
}

async function failure(promise: Promise<unknown>): Promise<BackendUnavailableError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof BackendUnavailableError)) throw new Error(`expected to be unavailable, but: ${String(error)}`)
  return error
}

describe('an introspection request', () => {
  it('posts the token with the secret in the header', async () => {
    endpoint.respond = answer(200, { active: true })
    await client()(TOKEN, never)
    expect(received).toEqual([
      {
        method: 'POST',
        headers: expect.objectContaining({
          authorization: `Basic ${Buffer.from('api:secret').toString('base64')}`,
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        }),
        form: { token: TOKEN, token_type_hint: 'access_token' },
      },
    ])
  })

  it('encodes id and secret before it joins them', async () => {
    endpoint.respond = answer(200, { active: true })
    await client({ clientId: 'a:b', clientSecret: 'p%+ ü' })(TOKEN, never)
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('a%3Ab:p%25%2B+%C3%BC').toString('base64')}`)
  })

  it('puts the secret in the form when told so', async () => {
    endpoint.respond = answer(200, { active: true })
    await client({ clientAuthentication: 'client_secret_post' })(TOKEN, never)
    expect(received[0]?.form).toEqual({ token: TOKEN, token_type_hint: 'access_token', client_id: 'api', client_secret: 'secret' })
    expect(received[0]?.headers.authorization).toBeUndefined()
  })
})

describe('an introspection answer', () => {
  it('gives the claims of an active token', async () => {
    endpoint.respond = answer(200, { active: true, sub: 'ada', scope: 'read' })
    expect(await client()(TOKEN, never)).toEqual({ active: true, sub: 'ada', scope: 'read' })
  })

  it.each<[string, unknown]>([
    ['false', { active: false, sub: 'ada' }],
    ['missing', { sub: 'ada' }],
    ['an empty object', {}],
    ['the text true', { active: 'true' }],
    ['the number 1', { active: 1 }],
    ['null', { active: null }],
    ['a list', { active: [true] }],
    ['on the prototype', '{"__proto__":{"active":true}}'],
  ])('is not active when active is %s', async (_, body) => {
    endpoint.respond = answer(200, body)
    expect(await client()(TOKEN, never)).toBeNull()
  })

  it.each<[number, unknown]>([
    [401, { error: 'invalid_client' }],
    [403, { error: 'forbidden' }],
    [400, { error: 'invalid_request' }],
    [404, 'not found'],
    [204, ''],
    [201, { active: true }],
    [500, { active: true }],
    [200, [{ active: true }]],
    [200, 'true'],
    [200, '{"active":true'],
  ])('with status %s and body %j is no verdict at all', async (status, body) => {
    endpoint.respond = answer(status, body)
    const error = await failure(client()(TOKEN, never))
    expect(JSON.stringify([error, error.refusal, String(error.cause)])).not.toContain(TOKEN)
  })

  it.each(FAILURE_MODES)('of an endpoint that is %s is no verdict, and no redirect is followed', async (mode) => {
    endpoint.respond = (response) => failWith(mode, response, '/elsewhere')
    await failure(client({ timeoutDuration: 200 })(TOKEN, never))
    expect(received).toHaveLength(1)
  })

  it('is not waited for once nobody asks any more', async () => {
    const caller = new AbortController()
    endpoint.respond = () => caller.abort()
    await failure(client()(TOKEN, caller.signal))
    expect(received).toHaveLength(1)
  })

  it('is no verdict when nobody listens', async () => {
    expect((await failure(client({ endpoint: 'http://127.0.0.1:1/introspect' })(TOKEN, never))).refusal.detail).toBe('the provider is out of reach')
  })
})

describe('many introspections', () => {
  it('run so many at once, wait so many more, and are refused past that', async () => {
    const open: ServerResponse[] = []
    let arrived: (() => void) | undefined
    endpoint.respond = (response) => {
      open.push(response)
      arrived?.()
    }
    const arrivals = (count: number) =>
      new Promise<void>((resolve) => {
        arrived = () => void (open.length >= count && resolve())
        arrived()
      })
    const ask = client({ concurrency: 2 })
    const answers = Array.from({ length: 22 }, (_, index) => ask(`token-${index}`, never))
    expect((await failure(ask('one too many', never))).refusal.detail).toBe('too many requests to the provider are under way')
    for (let answered = 0; answered < 22; answered += 2) {
      await arrivals(answered + 2)
      expect(received).toHaveLength(answered + 2)
      for (const response of open.slice(answered)) answer(200, { active: true, n: answered })(response)
    }
    expect(await Promise.all(answers)).toHaveLength(22)
    const turns = received.map(({ form }) => Math.floor(Number(form.token?.slice('token-'.length)) / 2))
    expect(turns).toEqual(Array.from({ length: 22 }, (_, index) => Math.floor(index / 2)))
  })

  it('give their places back when they fail, and leave the line when they are given up', async () => {
    const ask = client({ concurrency: 1 })
    let release = (): void => undefined
    endpoint.respond = (response) => {
      release = () => response.destroy()
    }
    const first = ask('first', never)
    const caller = new AbortController()
    const second = ask('second', caller.signal)
    const third = ask('third', never)
    caller.abort()
    await failure(second)
    await new Promise<void>((resolve) => {
      const known = endpoint.respond
      if (received.length > 0) resolve()
      else
        endpoint.respond = (response) => {
          known(response)
          resolve()
        }
    })
    endpoint.respond = answer(200, { active: true })
    release()
    await failure(first)
    expect(await third).toEqual({ active: true })
    expect(received.map(({ form }) => form.token)).toEqual(['first', 'third'])
  })
})
