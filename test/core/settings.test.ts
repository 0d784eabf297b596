import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { callback, flag, hint, parseOptions, text } from '../../src/core/options.js'
import { type CommonSettings, resolveSettings } from '../../src/core/settings.js'
import { createAuth } from '../../src/create-auth.js'
import { knows, recorder, verified } from './support.js'

function failure(run: () => unknown): ConfigurationError {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const COOKIE = { name: 'access_token', allowedOrigins: ['https://app.example.com'] }

describe('defaults', () => {
  it('are the strict ones', () => {
    const settings = resolveSettings({}, [knows({})])
    expect(settings).toMatchObject({
      access: 'private',
      introspection: 'private',
      denied: 'reject',
      tenantOf: undefined,
      scopesEnabled: true,
      permissions: null,
      anonymousConnections: false,
      credentials: { schemes: ['bearer'], maxTokenLength: 8192, cookie: null, session: null },
      challenge: { realm: null, resourceMetadata: null, dpopAlgorithms: null },
      verifyTimeout: 10_000,
      cacheSize: 10_000,
      onAuthenticated: null,
      bus: null,
      logger: undefined,
      now: Date.now,
    })
  })

  it.each<[CommonSettings, 'private' | 'public', 'private' | 'public', boolean]>([
    [{}, 'private', 'private', false],
    [{ access: 'private' }, 'private', 'private', false],
    [{ access: 'public' }, 'public', 'public', true],
    [{ access: 'public', introspection: 'private' }, 'public', 'private', true],
    [{ introspection: 'public' }, 'private', 'public', false],
    [{ access: 'public', connections: { anonymous: false } }, 'public', 'public', false],
    [{ access: 'private', connections: { anonymous: true } }, 'private', 'private', true],
    [{ access: 'public', connections: {} }, 'public', 'public', true],
  ])('follow from %j', (settings, access, introspection, anonymous) => {
    const resolved = resolveSettings(settings, [])
    expect([resolved.access, resolved.introspection, resolved.anonymousConnections]).toEqual([access, introspection, anonymous])
  })

  it('leave scopes checked unless they are disabled in so many words', () => {
    expect(resolveSettings({ scopes: {} }, []).scopesEnabled).toBe(true)
    expect(resolveSettings({ scopes: { enabled: true } }, []).scopesEnabled).toBe(true)
    expect(resolveSettings({ scopes: { enabled: false } }, []).scopesEnabled).toBe(false)
  })
})

describe('resolved settings', () => {
  it('are frozen, and the input is left as it was', () => {
    const allowedOrigins = ['https://app.example.com']
    const input: CommonSettings = { credentials: { cookie: { name: 'access_token', allowedOrigins } }, tenant: { claim: 'tid' } }
    const before = structuredClone(input)
    const backends = [knows({})]
    const settings = resolveSettings(input, backends)
    allowedOrigins.push('https://evil.test')
    backends.push(knows({}))
    expect(settings.credentials.cookie?.allowedOrigins).toEqual(before.credentials?.cookie?.allowedOrigins)
    expect(settings.backends).toHaveLength(1)
    for (const part of [
      settings,
      settings.credentials,
      settings.credentials.cookie,
      settings.credentials.cookie?.allowedOrigins,
      settings.challenge,
      settings.backends,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(Object.isFrozen(input)).toBe(false)
    expect(Object.isFrozen(allowedOrigins)).toBe(false)
  })

  it('keep functions and instances as they are', () => {
    const permissions = { check: () => [] }
    const { logger } = recorder()
    const bus = { publish: async () => undefined }
    const onAuthenticated = (): null => null
    const now = (): number => 5
    const settings = resolveSettings({ permissions, audit: { logger }, bus, onAuthenticated, now }, [])
    expect(settings.permissions).toBe(permissions)
    expect(settings.logger).toBe(logger)
    expect(settings.bus).toBe(bus)
    expect(settings.onAuthenticated).toBe(onAuthenticated)
    expect(settings.now).toBe(now)
  })

  it('take the session that a backend asks for', () => {
    const session = { member: 'login', allowedOrigins: ['https://app.example.com'] }
    expect(resolveSettings({}, [knows({}), knows({}, { session })]).credentials.session).toEqual(session)
  })

  it('spell the metadata URL as a header can carry it', () => {
    expect(resolveSettings({ resourceMetadata: 'https://bücher.example/größe "x"' }, []).challenge.resourceMetadata).toBe(
      'https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe%20%22x%22',
    )
  })
})

describe('the tenant', () => {
  const tenantOf = (tenant: CommonSettings['tenant'], claims: Record<string, unknown> | undefined): string | null | undefined =>
    resolveSettings({ ...(tenant === undefined ? {} : { tenant }) }, []).tenantOf?.(verified(claims === undefined ? {} : { claims }))

  it.each<[string, Record<string, unknown> | undefined, string | null]>([
    ['a text', { tid: 't1' }, 't1'],
    ['an empty text', { tid: '' }, null],
    ['a number', { tid: 5 }, null],
    ['a list', { tid: ['t1'] }, null],
    ['nothing', {}, null],
    ['no claims', undefined, null],
    ['a claim on the prototype', Object.create({ tid: 't1' }) as Record<string, unknown>, null],
  ])('of a claim that is %s', (_, claims, expected) => {
    expect(tenantOf({ claim: 'tid' }, claims)).toBe(expected)
  })

  it('is not found under names that every object has', () => {
    expect(tenantOf({ claim: 'constructor' }, {})).toBeNull()
    expect(tenantOf({ claim: '__proto__' }, { a: 1 })).toBeNull()
  })

  it('is what a function says', () => {
    expect(tenantOf(({ claims }) => String(claims?.org), { org: 'o1' })).toBe('o1')
  })
})

/** Every option once, malformed; each value holds the word that no message may repeat. */
const MALFORMED: readonly [option: string, settings: object][] = [
  ['access', { access: 'canary' }],
  ['introspection', { introspection: 'canary' }],
  ['denied', { denied: 'canary' }],
  ['tenant', { tenant: 'canary' }],
  ['tenant.claim', { tenant: { claim: '' } }],
  ['tenant', { tenant: { claim: ['canary'] } }],
  ['scopes', { scopes: 'canary' }],
  ['scopes.enabled', { scopes: { enabled: 'canary' } }],
  ['permissions', { permissions: { canary: () => true } }],
  ['permissions', { permissions: null }],
  ['limits', { limits: false }],
  ...['documentLength', 'tokens', 'depth', 'aliases', 'fields', 'rootFields', 'directives', 'operations', 'overlaps', 'variables', 'batch'].flatMap((name) =>
    [0, -1, 1.5, Number.POSITIVE_INFINITY, false, null, 'canary'].map((limit): [string, object] => [`limits.${name}`, { limits: { [name]: limit } }]),
  ),
  ['limits.depth', { limits: { depth: 501 } }],
  ['limits.dangerouslyExempt', { limits: { dangerouslyExempt: 'canary' } }],
  ['connections', { connections: 'canary' }],
  ['connections.anonymous', { connections: { anonymous: 'canary' } }],
  ['credentials', { credentials: 'canary' }],
  ['credentials.cookie', { credentials: { cookie: 'canary' } }],
  ['credentials.cookie.name', { credentials: { cookie: { ...COOKIE, name: '' } } }],
  ['credentials.cookie.name', { credentials: { cookie: { ...COOKIE, name: 'canary=x' } } }],
  ['credentials.cookie.name', { credentials: { cookie: { ...COOKIE, name: 'canary x' } } }],
  ['credentials.cookie.name', { credentials: { cookie: { allowedOrigins: COOKIE.allowedOrigins } } }],
  ['credentials.cookie.allowedOrigins', { credentials: { cookie: { name: 'access_token' } } }],
  ['credentials.cookie.allowedOrigins', { credentials: { cookie: { ...COOKIE, allowedOrigins: 'canary' } } }],
  ['credentials.cookie.allowedOrigins', { credentials: { cookie: { ...COOKIE, allowedOrigins: [] } } }],
  ...['canary', 'https://canary.test/', 'https://canary.test/path', 'https://CANARY.test', '*', 'null', 'https://*.canary.test/', 5, 'canary://app'].map(
    (origin): [string, object] => [
      'credentials.cookie.allowedOrigins[1]',
      { credentials: { cookie: { ...COOKIE, allowedOrigins: ['https://app.example.com', origin] } } },
    ],
  ),
  ...[0, -1, 1.5, Number.NaN, '8192', null].map((maxTokenLength): [string, object] => ['credentials.maxTokenLength', { credentials: { maxTokenLength } }]),
  ['onAuthenticated', { onAuthenticated: 'canary' }],
  ['bus', { bus: { canary: true } }],
  ['bus', { bus: null }],
  ...[-1, 1.5, Number.NaN, 'canary'].map((cacheSize): [string, object] => ['cacheSize', { cacheSize }]),
  ['realm', { realm: '' }],
  ['realm', { realm: 'canary\r\nx: y' }],
  ['realm', { realm: 'canäry' }],
  ['resourceMetadata', { resourceMetadata: 'canary' }],
  ['resourceMetadata', { resourceMetadata: '/.well-known/canary' }],
  ['resourceMetadata', { resourceMetadata: 'javascript:canary' }],
  ...[0, -5, 1.5, 2 ** 31, Number.POSITIVE_INFINITY, 'canary'].map((verifyTimeout): [string, object] => ['verifyTimeout', { verifyTimeout }]),
  ['audit', { audit: 'canary' }],
  ['audit.logger', { audit: { logger: 'canary' } }],
  ['audit.logger', { audit: { logger: { info: () => 'canary' } } }],
  ['now', { now: 5 }],
  ['scopes.asPermissions', { scopes: { asPermissions: 'canary' } }],
  ['roles', { roles: ['canary'] }],
  ['roles.editor', { roles: { editor: 'canary' } }],
  ['roles.editor[0]', { roles: { editor: ['canary canary'] } }],
  ['admins', { admins: 'canary' }],
  ['admins.super', { admins: { super: 'canary' } }],
  ['admins.tenant.role', { admins: { tenant: { role: '' } } }],
  ['dryRun', { dryRun: 'canary' }],
  ['dangerouslyDryRunInProduction', { dangerouslyDryRunInProduction: 'canary' }],
  ['report', { report: 'canary' }],
  ['catalogue', { catalogue: 'canary' }],
  ['catalogue.scopes', { catalogue: { scopes: 'canary' } }],
  ['catalogue.permissions[1]', { catalogue: { permissions: ['order.cancel', 5] } }],
]

describe('a malformed option', () => {
  it.each(MALFORMED)('%s: %j', (option, settings) => {
    const error = failure(() => resolveSettings(settings as CommonSettings, []))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.name).toBe('ConfigurationError')
    expect(error.code).toBe('ERR_GATEHOUSE_CONFIGURATION')
    expect(error.option).toBe(option)
    expect(error.message).toMatch(/: expected .{5,}, for example .+/)
    expect(error.message.startsWith(`${option}: expected `)).toBe(true)
    expect(error.message.toLowerCase()).not.toContain('canary')
    expect(String(error.stack)).not.toContain("'canary'")
  })

  it('is in the table for every option that there is', () => {
    const known: Required<CommonSettings> = {
      access: 'private',
      introspection: 'private',
      denied: 'reject',
      tenant: { claim: 'tid' },
      scopes: {},
      permissions: { check: () => [] },
      roles: {},
      admins: {},
      limits: {},
      connections: {},
      credentials: {},
      onAuthenticated: () => null,
      bus: { publish: async () => undefined },
      cacheSize: 0,
      realm: 'orders',
      resourceMetadata: 'https://api.example.com/',
      verifyTimeout: 1,
      audit: {},
      now: Date.now,
      dryRun: false,
      dangerouslyDryRunInProduction: false,
      report: false,
      catalogue: {},
    }
    expect(resolveSettings(known, [])).toBeDefined()
    expect([...new Set(MALFORMED.map(([option]) => option.split('.')[0]))].sort()).toEqual(Object.keys(known).sort())
  })
})

describe('limits', () => {
  it('are the defaults but for those that are given, and frozen', () => {
    const exempt = (): boolean => false
    const defaults = resolveSettings({}, []).limits
    expect(defaults).toEqual({
      documentLength: 100_000,
      tokens: 10_000,
      depth: 50,
      aliases: 500,
      fields: 10_000,
      rootFields: 100,
      directives: 200,
      operations: 50,
      overlaps: 100_000,
      variables: 100_000,
      batch: 10,
      dangerouslyExempt: null,
    })
    expect(resolveSettings({ limits: { depth: 500, batch: 1, dangerouslyExempt: exempt } }, []).limits).toEqual({
      ...defaults,
      depth: 500,
      batch: 1,
      dangerouslyExempt: exempt,
    })
    expect(Object.isFrozen(defaults)).toBe(true)
  })
})

describe('an unknown option', () => {
  it.each<[string, object, string]>([
    ['acess', { acess: 'public' }, 'access, introspection'],
    ['tenant.claims', { tenant: { claim: 'tid', claims: 'canary' } }, 'claim'],
    ['scopes.enable', { scopes: { enable: false } }, 'enabled'],
    ['limits.maxDepth', { limits: { maxDepth: 5 } }, 'documentLength, tokens, depth'],
    ['connections.anonymus', { connections: { anonymus: true } }, 'anonymous'],
    ['credentials.cookies', { credentials: { cookies: [] } }, 'cookie, maxTokenLength'],
    ['credentials.cookie.domain', { credentials: { cookie: { ...COOKIE, domain: 'canary' } } }, 'name, allowedOrigins'],
    ['audit.level', { audit: { level: 'canary' } }, 'logger'],
  ])('%s is named, with the options that there are', (option, settings, others) => {
    const error = failure(() => resolveSettings(settings as CommonSettings, []))
    expect(error.option).toBe(option)
    expect(error.message).toContain(`the options here are ${others}`)
    expect(error.message).not.toContain('canary')
  })

  it('called __proto__ is one too', () => {
    expect(failure(() => resolveSettings(JSON.parse('{"__proto__":{"access":"public"}}') as CommonSettings, [])).option).toBe('__proto__')
  })
})

describe('createAuth', () => {
  const backend = knows({ good: verified() })

  it.each<[string, unknown]>([
    ['settings', undefined],
    ['settings', null],
    ['settings', 'canary'],
    ['backends', {}],
    ['backends', { backends: 'canary' }],
    ['backends', { backends: [] }],
    ['backends[0]', { backends: [5] }],
    ['backends[1].type', { backends: [backend, { type: 'canary' }] }],
    ['baseDirectory', { backends: [backend], baseDirectory: '' }],
    ['access', { backends: [backend], access: 'canary' }],
    ['acess', { backends: [backend], acess: 'canary' }],
  ])('refuses to start and names %s', (option, settings) => {
    const error = failure(() => createAuth(settings as never))
    expect(error.option).toBe(option)
    expect(error.message).toContain('expected ')
    expect(error.message.toLowerCase()).not.toContain('canary')
  })

  it('makes one object that is frozen, and does no I/O', async () => {
    const auth = createAuth({ backends: [backend], audit: { logger: recorder().logger } })
    expect(Object.isFrozen(auth)).toBe(true)
    expect(backend.asked).toEqual([])
    await expect(auth.ready()).resolves.toBeUndefined()
    await expect(auth.close()).resolves.toBeUndefined()
  })
})

describe('options in general', () => {
  const schema = z.strictObject({
    name: text("'x'").optional(),
    on: flag().default(true),
    run: callback<() => void>('() => {}').optional(),
    list: z.array(z.strictObject({ deep: text("'y'") }), hint('a list', '[]')).optional(),
  })

  it('come back as a copy with defaults', () => {
    const input = {}
    expect(parseOptions(schema, input, 'x')).toEqual({ on: true })
    expect(input).toEqual({})
  })

  it.each<[unknown, string]>([
    [{ name: 5 }, 'backends[2].name'],
    [{ on: 'yes' }, 'backends[2].on'],
    [{ run: {} }, 'backends[2].run'],
    [{ list: [{ deep: 'a' }, { deep: '' }] }, 'backends[2].list[1].deep'],
    [{ list: [{ deep: 'a', deeper: 1 }] }, 'backends[2].list[0].deeper'],
    [{ nme: 'a' }, 'backends[2].nme'],
    [{ [Symbol.iterator]: 5, name: 5 }, 'backends[2].name'],
  ])('%j is refused under its path', (input, option) => {
    expect(failure(() => parseOptions(schema, input, 'backends[2]')).option).toBe(option)
  })

  it('say which options there are where the unknown one stands', () => {
    expect(failure(() => parseOptions(schema, { list: [{ deep: 'a', deeper: 1 }] }, '')).message).toContain('the options here are deep')
  })
})
