import { Writable } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { pino } from 'pino'
import { type AuditLogger, createAudit } from '../../src/core/audit.js'
import { enforce } from '../../src/core/decisions/enforcement.js'
import { BackendUnavailableError, InvalidTokenError } from '../../src/core/errors.js'
import { permissionRequirement } from '../../src/core/rules/requirement.js'
import { bearer, carrier, engine, knows, NOW, principal, recorder, verified } from './support.js'

/** A pino logger whose lines can be read back. */
function pinoInMemory(level = 'debug'): { readonly logger: AuditLogger; readonly lines: () => Record<string, unknown>[] } {
  let text = ''
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk)
      done()
    },
  })
  return {
    logger: pino({ level, base: null, timestamp: false }, stream),
    lines: () =>
      text
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

const ADA = principal({ clientId: 'web', sessionId: 's1', tenant: 't1', claims: { email: 'canary' } })
const IDENTITY = { issuer: 'https://issuer.test', subject: 'ada', kind: 'user', tenant: 't1', clientId: 'web', sessionId: 's1' }

describe('audit lines', () => {
  it('say who proved himself, to whom and by which way', () => {
    const { logger, lines } = recorder()
    createAudit(logger).authenticated('graphql-ws', 'keycloak', ADA)
    expect(lines).toEqual([
      { level: 'debug', event: { event: 'authenticated', transport: 'graphql-ws', backend: 'keycloak', ...IDENTITY }, message: 'authenticated' },
    ])
  })

  it('say what was refused to whom, and give the decision an id', () => {
    const { logger, lines } = recorder()
    const decisionId = createAudit(logger).refused('http', ADA, [
      { reason: 'INSUFFICIENT_SCOPE', coordinate: 'Query.a', requiredScopes: [['a']], detail: 'why' },
    ])
    expect(decisionId).toMatch(/^[0-9a-f-]{36}$/)
    expect(lines).toEqual([
      {
        level: 'info',
        event: {
          event: 'refused',
          decisionId,
          transport: 'http',
          ...IDENTITY,
          refusals: [{ reason: 'INSUFFICIENT_SCOPE', coordinate: 'Query.a', requiredScopes: [['a']], requiredPermissions: undefined, detail: 'why' }],
        },
        message: 'refused',
      },
    ])
  })

  it('say so when it was nobody', () => {
    const { logger, lines } = recorder()
    createAudit(logger).refused('http', null, [{ reason: 'MISSING_TOKEN' }])
    expect(lines[0]?.event).toMatchObject({ event: 'refused', anonymous: true })
  })

  it('give every decision another id', () => {
    const audit = createAudit(recorder().logger)
    expect(new Set(Array.from({ length: 100 }, () => audit.refused('http', null, [])))).toHaveProperty('size', 100)
  })

  it.each<[unknown, string]>([
    [new TypeError('canary'), 'TypeError'],
    [Object.assign(new Error('canary'), { code: 'ECONNREFUSED' }), 'Error ECONNREFUSED'],
    [Object.assign(new Error('canary'), { code: 'canary token' }), 'Error'],
    [Object.assign(new Error('canary'), { code: 401 }), 'Error'],
    [new Error('x', { cause: new Error('canary') }), 'Error'],
    ['canary', 'string'],
    [{ token: 'canary' }, 'object'],
    [undefined, 'undefined'],
  ])('name a fault by its class and code: %p', (error, name) => {
    const { logger, lines, text } = recorder()
    createAudit(logger).fault('backend x', error)
    expect(lines).toEqual([{ level: 'error', event: { event: 'fault', what: 'backend x', error: name }, message: 'fault' }])
    expect(text()).not.toContain('canary')
  })

  it('are what pino writes, one JSON object on each line', () => {
    const { logger, lines } = pinoInMemory()
    const audit = createAudit(logger)
    audit.leaseOpened('l1', 'graphql-ws', ADA)
    audit.leaseEnded('l1', 'graphql-ws', ADA, 'expired', 60)
    audit.leaseOpened('l2', 'socket-io', null)
    expect(lines()).toEqual([
      { level: 30, event: 'lease.opened', leaseId: 'l1', transport: 'graphql-ws', ...IDENTITY, expiresAt: null, msg: 'lease opened' },
      { level: 30, event: 'lease.ended', leaseId: 'l1', transport: 'graphql-ws', ...IDENTITY, reason: 'expired', seconds: 60, msg: 'lease ended' },
      { level: 30, event: 'lease.opened', leaseId: 'l2', transport: 'socket-io', anonymous: true, expiresAt: null, msg: 'lease opened' },
    ])
  })

  it('name the class and code of an error from another realm too', () => {
    const { logger, lines } = recorder()
    createAudit(logger).fault('backend x', runInNewContext("Object.assign(new TypeError('canary'), { code: 'ECONNRESET' })"))
    expect(lines).toEqual([{ level: 'error', event: { event: 'fault', what: 'backend x', error: 'TypeError ECONNRESET' }, message: 'fault' }])
  })

  it('say that what was reported works again', () => {
    const { logger, lines } = recorder()
    createAudit(logger).recovered('backend x')
    expect(lines).toEqual([{ level: 'info', event: { event: 'recovered', what: 'backend x' }, message: 'recovered' }])
  })

  it('cannot be split by what stands in an identity', () => {
    const { logger, lines } = pinoInMemory()
    createAudit(logger).authenticated('http', 'test', principal({ subject: 'ada\n{"event":"authenticated","subject":"root"}' }))
    expect(lines()).toHaveLength(1)
  })

  it('of each request are not even made where nobody reads them', () => {
    const { logger, lines } = pinoInMemory('info')
    createAudit(logger).authenticated('http', 'test', ADA)
    expect(lines()).toEqual([])
  })
})

describe('the whole way through', () => {
  it('no line holds the token, a claim beyond the identity, the user, or what anybody threw', async () => {
    const { logger, lines } = pinoInMemory()
    const secret = 'canary'
    const backend = knows({
      [`${secret}-good`]: verified({
        claims: { email: secret, nested: { deep: [secret] } },
        roles: [secret],
        groups: [secret],
        scopes: [secret],
        permissions: [secret],
        acr: secret,
        user: { password: secret },
        expiresAt: NOW + 60,
      }),
      [`${secret}-bad`]: new InvalidTokenError({}, { cause: new Error(secret) }),
      [`${secret}-down`]: new BackendUnavailableError({}, { cause: new Error(secret) }),
      [`${secret}-broken`]: new Error(secret),
    })
    const check = (): never => {
      throw new Error(secret)
    }
    const { auth, clock } = engine([backend], { audit: { logger }, permissions: { check } })

    for (const end of ['bad', 'down', 'broken', 'good']) {
      const authentication = await auth.authenticate(bearer(`${secret}-${end}`, { params: undefined }))
      const context = auth.createContext(authentication)
      auth.refuse(context, [authentication.refusal ?? { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a']] }])
    }
    await auth.authenticate(carrier({ headers: { authorization: `Bearer ${secret} ${secret}` }, params: { token: secret } }))
    await auth.authenticate(carrier({ url: `/?access_token=${secret}` }))

    const authentication = await auth.authenticate(bearer(`${secret}-good`))
    const context = auth.createContext(authentication)
    await enforce([permissionRequirement('x', () => secret)], context, { source: null, args: null, context: null, info: null })
    await enforce([permissionRequirement('x', check)], context, { source: null, args: null, context: null, info: null })
    context.errorAt('Query.a', { reason: 'INSUFFICIENT_PERMISSION' })
    const lease = auth.openLease(authentication)
    clock.seconds = NOW + 60
    expect(lease.isAlive()).toBe(false)

    expect(new Set(lines().map(({ event }) => event))).toEqual(new Set(['authenticated', 'refused', 'lease.opened', 'lease.ended', 'fault']))
    expect(JSON.stringify(lines())).not.toContain(secret)
  })

  it('the id in the log is the one on the error', async () => {
    const { auth, log } = engine([knows({ good: verified() })])
    const context = auth.createContext(await auth.authenticate(bearer('good')))
    const errors = [
      ...auth.refuse(context, [{ reason: 'INSUFFICIENT_SCOPE' }]),
      context.errorAt('Query.a', { reason: 'INSUFFICIENT_SCOPE' }),
      (() => {
        try {
          context.requireScopes('b')
        } catch (error) {
          return error as InvalidTokenError
        }
        throw new Error('nothing was refused')
      })(),
    ]
    const logged = log.lines.filter(({ event }) => event.event === 'refused').map(({ event }) => event.decisionId)
    expect(logged).toHaveLength(3)
    expect(errors.map(({ extensions }) => (extensions.auth as { decisionId: string }).decisionId)).toEqual(logged)
  })
})
