import { describe, expect, it } from '@jest/globals'
import DataLoader from 'dataloader'
import { type ExecutionResult, execute, parse } from 'graphql'
import type { PermissionSource } from '../../src/core/permissions/source.js'
import { allOf, anyOf, not, owner } from '../../src/core/rules/rule.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { contextOf, dataOf, Protected, schemaOf } from './support.js'

describe('the batches of the application', () => {
  interface Post {
    readonly id: number
    readonly authorId: string
  }
  interface Context {
    readonly authors: DataLoader<string, { readonly name: string }>
    readonly posts: DataLoader<number, Post>
  }
  const COUNT = 60
  const typeDefs = 'type Query { posts: [Post!]! } type Post { id: ID! title: String author: Author draft: String } type Author { name: String }'
  const author = ({ authorId }: Post, _: unknown, { authors }: Context): Promise<object> => authors.load(authorId)
  const title = async ({ id }: Post, _: unknown, { posts }: Context): Promise<string> => `title of ${(await posts.load(id)).id}`
  const Query = { posts: () => Array.from({ length: COUNT }, (_, id): Post => ({ id, authorId: id % 2 === 0 ? 'ada' : 'bob' })) }
  const load = ({ id }: Post, _: unknown, { posts }: Context): Promise<Post> => posts.load(id)
  const open = { Query, Post: { author, title, draft: () => 'draft' } }
  const own = owner(({ authorId }: Post) => authorId)

  const guarded: readonly (readonly [string, object, number])[] = [
    ['an owner read from the source', { author: requirePerm(anyOf('p', own))(author), title: requirePerm(anyOf('p', own))(title) }, 0],
    ['a function that answers later', { author: requirePerm(allOf(async () => true))(author), title: requirePerm(allOf(async () => true))(title) }, 0],
    [
      'a permission on each object',
      { author: requirePerm('q', { object: ({ id }: Post) => id })(author), title: requirePerm('q', { object: ({ id }: Post) => id })(title) },
      1,
    ],
    [
      'rules in rules, on each object and on its owner',
      {
        author: requirePerm(anyOf('q', allOf(not('no'), own)), { object: (row: Post) => row })(author),
        title: requirePerm(anyOf('q', allOf(not('no'), own)), { object: (row: Post) => row })(title),
      },
      1,
    ],
    [
      'an object that a loader loads',
      { author: requirePerm(anyOf('q', own), { object: load })(author), title: requirePerm(anyOf('q', own), { object: load })(title) },
      1,
    ],
  ]

  async function run(
    resolvers: object,
  ): Promise<{ readonly loads: readonly number[]; readonly questions: readonly number[]; readonly result: ExecutionResult }> {
    const loads: number[] = []
    const questions: number[] = []
    const check: PermissionSource['check'] = async (_, asked) => {
      questions.push(asked.length)
      return asked.map(({ permission }) => permission === 'q')
    }
    const counted = <K, V>(one: (key: K) => V): DataLoader<K, V> =>
      new DataLoader<K, V>(async (keys) => {
        loads.push(keys.length)
        return keys.map(one)
      })
    const served = new Protected(schemaOf(typeDefs, resolvers as never), { permissions: { check } })
    const context = {
      ...contextOf(served.auth, { permissions: ['p'] }),
      authors: counted((name: string) => ({ name })),
      posts: counted((id: number) => ({ id, authorId: id % 2 === 0 ? 'ada' : 'bob' })),
    }
    const result = await execute({ schema: served.schema, document: parse('{ posts { id author { name } title } }'), contextValue: context })
    return { loads, questions, result }
  }

  it.each(guarded)('are as many as without auth: %s', async (_, Post, batches) => {
    const without = await run(open)
    const { loads, questions, result } = await run({ Query, Post: { ...open.Post, ...Post } })
    expect(without.loads).toEqual([2, COUNT])
    expect([...loads].sort((a, b) => a - b)).toEqual([2, COUNT])
    expect(questions).toHaveLength(batches)
    expect([result.errors, dataOf(result)]).toEqual([undefined, dataOf(without.result)])
  })
})
