import { AuthContext } from '../core/auth-context.js'
import { ConfigurationError } from '../core/configuration-error.js'
import { enforce } from '../core/decisions/enforcement.js'
import { type AnyFunction, type Declaration, declaredResolver, declareResolver, requirementsOf } from './declaration.js'
import { refuseField } from './refuse-field.js'

/**
 * Wraps a resolver so that it runs only for callers who meet its declaration. Keeps its name, length, `this` and metadata. A
 * resolver that is guarded already gets the new declaration in place of the old, and stays wrapped once.
 *
 * The schema's own guards read the declaration and call the function under the wrapper; the check in the wrapper is for servers
 * whose framework hides the resolver from the schema. It finds `context.auth` among the arguments, and refuses when it is not there.
 *
 * @param fallbackName for a resolver without a name of its own
 */
export function guard(resolver: AnyFunction, declaration: Declaration, fallbackName: string = ''): AnyFunction {
  const inner = declaredResolver(resolver)?.inner ?? resolver
  const ownName = resolver.name || fallbackName
  const name = ownName || 'resolver'
  const requirements = Object.freeze([...requirementsOf(declaration)])
  const run = function (this: unknown, ...args: unknown[]): unknown {
    const { auth, context } = findAuth(args, name)
    const verdict = enforce(requirements, auth, { source: args[0], args: args[1], context, info: args[3] })
    if (verdict === null) return inner.apply(this, args)
    if (!(verdict instanceof Promise)) {
      refuseField(auth, name, verdict, context, args[3])
      return inner.apply(this, args)
    }
    return verdict.then((refusal) => {
      if (refusal !== null) refuseField(auth, name, refusal, context, args[3])
      return inner.apply(this, args)
    })
  }
  const isAsync = isAsyncFunction(resolver)
  const guarded = function (this: unknown, ...args: unknown[]): unknown {
    if (requirements.length === 0) return inner.apply(this, args)
    if (!isAsync) return run.apply(this, args)
    // Whoever calls an async method expects its refusal where he expects its failures.
    try {
      return run.apply(this, args)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  Object.defineProperty(guarded, 'name', { value: ownName, configurable: true })
  Object.defineProperty(guarded, 'length', { value: resolver.length, configurable: true })
  // makeExecutableSchema binds every resolver to its map: what comes out must still carry the declaration for the schema to find.
  Object.defineProperty(guarded, 'bind', {
    value: (self: unknown, ...partial: unknown[]) => guard(Object.defineProperty(inner.bind(self, ...partial), 'name', { value: ownName }), declaration),
    configurable: true,
  })
  copyMetadata(resolver, guarded)
  if (isAsync) asyncGuards.add(guarded)
  declareResolver(guarded, { declaration, inner })
  return guarded
}

/** The context is the third argument of a resolver in graphql-js; frameworks that choose the arguments may put it anywhere. */
function findAuth(args: readonly unknown[], name: string): { auth: AuthContext; context: unknown } {
  for (const context of [args[2], ...args]) {
    const auth = AuthContext.of(context)
    if (auth !== null) return { auth, context }
  }
  throw notWired(name)
}

/** What a guarded resolver says on a server where nothing sets `context.auth`, or whose framework does not pass the context on. */
export function notWired(name: string): ConfigurationError {
  return new ConfigurationError(
    `the requirement on ${name}`,
    'context.auth, which nothing has set on this server: wire the server, and let the resolver take the context',
    'plugins: [useAuth(auth)], or protectSchema(schema, auth) with a context from the transport',
  )
}

const asyncGuards = new WeakSet<AnyFunction>()

/** Told by the tag and not by the prototype, which is another one in another realm. A wrapper stands for what it wraps. */
function isAsyncFunction(resolver: AnyFunction): boolean {
  return asyncGuards.has(resolver) || (resolver as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'AsyncFunction'
}

interface MetadataReflect {
  getOwnMetadataKeys?(target: object): unknown[]
  getOwnMetadata?(key: unknown, target: object): unknown
  defineMetadata?(key: unknown, value: unknown, target: object): void
}

/** NestJS keeps its metadata on the function itself: a wrapper without it is a resolver that Nest does not know. */
function copyMetadata(from: AnyFunction, to: AnyFunction): void {
  const reflect = Reflect as typeof Reflect & MetadataReflect
  for (const key of reflect.getOwnMetadataKeys?.(from) ?? []) reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to)
  for (const key of Reflect.ownKeys(from)) {
    const property = Object.getOwnPropertyDescriptor(from, key)
    if (property !== undefined && !Object.hasOwn(to, key)) Object.defineProperty(to, key, property)
  }
}
