import type { Requirement } from '../core/rules/requirement.js'

// biome-ignore lint/suspicious/noExplicitAny: a resolver of any signature can be decorated.
export type AnyFunction = (this: any, ...args: any[]) => any

// biome-ignore lint/suspicious/noExplicitAny: a class of any constructor can be decorated.
export type AnyClass = abstract new (...args: any[]) => any

/** What decorators have declared on one resolver. */
export interface Declaration {
  /** Declared on the resolver itself; all of them are needed. */
  readonly own: readonly Requirement[]
  /** Declared on the class; lifted by `publicAccess` on the resolver. */
  readonly fromClass: readonly Requirement[]
  /** Whether `publicAccess` stands on the resolver. */
  readonly isPublic: boolean
}

/** A resolver with a declaration, and the function under the decorators. */
export interface DeclaredResolver {
  readonly declaration: Declaration
  readonly inner: AnyFunction
}

/** Of a resolver that nothing was declared on. */
export const NO_DECLARATION: Declaration = Object.freeze({ own: Object.freeze([]), fromClass: Object.freeze([]), isPublic: false })

const resolvers = new WeakMap<AnyFunction, DeclaredResolver>()
const classes = new WeakMap<AnyClass, Declaration>()

/** The declaration that a resolver carries, or `null` for a resolver without decorators. */
export function declaredResolver(resolver: unknown): DeclaredResolver | null {
  return typeof resolver === 'function' ? (resolvers.get(resolver as AnyFunction) ?? null) : null
}

/** Ties a declaration to the function that enforces it. */
export function declareResolver(resolver: AnyFunction, declared: DeclaredResolver): void {
  resolvers.set(resolver, declared)
}

/** What decorators have declared on a class and the classes that it extends. */
export function classRequirements(target: unknown): readonly Requirement[] {
  const requirements: Requirement[] = []
  for (let current: unknown = target; typeof current === 'function'; current = Object.getPrototypeOf(current)) {
    requirements.push(...(classes.get(current as unknown as AnyClass)?.own ?? []))
  }
  return requirements
}

/** Adds a requirement to what is declared on a class. */
export function declareClass(target: AnyClass, addition: Addition): void {
  classes.set(target, add(classes.get(target) ?? NO_DECLARATION, addition))
}

/** Whether a function is a class: only a class has a prototype that cannot be replaced. */
export function isClass(target: object): target is AnyClass {
  // A frozen function has such a prototype too; only a class says that it is one.
  return Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false && Function.prototype.toString.call(target).startsWith('class')
}

/** One decorator's contribution: a requirement, or public access. */
export type Addition = Requirement | typeof PUBLIC

/** The contribution of `publicAccess`. */
export const PUBLIC: unique symbol = Symbol('public')

/** A declaration with one more contribution. */
export function add(declaration: Declaration | undefined, addition: Addition): Declaration {
  const base = declaration ?? NO_DECLARATION
  return Object.freeze(addition === PUBLIC ? { ...base, isPublic: true } : { ...base, own: Object.freeze([...base.own, addition]) })
}

/** A declaration that also carries what its class demands. */
export function addFromClass(declaration: Declaration | undefined, requirements: readonly Requirement[]): Declaration {
  const base = declaration ?? NO_DECLARATION
  return Object.freeze({ ...base, fromClass: Object.freeze([...new Set([...base.fromClass, ...requirements])]) })
}

/** What a declaration demands, without what the schema adds. */
export function requirementsOf({ own, fromClass, isPublic }: Declaration): readonly Requirement[] {
  return isPublic ? own : [...fromClass, ...own]
}
