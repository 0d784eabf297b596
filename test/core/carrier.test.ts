import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { carrierOf } from '../../src/core/caller/carrier.js'
import { type Extraction, extractCredentials } from '../../src/core/caller/credentials.js'
import { RULES } from './support.js'

/** Sends raw lines to a real server and answers what it sees of them. */
async function send(lines: readonly string[], look: (request: IncomingMessage) => Extraction): Promise<Extraction> {
  const server = createServer()
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const seen = new Promise<Extraction>((resolve) => {
      server.once('request', (request, response) => {
        resolve(look(request))
        response.end()
      })
    })
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume().write([...lines, 'Host: localhost', 'Connection: close', '', ''].join('\r\n'))
    const extraction = await seen
    await closed
    return extraction
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

const extract = (request: IncomingMessage): Extraction => extractCredentials(carrierOf(request, 'http'), RULES)

describe('a node:http request', () => {
  it.each<[string, readonly string[], string | null, string | null]>([
    ['one header', ['GET / HTTP/1.1', 'Authorization: Bearer abc'], 'abc', null],
    ['a header in another case', ['GET / HTTP/1.1', 'aUTHORIZATION:Bearer abc'], 'abc', null],
    ['space around the value', ['GET / HTTP/1.1', 'Authorization: \t Bearer abc \t '], 'abc', null],
    ['no header', ['GET / HTTP/1.1'], null, null],
    ['two headers', ['GET / HTTP/1.1', 'Authorization: Bearer abc', 'Authorization: Bearer def'], null, 'MALFORMED_TOKEN'],
    ['two headers in different cases', ['GET / HTTP/1.1', 'Authorization: Bearer abc', 'authorization: Bearer abc'], null, 'MALFORMED_TOKEN'],
    ['an empty header', ['GET / HTTP/1.1', 'Authorization:'], null, 'MALFORMED_TOKEN'],
    ['a token in the URL', ['GET /?access_token=abc HTTP/1.1'], null, 'MALFORMED_TOKEN'],
  ])('%s', async (_, lines, token, reason) => {
    const { credentials, refusal } = await send(lines, extract)
    expect(credentials?.token ?? null).toBe(token)
    expect(refusal?.reason ?? null).toBe(reason)
  })

  it('shows a header as often as it was sent, and an empty list for one that was not', async () => {
    await send(['GET /here HTTP/1.1', 'X-A: 1', 'x-a: 2'], (request) => {
      const shown = carrierOf(request, 'http')
      expect(shown.header('x-a')).toEqual(['1', '2'])
      expect(shown.header('x-b')).toEqual([])
      expect(shown.header('constructor')).toEqual([])
      expect(shown.url).toBe('/here')
      expect(shown.transport).toBe('http')
      return extract(request)
    })
  })
})

describe('what a node:http request shows beside its headers', () => {
  it('is its method, its session, and no certificate on a connection without TLS', async () => {
    await send(['POST / HTTP/1.1'], (request) => {
      const session = { id: 's1' }
      const shown = carrierOf(Object.assign(request, { session }), 'http')
      expect([shown.method, shown.session, shown.certificate?.()]).toEqual(['POST', session, null])
      return extract(request)
    })
  })

  it('is the certificate that the TLS connection knows, never one from a header', async () => {
    await send(['GET / HTTP/1.1', 'X-Forwarded-Client-Cert: forged', 'X-SSL-Cert: forged'], (request) => {
      const raw = Buffer.from('der')
      expect(carrierOf(request, 'http').certificate?.()).toBeNull()
      const tls = { headersDistinct: request.headersDistinct, url: '/', socket: { getPeerCertificate: () => ({ raw }) } as never }
      expect(carrierOf(tls, 'http').certificate?.()).toBe(raw)
      const without = { ...tls, socket: { getPeerCertificate: () => ({}) } as never }
      expect(carrierOf(without, 'http').certificate?.()).toBeNull()
      return extract(request)
    })
  })
})

describe('a fetch request', () => {
  it.each<[string, ConstructorParameters<typeof Headers>[0], string | null, string | null]>([
    ['one header', { Authorization: 'Bearer abc' }, 'abc', null],
    ['space around the value', { Authorization: ' \tBearer abc\t ' }, 'abc', null],
    ['no header', {}, null, null],
    [
      'two headers',
      [
        ['Authorization', 'Bearer abc'],
        ['authorization', 'Bearer def'],
      ],
      null,
      'MALFORMED_TOKEN',
    ],
    ['an empty header', { Authorization: '' }, null, 'MALFORMED_TOKEN'],
  ])('%s', (_, init, token, reason) => {
    const { credentials, refusal } = extractCredentials(carrierOf({ url: 'https://api.test/', headers: new Headers(init) }, 'http'), RULES)
    expect(credentials?.token ?? null).toBe(token)
    expect(refusal?.reason ?? null).toBe(reason)
  })

  it('of the platform is one', () => {
    const request = new Request('https://api.test/graphql?access_token=abc', { headers: { 'x-a': '1' } })
    const shown = carrierOf(request, 'sse', { token: 'abc' })
    expect(shown.header('x-a')).toEqual(['1'])
    expect(shown.params).toEqual({ token: 'abc' })
    expect([shown.method, shown.session, shown.certificate]).toEqual(['GET', undefined, undefined])
    expect(extractCredentials(shown, RULES).refusal?.reason).toBe('MALFORMED_TOKEN')
  })
})
