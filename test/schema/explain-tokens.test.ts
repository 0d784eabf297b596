import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { GraphQLSchema } from 'graphql'
import { type AuthSettings, createAuth, type GatehouseAuth } from '../../src/create-auth.js'
import type { Explanation } from '../../src/schema/explain/explanation.js'
import { printExplanation } from '../../src/schema/explain/print.js'
import { protectSchema } from '../../src/schema/protect-schema.js'
import { createTestIssuer, type TestIssuer } from '../../src/testing/index.js'
import { schemaOf } from './support.js'

const SILENT = { logger: { debug: () => undefined, info: () => undefined, error: () => undefined } }

describe('an explanation for a token', () => {
  let issuer: TestIssuer
  let auth: GatehouseAuth
  let kept: GraphQLSchema
  const make = (settings: Partial<AuthSettings> = {}): GatehouseAuth =>
    createAuth({ backends: [{ type: 'jwt', issuer: issuer.issuer, audience: issuer.audience }], audit: SILENT, ...settings })

  beforeAll(async () => {
    issuer = await createTestIssuer({ algorithms: ['ES256'] })
    auth = make()
    kept = protectSchema(schemaOf('type Query { open: Int @public  orders: Int @requiresScopes(scopes: [["orders:read"]]) }'), auth)
  })
  afterAll(async () => {
    await auth.close()
    await issuer.close()
  })

  it('is verified by the backends', async () => {
    const allowed = await auth.explain({ document: '{ orders }', token: await issuer.token({ scope: 'orders:read' }) })
    expect([allowed.caller, allowed.outcome]).toEqual([{ is: 'user' }, 'runs'])
    const refused = await auth.explain({ document: '{ orders }', token: await issuer.token({ scope: 'other' }), schema: kept })
    expect([refused.outcome, refused.refused]).toEqual([
      'refused',
      [{ reason: 'INSUFFICIENT_SCOPE', coordinate: 'Query.orders', requiredScopes: [['orders:read']] }],
    ])
  })

  it.each<[string, (on: TestIssuer) => Promise<string> | string, string, RegExp]>([
    ['another API', (on) => on.token({ aud: 'another' }), 'INVALID_TOKEN', /aud/],
    ['yesterday', (on) => on.token({ exp: Math.floor(Date.now() / 1000) - 86_400 }), 'TOKEN_EXPIRED', /exp|^$/],
    ['nobody', () => 'canary.canary.canary', 'INVALID_TOKEN', /\w/],
    ['a text with blanks', () => 'a canary', 'MALFORMED_TOKEN', /\w/],
  ])('says why a token for %s is not good, and nothing of what is in it', async (_, make, reason, detail) => {
    const token = await make(issuer)
    const explanation = await auth.explain({ document: '{ open orders }', token })
    expect(explanation).toMatchObject({ caller: { is: 'refused', reason }, outcome: 'refused', refused: [{ reason }] })
    expect((explanation.caller as { detail?: string }).detail ?? '').toMatch(detail)
    expect(explanation.coordinates.map(({ verdict }) => verdict)).toEqual(['refused', 'refused'])
    const text = JSON.stringify(explanation) + printExplanation(explanation)
    for (const part of token.split(/[. ]/).filter(({ length }) => length > 5)) expect(text).not.toContain(part)
    expect(printExplanation(explanation)).toContain(`for credentials that are refused (${reason}`)
  })

  it('takes a request, and what a transport makes of one', async () => {
    const authorization = `Bearer ${await issuer.token({ scope: 'orders:read' })}`
    const request = new Request('http://127.0.0.1/', { headers: { authorization } })
    const told: Explanation[] = [
      await auth.explain({ document: '{ orders }', carrier: request }),
      await auth.explain({ document: '{ orders }', carrier: { transport: 'mine', header: () => [], params: { authorization } } }),
      await auth.explain({ document: '{ orders }', carrier: new Request('http://127.0.0.1/') }),
    ]
    expect(told.map(({ caller, outcome }) => [caller.is, outcome])).toEqual([
      ['user', 'runs'],
      ['user', 'runs'],
      ['nobody', 'refused'],
    ])
  })

  it('knows tenants and roles as the settings do, for a principal that is given', async () => {
    const roles = make({ roles: { clerk: ['order.view'] } })
    const schema = protectSchema(schemaOf('type Query { view: Int @policy(policies: [["order.view"]]) }'), roles)
    const ask = (names: readonly string[]): Promise<Explanation> =>
      roles.explain({ document: '{ view }', principal: { issuer: 'https://i.test', subject: 'ada', roles: names }, schema })
    expect([(await ask(['clerk'])).outcome, (await ask([])).outcome]).toEqual(['runs', 'refused'])
    await roles.close()
  })

  it('says that a dry run refuses nobody', async () => {
    const dry = make({ dryRun: true })
    const schema = protectSchema(schemaOf('type Query { mine: Int }'), dry)
    const explanation = await dry.explain({ document: '{ mine }', principal: null, schema })
    expect(explanation).toMatchObject({ dryRun: true, outcome: 'refused', refused: [{ reason: 'MISSING_TOKEN' }] })
    expect(printExplanation(explanation).split('\n')[0]).toBe("query would be refused before it runs, for nobody (denied: 'reject', dry run)")
    await dry.close()
  })
})
