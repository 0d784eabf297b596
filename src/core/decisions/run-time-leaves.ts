import type { AuthContext } from '../auth-context.js'
import type { Principal } from '../caller/principal.js'
import { BackendUnavailableError } from '../errors.js'
import { type Answer, type Failure, type Leaves, OPEN } from '../rules/evaluation.js'
import type { FunctionRule, LeafRule, NamesRule, OwnerRule, RuleArguments } from '../rules/node.js'
import type { Requirement } from '../rules/requirement.js'
import { failureOf, type Standing } from './standing.js'

/** Answers the leaves of one requirement right before a resolver: what is not known of the principal is asked. */
export class RunTimeLeaves implements Leaves {
  readonly #requirement: Requirement
  readonly #standing: Standing
  readonly #auth: AuthContext
  readonly #resolver: RuleArguments
  /** Looked up when a leaf first needs them, and then once. */
  #objects: readonly unknown[] | Failure | Promise<readonly unknown[] | Failure> | null = null

  constructor(requirement: Requirement, standing: Standing, auth: AuthContext, resolver: RuleArguments) {
    this.#requirement = requirement
    this.#standing = standing
    this.#auth = auth
    this.#resolver = resolver
  }

  answer(leaf: LeafRule, favours: boolean): Answer | Promise<Answer> {
    const known = this.#standing.answer(leaf, favours)
    if (known !== OPEN) return known
    if (leaf.kind === 'function') return this.#askFunction(leaf)
    if (leaf.kind !== 'owner' && leaf.kind !== 'permissions') return NOT_ASKED
    const objects = this.#lookUp()
    if (objects instanceof Promise) return objects.then((found) => this.#answerOn(leaf, found, favours))
    return this.#answerOn(leaf, objects, favours)
  }

  #answerOn(leaf: OwnerRule | NamesRule, objects: readonly unknown[] | Failure, favours: boolean): Answer | Promise<Answer> {
    if (!('length' in objects)) return { ...objects, at: leaf.kind }
    return leaf.kind === 'owner' ? this.#askOwners(leaf, objects) : this.#askSource(leaf, objects, favours)
  }

  #askFunction({ test }: FunctionRule): Answer | Promise<Answer> {
    const at = test.name === '' ? 'function' : `function ${test.name}`
    try {
      const said: unknown = test(this.#standing.principal, this.#resolver)
      if (!isPromiseLike(said)) return ofFunction(at, said)
      return this.#auth.deadline
        .run(() => said)
        .then(
          (answer) => ofFunction(at, answer),
          (error: unknown) => this.#unavailable(at, 'rule', error),
        )
    } catch (error) {
      return this.#unavailable(at, 'rule', error)
    }
  }

  #askOwners(leaf: OwnerRule, rows: readonly unknown[]): Answer | Promise<Answer> {
    let later: Promise<Answer>[] | null = null
    for (const row of rows) {
      const answer = this.#askOwner(leaf, row)
      if (answer instanceof Promise) {
        later ??= []
        later.push(answer)
      } else if (answer !== true) return answer
    }
    return later === null ? true : Promise.all(later).then(worst)
  }

  #askOwner({ owners }: OwnerRule, row: unknown): Answer | Promise<Answer> {
    if (typeof row !== 'object') return NO_ROW
    const { principal } = this.#standing
    try {
      const said: unknown = owners(row as object, principal)
      if (!isPromiseLike(said)) return ofOwners(said, principal)
      return this.#auth.deadline
        .run(() => said)
        .then(
          (answer) => ofOwners(answer, principal),
          (error: unknown) => this.#unavailable('owner', 'rule', error),
        )
    } catch (error) {
      return this.#unavailable('owner', 'rule', error)
    }
  }

  /** One alternative must hold in full, for every object. All questions are put at once, so that they share a batch. */
  #askSource(leaf: NamesRule, objects: readonly unknown[], favours: boolean): Promise<Answer> {
    const failure: Failure = this.#requirement.rule === undefined ? failureOf(leaf) : { at: leaf.kind }
    const alternatives = leaf.names.map((all) => this.#holdsAll(all, objects, favours)).filter((alternative) => alternative !== null)
    const answers = alternatives.length === 1 ? (alternatives[0] as Promise<boolean>) : Promise.all(alternatives).then((each) => each.includes(true))
    return answers.then(
      (holds) => holds || failure,
      (error: unknown) => this.#unavailable(leaf.kind, 'permission source', error),
    )
  }

  /** `null` where the principal alone is enough to refuse. */
  #holdsAll(all: readonly string[], objects: readonly unknown[], favours: boolean): Promise<boolean> | null {
    const questions: Promise<boolean>[] = []
    const open: string[] = []
    for (const name of all) {
      const held = this.#standing.holds(name, favours)
      if (held === false) return null
      if (held === null) open.push(name)
    }
    for (const name of open) for (const object of objects) questions.push(this.#auth.ask(name, object))
    return questions.length === 1 ? (questions[0] as Promise<boolean>) : Promise.all(questions).then((answers) => !answers.includes(false))
  }

  #lookUp(): readonly unknown[] | Failure | Promise<readonly unknown[] | Failure> {
    this.#objects ??= this.#findObjects()
    return this.#objects
  }

  #findObjects(): readonly unknown[] | Failure | Promise<readonly unknown[] | Failure> {
    const { object } = this.#requirement
    const { source, args, context, info } = this.#resolver
    if (object === undefined) return namesNothing(source) ? NO_OBJECT : [source]
    try {
      const named: unknown = object(source, args, context, info)
      if (!isPromiseLike(named)) return this.#settle(named)
      return this.#auth.deadline
        .run(() => named)
        .then(
          (found) => this.#settle(found),
          (error: unknown) => this.#objectFailed(error),
        )
    } catch (error) {
      return this.#objectFailed(error)
    }
  }

  /** A list of promises is a list, as it is for whoever returns one from a resolver. */
  #settle(named: unknown): readonly unknown[] | Failure | Promise<readonly unknown[] | Failure> {
    if (!Array.isArray(named) || !named.some(isPromiseLike)) return objectsIn(named)
    return this.#auth.deadline.run(() => Promise.all(named)).then(objectsIn, (error: unknown) => this.#objectFailed(error))
  }

  #objectFailed(error: unknown): Failure {
    this.#auth.fault('requirement object', error)
    return OBJECT_FAILED
  }

  /** What a part says of its own outage stays in the refusal; anything else that it throws says nothing that could be passed on. */
  #unavailable(at: string, what: string, error: unknown): Failure {
    const isOutage = error instanceof BackendUnavailableError
    this.#auth.fault(what, isOutage ? (error.cause ?? error) : error)
    if (!isOutage) return { at, final: 'BACKEND_UNAVAILABLE' }
    const { detail, retryAfter } = error.refusal
    return { at, final: 'BACKEND_UNAVAILABLE', ...(detail === undefined ? {} : { note: detail }), ...(retryAfter === undefined ? {} : { retryAfter }) }
  }
}

