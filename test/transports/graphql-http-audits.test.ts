import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { GraphQLSchema } from 'graphql'
import { type AuditResult, auditServer } from 'graphql-http'
import { createHandler } from 'graphql-http/lib/use/express'
import { createYoga } from 'graphql-yoga'
import type { Auth } from '../../src/core/auth.js'
import { useAuth } from '../../src/schema/envelop.js'
import { graphqlHttp } from '../../src/transports/http/index.js'
import { ask } from './support/http-client.js'
import { expectNoData, type RunningServer } from './support/http-serving.js'
import { listen } from './support/listen.js'
import { METADATA, openShop } from './support/shop.js'

const MEDIA_TYPES = ['application/graphql-response+json', 'application/json']

interface AuditedServer {
  readonly name: string
  /** `null` starts the same server without auth. */
  start(schema: GraphQLSchema, auth: Auth | null): Promise<RunningServer>
}

const servers: readonly AuditedServer[] = [
  {
    name: 'graphql-http on Express',
    start: (schema, auth) => listen(createServer(express().all('/graphql', createHandler(auth === null ? { schema } : graphqlHttp(auth, { schema }))))),
  },
  {
    name: 'Yoga with useAuth',
    start: (schema, auth) =>
      listen(createServer(createYoga({ schema, plugins: auth === null ? [] : [useAuth(auth)], logging: false, graphiql: false, landingPage: false }))),
  },
]

/** The only exceptions, and only without a token: these audits ask for `__type`, which is private here. The others ask for `__typename`, which never is. */
const ASK_INTROSPECTION = ['BF61', '2EA1', '28B9', 'D6D5', '6A70']

/** Audits whose request is a good one but for the token. */
const WELL_FORMED = /^(MUST|SHOULD|MAY) (accept|allow) /

describe.each(servers)('the audits of GraphQL over HTTP: $name', ({ start }) => {
  const { auth, schema } = openShop()
  let running: RunningServer
  let open: RunningServer

  beforeAll(async () => {
    running = await start(schema, auth)
    open = await start(schema, null)
  })
  afterAll(async () => {
    await Promise.all([running.close(), open.close()])
  })

  it('pass with a good token, all of them', async () => {
    const results = await audit(running.url, 'reader')
    expect(results.length).toBeGreaterThan(60)
    expect(results.filter(isFailure)).toEqual([])
  })

  it('find nothing that they do not find without auth', async () => {
    const [guarded, plain] = await Promise.all([audit(running.url, 'reader'), audit(open.url)])
    expect(guarded.map(summaryOf)).toEqual(plain.map(summaryOf))
  })

  it('pass without a token too, but for those that ask for introspection, which get 401', async () => {
    const failures = (await audit(running.url)).filter(isFailure)
    expect(new Set(failures.map(({ id }) => id))).toEqual(new Set(ASK_INTROSPECTION))
    for (const { response } of failures) expect(response.status).toBe(401)
  })

  it('get 401 and a challenge for whatever they send well-formed with a bad token', async () => {
    const results = (await audit(running.url, 'forged')).filter(({ name }) => WELL_FORMED.test(name))
    expect(results.length).toBeGreaterThan(15)
    expect(results.filter((result) => !isFailure(result))).toEqual([])
    for (const { response } of results.filter(isFailure)) {
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
    }
  })

  // The audits name the next two, and leave them out: they need a server that refuses.
  it.each(MEDIA_TYPES)('BC58: answers %s with 401 and a challenge, and without data, to nobody', async (accept) => {
    const { status, headers, body } = await ask(running.url, '{ open me }', undefined, { headers: { accept } })
    expect(status).toBe(401)
    expect(headers['content-type']).toMatch(accept)
    expect(headers['www-authenticate']).toBe(`Bearer realm="shop", resource_metadata="${METADATA}"`)
    expectNoData(body)
  })

  it.each(MEDIA_TYPES)('BC58: answers %s with 403 and the scope that is missing, and without data, to a caller without it', async (accept) => {
    const { status, headers, body } = await ask(running.url, '{ open drafts { id } }', 'reader', { headers: { accept } })
    expect(status).toBe(403)
    expect(headers['content-type']).toMatch(accept)
    expect(headers['www-authenticate']).toContain('error="insufficient_scope"')
    expect(headers['www-authenticate']).toContain('orders:write')
    expectNoData(body)
  })

  it.each(MEDIA_TYPES)('EE52: answers %s with 200 where only a field is refused', async (accept) => {
    const lenient = openShop({ denied: 'null' })
    const server = await start(lenient.schema, lenient.auth)
    try {
      const { status, headers, body } = await ask(server.url, '{ open report }', 'reader', { headers: { accept } })
      expect(status).toBe(200)
      expect(headers['content-type']).toMatch(accept)
      expect(body.data).toEqual({ open: 'hello', report: null })
      expect(body.errors?.map(({ path }) => path)).toEqual([['report']])
    } finally {
      await server.close()
    }
  })
})

/** All of them, sent with a token or without one. */
function audit(url: string, token?: string): Promise<AuditResult[]> {
  const fetchFn = (target: string, init: RequestInit = {}): Promise<Response> =>
    fetch(target, { ...init, headers: { ...(init.headers as Record<string, string>), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) } })
  return auditServer({ url, fetchFn })
}

type AuditFailure = Exclude<AuditResult, { status: 'ok' }>

function isFailure(result: AuditResult): result is AuditFailure {
  return result.status !== 'ok'
}

function summaryOf(result: AuditResult): readonly string[] {
  return isFailure(result) ? [result.id, result.status, result.reason] : [result.id, result.status]
}
