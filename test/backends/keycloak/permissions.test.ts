import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type KeycloakPermissionsOptions, keycloakPermissions } from '../../../src/backends/keycloak.js'
import { createPrincipal } from '../../../src/core/caller/principal.js'
import { BackendUnavailableError } from '../../../src/core/errors.js'
import type { PermissionQuestion } from '../../../src/core/permissions/source.js'
import { FAILURE_MODES } from '../../../src/testing/failures.js'
import { type Answer, type FakeKeycloak, type FakeRealm, type Received, startFakeKeycloak } from './fake-keycloak.js'

let server: FakeKeycloak
let realm: FakeRealm

beforeAll(async () => {
  server = await startFakeKeycloak(['shop', 'outlet'])
  realm = server.realm('shop')
})
beforeEach(() => knows({ 'order-1': ['view', 'cancel'], 'order-2': ['view'], 'order-3': [] }))
afterEach(() => {
  server.recover()
  for (const each of server.realms.values()) each.received.token.length = 0
})
afterAll(() => server.close())

/**
 * Makes the token endpoint know these resources, all with the scopes view and cancel, and grant those that are listed. It behaves as
 * Keycloak does: unknown resources fail the request when nothing before them is known, and are skipped otherwise; a resource that is
 * asked for unknown scopes alone fails the request wherever it stands.
 */
function knows(resources: Record<string, readonly string[]>): void {
  realm.tokenEndpoint = ({ form }): Answer => {
    const granted = new Map<string, string[]>()
    let resolved = 0
    for (const entry of form.getAll('permission')) {
      const [name = '', scopes = ''] = entry.replace(/^id-/, '').split('#')
      const asked = (scopes === '' ? 'view,cancel' : scopes).split(',').filter((scope) => scope === 'view' || scope === 'cancel')
      if (asked.length === 0) return { status: 400, body: { error: 'invalid_scope' } }
      const grants = resources[name]
      if (grants === undefined && resolved === 0) return { status: 400, body: { error: 'invalid_resource' } }
      if (grants === undefined) continue
      resolved += 1
      const held = asked.filter((scope) => grants.includes(scope))
      if (held.length > 0) granted.set(name, [...(granted.get(name) ?? []), ...held])
    }
    if (granted.size === 0) return { status: 403, body: { error: 'access_denied' } }
    return { status: 200, body: [...granted].map(([name, scopes]) => ({ rsid: `id-${name}`, rsname: name, scopes })) }
  }
}

function source(
  options: Partial<KeycloakPermissionsOptions> = {},
): (questions: readonly PermissionQuestion[], token?: string | null, issuer?: string) => Promise<readonly boolean[]> {
  const made = keycloakPermissions({ url: server.address, realm: 'shop', clientId: 'orders-api', ...options })
  return async (questions, token = 'caller-token', issuer = realm.issuer) =>
    made.check(createPrincipal({ issuer, subject: 'ada' }), questions, { token, signal: new AbortController().signal })
}

const ask = (permission: string, object: unknown): PermissionQuestion => ({ permission, object })
const asked = (): readonly (readonly string[])[] => realm.received.token.map(({ form }: Received) => form.getAll('permission'))

