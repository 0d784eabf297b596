import { inspect } from 'node:util'
import { envelop, type Plugin, useEngine, useMaskedErrors, useSchema } from '@envelop/core'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { describe, expect, it } from '@jest/globals'
import * as graphql from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'
import {
  AUTH_ERROR_CODES,
  AuthError,
  AuthenticationError,
  AuthorizationError,
  BackendUnavailableError,
  errorOf,
  InsufficientAuthenticationError,
  InsufficientPermissionError,
  InsufficientScopeError,
  InvalidTokenError,
  MalformedTokenError,
  MissingTokenError,
  TokenExpiredError,
  TokenRevokedError,
} from '../../src/core/errors.js'
import { REASONS, type Reason } from '../../src/core/refusal.js'

type ErrorClass = new (...args: never[]) => AuthError

const TABLE: readonly [Reason, ErrorClass, ErrorClass, string, string][] = [
  ['MISSING_TOKEN', MissingTokenError, AuthenticationError, 'UNAUTHENTICATED', 'Unauthorized'],
  ['MALFORMED_TOKEN', MalformedTokenError, AuthenticationError, 'BAD_CREDENTIALS', 'Bad Request'],
  ['INVALID_TOKEN', InvalidTokenError, AuthenticationError, 'UNAUTHENTICATED', 'Unauthorized'],
  ['TOKEN_EXPIRED', TokenExpiredError, InvalidTokenError, 'UNAUTHENTICATED', 'Unauthorized'],
  ['TOKEN_REVOKED', TokenRevokedError, InvalidTokenError, 'UNAUTHENTICATED', 'Unauthorized'],
  ['INSUFFICIENT_AUTHENTICATION', InsufficientAuthenticationError, AuthenticationError, 'UNAUTHENTICATED', 'Unauthorized'],
  ['INSUFFICIENT_SCOPE', InsufficientScopeError, AuthorizationError, 'FORBIDDEN', 'Forbidden'],
  ['INSUFFICIENT_PERMISSION', InsufficientPermissionError, AuthorizationError, 'FORBIDDEN', 'Forbidden'],
  ['BACKEND_UNAVAILABLE', BackendUnavailableError, AuthError, 'SERVICE_UNAVAILABLE', 'Service Unavailable'],
]

describe('the error of each reason', () => {
  it('is in the table for every reason, and every code has one', () => {
    expect(TABLE.map(([reason]) => reason).sort()).toEqual([...REASONS].sort())
    expect([...new Set(TABLE.map(([, , , code]) => code))].sort()).toEqual([...AUTH_ERROR_CODES].sort())
  })

  it.each(TABLE)('%s', (reason, ErrorClass, Parent, code, message) => {
    const error = errorOf({ reason })
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error).toBeInstanceOf(Parent)
    expect(error).toBeInstanceOf(AuthError)
    expect(error).toBeInstanceOf(graphql.GraphQLError)
    expect(error.constructor).toBe(ErrorClass)
    expect(error.name).toBe('GraphQLError')
    expect(error.message).toBe(message)
    expect(error.code).toBe(code)
    expect(error.reason).toBe(reason)
    expect(error.extensions).toEqual({ code, auth: { reason } })
    expect(error.originalError).toBeUndefined()
  })

  it.each(TABLE)('%s is what its class makes by itself, whatever it is told', (reason, ErrorClass) => {
    const Made = ErrorClass as unknown as new (details?: object) => AuthError
    expect(new Made().reason).toBe(reason)
    expect(new Made({ reason: 'INSUFFICIENT_SCOPE', detail: 'x' }).reason).toBe(reason)
  })

  it('shows what was missing, and nothing about why a token was disliked', () => {
    const error = errorOf(
      {
        reason: 'INSUFFICIENT_SCOPE',
        coordinate: 'Query.orders',
        requiredScopes: [['a'], ['b']],
        requiredPermissions: [['x']],
        acrValues: ['gold'],
        maxAge: 5,
        retryAfter: 9,
        detail: 'canary',
      },
      { decisionId: 'd1', cause: new Error('canary') },
    )
    expect(error.toJSON()).toEqual({
      message: 'Forbidden',
      extensions: {
        code: 'FORBIDDEN',
        auth: {
          reason: 'INSUFFICIENT_SCOPE',
          coordinate: 'Query.orders',
          requiredScopes: [['a'], ['b']],
          requiredPermissions: [['x']],
          acrValues: ['gold'],
          maxAge: 5,
          decisionId: 'd1',
        },
      },
    })
    expect(error.refusal.detail).toBe('canary')
  })

  it('keeps its cause for the server’s own logger, and out of JSON, spreads and keys', () => {
    const cause = new Error('canary')
    const error = new InvalidTokenError({ detail: 'canary' }, { cause })
    expect(error.cause).toBe(cause)
    expect(Object.keys(error)).not.toContain('cause')
    expect(Object.keys(error)).not.toContain('refusal')
    expect(JSON.stringify(error)).not.toContain('canary')
    expect(JSON.stringify({ ...error })).not.toContain('canary')
    expect(inspect(error)).toContain('canary')
    expect(Object.getOwnPropertyDescriptor(error, 'cause')).toMatchObject({ enumerable: false })
  })

  it('has no cause when there is none', () => {
    expect(Object.hasOwn(new MissingTokenError(), 'cause')).toBe(false)
    expect(new InvalidTokenError({}, { cause: null }).cause).toBeNull()
  })

  it('can be told apart by class as the documentation says', () => {
    const fromBackend = new TokenExpiredError()
    expect(fromBackend instanceof InvalidTokenError && !(fromBackend instanceof TokenRevokedError)).toBe(true)
    expect(new InvalidTokenError({ reason: 'TOKEN_REVOKED' }).reason).toBe('TOKEN_REVOKED')
    expect(new BackendUnavailableError()).not.toBeInstanceOf(AuthenticationError)
  })
})

