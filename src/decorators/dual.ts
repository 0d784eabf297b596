import { ConfigurationError } from '../core/configuration-error.js'
import { type Addition, type AnyClass, type AnyFunction, add, addFromClass, classRequirements, declareClass, declaredResolver, PUBLIC } from './declaration.js'
import { guard } from './guard.js'

/** One decorator for classes and methods, in legacy and in TC39 mode, which is also a function from resolver to resolver. */
export interface ResolverDecorator {
  /** TC39: on a class, for each of its members. */
  <C extends AnyClass>(target: C, context: ClassDecoratorContext<C>): void
  /** TC39: on a method, or on a field that holds a resolver. */
  <F extends AnyFunction>(target: F, context: ClassMethodDecoratorContext<unknown, F>): F
  <F extends AnyFunction>(target: undefined, context: ClassFieldDecoratorContext<unknown, F>): (resolver: F) => F
  /** Legacy: on a method. */
  <T>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>): TypedPropertyDescriptor<T>
  /** Legacy: on a class; or the function form, which wraps a resolver for a resolver map. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a legacy class decorator returns nothing, the function form the resolver.
  <T extends AnyClass | AnyFunction>(target: T): T extends AnyClass ? void : T
}

/** Makes the decorator that contributes `addition`. Only this file knows that there are two kinds of decorators. */
export function dualDecorator(name: string, addition: Addition): ResolverDecorator {
  const misplaced = (): never => {
    throw new ConfigurationError(
      `@${name}`,
      'a class, a method, or a field that holds a resolver',
      `@${name}(…) orders() {} ; on a framework's property field use extensions: { auth: … }`,
    )
  }
  const onFunction = (resolver: AnyFunction): AnyFunction => guard(resolver, add(declaredResolver(resolver)?.declaration, addition))

  const decorator = (target: unknown, key?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (isStandardContext(key)) {
      if (key.kind === 'class') return onClass(target as AnyClass, addition, misplaced)
      if (key.kind === 'method') return onFunction(target as AnyFunction)
      if (key.kind === 'field') return (resolver: unknown) => (typeof resolver === 'function' ? onFunction(resolver as AnyFunction) : misplaced())
      return misplaced()
    }
    if (descriptor !== undefined) {
      if (typeof descriptor.value !== 'function') return misplaced()
      return { ...descriptor, value: onFunction(descriptor.value) }
    }
    if (key !== undefined || typeof target !== 'function') return misplaced()
    return isClass(target) ? onClass(target, addition, misplaced) : onFunction(target as AnyFunction)
  }
  return decorator as ResolverDecorator
}

/** Guards the members that the class has by itself; classResolvers adds those that come later or by inheritance. */
function onClass(constructor: AnyClass, addition: Addition, misplaced: () => never): void {
  if (addition === PUBLIC) return misplaced()
  declareClass(constructor, addition)
  const requirements = classRequirements(constructor)
  for (const holder of [constructor.prototype as object, constructor]) {
    for (const key of Reflect.ownKeys(holder)) {
      const property = Object.getOwnPropertyDescriptor(holder, key)
      if (key === 'constructor' || key === 'prototype' || typeof property?.value !== 'function' || property.configurable !== true) continue
      const declaration = addFromClass(declaredResolver(property.value)?.declaration, requirements)
      Object.defineProperty(holder, key, { ...property, value: guard(property.value, declaration) })
    }
  }
}

type StandardContext = { readonly kind: 'class' | 'method' | 'getter' | 'setter' | 'field' | 'accessor' }

function isStandardContext(key: unknown): key is StandardContext {
  return typeof key === 'object' && key !== null && 'kind' in key
}

/** Only a class has a prototype that cannot be replaced. */
function isClass(target: object): target is AnyClass {
  return Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false
}
