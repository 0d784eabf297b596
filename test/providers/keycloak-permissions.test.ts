import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { HttpFetch } from '../../src/backends/introspection/post-form.js'
import { keycloakPermissions } from '../../src/backends/keycloak.js'
import { createPrincipal } from '../../src/core/caller/principal.js'
import type { PermissionQuestion } from '../../src/core/permissions/source.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { CALLERS } from '../support/transport-callers.js'
import type { SchemaExtension } from '../support/transport-schema.js'
import { type Servers, startServers } from '../support/transport-servers.js'
import { clientToken, KEYCLOAK_INTERNAL_URL, KEYCLOAK_URL, logIn, post } from './support/keycloak.js'

/** Orders whose ids are the names of their resources in Keycloak, but for the last, which has none. */
const ORDERS = ['order-1001', 'order-1002', 'order-1003', 'order-9999'].map((id) => ({ id }))
const cancelArgument = requirePerm('order#cancel', { object: (_, args) => (args as { readonly id: string }).id })
const viewParent = requirePerm('order#view', { object: (order) => order })

const orders: SchemaExtension = {
  typeDefs: /* GraphQL */ `
    type Order { id: ID!, total: Int }
    extend type Query { allOrders: [Order!]! }
    extend type Mutation { cancelOrder(id: ID!): String }
  `,
  resolvers: {
    Query: { allOrders: () => ORDERS },
    Order: { total: viewParent(() => 7) },
    Mutation: { cancelOrder: cancelArgument((_: unknown, { id }: { readonly id: string }) => `cancelled ${id}`) },
  },
}

const LOCATION = { url: KEYCLOAK_URL, internalUrl: KEYCLOAK_INTERNAL_URL, realm: 'shop', clientId: 'orders-api' }
const requests: URLSearchParams[] = []
const recording: HttpFetch = (url, init) => {
  requests.push(new URLSearchParams(String(init.body)))
  return fetch(url, init)
}
afterEach(() => {
  requests.length = 0
})

describe('requirements on objects, answered by Authorization Services', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers({
      backends: [{ type: 'keycloak', ...LOCATION, audience: 'orders-api' }],
      settings: { permissions: keycloakPermissions({ ...LOCATION, fetch: recording }) },
      extension: orders,
    })
  })
  afterAll(() => servers.close())

  it.each(Object.keys(CALLERS) as (keyof typeof CALLERS)[])('let alice cancel her own order and no other, over %s', async (transport) => {
    const authorization = `Bearer ${(await logIn('alice')).access_token}`
    const cancel = (id: string) => CALLERS[transport](servers, { authorization, query: `mutation { cancelOrder(id: "${id}") }` })
    expect(await cancel('order-1001')).toMatchObject({ data: [{ cancelOrder: 'cancelled order-1001' }], code: null })
    for (const id of ['order-1002', 'order-1003', 'order-9999', 'order-1001#view', 'resource-type:urn:orders-api:order', '']) {
      expect(await cancel(id)).toMatchObject({ data: [{ cancelOrder: null }], code: 'FORBIDDEN', reason: 'INSUFFICIENT_PERMISSION' })
    }
  })

  it('ask for a whole list in one request', async () => {
    const authorization = `Bearer ${(await logIn('alice')).access_token}`
    const { data } = await CALLERS.HTTP(servers, { authorization, query: '{ allOrders { id total } }' })
    expect(data).toEqual([{ allOrders: ORDERS.map(({ id }) => ({ id, total: id === 'order-1001' || id === 'order-1003' ? 7 : null })) }])
    expect(requests.map((form) => form.getAll('permission'))).toEqual([ORDERS.map(({ id }) => `${id}#view`)])
  })

  it('follow the policies of each caller', async () => {
    const may = async (token: string) => {
      const { data } = await CALLERS.HTTP(servers, { authorization: `Bearer ${token}`, query: '{ allOrders { id total } }' })
      const [{ allOrders } = { allOrders: [] }] = data as readonly { readonly allOrders: readonly { readonly id: string; readonly total: number | null }[] }[]
      return allOrders.filter(({ total }) => total !== null).map(({ id }) => id)
    }
    expect(await may((await logIn('sam')).access_token)).toEqual(['order-1001', 'order-1002'])
    expect(await may((await logIn('carol')).access_token)).toEqual([])
    expect(await may(await clientToken('reporting-job'))).toEqual([])
  })
})

