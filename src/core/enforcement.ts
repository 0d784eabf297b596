import type { AuthContext } from './auth-context.js'
import { BackendUnavailableError } from './errors.js'
import type { Refusal } from './refusal.js'
import { type AnyOf, isDynamic, type Requirement } from './requirement.js'

/** The four arguments that graphql-js gives a resolver. */
export interface ResolverArguments {
  readonly source: unknown
  readonly args: unknown
  readonly context: unknown
  readonly info: unknown
}

/**
 * Holds all requirements of a coordinate against the caller, right before its resolver. Answers at once unless a requirement
 * names an object; the requirements are looked at in order, and the first that refuses decides.
 *
 * An `object` function or permission source that throws or hangs, and one that names nothing, refuses.
 */
export function enforce(requirements: readonly Requirement[], auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
  let onObjects = false
  for (const requirement of requirements) {
    const refusal = auth.decide(requirement)
    if (refusal !== null) return refusal
    if (isDynamic(requirement)) onObjects = true
  }
  return onObjects ? enforceOnObjects(requirements, auth, resolver) : null
}

async function enforceOnObjects(requirements: readonly Requirement[], auth: AuthContext, resolver: ResolverArguments): Promise<Refusal | null> {
  const onObjects = requirements.filter(isDynamic)
  const refusals = await Promise.all(onObjects.map((requirement) => enforceOnObject(requirement, auth, resolver)))
  return refusals.find((refusal) => refusal !== null) ?? null
}

async function enforceOnObject(
  { object, permissions = [] }: Requirement,
  auth: AuthContext,
  { source, args, context, info }: ResolverArguments,
): Promise<Refusal | null> {
  const refusal: Refusal = { reason: 'INSUFFICIENT_PERMISSION', requiredPermissions: permissions }
  let objects: unknown
  try {
    const named = object?.(source, args, context, info)
    objects = isPromiseLike(named) ? await auth.deadline.run(() => named) : named
  } catch (error) {
    auth.fault('requirement object', error)
    return { ...refusal, detail: 'the object function threw or did not answer' }
  }
  // A hole in a list is skipped by every(): copied, it is an object that nobody named.
  const list: readonly unknown[] = Array.isArray(objects) ? [...objects] : [objects]
  if (list.length === 0 || list.some(namesNothing)) return { ...refusal, detail: 'no object named' }
  try {
    return (await mayAny(permissions, list, auth)) ? null : refusal
  } catch (error) {
    return unavailable(error, auth)
  }
}

/** What the source says of its own outage stays in the refusal; anything else that it throws says nothing that could be passed on. */
function unavailable(error: unknown, auth: AuthContext): Refusal {
  if (!(error instanceof BackendUnavailableError)) {
    auth.fault('permission source', error)
    return { reason: 'BACKEND_UNAVAILABLE' }
  }
  auth.fault('permission source', error.cause ?? error)
  const { detail, retryAfter } = error.refusal
  return { reason: 'BACKEND_UNAVAILABLE', ...(detail === undefined ? {} : { detail }), ...(retryAfter === undefined ? {} : { retryAfter }) }
}

/** An empty id is a lookup that found nothing, like `null`. */
function namesNothing(item: unknown): boolean {
  return item === null || item === undefined || item === '' || Number.isNaN(item)
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** One alternative must hold in full, for every object. All questions are put at once, so that they share a batch. */
async function mayAny(anyOf: AnyOf, objects: readonly unknown[], auth: AuthContext): Promise<boolean> {
  const alternatives = await Promise.all(
    anyOf.map(async (all) => {
      const answers = await Promise.all(all.flatMap((permission) => objects.map((object) => auth.may(permission, object))))
      return answers.every((answer) => answer)
    }),
  )
  return alternatives.some((alternative) => alternative)
}
