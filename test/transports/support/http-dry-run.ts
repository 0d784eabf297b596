import { describe, expect, it } from '@jest/globals'
import type { AuthorizationReport } from '../../../src/core/report.js'
import { refused } from './http-cases.js'
import type { GraphqlBody } from './http-client.js'
import { type HttpServer, serving } from './http-serving.js'

const reportOf = (body: GraphqlBody): AuthorizationReport | undefined =>
  (body as { extensions?: { authorization?: AuthorizationReport } }).extensions?.authorization
const lines = (log: readonly string[]): readonly Record<string, never>[] => log.map((line) => JSON.parse(line)).filter(({ event }) => event === 'would-refuse')

/** Runs every refusal again on a server that only tries. */
export function describeDryRun(server: HttpServer): void {
  describe.each(['reject', 'null'] as const)("in a dry run of denied: '%s'", (denied) => {
    const here = serving(server, { dryRun: true, denied })

    const enforcing = serving(server, { denied })

    it.each(refused)('answers $name, and reports what enforcement refuses', async ({ query, token, sent }) => {
      const reply = await here.ask(query, token, sent)
      expect([reply.status, reply.body.errors]).toEqual([200, undefined])
      expect(reply.distinct['www-authenticate']).toBeUndefined()
      expect(reply.body.data).toBeDefined()
      const report = reportOf(reply.body)
      expect(report).toEqual({ dryRun: true, decisionId: expect.stringMatching(/^[0-9a-f-]{36}$/), refused: expect.any(Array) })
      const { errors = [] } = (await enforcing.ask(query, token, sent)).body
      const enforced = errors.map(({ path, extensions }) => ({ ...extensions?.auth, decisionId: undefined, path }))
      expect(report?.refused.map((refusal) => ({ ...refusal, decisionId: undefined, path: refusal.path }))).toEqual(enforced)
      expect(new Set(lines(here.shop.log).map(({ decisionId }) => decisionId))).toEqual(new Set([report?.decisionId]))
      expect(here.shop.log.some((line) => line.includes('"refused"'))).toBe(false)
    })

    it('says nothing of what is allowed', async () => {
      const { status, body } = await here.ask('{ me orders { id } }', 'reader')
      expect([status, body]).toEqual([200, { data: { me: 'u1', orders: [{ id: '1' }] } }])
      expect(lines(here.shop.log)).toEqual([])
    })

    it('takes a bad token for none', async () => {
      const { body } = await here.ask('{ me }', 'old')
      expect(body.data).toEqual({ me: null })
    })

    it('says at which path a field would be null', async () => {
      const { body } = await here.ask(
        '{ shown: anything { id ... on Node { deep: id } } again: anything { ... on Order { margin } ... on Product { margin } } }',
        'reader',
      )
      expect(body.data).toMatchObject({ again: { margin: 3 } })
      expect(reportOf(body)?.refused).toEqual([
        {
          reason: 'INSUFFICIENT_PERMISSION',
          coordinate: 'Order.margin',
          requiredPermissions: [['report.view']],
          ...(denied === 'null' ? { path: ['again', 'margin'] } : {}),
        },
      ])
    })

    if (server.batches) {
      it('reports on each operation of a batch by itself', async () => {
        const reply = await here.send({ body: [{ query: '{ open }' }, { query: '{ me }' }, { query: '{ report }' }] })
        const bodies = reply.body as unknown as readonly GraphqlBody[]
        expect(bodies.map((body) => reportOf(body)?.refused.map(({ coordinate }) => coordinate))).toEqual([undefined, ['Query.me'], ['Query.report']])
      })
    }
  })

  describe('with reports beside the errors', () => {
    const here = serving(server, { report: true, denied: 'null' })

    it('lists what was refused while the result was made', async () => {
      const { body } = await here.ask('{ open report orders { id margin } }', 'reader')
      expect(body.data).toMatchObject({ open: 'hello', report: null })
      const report = reportOf(body)
      expect(report).toMatchObject({ dryRun: false })
      const errors = body.errors?.map(({ path, extensions }) => ({ path, ...extensions?.auth }))
      expect(report?.refused.map((refusal) => ({ ...refusal, decisionId: report.decisionId }))).toEqual(errors)
    })
  })
}
