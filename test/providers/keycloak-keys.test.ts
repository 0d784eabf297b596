import { describe, expect, it } from '@jest/globals'
import type { HttpFetch } from '../../src/backends/introspection/post-form.js'
import { keycloak } from '../../src/backends/keycloak.js'
import { verdict } from '../backends/bearer.js'
import { admin, KEYCLOAK_INTERNAL_URL, KEYCLOAK_URL, logIn } from './support/keycloak.js'

/** Adds a key to the shop realm that signs from now on. Returns its id. */
async function addKey(): Promise<string> {
  const { id: realm } = (await admin('GET', '/shop')) as { readonly id: string }
  const name = `rotated-${crypto.randomUUID()}`
  await admin('POST', '/shop/components', {
    name,
    parentId: realm,
    providerId: 'rsa-generated',
    providerType: 'org.keycloak.keys.KeyProvider',
    config: { priority: ['1000'], enabled: ['true'], active: ['true'], algorithm: ['RS256'], keySize: ['2048'] },
  })
  const [added] = (await admin('GET', `/shop/components?name=${name}`)) as readonly { readonly id: string }[]
  if (added === undefined) throw new Error('the key was not added')
  return added.id
}

const headerOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())

describe('when the realm gets a new key', () => {
  it('its tokens and those of the old key are good, at the cost of one request', async () => {
    let requests = 0
    const counted: HttpFetch = (url, init) => {
      requests += 1
      return fetch(url, init)
    }
    // Without a pause between two fetches, as if the keys had been fetched half a minute ago.
    const backend = keycloak({
      url: KEYCLOAK_URL,
      internalUrl: KEYCLOAK_INTERNAL_URL,
      realm: 'shop',
      clientId: 'orders-api',
      audience: 'orders-api',
      cooldownDuration: 0,
      fetch: counted,
    })
    const { access_token: old } = await logIn('alice')
    expect(await verdict(backend, old)).toBe('accepted')
    expect(requests).toBe(1)
    const key = await addKey()
    try {
      const fresh = await Promise.all(Array.from({ length: 5 }, async () => (await logIn('alice')).access_token))
      expect(headerOf(fresh[0] ?? '')).not.toEqual(headerOf(old))
      expect(await Promise.all([old, ...fresh].map((token) => verdict(backend, token)))).toEqual(Array.from({ length: 6 }, () => 'accepted'))
      expect(requests).toBe(2)
    } finally {
      await admin('DELETE', `/shop/components/${key}`)
    }
  })
})
