import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, execute, parse, subscribe } from 'graphql'
import type { PermissionQuestion, PermissionSource } from '../../src/core/permissions/source.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { contextOf, dataOf, Protected, refusals, schemaOf } from './support.js'

interface Row {
  readonly id: string
}

const rows = (count: number): readonly Row[] => Array.from({ length: count }, (_, index) => ({ id: String(index) }))

/** A list of rows whose names are guarded each by its own. */
function rowsBehind(
  check: PermissionSource['check'],
  options: { count?: number; settings?: object; object?: (row: Row) => unknown } = {},
): { served: Protected; ran: string[]; log: string[] } {
  const ran: string[] = []
  const log: string[] = []
  const line = (event: object): void => void log.push(JSON.stringify(event))
  const { count = 3, settings = {}, object = ({ id }: Row) => id } = options
  const schema = schemaOf('type Query { rows: [Row!]! } type Row { id: ID! name: String }', {
    Query: { rows: () => rows(count) },
    Row: {
      name: requirePerm('row.read', { object })(({ id }: Row) => {
        ran.push(id)
        return `name of ${id}`
      }),
    },
  })
  return { served: new Protected(schema, { permissions: { check }, audit: { logger: { debug: line, info: line, error: line } }, ...settings }), ran, log }
}

describe('permissions on objects', () => {
  it('of a thousand rows are asked in one call', async () => {
    const calls: Array<readonly PermissionQuestion[]> = []
    const { served, ran } = rowsBehind(
      (_principal, questions) => {
        calls.push(questions)
        return questions.map(({ object }) => Number(object) % 2 === 0)
      },
      { count: 1000 },
    )
    const result = await served.ask('{ rows { id name } }', {})
    expect(calls.map(({ length }) => length)).toEqual([1000])
    expect(calls[0]?.[7]).toEqual({ permission: 'row.read', object: '7' })
    expect((dataOf(result) as { rows: object[] }).rows.slice(0, 2)).toEqual([
      { id: '0', name: 'name of 0' },
      { id: '1', name: null },
    ])
    expect([result.errors?.length, ran.length]).toEqual([500, 500])
  })

  it('are asked in one call also when the object has to be looked up', async () => {
    const sizes: number[] = []
    const { served } = rowsBehind(
      async (_principal, questions) => {
        sizes.push(questions.length)
        return questions.map(() => true)
      },
      { count: 100, object: async ({ id }) => ({ row: id }) },
    )
    expect((await served.ask('{ rows { name } }', {})).errors).toBeUndefined()
    expect(sizes).toEqual([100])
  })

  it('are asked once for the same object, however often the field is selected', async () => {
    const sizes: number[] = []
    const { served } = rowsBehind((_principal, questions) => {
      sizes.push(questions.length)
      return questions.map(() => true)
    })
    await served.ask('{ rows { a: name b: name } again: rows { name } }', {})
    expect(sizes).toEqual([3])
  })

  it('are asked on behalf of who is asking, and of nobody else', async () => {
    const seen: string[] = []
    const { served } = rowsBehind(({ subject }, questions) => {
      seen.push(subject)
      return questions.map(() => subject === 'ada')
    })
    const [ada, bob] = await Promise.all([served.ask('{ rows { name } }', { subject: 'ada' }), served.ask('{ rows { name } }', { subject: 'bob' })])
    expect([seen.sort(), ada.errors, bob.errors?.length]).toEqual([['ada', 'bob'], undefined, 3])
  })

  it("are not what the token says: the same name among the token's permissions is not enough", async () => {
    const { served } = rowsBehind((_principal, questions) => questions.map(() => false))
    expect((await served.ask('{ rows { name } }', { permissions: ['row.read'] })).errors).toHaveLength(3)
  })

  it('are not asked for nobody', async () => {
    let asked = 0
    const { served } = rowsBehind(() => {
      asked += 1
      return []
    })
    expect(refusals(await served.ask('{ rows { name } }'))).toEqual(['Query.rows MISSING_TOKEN', 'Row.name MISSING_TOKEN'])
    expect(asked).toBe(0)
  })

  it.each<[string, PermissionSource['check']]>([
    [
      'throws',
      () => {
        throw new TypeError('postgres://secret@db')
      },
    ],
    ['rejects', () => Promise.reject(new Error('postgres://secret@db'))],
    ['never answers', () => new Promise(() => undefined)],
    ['answers nothing', () => undefined as never],
    ['answers null', async () => null as never],
    ['answers one for all', async () => true as never],
    ['answers too few', (_principal, questions) => questions.slice(1).map(() => true)],
    ['answers too many', (_principal, questions) => [...questions, 1].map(() => true)],
    ['answers with an object that only looks like a list', async (_principal, { length }) => ({ length, 0: true, 1: true, 2: true }) as never],
  ])('are denied as unavailable when the source %s, and one line says so', async (_name, check) => {
    const { served, ran, log } = rowsBehind(check, { settings: { verifyTimeout: 30 } })
    const result = await served.ask('{ rows { id name } }', {})
    expect(refusals(result)).toEqual(['rows.0.name', 'rows.1.name', 'rows.2.name'].map((path) => `${path} BACKEND_UNAVAILABLE`))
    expect([(dataOf(result) as { rows: unknown }).rows, ran]).toEqual([['0', '1', '2'].map((id) => ({ id, name: null })), []])
    expect(log.filter((line) => line.includes('"fault"'))).toHaveLength(1)
    expect(`${JSON.stringify(result)}${log.join()}`).not.toContain('postgres')
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['0', 0],
    ['1', 1],
    ["'true'", 'true'],
    ['an object', {}],
    ['a promise of true', Promise.resolve(true)],
  ])('are denied when the answer is %s', async (_name, answer) => {
    const { served, ran } = rowsBehind((_principal, questions) => questions.map(() => answer as boolean))
    expect(refusals(await served.ask('{ rows { name } }', {}))).toEqual(
      ['rows.0.name', 'rows.1.name', 'rows.2.name'].map((path) => `${path} INSUFFICIENT_PERMISSION`),
    )
    expect(ran).toEqual([])
  })

  it.each<[string, (row: Row) => unknown]>([
    [
      'throws',
      () => {
        throw new TypeError('no such row')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no such row'))],
    ['never answers', () => new Promise(() => undefined)],
    ['names nothing', () => undefined],
    ['names null', async () => null],
    ['names an empty list', () => []],
    ['names a list with a hole', () => ['1', undefined]],
  ])('are denied when the object function %s', async (_name, object) => {
    let asked = 0
    const { served, ran } = rowsBehind(
      (_principal, questions) => {
        asked += 1
        return questions.map(() => true)
      },
      { count: 1, object, settings: { verifyTimeout: 30 } },
    )
    expect(refusals(await served.ask('{ rows { name } }', {}))).toEqual(['rows.0.name INSUFFICIENT_PERMISSION'])
    expect([ran, asked]).toEqual([[], 0])
  })

  it('of a list of objects are needed for each of them', async () => {
    const allowed = new Set(['a', 'b'])
    const check: PermissionSource['check'] = (_principal, questions) => questions.map(({ object }) => allowed.has(object as string))
    const ask = async (...objects: string[]): Promise<readonly string[]> =>
      refusals(await rowsBehind(check, { count: 1, object: () => objects }).served.ask('{ rows { name } }', {}))
    expect([await ask('a', 'b'), await ask('a', 'c')]).toEqual([[], ['rows.0.name INSUFFICIENT_PERMISSION']])
  })

  it('see what a mutation before them has changed', async () => {
    const granted = new Set<string>()
    const may = { object: (_source: unknown, { id }: { id: string }) => id }
    const schema = schemaOf('type Query { a: Int } type Mutation { grant(id: ID!): Int revoke(id: ID!): Int use(id: ID!): Int }', {
      Mutation: {
        grant: (_: unknown, { id }: Row) => granted.add(id).size,
        revoke: (_: unknown, { id }: Row) => Number(granted.delete(id)),
        use: requirePerm('use', may)(() => 7),
      },
    })
    const served = new Protected(schema, {
      permissions: { check: async (_principal, questions) => questions.map(({ object }) => granted.has(object as string)) },
    })
    const result = await served.ask('mutation { before: use(id: 1) grant(id: 1) between: use(id: 1) revoke(id: 1) after: use(id: 1) }', {})
    expect(dataOf(result)).toEqual({ before: null, grant: 1, between: 7, revoke: 1, after: null })
  })

  it('are asked again for every event of a subscription', async () => {
    let answers: readonly boolean[] = [true, true, false, true]
    const schema = schemaOf('type Query { a: Int } type Subscription { ticks: Int }', {
      Subscription: {
        ticks: {
          subscribe: requirePerm('tick', { object: () => 'clock' })(async function* () {
            for (const ticks of [1, 2, 3]) yield { ticks }
          }),
        },
      },
    })
    const served = new Protected(schema, {
      permissions: {
        check: () => {
          const [first = false, ...rest] = answers
          answers = rest
          return [first]
        },
      },
    })
    const stream = (await subscribe({
      schema: served.schema,
      document: parse('subscription { ticks }'),
      contextValue: contextOf(served.auth, {}),
    })) as AsyncIterable<ExecutionResult>
    const results: ExecutionResult[] = []
    for await (const result of stream) results.push(result)
    expect(results.map(dataOf)).toEqual([{ ticks: 1 }, { ticks: null }, { ticks: 3 }])
  })

  it('are not needed where another requirement has refused already', async () => {
    let asked = 0
    const schema = schemaOf('type Query { a: Int @requiresScopes(scopes: [["a"]]) }', { Query: { a: requirePerm('p', { object: () => 1 })(() => 1) } })
    const served = new Protected(schema, {
      denied: 'null',
      permissions: {
        check: () => {
          asked += 1
          return [true]
        },
      },
    })
    expect([refusals(await served.ask('{ a }', {})), asked]).toEqual([['a INSUFFICIENT_SCOPE'], 0])
    expect([dataOf(await served.ask('{ a }', { scopes: ['a'] })), asked]).toEqual([{ a: 1 }, 1])
  })

  it('do not hold a list back longer than the timeout', async () => {
    const { served } = rowsBehind(() => new Promise(() => undefined), { count: 50, settings: { verifyTimeout: 30 } })
    const started = performance.now()
    const result = await execute({ schema: served.schema, document: parse('{ rows { name } }'), contextValue: contextOf(served.auth, {}) })
    expect(result.errors).toHaveLength(50)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
