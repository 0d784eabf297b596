import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createYoga } from 'graphql-yoga'
import { type AuthSettings, createAuth, type GatehouseAuth } from '../../src/create-auth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { authTypeDefs } from '../../src/schema/directives.js'
import { useAuth } from '../../src/schema/envelop.js'
import { printExplanation } from '../../src/schema/explain/print.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'

const page = (name: string): Promise<string> => readFile(join(process.cwd(), 'docs', name), 'utf8')
const DESK = 'query Desk { orders { total } search(text: "x") { id note } }'

describe('what the docs show', () => {
  let issuer: TestIssuer
  let token: string
  let typeDefs: string
  let explaining: string
  const opened: GatehouseAuth[] = []
  const resolvers = {
    Query: {
      orders: () => [{ id: 1, total: 90 }],
      search: () => [
        { __typename: 'Order', id: 1, note: 'call first' },
        { __typename: 'Product', id: 7, note: 'new' },
      ],
    },
    Mutation: { cancelOrder: requirePerm('order.cancel', { object: (_: unknown, args: { id: string }) => args.id })(() => true) },
  }
  const make = (settings: Partial<AuthSettings> = {}): GatehouseAuth => {
    const auth = createAuth({
      backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }],
      permissions: { check: async (_principal, questions) => questions.map(() => false) },
      audit: { logger: { debug: () => undefined, info: () => undefined, error: () => undefined } },
      ...settings,
    })
    opened.push(auth)
    return auth
  }
  const schemaOf = (sdl: string): ReturnType<typeof makeExecutableSchema> => makeExecutableSchema({ typeDefs: [authTypeDefs, sdl], resolvers })

  beforeAll(async () => {
    issuer = await createTestIssuer()
    token = await issuer.token({ sub: 'ada', scope: 'profile' })
    explaining = await page('explaining-a-refusal.md')
    typeDefs = /const typeDefs = [^`]*`([^`]*)`/.exec(explaining)?.[1] ?? ''
  })
  afterAll(async () => {
    await Promise.all(opened.map((auth) => auth.close()))
    await issuer.close()
  })

  it('is what explanations say', async () => {
    const auth = make()
    const schema = protectSchema(schemaOf(typeDefs), auth)
    const explanation = await auth.explain({ document: DESK, token, schema })
    expect(explaining).toContain(`\n${printExplanation(explanation)}\n`)
    expect(explaining).toContain(`\n${printExplanation(await auth.explain({ document: 'mutation { cancelOrder(id: 5) }', token, schema }))}\n`)
    const foreign = printExplanation(await auth.explain({ document: DESK, token: await issuer.token({ aud: 'https://other.example.com' }), schema }))
    expect(explaining).toContain(`\n${foreign.split('\n').slice(0, 2).join('\n')}\n`)
    const shown = [...explaining.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text))
    expect(shown).toContainEqual(explanation.coordinates.find(({ coordinate }) => coordinate === 'Query.orders'))
  })

  it('is what a dry run answers', async () => {
    const yoga = createYoga({ schema: schemaOf(typeDefs), plugins: [useAuth(make({ dryRun: true }))], logging: false })
    const response = await yoga.fetch('http://127.0.0.1/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ search(text: "x") { id note } }' }),
    })
    const answer = await response.json()
    const shown = [...explaining.matchAll(/```json\n([\s\S]*?)```/g)]
      .map(([, text = '']) => JSON.parse(text))
      .find(({ extensions }) => extensions !== undefined)
    answer.extensions.authorization.decisionId = shown.extensions.authorization.decisionId
    expect(answer).toEqual(shown)
  })

  it('is what a failed start says, and every code that there is', async () => {
    const checks = await page('start-up-checks.md')
    const wrong = schemaOf(typeDefs.replace('orders:read', 'order:read'))
    const thrown = ((): unknown => {
      try {
        return protectSchema(wrong, make({ catalogue: { scopes: ['orders:read', 'orders:write'] } }))
      } catch (error) {
        return error
      }
    })()
    expect(checks).toContain(`\n${String(thrown)}\n`)
    const { CHECKS } = await import('../../src/schema/assert-secure/check-secure.js')
    const listed = [...checks.matchAll(/^\| `([a-z-]+)` \| (error|warning) \|/gm)].map(([, code, level]) => `${code} ${level}`)
    expect(listed.sort()).toEqual(CHECKS.map(({ code, level }) => `${code} ${level}`).sort())
  })
})
