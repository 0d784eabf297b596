import type { Plugin } from '@envelop/core'
import { useGenericAuth } from '@envelop/generic-auth'
import type { GraphQLError } from 'graphql'
import type { Auth } from '../core/auth.js'
import { AuthContext } from '../core/auth-context.js'
import { authenticateRequest } from '../core/authenticate-request.js'
import { type AnyRequest, isNodeRequest } from '../core/caller/carrier.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { authorizeOperation, type OperationArguments } from './authorize-operation.js'
import { concealResult } from './introspection/conceal.js'
import { concealInvalid, revealInvalid, type YogaResult } from './introspection/envelop-errors.js'
import { checkBatch, checkDocument } from './limits/check-limits.js'
import { protectSchema } from './protect-schema.js'
import { protectedSchemaOf } from './protected-schema.js'
import { finishOperation } from './report.js'
import { RefusedBatches, type YogaResults } from './yoga-batches.js'

/** What {@link useAuth} adds to the context. */
export interface AuthContextExtension {
  /** Who is asking. */
  readonly auth: AuthContext
}

/** The plugin, and the hooks of Yoga's that Envelop does not know. */
export interface AuthPlugin extends Plugin<AuthContextExtension> {
  /** Counts the operations of a batch. */
  onRequestParse(): { onRequestParseDone(payload: { readonly requestParserResult: unknown }): void }
  /** Says more in errors of validation, which comes before authentication, to callers who may read more than nobody. */
  onExecutionResult(payload: YogaResult): void | Promise<void>
  /** Gives a batch that is refused as a whole the status and challenge of a single operation. */
  onResultProcess(payload: YogaResults): void
}

/**
 * The Envelop plugin, for Yoga and every other server on Envelop: guards the schema, puts `context.auth` in place, refuses
 * operations before they run, and ends streams at the token's `exp`. `@envelop/generic-auth` resolves the user into the context.
 *
 * Over HTTP it reads the request under `context.req` (node:http) or `context.request` (fetch), once for each request; transports
 * that authenticate at the handshake bring their own `context.auth`. Other plugins may run before it, but no resolver does.
 *
 * Goes before plugins that wrap resolvers. Behind them it does not see what decorators declare: that is enforced all the same, but
 * only when the field is reached, and `publicAccess` opens nothing.
 *
 * Documents and batches that exceed the settings' limits are refused before they are parsed, and before a token is looked at. Does
 * not limit the rate of operations.
 */
export function useAuth(auth: Auth): AuthPlugin {
  // At once where a transport has authenticated: a promise would make every operation wait for nothing.
  const resolveUserFn = (context: object): AuthContext | Promise<AuthContext> => {
    const known = heldBy(context)
    if (known !== null) return known
    const request = requestOf(context)
    if (request === null) throw noRequest()
    return authenticateRequest(auth, request).then((authentication) => auth.createContext(authentication))
  }

  const batches = new RefusedBatches()
  const refusalsOf = (args: OperationArguments): GraphQLError[] => {
    const errors = authorizeOperation(args)
    if (errors.length > 0) batches.add(args.contextValue, errors)
    // Envelop takes a list that it could change, and does not.
    return errors as GraphQLError[]
  }

  return {
    onPluginInit({ addPlugin }) {
      // Its type promises a `validateUser` in the context, which this mode does not put there.
      addPlugin(useGenericAuth({ mode: 'resolve-only', contextFieldName: 'auth', resolveUserFn }) as unknown as Plugin<AuthContextExtension>)
    },
    onRequestParse: () => ({
      onRequestParseDone({ requestParserResult }) {
        const exceeded = Array.isArray(requestParserResult) ? checkBatch(auth, requestParserResult.length, 'http') : null
        if (exceeded !== null) throw exceeded
      },
    }),
    onParse({ context, params: { source } }) {
      const exceeded = checkDocument(auth, typeof source === 'string' ? source : source.body, AuthContext.of(context) ?? 'http')
      if (exceeded !== null) throw exceeded
    },
    onSchemaChange({ schema, replaceSchema }) {
      const copy = protectSchema(schema, auth)
      // Every operation of a caller gets a context here. Plugins that compare schemas introspect them without any.
      protectedSchemaOf(copy)?.introspection.trustBareIntrospection()
      if (copy !== schema) replaceSchema(copy)
    },
    onValidate({ context, params }) {
      return ({ valid, result, setResult }) => {
        if (!valid) setResult(concealInvalid(result, params, heldBy(context) === null ? {} : context))
      }
    },
    onExecutionResult: (payload) => revealInvalid(payload, async () => ({ auth: await resolveUserFn(payload.context) })),
    onResultProcess: (payload) => batches.settle(payload),
    onExecute({ args, setResultAndStopExecution }) {
      const errors = refusalsOf(args)
      if (errors.length > 0) return void setResultAndStopExecution({ errors })
      return {
        onExecuteDone: ({ result, setResult }) => {
          const finished = finishOperation(auth, args.contextValue, concealResult(result, args))
          if (finished !== result) setResult(finished)
        },
      }
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const errors = refusalsOf(args)
      if (errors.length > 0) return void setResultAndStopExecution({ errors })
      return {
        onSubscribeResult: ({ result, setResult }) => {
          const finished = finishOperation(auth, args.contextValue, concealResult(result, args))
          if (finished !== result) setResult(finished)
        },
      }
    },
  }
}

/** What a transport put there holds for its connection. Beside a request it may be of an earlier one, in a context that is used again. */
function heldBy(context: object): AuthContext | null {
  const known = AuthContext.of(context)
  return known !== null && (known.lease !== null || requestOf(context) === null) ? known : null
}

/** The request of node:http where there is one: what adapters make of it as a fetch request has lost the second of two headers. */
function requestOf(context: object): AnyRequest | null {
  const { request, req } = context as { request?: AnyRequest; req?: AnyRequest & { readonly raw?: unknown } }
  if (isNodeRequest(req)) return req
  // Fastify's request holds that of node:http.
  return isNodeRequest(req?.raw) ? req.raw : (request ?? req ?? null)
}

function noRequest(): ConfigurationError {
  return new ConfigurationError('useAuth', 'the request in the context, as `request` or `req`, or a transport that sets `auth`', 'getEnveloped({ req })')
}
