import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { INestApplication } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import type { VerifiedToken } from '../../../src/core/backend.js'
import { tokenFor } from '../../core/support.js'
import { App } from './nest-app.js'

type Who = Partial<VerifiedToken> | null

let app: INestApplication
let address: string

async function run(query: string, who: Who): Promise<{ readonly status: number; readonly data: unknown; readonly errors: readonly string[] }> {
  const response = await fetch(`http://${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(who === null ? {} : { authorization: `Bearer ${tokenFor(who)}` }) },
    body: JSON.stringify({ query }),
  })
  const { data = null, errors = [] } = (await response.json()) as { data?: unknown; errors?: readonly ErrorShape[] }
  return { status: response.status, data, errors: errors.map(reasonOf) }
}

interface ErrorShape {
  readonly message: string
  readonly extensions?: { readonly auth?: { readonly reason: string } }
}

function reasonOf({ message, extensions }: ErrorShape): string {
  return extensions?.auth?.reason ?? message
}

/** Everything that a subscription says, in order. */
async function stream(query: string, who: Who): Promise<readonly unknown[]> {
  const client = createClient({
    url: `ws://${address}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(who === null ? {} : { connectionParams: { token: tokenFor(who) } }),
  })
  const said: unknown[] = []
  try {
    await new Promise<void>((resolve) => {
      client.subscribe(
        { query },
        {
          next: ({ data, errors }) => said.push(errors === undefined ? data : errors.map((error) => reasonOf(error as ErrorShape))),
          error: (error) => {
            said.push((error as readonly ErrorShape[]).map(reasonOf))
            resolve()
          },
          complete: resolve,
        },
      )
    })
  } finally {
    await client.dispose()
  }
  return said
}

beforeAll(async () => {
  app = await NestFactory.create(App, { logger: false, abortOnError: false })
  await app.listen(0, '127.0.0.1')
  address = `127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`
})
afterAll(async () => {
  await app?.close()
})

describe('NestJS', () => {
  it.each<[string, Partial<VerifiedToken>, unknown]>([
    ['{ above(id: 1) below(id: 2) }', { scopes: ['read'] }, { above: 'item:1', below: 'item:2' }],
    ['{ plain }', { scopes: ['read'] }, { plain: 'item:plain' }],
    ['mutation { change(id: 1) }', { permissions: ['write'] }, { change: 'changed 1' }],
    ['mutation { changeMine(id: "mine") }', {}, { changeMine: 'changed mine' }],
    ['{ metadataBelow metadataAbove }', { scopes: ['read'] }, { metadataBelow: 'metadata!', metadataAbove: 'metadata!' }],
    [
      '{ item { name secret secretBelow secretPlain } }',
      { scopes: ['secret'] },
      { item: { name: 'tea', secret: 'secret of tea', secretBelow: 'secret of tea', secretPlain: 'item:secret of tea' } },
    ],
    ['{ ofClassAbove }', { scopes: ['class'] }, { ofClassAbove: 'class true' }],
    ['{ ofClassBelow }', { scopes: ['class'], permissions: ['write'] }, { ofClassBelow: 'class' }],
    ['{ openToSomebody openToAll }', {}, { openToSomebody: 'open', openToAll: 'open' }],
    ['{ extended }', { scopes: ['read'] }, { extended: 'extended' }],
  ])('%s answers who may', async (query, who, data) => {
    expect(await run(query, who)).toEqual({ status: 200, data, errors: [] })
  })

  it.each<[string, Partial<VerifiedToken>, string]>([
    ['{ above(id: 1) }', { scopes: ['write'] }, 'INSUFFICIENT_SCOPE'],
    ['{ below(id: 1) }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ plain }', {}, 'INSUFFICIENT_SCOPE'],
    ['mutation { change(id: 1) }', {}, 'INSUFFICIENT_PERMISSION'],
    ['mutation { changeMine(id: "yours") }', { permissions: ['write'] }, 'INSUFFICIENT_PERMISSION'],
    ['{ metadataBelow }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ metadataAbove }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ ofClassAbove }', {}, 'INSUFFICIENT_SCOPE'],
    ['{ ofClassBelow }', { permissions: ['write'] }, 'INSUFFICIENT_SCOPE'],
    ['{ ofClassBelow }', { scopes: ['class'] }, 'INSUFFICIENT_PERMISSION'],
  ])('%s is refused for %j, where the framework calls the method', async (query, who, reason) => {
    const { status, data, errors } = await run(query, who)
    expect([status, errors]).toEqual([200, [reason]])
    expect(Object.values(data as object)).toEqual([null])
  })

  it.each(['secret', 'secretBelow'])('item.%s is refused, and its neighbours answer', async (field) => {
    const { data, errors } = await run(`{ item { name ${field} } }`, {})
    expect(data).toEqual({ item: { name: 'tea', [field]: null } })
    expect(errors).toEqual(['INSUFFICIENT_SCOPE'])
  })

  it('a field resolver without parameter decorators is only bound by Nest: the schema sees what it demands', async () => {
    expect(await run('{ item { name secretPlain } }', {})).toEqual({ status: 403, data: null, errors: ['INSUFFICIENT_SCOPE'] })
  })

  it('a requirement that the schema can see is refused before anything runs', async () => {
    expect(await run('{ extended plain }', {})).toEqual({ status: 403, data: null, errors: ['INSUFFICIENT_SCOPE'] })
  })

  it.each(['{ above(id: 1) }', '{ below(id: 1) }', '{ item { secret } }', '{ openToSomebody }'])(
    '%s is refused for nobody before anything runs',
    async (query) => {
      expect(await run(query, null)).toEqual({ status: 401, data: null, errors: ['MISSING_TOKEN'] })
    },
  )

  it('a field that the schema knows to be public is open to nobody in particular', async () => {
    expect(await run('{ openToAll }', null)).toEqual({ status: 200, data: { openToAll: 'open' }, errors: [] })
  })

  it('the application’s own guards are still asked', async () => {
    expect((await run('{ closed }', { scopes: ['read'] })).errors).toEqual(['Forbidden resource'])
  })

  it('a method that does not take the context is refused with what is missing', async () => {
    const { data, errors } = await run('{ withoutContext(id: 1) }', { scopes: ['read'] })
    expect(data).toEqual({ withoutContext: null })
    expect(errors).toEqual([expect.stringContaining('let the resolver take the context')])
  })

  it.each(['ticks', 'ticksBelow'])('subscription %s streams to who may, and is refused before its stream is made', async (field) => {
    const all = await stream(`subscription { ${field} }`, { scopes: ['feed'] })
    expect(all).toEqual(field === 'ticks' ? [{ ticks: 'item:1' }, { ticks: 'item:2' }] : [{ ticksBelow: 'item:2' }])
    expect(await stream(`subscription { ${field} }`, {})).toEqual([['INSUFFICIENT_SCOPE']])
    expect(await stream(`subscription { ${field} }`, null)).toEqual([['MISSING_TOKEN']])
  })
})