/** Whether whatever a selector or rule returned answers later. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

const NOT_ASKED: Failure = Object.freeze({ at: 'rule', note: 'nothing answers it', final: 'BACKEND_UNAVAILABLE' })
const NO_OBJECT: Failure = Object.freeze({ at: 'object', note: 'no object named', final: 'INSUFFICIENT_PERMISSION' })
const OBJECT_FAILED: Failure = Object.freeze({ at: 'object', note: 'the object function threw or did not answer', final: 'INSUFFICIENT_PERMISSION' })
const NO_ROW: Failure = Object.freeze({ at: 'owner', note: 'an id is no stored row', final: 'INSUFFICIENT_PERMISSION' })
const NO_OWNERS: Failure = Object.freeze({ at: 'owner', note: 'no id, list of ids or boolean', final: 'INSUFFICIENT_PERMISSION' })
const NOT_OWNED: Failure = Object.freeze({ at: 'owner' })

/** What names nothing refuses whatever the rest of the rule says: an absent object must not be what a `not` lets in. */
function objectsIn(named: unknown): readonly unknown[] | Failure {
  if (!Array.isArray(named)) return namesNothing(named) ? NO_OBJECT : [named]
  // A hole in a list is skipped by every(): copied, it is an object that nobody named.
  const list: readonly unknown[] = [...named]
  return list.length === 0 || list.some(namesNothing) ? NO_OBJECT : list
}

/** An empty id is a lookup that found nothing, like `null`; so is an error, which loaders put in the place of what they did not find. */
function namesNothing(item: unknown): boolean {
  return item === null || item === undefined || item === '' || Number.isNaN(item) || item instanceof Error
}

function ofFunction(at: string, said: unknown): Answer {
  if (said === true) return true
  return said === false ? { at } : { at, note: 'answered no boolean', final: 'BACKEND_UNAVAILABLE' }
}

function ofOwners(said: unknown, { kind, subject }: Principal): Answer {
  if (typeof said === 'boolean') return said || NOT_OWNED
  if (typeof said === 'string') return (kind === 'user' && said === subject) || NOT_OWNED
  const ids: readonly unknown[] = Array.isArray(said) ? [...said] : [said]
  if (!ids.every((id) => id === null || isId(id))) return NO_OWNERS
  // A client's sub may equal some user's id, and is not him.
  return (kind === 'user' && ids.some((id) => id !== null && String(id) === subject)) || NOT_OWNED
}

/** A number that is not exact may be the id of somebody else. */
function isId(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'bigint' || Number.isSafeInteger(value)
}

/** Of rows that must all be owned: what could not be said comes before what was denied. */
function worst(answers: readonly Answer[]): Answer {
  return answers.find((answer) => answer !== true && answer !== OPEN && answer.final !== undefined) ?? answers.find((answer) => answer !== true) ?? true
}
