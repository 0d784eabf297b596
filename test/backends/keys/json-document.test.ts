import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { postForm } from '../../../src/backends/introspection/post-form.js'
import { fetchDocument } from '../../../src/backends/keys/json-document.js'

const never = new AbortController().signal
let requests = 0
let answers: ((response: ServerResponse) => void)[] = []
let url: string

const good = (response: ServerResponse): void => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}')
/** Ends the connection, as a server does with one that was idle for too long. */
const close = (response: ServerResponse): void => void response.socket?.destroy()
const reset = (response: ServerResponse): void => void response.socket?.resetAndDestroy()
const breakOff = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"keys":[', () => response.socket?.destroy())
}

const server = createServer((_, response) => {
  requests += 1
  const answer = answers.shift() ?? good
  answer(response)
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
})
beforeEach(() => {
  requests = 0
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const get = (signal: AbortSignal = never, fetch: typeof globalThis.fetch = globalThis.fetch) =>
  fetchDocument(url, { accept: 'application/json', fetch, signal })
const detail = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: { readonly refusal?: { readonly detail?: string } }) => error.refusal?.detail,
  )

describe('a connection that is cut before the answer begins', () => {
  it.each([
    ['closed', close],
    ['reset', reset],
  ])('and was %s is tried anew', async (_, cut) => {
    answers = [good, cut, good]
    await get()
    expect(await get()).toEqual({ status: 200, document: { keys: [] } })
    expect(requests).toBe(3)
  })

  it.each([
    ['closed', close],
    ['reset', reset],
  ])('and was %s is not tried a third time', async (_, cut) => {
    answers = [cut, cut, good]
    expect(await detail(get())).toBe('the provider is out of reach')
    expect(requests).toBe(2)
    answers = []
  })

  it('is tried anew for a fetch that has the code on the error itself', async () => {
    let calls = 0
    const fetch = async (): Promise<Response> => {
      calls += 1
      if (calls === 1) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      return Response.json({ keys: [] })
    }
    expect(await get(never, fetch)).toMatchObject({ status: 200 })
    expect(calls).toBe(2)
  })

  it('is not tried anew when the time is over', async () => {
    const deadline = new AbortController()
    answers = [
      (response) => {
        deadline.abort(new DOMException('too late', 'TimeoutError'))
        close(response)
      },
    ]
    expect(await detail(get(deadline.signal))).toBe('the provider did not answer in time')
    expect(requests).toBe(1)
  })

  it('ends with the same time limit as the first attempt', async () => {
    answers = [close, () => undefined]
    expect(await detail(get(AbortSignal.timeout(200)))).toBe('the provider did not answer in time')
    expect(requests).toBe(2)
  })
})

describe('nothing is tried anew', () => {
  it('that broke off in the middle of the answer', async () => {
    answers = [breakOff]
    expect(await detail(get())).toBe('the provider is out of reach')
    expect(requests).toBe(1)
  })

  it('that found nobody listening', async () => {
    let calls = 0
    const fetch: typeof globalThis.fetch = () => {
      calls += 1
      return globalThis.fetch('http://127.0.0.1:1/')
    }
    expect(await detail(get(never, fetch))).toBe('the provider is out of reach')
    expect(calls).toBe(1)
  })

  it('that is a POST', async () => {
    answers = [close]
    expect(await detail(postForm(url, { form: new URLSearchParams(), timeoutDuration: 1_000, signal: never }))).toBe('the provider is out of reach')
    expect(requests).toBe(1)
  })
})
