import { GraphQLError } from 'graphql'
import type { LimitName } from './limits.js'

/** Every `extensions.code` that a {@link LimitExceededError} can carry. */
export const LIMIT_ERROR_CODES = ['DOCUMENT_TOO_LARGE', 'VARIABLES_TOO_LARGE', 'BATCH_TOO_LARGE'] as const

/** The value of `extensions.code` on a {@link LimitExceededError}. */
export type LimitErrorCode = (typeof LIMIT_ERROR_CODES)[number]

/** Which limit was exceeded. */
export interface ExceededLimit {
  readonly name: LimitName
  /** What the settings allow. How much there was is not said: counting stops at the limit. */
  readonly maximum: number
}

/**
 * A document, its variables or a batch of documents is larger than the settings allow. It says nothing of the caller: what decides is the request's
 * own text. Catch it to tell clients apart that should send less; who they are has not been judged.
 *
 * Subclasses `GraphQLError` and keeps its `name`, so that error masking leaves it as it is. `extensions.http` is what Yoga and
 * Apollo Server read for the response's status (RFC 9110 §15.5.1, and §15.5.14 where the request is too long); it is never sent.
 */
export class LimitExceededError extends GraphQLError {
  readonly limit: ExceededLimit
  /** 413 for a document that is too long and a batch that is too large, else 400. */
  readonly status: 400 | 413

  constructor(code: LimitErrorCode, { name, maximum }: ExceededLimit, decisionId?: string) {
    const status = name === 'batch' || name === 'documentLength' ? 413 : 400
    super(MESSAGES[code], {
      extensions: { code, limit: { name, maximum, ...(decisionId === undefined ? {} : { decisionId }) }, http: unsent({ status }) },
    })
    this.limit = Object.freeze({ name, maximum })
    this.status = status
    Object.defineProperties(this, { limit: { enumerable: false }, status: { enumerable: false } })
  }

  /** The value of `extensions.code`. */
  get code(): LimitErrorCode {
    return this.extensions.code as LimitErrorCode
  }
}

const MESSAGES: Readonly<Record<LimitErrorCode, string>> = {
  DOCUMENT_TOO_LARGE: 'Document Too Large',
  VARIABLES_TOO_LARGE: 'Variables Too Large',
  BATCH_TOO_LARGE: 'Batch Too Large',
}

/** Apollo Server takes the enumerable member out before it sends an error; where nothing does, JSON leaves it out. */
function unsent<T extends object>(value: T): T {
  return Object.defineProperty(value, 'toJSON', { value: () => undefined, enumerable: false })
}
