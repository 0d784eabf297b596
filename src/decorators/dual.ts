import { ConfigurationError } from '../core/configuration-error.js'
import {
  type Addition,
  type AnyClass,
  type AnyFunction,
  add,
  addFromClass,
  classRequirements,
  declareClass,
  declaredResolver,
  isClass,
  PUBLIC,
} from './declaration.js'
import { guard } from './guard.js'

/** One decorator for methods, in legacy and in TC39 mode, which is also a function from resolver to resolver. */
export interface MemberDecorator {
  /** TC39: on a method, or on a field that holds a resolver. */
  <F extends AnyFunction>(target: F, context: ClassMethodDecoratorContext<unknown, F>): F
  <F extends AnyFunction>(target: undefined, context: ClassFieldDecoratorContext<unknown, F>): (resolver: F) => F
  /** Legacy: on a method. */
  <F extends AnyFunction>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F>): TypedPropertyDescriptor<F>
  /** The function form, which wraps a resolver for a resolver map. `nothing` keeps the compiler from taking it for a decorator of getters. */
  <F extends AnyFunction>(target: F, nothing?: never): F
}

/** The same, and on a class for each of its members. */
export interface ResolverDecorator extends MemberDecorator {
  /** TC39. */
  <C extends AnyClass>(target: C, context: ClassDecoratorContext<C>): void
  /** Legacy. */
  <C extends AnyClass>(target: C): void
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
  const onFunction = (resolver: AnyFunction, name?: string): AnyFunction => guard(resolver, add(declaredResolver(resolver)?.declaration, addition), name)

  const decorator = (target: unknown, key?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (isStandardContext(key)) {
      if (key.kind === 'class') return onClass(target as AnyClass, addition, misplaced)
      if (key.kind === 'method') return onFunction(target as AnyFunction)
      // Not every compiler names the function in a decorated field after the field.
      if (key.kind === 'field')
        return (resolver: unknown) => (typeof resolver === 'function' ? onFunction(resolver as AnyFunction, String(key.name)) : misplaced())
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

/** Guards the members that the class has by itself; classResolvers adds those that come later or by inheritance. A class held by a static member is no resolver. */
function onClass(target: AnyClass, addition: Addition, misplaced: () => never): void {
  if (addition === PUBLIC) return misplaced()
  declareClass(target, addition)
  const requirements = classRequirements(target)
  for (const holder of [target.prototype as object, target]) {
    for (const key of Reflect.ownKeys(holder)) {
      const property = Object.getOwnPropertyDescriptor(holder, key)
      if (key === 'constructor' || key === 'prototype' || typeof property?.value !== 'function' || property.configurable !== true) continue
      if (isClass(property.value)) continue
      const declaration = addFromClass(declaredResolver(property.value)?.declaration, requirements)
      Object.defineProperty(holder, key, { ...property, value: guard(property.value, declaration) })
    }
  }
}

type StandardContext = { readonly kind: 'class' | 'method' | 'getter' | 'setter' | 'field' | 'accessor'; readonly name?: string | symbol | undefined }

function isStandardContext(key: unknown): key is StandardContext {
  return typeof key === 'object' && key !== null && 'kind' in key
}
