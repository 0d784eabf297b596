import { ConfigurationError } from '../core/configuration-error.js'
import { type AnyFunction, addFromClass, classRequirements, declaredResolver, isClass } from './declaration.js'
import { guard } from './guard.js'

/** A class that needs no constructor arguments, or an instance of any class. */
export type ResolverClass = (new () => object) | object

/** What graphql-tools and graphql-js resolver maps hold for one type. */
export type FieldResolvers = Record<string, AnyFunction | { subscribe: AnyFunction }>

/**
 * Turns classes into a resolver map: `classResolvers({ Query: Orders })`. Each method becomes the resolver of the field of its
 * name, with `this` bound to the instance and its requirements, the class's included, in place. Inherited methods count; `#private`
 * ones do not. Methods of `Subscription` become `subscribe` functions, whose events are read as graphql-js reads them: `{ field: value }`.
 *
 * Does not check that the schema has the fields: makeExecutableSchema does.
 *
 * @throws {ConfigurationError} when a class needs constructor arguments: pass an instance.
 */
export function classResolvers(classes: Readonly<Record<string, ResolverClass>>): Record<string, FieldResolvers> {
  return Object.fromEntries(Object.entries(classes).map(([typeName, entry]) => [typeName, resolversOf(typeName, instanceOf(typeName, entry))]))
}

function instanceOf(typeName: string, entry: ResolverClass): object {
  if (typeof entry !== 'function') return entry
  if (entry.length > 0)
    throw new ConfigurationError(
      `classResolvers: ${typeName}`,
      'a class without constructor arguments, or an instance',
      `{ ${typeName}: new ${entry.name}(…) }`,
    )
  return new (entry as new () => object)()
}

function resolversOf(typeName: string, instance: object): FieldResolvers {
  const requirements = classRequirements(instance.constructor)
  const entries = [...membersOf(instance)].map(([name, method]): [string, FieldResolvers[string]] => {
    const declared = declaredResolver(method)
    const bound = bind(declared?.inner ?? method, instance, name)
    const resolver = declared === null && requirements.length === 0 ? bound : guard(bound, addFromClass(declared?.declaration, requirements))
    return [name, typeName === 'Subscription' ? { subscribe: resolver } : resolver]
  })
  return Object.fromEntries(entries)
}

/** Own and inherited methods, and fields that hold a function but no class; of two with one name, the most derived. */
function membersOf(instance: object): Map<string, AnyFunction> {
  const members = new Map<string, AnyFunction>()
  for (let holder: object | null = instance; holder !== null && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (name !== 'constructor' && typeof value === 'function' && !isClass(value) && !members.has(name)) members.set(name, value)
    }
  }
  return members
}

function bind(method: AnyFunction, instance: object, name: string): AnyFunction {
  const bound: AnyFunction = (...args) => method.apply(instance, args)
  Object.defineProperty(bound, 'name', { value: name, configurable: true })
  Object.defineProperty(bound, 'length', { value: method.length, configurable: true })
  return bound
}
