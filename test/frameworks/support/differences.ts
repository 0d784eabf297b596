import { describe, expect, it } from '@jest/globals'
import { send } from '../../transports/support/http-client.js'
import { asking, type HttpPage, serving } from './behaviour.js'

/** How a server answers several operations that came in one request. */
export interface Batches extends HttpPage {
  /** Switches batches on, in the page's code. */
  readonly enable: readonly [from: string, to: string]
}

/** Each operation of a batch is judged by itself, and only bad credentials refuse all of them. */
export function describeBatchesOf({ name, path = '/graphql', replace = [], enable }: Batches): void {
  describe('with batches', () => {
    const here = serving(name, { replace: [...replace, enable] })
    const batch = async (token?: string): Promise<readonly [status: number, bodies: ReadonlyArray<{ data?: unknown }>]> => {
      const { status, body } = await send(`http://${here.page.address}${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        body: [{ query: '{ about }' }, { query: '{ orders { id } }' }],
      })
      return [status, body as readonly object[]]
    }

    it('answers the neighbours of a refused operation, with 200', async () => {
      const [status, bodies] = await batch()
      expect([status, bodies[0], bodies[1]?.data ?? null]).toEqual([200, { data: { about: 'Orders of the shop' } }, null])
    })

    it('refuses every operation of a bad token, with 401', async () => {
      const [status, bodies] = await batch('e30.e30.e30')
      expect([status, JSON.stringify(bodies).includes('Orders of the shop')]).toEqual([401, false])
    })
  })
}

/** Whether the document or the token is looked at first. */
export function describeInvalidDocuments(server: HttpPage, status: number): void {
  describe('a document that is not valid', () => {
    const here = asking(server)

    it(`is answered with ${status} beside a bad token`, async () => {
      const reply = await here.askWith('{ nothingOfThisName }', 'e30.e30.e30')
      expect([reply.status, reply.body.data ?? null]).toEqual([status, null])
    })
  })
}