const TYPE_DEFS = /* GraphQL */ `type Query { refused: String, broken: String, later: String } type Subscription { refused: String }`
const refuse = (): never => {
  throw errorOf({ reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a']] }, { cause: new Error('canary'), decisionId: 'd1' })
}
const RESOLVERS = {
  Query: {
    refused: refuse,
    later: async () => refuse(),
    broken: () => {
      throw new Error('canary')
    },
  },
  Subscription: {
    refused: {
      // biome-ignore lint/correctness/useYield: a stream that is refused has nothing to say.
      subscribe: async function* () {
        refuse()
      },
    },
  },
}
const REFUSED = { message: 'Forbidden', extensions: { code: 'FORBIDDEN', auth: { reason: 'INSUFFICIENT_SCOPE', requiredScopes: [['a']], decisionId: 'd1' } } }

/** The refusal is shown, the other error is hidden. Envelop hides where it happened, too. */
function expectMasked(text: string, field: string): void {
  const { errors } = JSON.parse(text) as { errors: { message: string }[] }
  expect(errors).toHaveLength(2)
  expect(errors).toContainEqual(expect.objectContaining({ ...REFUSED, path: [field] }))
  expect(errors.map(({ message }) => message)).toContain('Unexpected error.')
  expect(text).not.toContain('canary')
}

describe(`masking leaves refusals as they are (graphql ${graphql.version})`, () => {
  const schema = makeExecutableSchema({ typeDefs: TYPE_DEFS, resolvers: RESOLVERS })
  const getEnveloped = envelop({ plugins: [useEngine(graphql), useSchema(schema), useMaskedErrors()] })

  it.each(['refused', 'later'])('useMaskedErrors, for %s', async (field) => {
    const enveloped = getEnveloped({})
    const result = await enveloped.execute({ schema, document: enveloped.parse(`{ ${field} broken }`), contextValue: await enveloped.contextFactory() })
    expectMasked(JSON.stringify(result), field)
  })

  it('useMaskedErrors, for errors that stand for a whole operation', async () => {
    const refuseAll: Plugin = { onExecute: ({ setResultAndStopExecution }) => setResultAndStopExecution({ errors: [errorOf({ reason: 'MISSING_TOKEN' })] }) }
    const masked = envelop({ plugins: [useEngine(graphql), useSchema(schema), useMaskedErrors(), refuseAll] })
    const { execute, parse, contextFactory } = masked({})
    const result = await execute({ schema, document: parse('{ refused }'), contextValue: await contextFactory() })
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      errors: [{ message: 'Unauthorized', extensions: { code: 'UNAUTHENTICATED', auth: { reason: 'MISSING_TOKEN' } } }],
    })
  })

  it.each(['refused', 'later'])('Yoga, for %s', async (field) => {
    const yoga = createYoga({ schema: createSchema({ typeDefs: TYPE_DEFS, resolvers: RESOLVERS }), logging: false })
    const response = await yoga.fetch('http://yoga.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ ${field} broken }` }),
    })
    expectMasked(await response.text(), field)
  })

  it('Yoga, for a stream', async () => {
    const yoga = createYoga({ schema: createSchema({ typeDefs: TYPE_DEFS, resolvers: RESOLVERS }), logging: false })
    const response = await yoga.fetch('http://yoga.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { refused }' }),
    })
    const text = await response.text()
    expect(text).toContain('"reason":"INSUFFICIENT_SCOPE"')
    expect(text).not.toContain('canary')
  })
})
