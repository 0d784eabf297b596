import { z } from 'zod'
import { callback, count, hint } from './options.js'

/** How large a document, and an operation in it, may be. Every limit can be raised; none can be switched off. */
export interface LimitSettings {
  /** Characters of a document. @default 100000 */
  readonly documentLength?: number
  /** Lexical tokens of a document (GraphQL §2.1.6); comments, commas and white space are none. @default 10000 */
  readonly tokens?: number
  /**
   * Levels of brackets in the text, levels of selection sets once fragments are followed, and levels of lists and objects in the
   * variables. At most 500: graphql-js parses by recursion. @default 50
   */
  readonly depth?: number
  /** Aliases of one operation, once fragments are followed. @default 500 */
  readonly aliases?: number
  /** Fields of one operation, once fragments are followed. @default 10000 */
  readonly fields?: number
  /** Root fields of one operation, once fragments are followed. @default 100 */
  readonly rootFields?: number
  /** Directives of one operation, once fragments are followed. @default 200 */
  readonly directives?: number
  /** Operations of one document. @default 50 */
  readonly operations?: number
  /**
   * What validation may have to compare: fields that can be merged count, pair by pair, as many as they have tokens in names and
   * arguments; a pair of fragments counts one, and a half for each spread in the two. @default 100000
   */
  readonly overlaps?: number
  /** Values in the variables of one operation, those inside lists and objects too. They nest as deep as {@link LimitSettings.depth} allows. @default 100000 */
  readonly variables?: number
  /** Operations in one HTTP request, on servers that take batches. @default 10 */
  readonly batch?: number
  /**
   * Documents that no limit but `variables` and `batch` counts for, such as operations that the server itself has registered. Is given the text of a
   * document, and asked only about one that exceeds a limit. What throws exempts nothing. @default none
   */
  readonly dangerouslyExempt?: (document: string) => boolean
}

/** What can be exceeded. */
export type LimitName = Exclude<keyof LimitSettings, 'dangerouslyExempt'>

/** The limits with every default filled in. */
export interface Limits extends Readonly<Record<LimitName, number>> {
  readonly dangerouslyExempt: ((document: string) => boolean) | null
}

/** graphql-js' parser overflows the stack somewhere above a thousand levels. */
const DEEPEST = 500

const DEFAULTS: Readonly<Record<LimitName, number>> = {
  documentLength: 100_000,
  tokens: 10_000,
  depth: 50,
  aliases: 500,
  fields: 10_000,
  rootFields: 100,
  directives: 200,
  operations: 50,
  overlaps: 100_000,
  variables: 100_000,
  batch: 10,
}

/** The shape of {@link LimitSettings}. */
export const limitSettings: z.ZodObject = z.strictObject(
  {
    documentLength: count('100000').optional(),
    tokens: count('10000').optional(),
    depth: count('50')
      .max(DEEPEST, hint(`a whole number from 1 to ${DEEPEST}`, '50'))
      .optional(),
    aliases: count('500').optional(),
    fields: count('10000').optional(),
    rootFields: count('100').optional(),
    directives: count('200').optional(),
    operations: count('50').optional(),
    overlaps: count('100000').optional(),
    variables: count('100000').optional(),
    batch: count('10').optional(),
    dangerouslyExempt: callback<(document: string) => boolean>('(document) => registered.has(document)').optional(),
  },
  hint('an object', '{ depth: 50 }'),
)

/** Fills in the defaults. */
export function resolveLimits({ dangerouslyExempt, ...given }: LimitSettings = {}): Limits {
  return Object.freeze({ ...DEFAULTS, ...given, dangerouslyExempt: dangerouslyExempt ?? null })
}
