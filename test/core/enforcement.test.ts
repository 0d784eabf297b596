import { describe, expect, it, jest } from '@jest/globals'
import type { AuthContext } from '../../src/core/auth-context.js'
import { enforce } from '../../src/core/decisions/enforcement.js'
import { BackendUnavailableError } from '../../src/core/errors.js'
import type { PermissionSource } from '../../src/core/permissions/source.js'
import type { Refusal } from '../../src/core/refusal.js'
import { AUTHENTICATED, type ObjectSelector, permissionRequirement, type Requirement, scopeRequirement } from '../../src/core/rules/requirement.js'
import { bearer, carrier, engine, knows, type recorder, verified } from './support.js'

const ARGUMENTS = { source: { id: 's' }, args: { id: 'a' }, context: { id: 'c' }, info: { id: 'i' } }

interface Setup {
  readonly auth: AuthContext
  readonly asked: string[][]
  readonly log: ReturnType<typeof recorder>
}

/** A caller, and a source that allows what is on the list as `permission:object`, and keeps each call it got. */
async function setup(allowed: readonly string[], anonymous = false): Promise<Setup> {
  const asked: string[][] = []
  const permissions: PermissionSource = {
    async check(_, questions) {
      const names = questions.map(({ permission, object }) => `${permission}:${String(object)}`)
      asked.push(names)
      return names.map((name) => allowed.includes(name))
    },
  }
  const { auth, log } = engine([knows({ good: verified({ scopes: ['s'], permissions: ['x', 'y'] }) })], { permissions, verifyTimeout: 1000 })
  return { auth: auth.createContext(await auth.authenticate(anonymous ? carrier() : bearer('good'))), asked, log }
}

const on = (object: ObjectSelector, names: Parameters<typeof permissionRequirement>[0] = 'x'): Requirement => permissionRequirement(names, object)

describe('requirements without an object', () => {
  it('are answered at once', async () => {
    const { auth, asked } = await setup([])
    expect(enforce([], auth, ARGUMENTS)).toBeNull()
    expect(enforce([AUTHENTICATED, scopeRequirement('s'), permissionRequirement('x')], auth, ARGUMENTS)).toBeNull()
    expect(asked).toEqual([])
  })

  it('are all needed, and the first that refuses decides', async () => {
    const { auth } = await setup([])
    expect(enforce([scopeRequirement('s'), permissionRequirement('z'), scopeRequirement('t')], auth, ARGUMENTS)).toEqual({
      reason: 'INSUFFICIENT_PERMISSION',
      requiredPermissions: [['z']],
    })
  })

  it('come before any object is looked for', async () => {
    const { auth, asked } = await setup(['x:1'])
    const object = jest.fn(() => '1')
    expect(enforce([on(object), scopeRequirement('t')], auth, ARGUMENTS)).toMatchObject({ reason: 'INSUFFICIENT_SCOPE' })
    expect(object).not.toHaveBeenCalled()
    expect(asked).toEqual([])
  })

  it('refuse nobody before any object is looked for', async () => {
    const { auth } = await setup(['x:1'], true)
    const object = jest.fn(() => '1')
    expect(enforce([on(object)], auth, ARGUMENTS)).toEqual({ reason: 'MISSING_TOKEN' })
    expect(object).not.toHaveBeenCalled()
  })
})

