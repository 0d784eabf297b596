import type { AnyOf } from '../names.js'
import type { Refusal } from '../refusal.js'
import type { CombinedRule, LeafRule, Rule } from './node.js'

/** Stands for an answer that is not known yet: it takes the object, the arguments, or a function of the application. */
export const OPEN: unique symbol = Symbol('open')

/** Why a rule does not hold. */
export interface Failure {
  /** The clause at fault, as a path: `allOf[1]: owner`. */
  readonly at: string
  /** What is to be said of it beside the clause. */
  readonly note?: string
  /** Permissions that would help, where they alone are what is missing. */
  readonly missing?: AnyOf
  /** Refuses the whole requirement, also below `anyOf` and `not`: the clause could not say. */
  readonly final?: Refusal['reason']
  /** Seconds; see {@link Refusal.retryAfter}. */
  readonly retryAfter?: number
}

/** What is known of a rule: that it holds, why it does not, or nothing yet. */
export type Answer = true | Failure | typeof OPEN

/** Answers the parts of a rule that have no parts. What it promises never rejects. */
export interface Leaves {
  /** @param favours whether `true` speaks for the caller: `false` below an odd number of `not`s. */
  answer(leaf: LeafRule, favours: boolean): Answer | Promise<Answer>
}

/** Answers a rule: at once where every leaf that is asked does. */
export function evaluate(rule: Rule, leaves: Leaves, favours: boolean = true): Answer | Promise<Answer> {
  if (rule.kind === 'allOf' || rule.kind === 'anyOf') return combine(rule, leaves, favours)
  if (rule.kind !== 'not') return leaves.answer(rule, favours)
  const answer = evaluate(rule.rule, leaves, !favours)
  return answer instanceof Promise ? answer.then(negate) : negate(answer)
}

function negate(answer: Answer): Answer {
  if (answer === true) return REFUSED_BY_NOT
  if (answer === OPEN) return OPEN
  return answer.final === undefined ? true : { ...answer, at: `not: ${answer.at}` }
}

const REFUSED_BY_NOT: Failure = Object.freeze({ at: 'not' })

/** Asks the operands in order until one decides; from the first that answers later on, those that follow are asked beside it. */
function combine(rule: CombinedRule, leaves: Leaves, favours: boolean): Answer | Promise<Answer> {
  let answers: (Answer | Promise<Answer>)[] | null = null
  let isLater = false
  for (let index = 0; index < rule.rules.length; index += 1) {
    const answer = evaluate(rule.rules[index] as Rule, leaves, favours)
    // Whoever meets all that was asked so far, at once, leaves nothing to remember.
    if (answer === true && rule.kind === 'allOf' && answers === null) continue
    if (answer instanceof Promise) isLater = true
    else if (decides(rule, answer)) {
      if (!isLater) return answer === true ? true : locate(rule, index, answer as Failure)
      // What answers later may still be unable to say, and then nobody else counts.
      answers?.push(answer)
      break
    }
    answers ??= Array<Answer>(index).fill(true)
    answers.push(answer)
  }
  if (answers === null) return true
  return isLater ? Promise.all(answers).then((settled) => fold(rule, settled)) : fold(rule, answers as Answer[])
}

function decides({ kind }: CombinedRule, answer: Answer): boolean {
  if (answer === OPEN) return false
  if (answer === true) return kind === 'anyOf'
  return kind === 'allOf' || answer.final !== undefined
}

function fold(rule: CombinedRule, answers: readonly Answer[]): Answer {
  let decision: Answer | null = null
  let isOpen = false
  for (const [index, answer] of answers.entries()) {
    if (answer === OPEN) isOpen = true
    else if (answer !== true && answer.final !== undefined) return locate(rule, index, answer)
    else if (decision === null && decides(rule, answer)) decision = answer === true ? true : locate(rule, index, answer)
  }
  if (decision !== null) return decision
  if (isOpen) return OPEN
  return rule.kind === 'allOf' ? true : noneHolds(rule, answers as readonly Failure[])
}

function locate({ kind }: CombinedRule, index: number, failure: Failure): Failure {
  return { ...failure, at: `${kind}[${index}]: ${failure.at}` }
}

function noneHolds(rule: CombinedRule, failures: readonly Failure[]): Failure {
  const [first] = failures
  if (first !== undefined && failures.length === 1) return locate(rule, 0, first)
  return { at: failures.map(({ at }, index) => `anyOf[${index}]: ${at}`).join(', ') }
}