describe('the request', () => {
  it('is one for all questions, in the name of the caller', async () => {
    const answers = await source()([ask('order#cancel', 'order-1'), ask('order#cancel', 'order-2'), ask('order#view', 'order-2'), ask('order#view', 'order-3')])
    expect(answers).toEqual([true, false, true, false])
    const [{ authorization, form } = { authorization: '', form: new URLSearchParams() }, ...more] = realm.received.token
    expect(more).toEqual([])
    expect(authorization).toBe('Bearer caller-token')
    expect([...form]).toEqual([
      ['grant_type', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
      ['audience', 'orders-api'],
      ['response_mode', 'permissions'],
      ['permission', 'order-1#cancel'],
      ['permission', 'order-2#cancel,view'],
      ['permission', 'order-3#view'],
    ])
  })

  it('goes to the realm of the caller', async () => {
    server.realm('outlet').tokenEndpoint = () => ({ status: 200, body: [{ rsid: 'x', rsname: 'order-3', scopes: ['cancel'] }] })
    const check = source({ realm: ['shop', 'outlet'] })
    expect(await check([ask('order#cancel', 'order-3')])).toEqual([false])
    expect(await check([ask('order#cancel', 'order-3')], 'caller-token', server.realm('outlet').issuer)).toEqual([true])
  })

  it('is split when there are more resources than Keycloak reads', async () => {
    knows(Object.fromEntries(Array.from({ length: 1200 }, (_, index) => [`order-${index}`, ['view']])))
    const answers = await source()(Array.from({ length: 1200 }, (_, index) => ask('order#view', `order-${index}`)))
    expect(answers).toHaveLength(1200)
    expect(answers.every((answer) => answer)).toBe(true)
    expect(asked().map((entries) => entries.length)).toEqual([250, 250, 250, 250, 200])
  })

  it('is not made for a caller of another issuer, and not without a token', async () => {
    expect(await source()([ask('order#cancel', 'order-1')], 'caller-token', 'https://another.example.com')).toEqual([false])
    expect(await source()([ask('order#cancel', 'order-1')], null)).toEqual([false])
    expect(realm.received.token).toEqual([])
  })

  it('ends when the answer is no longer waited for', async () => {
    const made = keycloakPermissions({ url: server.address, realm: 'shop', clientId: 'orders-api' })
    const caller = new AbortController()
    realm.tokenEndpoint = () => {
      caller.abort()
      return new Promise(() => undefined)
    }
    const answers = made.check(createPrincipal({ issuer: realm.issuer, subject: 'ada' }), [ask('order#cancel', 'order-1')], {
      token: 't',
      signal: caller.signal,
    })
    await expect(answers).rejects.toBeInstanceOf(BackendUnavailableError)
  })
})

describe('a question', () => {
  it.each<[string, PermissionQuestion, string | null]>([
    ['resource#scope', ask('order#cancel', 'order-1'), 'order-1#cancel'],
    ['resource.scope', ask('order.cancel', 'order-1'), 'order-1#cancel'],
    ['a scope with dots behind a hash', ask('order#urn.shop.cancel', 'order-1'), 'order-1#urn.shop.cancel'],
    ['a bare scope', ask('cancel', 'order-1'), 'order-1#cancel'],
    ['an entity', ask('order#cancel', { id: 'order-1', total: 7 }), 'order-1#cancel'],
    ['a number', ask('order#cancel', 41), '41#cancel'],
    ['a bigint', ask('order#cancel', 41n), '41#cancel'],
    ['an entity without an id', ask('order#cancel', { total: 7 }), null],
    ['NaN', ask('order#cancel', Number.NaN), null],
    ['true', ask('order#cancel', true), null],
    ['no scope', ask('order#', 'order-1'), null],
    ['an empty id', ask('order#cancel', ''), null],
  ])('with %s is about the right thing', async (_, question, entry) => {
    await source()([question]).catch(() => undefined)
    expect(asked()).toEqual(entry === null ? [] : [[entry]])
  })

  it('is put as the application says', async () => {
    const check = source({ toPermission: ({ permission, object }) => (object === 'secret' ? null : { resource: `order-${object}`, scope: permission }) })
    expect(await check([ask('cancel', 1), ask('cancel', 'secret'), ask('cancel', 2)])).toEqual([true, false, false])
    expect(asked()).toEqual([['order-1#cancel', 'order-2#cancel']])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no resource', { scope: 'cancel' }],
    ['a number for a resource', { resource: 1, scope: 'cancel' }],
  ])('that the application answers with %s is denied unasked', async (_, answer) => {
    expect(await source({ toPermission: () => answer as never })([ask('order#cancel', 'order-1')])).toEqual([false])
    expect(asked()).toEqual([])
  })

  it.each(['order-1#cancel', 'order-1#view', 'resource-type:order', 'resource-type-any:order', 'x'.repeat(256)])(
    'about an object that calls itself %s is denied unasked',
    async (object) => {
      realm.tokenEndpoint = () => ({ status: 200, body: [{ rsid: 'id-order-1', rsname: 'order-1', scopes: ['cancel', 'view'] }] })
      expect(await source()([ask('order#cancel', object)])).toEqual([false])
      expect(asked()).toEqual([])
    },
  )

  it.each(['cancel,view', 'view#cancel'])('about the scope %s is denied unasked', async (scope) => {
    expect(await source({ toPermission: () => ({ resource: 'order-1', scope }) })([ask('x', 1)])).toEqual([false])
    expect(asked()).toEqual([])
  })
})

describe('the answer', () => {
  it('grants what it names, by id or by name, and nothing beside it', async () => {
    realm.tokenEndpoint = () => ({
      status: 200,
      body: [
        { rsid: 'id-1', rsname: 'order-1', scopes: ['view'] },
        { rsid: 'id-9', rsname: 'order-9' },
      ],
    })
    const answers = await source()([
      ask('order#view', 'order-1'),
      ask('order#view', 'id-1'),
      ask('order#cancel', 'order-1'),
      ask('order#view', 'order-2'),
      ask('order#view', 'order-9'),
      ask('order#view', 'ORDER-1'),
    ])
    expect(answers).toEqual([true, true, false, false, false, false])
  })

  it.each<[string, Answer]>([
    ['a decision', { status: 200, body: { result: true } }],
    ['a token', { status: 200, body: { access_token: 'x' } }],
    ['a list of other things', { status: 200, body: ['order-1'] }],
    ['null in a list', { status: 200, body: [null] }],
    ['scopes of another form', { status: 200, body: [{ rsid: 'a', rsname: 'order-1', scopes: 'cancel' }] }],
    ['a request that it calls wrong', { status: 400, body: { error: 'invalid_request' } }],
    ['a refusal without a reason', { status: 403, body: {} }],
    ['a refusal of the client', { status: 401, body: { error: 'invalid_client' } }],
    ['an error', { status: 500, body: { error: 'unknown_error' } }],
  ])('that is %s is none', async (_, answer) => {
    realm.tokenEndpoint = () => answer
    await expect(source()([ask('order#cancel', 'order-1')])).rejects.toBeInstanceOf(BackendUnavailableError)
  })

  it.each(FAILURE_MODES)('of a Keycloak that is %s is none', async (mode) => {
    server.fail(mode, 'token')
    await expect(source({ timeoutDuration: 300 })([ask('order#cancel', 'order-1')])).rejects.toBeInstanceOf(BackendUnavailableError)
    expect(realm.received.token).toHaveLength(1)
  })

  it.each([400, 401])('denies everything to a token that Keycloak does not take any more, which it says with %s', async (status) => {
    realm.tokenEndpoint = () => ({ status, body: { error: 'invalid_grant' } })
    expect(await source()([ask('order#cancel', 'order-1'), ask('order#view', 'order-1')])).toEqual([false, false])
  })
})

describe('resources that Keycloak does not know', () => {
  const list = (...names: readonly string[]) => names.map((name) => ask('order#view', name))

  it('are denied, and the others are asked about again', async () => {
    expect(await source()(list('gone-1', 'gone-2', 'order-1', 'gone-3', 'order-2'))).toEqual([false, false, true, false, true])
    expect(asked()).toHaveLength(3)
  })

  it('cost one more request once a resource is known to exist', async () => {
    const check = source()
    await check(list('order-1'))
    realm.received.token.length = 0
    expect(await check(list('gone-1', 'gone-2', 'gone-3', 'order-2'))).toEqual([false, false, false, true])
    expect(asked()).toHaveLength(2)
    realm.received.token.length = 0
    expect(await check(list(...Array.from({ length: 100 }, (_, index) => `gone-${index}`)))).toEqual(Array.from({ length: 100 }, () => false))
    expect(asked()).toHaveLength(2)
  })

  it('cost one more request behind an anchor from the options', async () => {
    expect(await source({ anchorResource: 'order-3' })(list('gone-1', 'gone-2', 'gone-3', 'order-2'))).toEqual([false, false, false, true])
    expect(asked()).toEqual([
      ['gone-1#view', 'gone-2#view', 'gone-3#view', 'order-2#view'],
      ['order-3', 'gone-2#view', 'gone-3#view', 'order-2#view'],
    ])
  })

  it('do not profit from what the anchor grants', async () => {
    expect(await source({ anchorResource: 'order-1' })(list('gone-1', 'gone-2'))).toEqual([false, false])
  })

  it('outlive an anchor that has gone', async () => {
    const check = source()
    await check(list('order-1'))
    knows({ 'order-2': ['view'] })
    expect(await check(list('gone-1', 'gone-2', 'order-2'))).toEqual([false, false, true])
  })

  it('are unavailable when there are too many of them and nothing to hold on to', async () => {
    await expect(source()(list(...Array.from({ length: 30 }, (_, index) => `gone-${index}`)))).rejects.toBeInstanceOf(BackendUnavailableError)
    expect(asked()).toHaveLength(20)
  })

  it('are denied when there is nothing else', async () => {
    expect(await source()(list('gone-1', 'gone-2'))).toEqual([false, false])
  })
})

describe('scopes that Keycloak does not know', () => {
  it('are denied, and the others are asked about by themselves', async () => {
    const answers = await source()([ask('order#cancel', 'order-1'), ask('order#fly', 'order-2'), ask('order#view', 'order-2'), ask('order#fly', 'order-3')])
    expect(answers).toEqual([true, false, true, false])
    expect(asked()).toEqual([['order-1#cancel', 'order-2#fly,view', 'order-3#fly'], ['order-1#cancel'], ['order-2#fly', 'order-3#fly'], ['order-2#view']])
  })

  it('are denied when there are no others', async () => {
    expect(await source()([ask('order#fly', 'order-1'), ask('order#fly', 'order-2')])).toEqual([false, false])
    expect(asked()).toHaveLength(1)
  })
})
