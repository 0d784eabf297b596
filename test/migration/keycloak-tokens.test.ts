import { createServer } from 'node:http'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createYoga } from 'graphql-yoga'
import { keycloakPermissions } from '../../src/backends/keycloak.js'
import { createAuth } from '../../src/create-auth.js'
import { classResolvers } from '../../src/decorators/class-resolvers.js'
import { hasPermission, hasRole, keycloakDirectives, Resource, Roles, Scopes } from '../../src/migration/index.js'
import { useAuth } from '../../src/schema/envelop.js'
import type { TestClaims } from '../../src/testing/tokens.js'
import { type FakeKeycloak, type FakeRealm, startFakeKeycloak } from '../backends/keycloak/fake-keycloak.js'
import { recorder } from '../core/support.js'
import { ask, type Reply } from '../transports/support/http-client.js'
import type { RunningServer } from '../transports/support/http-serving.js'
import { listen } from '../transports/support/listen.js'

const { keycloakTypeDefs, keycloakTransformer } = keycloakDirectives()
const typeDefs = /* GraphQL */ `
  type Query {
    own: String
    realm: String
    other: String @hasRole(role: ["other-app:auditor"])
    deep: String @hasRole(role: ["orders-api:reports:read"])
    cut: String @hasRole(role: ["other-app:auditor:read"])
    publish: String
  }
  type Mutation {
    view: String
    all: String
  }
`

@Resource('order')
class Orders {
  @Scopes('view')
  view(): string {
    return 'view'
  }

  @Roles({ roles: ['clerk', 'realm:customer'], mode: 'all' })
  @Scopes('view', 'cancel')
  all(): string {
    return 'all'
  }
}

let keycloak: FakeKeycloak
let realm: FakeRealm
let running: RunningServer

beforeAll(async () => {
  keycloak = await startFakeKeycloak(['shop'])
  realm = keycloak.realm('shop')
  const place = { url: keycloak.address, realm: 'shop', clientId: 'orders-api' }
  const auth = createAuth({
    backends: [{ type: 'keycloak', ...place, audience: 'orders-api' }],
    permissions: keycloakPermissions(place),
    audit: { logger: recorder().logger },
  })
  const schema = keycloakTransformer(
    makeExecutableSchema({
      typeDefs: [keycloakTypeDefs, typeDefs],
      resolvers: {
        ...classResolvers({ Mutation: Orders }),
        Query: {
          own: hasRole('clerk')(() => 'own'),
          realm: hasRole('realm:customer')(() => 'realm'),
          other: () => 'other',
          deep: () => 'deep',
          cut: () => 'cut',
          publish: hasPermission('Default Resource:publish')(() => 'publish'),
        },
      },
    }),
  )
  running = await listen(createServer(createYoga({ schema, plugins: [useAuth(auth)], logging: false })))
})
afterAll(async () => {
  await running?.close()
  await keycloak?.close()
})
beforeEach(() => {
  realm.received.token.length = 0
  realm.tokenEndpoint = () => ({ status: 403, body: { error: 'access_denied' } })
})

async function asking(query: string, claims: TestClaims = {}): Promise<Reply> {
  return ask(running.url, query, await realm.token(claims))
}

describe('roles in the claims of Keycloak', () => {
  it.each<[string, TestClaims, number]>([
    ['own', {}, 200],
    ['own', { resource_access: {}, realm_access: { roles: ['clerk'] } }, 403],
    ['own', { resource_access: { 'other-app': { roles: ['clerk'] } } }, 403],
    ['realm', {}, 200],
    ['realm', { realm_access: undefined, resource_access: { 'orders-api': { roles: ['customer'] } } }, 403],
    ['realm', { realm_access: undefined, resource_access: { realm: { roles: ['customer'] } } }, 403],
    ['other', { resource_access: { 'other-app': { roles: ['auditor'] } } }, 200],
    ['other', { resource_access: { 'orders-api': { roles: ['auditor', 'other-app:auditor'] } } }, 403],
    ['deep', { resource_access: { 'orders-api': { roles: ['reports:read'] } } }, 200],
    ['cut', { resource_access: { 'other-app': { roles: ['auditor'] } } }, 403],
    ['cut', { resource_access: { 'other-app': { roles: ['auditor:read'] } } }, 200],
  ])('%s with %j is answered with %s', async (field, claims, status) => {
    const reply = await asking(`{ ${field} }`, claims)
    expect([reply.status, reply.body.data ?? null]).toEqual([status, status === 200 ? { [field]: field } : null])
    expect(realm.received.token).toEqual([])
  })
})

describe('permissions of Keycloak', () => {
  const asked = (): readonly string[] => realm.received.token.flatMap(({ form }) => form.getAll('permission'))

  it('are asked by the name of the resource and the scope, in the name of the caller', async () => {
    realm.tokenEndpoint = () => ({ status: 200, body: [{ rsid: '1', rsname: 'Default Resource', scopes: ['publish'] }] })
    expect((await asking('{ publish }')).body).toEqual({ data: { publish: 'publish' } })
    expect(asked()).toEqual(['Default Resource#publish'])
  })

  it('that Keycloak does not grant are refused', async () => {
    const { body } = await asking('{ publish }')
    expect([body.data, body.errors?.map(({ extensions }) => extensions?.auth?.reason)]).toEqual([{ publish: null }, ['INSUFFICIENT_PERMISSION']])
  })

  it('of a class’s resource are each needed, and travel together', async () => {
    realm.tokenEndpoint = () => ({ status: 200, body: [{ rsid: '1', rsname: 'order', scopes: ['view'] }] })
    expect((await asking('mutation { view }')).body).toEqual({ data: { view: 'view' } })
    expect((await asking('mutation { all }')).body.data).toEqual({ all: null })
    expect(asked()).toEqual(['order#view', 'order#view,cancel'])
    realm.tokenEndpoint = () => ({ status: 200, body: [{ rsid: '1', rsname: 'order', scopes: ['view', 'cancel'] }] })
    expect((await asking('mutation { all }')).body).toEqual({ data: { all: 'all' } })
  })

  it('are not asked for whoever lacks a role', async () => {
    expect((await asking('mutation { all }', { realm_access: undefined })).status).toBe(403)
    expect(asked()).toEqual([])
  })
})
