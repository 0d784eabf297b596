import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { protectedResource } from '../../src/transports/http/index.js'

const SERVERS = ['https://sso.example.com/realms/shop']

async function get(handle: ReturnType<typeof protectedResource>['handle'], path: string, method = 'GET'): Promise<Response> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method })
    await response.clone().text()
    return response
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('protected resource metadata (RFC 9728)', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/.well-known/oauth-protected-resource'],
    ['https://api.example.com/', 'https://api.example.com/.well-known/oauth-protected-resource'],
    ['https://api.example.com/graphql', 'https://api.example.com/.well-known/oauth-protected-resource/graphql'],
    ['https://api.example.com:8443/a/b', 'https://api.example.com:8443/.well-known/oauth-protected-resource/a/b'],
  ])('A39: of %s is at %s', (resource, url) => {
    expect(protectedResource({ resource, authorizationServers: SERVERS }).url).toBe(url)
  })

  it('A39: is served at its path, with the resource to the letter', async () => {
    const made = protectedResource({
      resource: 'https://api.example.com/graphql',
      authorizationServers: SERVERS,
      scopesSupported: ['orders:read'],
      resourceName: 'Orders',
    })
    const response = await get(made.handle, made.path)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      resource: 'https://api.example.com/graphql',
      authorization_servers: SERVERS,
      bearer_methods_supported: ['header'],
      scopes_supported: ['orders:read'],
      resource_name: 'Orders',
    })
  })

  it.each([
    ['/', 'GET', 404],
    ['/.well-known/oauth-protected-resource', 'GET', 404],
    ['/.well-known/oauth-protected-resource/graphql/', 'GET', 404],
    ['/.well-known/oauth-protected-resource/graphql?x=1', 'GET', 404],
    ['/.well-known/oauth-protected-resource/graphql', 'POST', 405],
    ['/.well-known/oauth-protected-resource/graphql', 'HEAD', 200],
  ])('A39: answers %s %s with %i', async (path, method, status) => {
    const { handle } = protectedResource({ resource: 'https://api.example.com/graphql', authorizationServers: SERVERS })
    expect((await get(handle, path, method)).status).toBe(status)
  })

  it.each<[string, object]>([
    ['resource', { resource: 'http://api.example.com', authorizationServers: SERVERS }],
    ['resource', { resource: 'https://api.example.com#x', authorizationServers: SERVERS }],
    ['authorizationServers', { resource: 'https://api.example.com', authorizationServers: [] }],
    ['resourceDocumentation', { resource: 'https://api.example.com', authorizationServers: SERVERS, resourceDocumentation: 'x' }],
  ])('refuses the start for a wrong %s', (name, options) => {
    expect(() => protectedResource(options as never)).toThrow(`protectedResource.${name}: expected`)
  })
})
