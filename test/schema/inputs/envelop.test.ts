import { describe, expect, it } from '@jest/globals'
import { createYoga } from 'graphql-yoga'
import type { AuthContext } from '../../../src/core/auth-context.js'
import { useAuth } from '../../../src/schema/envelop.js'
import { contextOf, schemaOf, testAuth } from '../support.js'

/** A Yoga whose transport has authenticated somebody already. */
function yoga(settings: object = {}): { readonly post: (body: object) => Promise<Response>; readonly ran: string[] } {
  const ran: string[] = []
  const auth = testAuth(settings)
  const schema = schemaOf(
    `
      type Query @public { text: String }
      type Mutation { updateUser(input: UserInput!, notify: Boolean = true @requiresScopes(scopes: [["silent"]])): String }
      input UserInput { name: String role: Role = READER @policy(policies: [["promote"]]) }
      enum Role { READER ADMIN @policy(policies: [["grant"]]) }
    `,
    {
      Mutation: {
        updateUser: (_source: unknown, args: object) => {
          ran.push(JSON.stringify(args))
          return 'updated'
        },
      },
    },
  )
  const context = (): { auth: AuthContext } => ({ auth: contextOf(auth, { scopes: ['other'], permissions: ['promote'] }).auth })
  const app = createYoga({ schema, context, plugins: [withoutRequest, useAuth(auth)], logging: false })
  const post = async (body: object): Promise<Response> =>
    await app.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    })
  return { post, ran }
}

/** So that the caller of the test counts, and no header of the request. */
const withoutRequest = {
  onContextBuilding: ({ context, extendContext }: { context: object; extendContext: (extension: never) => void }) => {
    if ('request' in context) extendContext({ request: undefined } as never)
  },
}

const document = 'mutation ($i: UserInput!, $n: Boolean) { updateUser(input: $i, notify: $n) }'

describe('a server on Envelop', () => {
  it.each<[string, object, string]>([
    ['an argument', { i: {}, n: false }, 'Mutation.updateUser(notify:)'],
    ['an enum value', { i: { role: 'ADMIN' } }, 'Role.ADMIN'],
  ])('answers 403 for %s, with its coordinate, and runs nothing', async (_name, variables, coordinate) => {
    const { post, ran } = yoga()
    const response = await post({ query: document, variables })
    const { errors, data } = (await response.json()) as { data?: unknown; errors: Array<{ message: string; extensions: { auth: object } }> }
    expect([response.status, data, errors.map(({ message }) => message), ran]).toEqual([403, undefined, ['Forbidden'], []])
    expect(errors[0]?.extensions.auth).toMatchObject({ coordinate })
  })

  it("under denied: 'null' answers 200 with a null, and runs nothing", async () => {
    const { post, ran } = yoga({ denied: 'null' })
    const response = await post({ query: document, variables: { i: {}, n: false } })
    expect([response.status, await response.json(), ran]).toMatchObject([
      200,
      { data: { updateUser: null }, errors: [{ path: ['updateUser'], extensions: { auth: { coordinate: 'Mutation.updateUser(notify:)' } } }] },
      [],
    ])
  })

  it('runs what asks for no more than the caller has', async () => {
    const { post, ran } = yoga()
    for (const variables of [{ i: { name: 'ada' } }, { i: { role: null }, n: true }]) {
      expect(await (await post({ query: document, variables })).json()).toEqual({ data: { updateUser: 'updated' } })
    }
    expect(ran).toEqual(['{"input":{"name":"ada","role":"READER"},"notify":true}', '{"input":{"role":null},"notify":true}'])
  })
})