describe('a permission on an object', () => {
  const refusal: Refusal = { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: [['x']] }

  it.each<[string, readonly string[], Requirement, string | null]>([
    ['that is allowed', ['x:1'], on(() => '1'), null],
    ['that is not', ['x:2', 'y:1'], on(() => '1'), 'INSUFFICIENT_PERMISSION'],
    ['that is named by a promise', ['x:1'], on(async () => '1'), null],
    ['that is a number', ['x:1'], on(() => 1), null],
    ['that is 0', ['x:0'], on(() => 0), null],
    ['on a list of which all are allowed', ['x:1', 'x:2'], on(() => ['1', '2']), null],
    ['on a list of which one is not', ['x:1'], on(() => ['1', '2']), 'INSUFFICIENT_PERMISSION'],
    ['with two permissions of which both are needed', ['x:1'], on(() => '1', ['x', 'y']), 'INSUFFICIENT_PERMISSION'],
    ['with two permissions of which both are allowed', ['x:1', 'y:1'], on(() => '1', ['x', 'y']), null],
    ['with alternatives of which one holds', ['z:1'], on(() => '1', { anyOf: [['x', 'y'], ['z']] }), null],
    ['with alternatives that hold half each', ['x:1', 'z:2'], on(() => ['1', '2'], { anyOf: [['x'], ['z']] }), 'INSUFFICIENT_PERMISSION'],
    ['with no alternatives at all', ['x:1'], { permissions: [], object: () => '1' }, 'INSUFFICIENT_PERMISSION'],
    ['without permissions', ['x:1'], { object: () => '1' }, 'INSUFFICIENT_PERMISSION'],
  ])('%s', async (_, allowed, requirement, reason) => {
    const { auth } = await setup(allowed)
    expect((await enforce([requirement], auth, ARGUMENTS))?.reason ?? null).toBe(reason)
  })

  it('is not granted by the token’s own permissions', async () => {
    const { auth } = await setup([])
    expect(await enforce([on(() => '1')], auth, ARGUMENTS)).toEqual(refusal)
  })

  it('gets the resolver’s own four arguments', async () => {
    const { auth, asked } = await setup(['x:s', 'x:a', 'x:c', 'x:i'])
    const all: ObjectSelector = (source, args, context, info) => [source.id, args.id, context.id, info.id]
    expect(await enforce([on(all)], auth, ARGUMENTS)).toBeNull()
    expect(asked).toEqual([['x:s', 'x:a', 'x:c', 'x:i']])
  })

  it.each<[string, ObjectSelector]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a promise of nothing', async () => undefined],
    ['an empty list', () => []],
    ['a list with null in it', () => ['1', null]],
    ['a list with nothing in it', () => ['1', undefined]],
    ['a list with a hole in it', () => Array(1)],
    ['an empty text', () => ''],
    ['no number', () => Number.NaN],
  ])('that is %s is refused without asking', async (_, object) => {
    const { auth, asked } = await setup(['x:1', 'x:null', 'x:undefined'])
    expect(await enforce([on(object)], auth, ARGUMENTS)).toEqual({ ...refusal, detail: 'no object named' })
    expect(asked).toEqual([])
  })

  it.each<[string, ObjectSelector]>([
    [
      'throws',
      () => {
        throw new RangeError('canary')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('canary'))],
    ['reads from what is not there', (_, args) => args.input.id],
  ])('whose function %s is refused, and the fault is in the audit log', async (_, object) => {
    const { auth, asked, log } = await setup(['x:1'])
    expect(await enforce([on(object)], auth, ARGUMENTS)).toMatchObject(refusal)
    expect(asked).toEqual([])
    expect(log.lines.filter(({ event }) => event.event === 'fault')).toHaveLength(1)
    expect(log.text()).not.toContain('canary')
  })

  it('whose function hangs is refused in time', async () => {
    const { auth, asked } = await setup(['x:1'])
    jest.useFakeTimers()
    try {
      const answer = enforce([on(() => new Promise(() => undefined))], auth, ARGUMENTS)
      await jest.advanceTimersByTimeAsync(1000)
      expect(await answer).toMatchObject(refusal)
      expect(asked).toEqual([])
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
  })

  it('on several requirements is asked in one call, and all are needed', async () => {
    const { auth, asked } = await setup(['x:1', 'y:2'])
    expect(await enforce([on(() => '1'), on(() => '2', 'y')], auth, ARGUMENTS)).toBeNull()
    expect(asked).toEqual([['x:1', 'y:2']])
    expect(await enforce([on(() => '1'), on(() => '3', 'y')], auth, ARGUMENTS)).toMatchObject({ requiredPermissions: [['y']] })
  })

  it('on a thousand rows of one tick is one call', async () => {
    const { auth, asked } = await setup(Array.from({ length: 1000 }, (_, row) => `x:${row}`))
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, row) => enforce([on(() => row)], auth, ARGUMENTS)))
    expect(answers.every((answer) => answer === null)).toBe(true)
    expect(asked).toHaveLength(1)
  })
})

describe('a permission source', () => {
  async function ask(check: unknown): Promise<{ readonly refusal: Refusal | null; readonly log: ReturnType<typeof recorder> }> {
    const { auth, log } = engine([knows({ good: verified() })], { permissions: { check } as PermissionSource, verifyTimeout: 20 })
    const context = auth.createContext(await auth.authenticate(bearer('good')))
    return { refusal: await enforce([on(() => '1')], context, ARGUMENTS), log }
  }

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('canary')
      },
    ],
    ['rejects', () => Promise.reject(new Error('canary'))],
    ['returns nothing', () => undefined],
    ['returns null', async () => null],
    ['returns true', async () => true],
    ['returns no answers', async () => []],
    ['returns more answers than questions', async () => [true, true]],
    ['returns an object of answers', async () => ({ 0: true, length: 1 })],
    ['hangs', () => new Promise(() => undefined)],
  ])('that %s refuses as unavailable, and the fault is in the audit log', async (_, check) => {
    const { refusal, log } = await ask(check)
    expect(refusal).toEqual({ reason: 'BACKEND_UNAVAILABLE' })
    expect(log.lines.filter(({ event }) => event.event === 'fault')).toHaveLength(1)
    expect(log.text()).not.toContain('canary')
  })

  it('that says why it is unavailable is quoted in the refusal, and its cause is in the audit log', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED canary'), { code: 'ECONNREFUSED' })
    const details = { detail: 'the provider is out of reach', retryAfter: 7, coordinate: 'Query.foreign' }
    const { refusal, log } = await ask(() => Promise.reject(new BackendUnavailableError(details, { cause })))
    expect(refusal).toEqual({ reason: 'BACKEND_UNAVAILABLE', detail: 'the provider is out of reach', retryAfter: 7 })
    expect(log.lines.filter(({ event }) => event.event === 'fault').map(({ event }) => [event.what, event.error])).toEqual([
      ['permission source', 'Error ECONNREFUSED'],
    ])
    expect(log.text()).not.toContain('canary')
    expect((await ask(() => Promise.reject(new BackendUnavailableError()))).refusal).toEqual({ reason: 'BACKEND_UNAVAILABLE' })
  })

  it.each([[1], ['true'], [{}], [null], [undefined], [Promise.resolve(true)]])('that answers %p does not allow', async (answer) => {
    expect((await ask(async () => [answer])).refusal?.reason).toBe('INSUFFICIENT_PERMISSION')
  })

  it('gets the principal and frozen questions', async () => {
    const seen: unknown[] = []
    await ask(async (principal: { readonly subject: string }, questions: readonly object[]) => {
      seen.push(principal.subject, ...questions.map((question) => Object.isFrozen(question)))
      return questions.map(() => true)
    })
    expect(seen).toEqual(['ada', true])
  })
})
