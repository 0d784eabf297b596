import DataLoader from 'dataloader'
import type { Principal } from '../caller/principal.js'
import type { Deadline } from '../deadline.js'
import type { PermissionContext, PermissionQuestion, PermissionSource } from './source.js'

/** Whose questions they are. */
export interface PermissionAsker {
  readonly principal: Principal
  /** The access token that he came with, or `null`. */
  readonly token: string | null
}

/**
 * Asks a permission source on behalf of one principal within one operation. Questions of the same tick travel in one call, a
 * question is asked once, and the batching of the application's own loaders is left alone.
 */
export class PermissionChecks {
  readonly #loader: DataLoader<PermissionQuestion, boolean>
  readonly #answers = new Map<string, Map<unknown, Promise<boolean>>>()

  /** @param deadline of each call of the source */
  constructor(source: PermissionSource, { principal, token }: PermissionAsker, deadline: Deadline) {
    const ask = (questions: readonly PermissionQuestion[]) => deadline.run((signal) => source.check(principal, questions, permissionContext(token, signal)))
    this.#loader = new DataLoader(async (questions) => answersOf(await ask(questions), questions.length), { cache: false })
  }

  /** Whether the principal may; rejects when the source could not say. */
  may(permission: string, object: unknown): Promise<boolean> {
    let answers = this.#answers.get(permission)
    if (answers === undefined) {
      answers = new Map()
      this.#answers.set(permission, answers)
    }
    let answer = answers.get(object)
    if (answer === undefined) {
      answer = this.#loader.load(Object.freeze({ permission, object }))
      answers.set(object, answer)
    }
    return answer
  }
}

/** The token shows in no log that prints objects. */
function permissionContext(token: string | null, signal: AbortSignal): PermissionContext {
  const context = { token, signal }
  Object.defineProperty(context, 'token', { enumerable: false })
  return Object.freeze(context)
}

/** Anything but `true` is no; a list that does not match its questions answers none of them. */
function answersOf(answers: unknown, expected: number): boolean[] {
  if (!Array.isArray(answers) || answers.length !== expected) throw new TypeError('a permission source returns one boolean for each question')
  return answers.map((answer) => answer === true)
}
