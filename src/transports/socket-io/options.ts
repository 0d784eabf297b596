import { z } from 'zod'
import { ConfigurationError } from '../../core/configuration-error.js'
import { callback, hint, parseOptions, text } from '../../core/options.js'
import type { OperationRequest, OperationSource } from '../graphql-ws/operations.js'
import type { AnyServer, AnySocket } from './handshake.js'

/** Options of `attachSocketIo`. */
export type SocketIoOptions = OperationSource & {
  /** The namespace to guard: a name, or what `io.of` takes for dynamic ones. @default '/' */
  readonly namespace?: Parameters<AnyServer['of']>[0]
  /** The event that carries graphql-transport-ws, for `createSocketIoWebSocket`. @default 'graphql' */
  readonly event?: string
  /** The events that carry one request each and are answered by acknowledgement. @default ['graphql:request'] */
  readonly requests?: readonly string[]
  /**
   * What resolvers find in the context beside `auth`, for one operation. A plain object; asked for when the document is valid. A
   * member called `auth` in it is not used. @default nothing
   */
  readonly context?: (socket: AnySocket, request: OperationRequest) => object | Promise<object>
  /** Milliseconds that a session may take to send `connection_init`. @default 3000 */
  readonly connectionInitWaitTimeout?: number
}

/** The options with every default filled in. */
export interface CheckedOptions {
  readonly namespace: Parameters<AnyServer['of']>[0]
  readonly event: string
  readonly requests: readonly string[]
  readonly context: (socket: AnySocket, request: OperationRequest) => object | Promise<object>
  readonly connectionInitWaitTimeout?: number | undefined
}

const RESERVED = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener', 'error'])

function eventName(example: string): z.ZodType<string, string> {
  return text(example).refine((name) => !RESERVED.has(name), hint('a name that Socket.IO does not keep for itself', example))
}

const optionsShape = z.strictObject(
  {
    getEnveloped: z.unknown().optional(),
    schema: z.unknown().optional(),
    parse: z.unknown().optional(),
    validate: z.unknown().optional(),
    execute: z.unknown().optional(),
    subscribe: z.unknown().optional(),
    namespace: z
      .union([text("'/'"), z.instanceof(RegExp), callback<Extract<Parameters<AnyServer['of']>[0], () => void>>("'/'")], hint('what io.of() takes', "'/'"))
      .default('/'),
    event: eventName("'graphql'").default('graphql'),
    requests: z.array(eventName("'graphql:request'"), hint('a list of event names', "['graphql:request']")).default(['graphql:request']),
    context: callback<CheckedOptions['context']>('(socket) => ({ loaders: createLoaders() })').default(() => () => ({})),
    connectionInitWaitTimeout: z.number(hint('a number of milliseconds', '3000')).nonnegative(hint('a number of milliseconds', '3000')).optional(),
  },
  hint('an object', '{ getEnveloped: yoga.getEnveloped }'),
)

/**
 * Checks what is Socket.IO's own of the options. The source of operations is checked where it is used.
 *
 * @throws {ConfigurationError} naming the first option that is malformed or unknown.
 */
export function checkOptions(options: SocketIoOptions): CheckedOptions {
  const checked: CheckedOptions = parseOptions(optionsShape, options, '')
  if (new Set([checked.event, ...checked.requests]).size !== checked.requests.length + 1) {
    throw new ConfigurationError('requests', 'names that differ from each other and from the event', "['graphql:request']")
  }
  return checked
}
