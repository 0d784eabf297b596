import { type DocumentNode, type OperationDefinitionNode, print } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Auth } from '../../core/auth.js'
import type { AuthContext } from '../../core/auth-context.js'
import { type LimitErrorCode, LimitExceededError } from '../../core/limit-exceeded-error.js'
import type { LimitName, Limits } from '../../core/limits.js'
import { haveSameMembers } from '../../core/same-members.js'
import type { Fragments } from '../fragments.js'
import { exceededByText } from './document-text.js'
import { exceededBySize, measureOperation } from './operation-size.js'
import { exceededByVariables } from './variables.js'

/** Whose request it is, for the audit log: the caller where he is known already, else the transport that it came by. */
export type Origin = Pick<AuthContext, 'transport' | 'principal'> | 'http'

/**
 * Holds the text of a document against the settings' limits, before it is parsed. Answers the error to refuse with, audited, or
 * `null`. What was found is remembered with the text: a document that comes again costs a lookup.
 *
 * Does not follow fragments; {@link checkOperation} does, once the document is parsed and the operation chosen.
 */
export function checkDocument(auth: Auth, text: string, origin: Origin): LimitExceededError | null {
  const exceeded = textVerdict(auth, text)
  return exceeded === null || isExempt(auth, text) ? null : limitError(auth, 'DOCUMENT_TOO_LARGE', exceeded, origin)
}

/** Whether {@link checkDocument} would refuse the text. Writes nothing to the audit log. */
export function isTooLarge(auth: Auth, text: string): boolean {
  return textVerdict(auth, text) !== null && !isExempt(auth, text)
}

/** One operation of a document, and the document's fragments. */
export interface ParsedOperation {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly fragments: Fragments
}

/** The same as {@link checkDocument} for one operation of a parsed document, with its fragments followed. Remembered with the operation's node, for the fragments that it was measured with. */
export function checkOperation(auth: Auth, { document, operation, fragments }: ParsedOperation, origin: Origin): LimitExceededError | null {
  const { limits } = auth.settings
  let measured = measurements.get(operation)
  if (measured === undefined || measured.limits !== limits || !haveSameMembers(measured.fragments, fragments)) {
    measured = { fragments, limits, exceeded: exceededBySize(measureOperation(operation, fragments), limits) }
    measurements.set(operation, measured)
  }
  const { exceeded } = measured
  return exceeded === null || isExempt(auth, document) ? null : limitError(auth, 'DOCUMENT_TOO_LARGE', exceeded, origin)
}

/** The same as {@link checkDocument} for the variables that an operation came with. Nothing is remembered. */
export function checkVariables(auth: Auth, variables: object, origin: Origin): LimitExceededError | null {
  const exceeded = exceededByVariables(variables, auth.settings.limits)
  return exceeded === null ? null : limitError(auth, 'VARIABLES_TOO_LARGE', exceeded, origin)
}

/** The same as {@link checkDocument} for the number of operations in one HTTP request. */
export function checkBatch(auth: Auth, operations: number, origin: Origin): LimitExceededError | null {
  return operations > auth.settings.limits.batch ? limitError(auth, 'BATCH_TOO_LARGE', 'batch', origin) : null
}

/** Characters of remembered documents, for each auth. */
const REMEMBERED = 4_000_000
/** Short ones cost more than their characters. */
const REMEMBERED_TEXTS = 20_000

/** A verdict is one of these, since the cache has no room for `null`. */
type Verdict = LimitName | 'within'

const verdicts = new WeakMap<Auth, LRUCache<string, Verdict>>()
const measurements = new WeakMap<OperationDefinitionNode, Measurement>()

/** What an operation was found to exceed, with which fragments and under which limits. */
interface Measurement {
  readonly fragments: Fragments
  readonly limits: Limits
  readonly exceeded: LimitName | null
}

function textVerdict(auth: Auth, text: string): LimitName | null {
  const { limits } = auth.settings
  // Neither read nor remembered.
  if (text.length > limits.documentLength) return 'documentLength'
  let known = verdicts.get(auth)
  if (known === undefined) {
    known = new LRUCache({ max: REMEMBERED_TEXTS, maxSize: REMEMBERED, sizeCalculation: (_verdict, key) => key.length + 1 })
    verdicts.set(auth, known)
  }
  let verdict = known.get(text)
  if (verdict === undefined) {
    verdict = exceededByText(text, limits) ?? 'within'
    known.set(text, verdict)
  }
  return verdict === 'within' ? null : verdict
}

function isExempt(auth: Auth, document: string | DocumentNode): boolean {
  const { dangerouslyExempt } = auth.settings.limits
  if (dangerouslyExempt === null) return false
  try {
    return dangerouslyExempt(typeof document === 'string' ? document : (document.loc?.source.body ?? print(document))) === true
  } catch (error) {
    auth.audit.fault('limits.dangerouslyExempt', error)
    return false
  }
}

function limitError(auth: Auth, code: LimitErrorCode, name: LimitName, origin: Origin): LimitExceededError {
  const exceeded = { name, maximum: auth.settings.limits[name] }
  const { transport, principal } = origin === 'http' ? { transport: origin, principal: undefined } : origin
  return new LimitExceededError(code, exceeded, auth.audit.limited(transport, principal, exceeded))
}
