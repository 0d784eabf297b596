import type { AuthContext } from '../auth-context.js'
import type { Refusal } from '../refusal.js'
import { type Answer, evaluate, type Failure, OPEN } from '../rules/evaluation.js'
import type { Requirement } from '../rules/requirement.js'
import { WRONG_TENANT } from './decision.js'
import { isPromiseLike, RunTimeLeaves } from './run-time-leaves.js'
import { refusalOf, type Standing } from './standing.js'

/** The four arguments that graphql-js gives a resolver. */
export interface ResolverArguments {
  readonly source: unknown
  readonly args: unknown
  readonly context: unknown
  readonly info: unknown
}

/**
 * Holds all requirements of a coordinate against the caller, right before its resolver. Answers at once unless a requirement waits for
 * an object, a tenant or a rule; what the caller alone decides comes first, in order, and the first that refuses decides.
 *
 * An `object` function, rule or permission source that throws or hangs refuses, and so does one that names or says nothing.
 */
export function enforce(requirements: readonly Requirement[], auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
  let open: Requirement | null = null
  let isAlone = true
  for (const requirement of requirements) {
    const verdict = auth.judge(requirement)
    if (verdict === 'met') continue
    if (verdict !== 'open') return verdict
    isAlone = open === null
    open = requirement
  }
  if (open === null) return null
  return isAlone ? ask(open, auth, resolver) : enforceOpen(requirements, auth, resolver)
}

function enforceOpen(requirements: readonly Requirement[], auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
  let later: Promise<Refusal | null>[] | null = null
  for (const requirement of requirements) {
    if (auth.judge(requirement) !== 'open') continue
    const refusal = ask(requirement, auth, resolver)
    if (refusal instanceof Promise) {
      later ??= []
      later.push(refusal)
    } else if (refusal !== null) return refusal
  }
  if (later === null) return null
  return later.length === 1
    ? (later[0] as Promise<Refusal | null>)
    : Promise.all(later).then((refusals) => refusals.find((refusal) => refusal !== null) ?? null)
}

function ask(requirement: Requirement, auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
  const standing = auth.standing(requirement)
  if (standing === null) return { reason: 'BACKEND_UNAVAILABLE' }
  const elsewhere = requirement.tenant === undefined ? null : checkTenant(requirement, standing, auth, resolver)
  // Before the tenant is known nothing is looked up: a foreign one would be told by how long that takes.
  if (elsewhere instanceof Promise) return elsewhere.then((failure) => failure ?? askRule(requirement, standing, auth, resolver))
  return elsewhere ?? askRule(requirement, standing, auth, resolver)
}

function askRule(requirement: Requirement, standing: Standing, auth: AuthContext, resolver: ResolverArguments): Refusal | null | Promise<Refusal | null> {
  const answer = evaluate(standing.rule, new RunTimeLeaves(requirement, standing, auth, resolver))
  return answer instanceof Promise ? answer.then((settled) => refusalFrom(requirement, settled)) : refusalFrom(requirement, answer)
}

function refusalFrom(requirement: Requirement, answer: Answer): Refusal | null {
  if (answer === true) return null
  return answer === OPEN ? { reason: 'BACKEND_UNAVAILABLE' } : refusalOf(requirement, answer)
}

function checkTenant(
  requirement: Requirement,
  { principal }: Standing,
  auth: AuthContext,
  { source, args, context, info }: ResolverArguments,
): Refusal | null | Promise<Refusal | null> {
  const compare = (tenant: unknown): Refusal | null =>
    typeof tenant === 'string' && tenant !== '' && tenant === principal.tenant ? null : refusalOf(requirement, WRONG_TENANT)
  const fail = (error: unknown): Refusal => {
    auth.fault('requirement tenant', error)
    return refusalOf(requirement, TENANT_FAILED)
  }
  try {
    const named: unknown = requirement.tenant?.(source, args, context, info)
    return isPromiseLike(named) ? auth.deadline.run(() => named).then(compare, fail) : compare(named)
  } catch (error) {
    return fail(error)
  }
}

const TENANT_FAILED: Failure = Object.freeze({ at: 'tenant', note: 'the tenant function threw or did not answer' })