describe('keycloakPermissions', () => {
  const source = keycloakPermissions({
    ...LOCATION,
    fetch: recording,
    toPermission: ({ permission, object }) => ({ resource: `order-${object}`, scope: permission }),
  })
  const alice = createPrincipal({ issuer: `${KEYCLOAK_URL}/realms/shop`, subject: 'alice' })
  const context = async () => ({ token: (await logIn('alice')).access_token, signal: new AbortController().signal })
  const cancel = (object: unknown): PermissionQuestion => ({ permission: 'cancel', object })

  it('denies resources that Keycloak does not know, and answers for the others', async () => {
    const answers = await source.check(alice, ['gone', 'lost', 1001, 'missing', 1002].map(cancel), await context())
    expect(answers).toEqual([false, false, true, false, false])
  })

  it('denies scopes that Keycloak does not know, and answers for the others', async () => {
    const questions = [{ permission: 'fly', object: 1001 }, cancel(1001), { permission: 'fly', object: 1002 }]
    expect(await source.check(alice, questions, await context())).toEqual([false, true, false])
    expect(await source.check(alice, questions.slice(0, 1), await context())).toEqual([false])
  })

  it('denies scopes that a resource does not have, wherever it stands', async () => {
    const byName = keycloakPermissions(LOCATION)
    const questions = ['report-1', 'order-9999', 'order-1001', 'report-1'].map(cancel)
    expect(await byName.check(alice, questions, await context())).toEqual([false, false, true, false])
  })

  it('asks about more objects than Keycloak reads in one request', async () => {
    const patient = keycloakPermissions({ ...LOCATION, fetch: recording, anchorResource: 'order-1002', timeoutDuration: 60_000 })
    const questions = [...Array.from({ length: 1000 }, (_, index) => `none-${index}`), 'order-1001'].map(cancel)
    const answers = await patient.check(alice, questions, await context())
    expect(answers.flatMap((answer, index) => (answer ? [index] : []))).toEqual([1000])
    expect(requests.length).toBeGreaterThan(1)
  })

  it('denies everything once the caller was logged out', async () => {
    const { access_token: token, refresh_token: refresh } = await logIn('alice')
    const { signal } = new AbortController()
    expect(await source.check(alice, [cancel(1001)], { token, signal })).toEqual([true])
    await post('shop', 'logout', [
      ['client_id', 'shop-web'],
      ['refresh_token', refresh],
    ])
    expect(await source.check(alice, [cancel(1001)], { token, signal })).toEqual([false])
  })

  it('finds a resource by its id too', async () => {
    const { token, signal } = await context()
    const form: [string, string][] = [
      ['grant_type', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
      ['audience', 'orders-api'],
      ['response_mode', 'permissions'],
      ['permission', 'order-1001#cancel'],
    ]
    const { body } = await post('shop', 'token', form, { authorization: `Bearer ${token}` })
    const [{ rsid: id } = { rsid: '' }] = body as readonly { readonly rsid: string }[]
    const byId = keycloakPermissions(LOCATION)
    expect(
      await byId.check(
        alice,
        [
          { permission: 'order#cancel', object: { id } },
          { permission: 'order#fly', object: { id } },
        ],
        { token, signal },
      ),
    ).toEqual([true, false])
  })
})

describe('the decision of Keycloak', () => {
  it('is yes to two questions when it is yes to one, which is why it is not used', async () => {
    const { access_token: token } = await logIn('alice')
    const decide = (...permissions: readonly string[]) =>
      post(
        'shop',
        'token',
        [
          ['grant_type', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
          ['audience', 'orders-api'],
          ['response_mode', 'decision'],
          ...permissions.map((permission) => ['permission', permission] as const),
        ],
        { authorization: `Bearer ${token}` },
      )
    expect(await decide('order-1002#cancel')).toMatchObject({ status: 403 })
    expect(await decide('order-1001#cancel', 'order-1002#cancel')).toEqual({ status: 200, body: { result: true } })
  })
})
