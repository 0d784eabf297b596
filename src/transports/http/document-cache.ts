import { type DocumentNode, type GraphQLError, type GraphQLSchema, parse as graphqlParse, validate as graphqlValidate, specifiedRules } from 'graphql'
import { LRUCache } from 'lru-cache'

/** Whose functions read the documents. */
export interface DocumentReaders {
  /** Called once for each text that is remembered. @default graphql-js' parse */
  readonly parse?: typeof graphqlParse | undefined
  /** Called for every request. @default graphql-js' validate, whose own rules are then asked once for each document and schema */
  readonly validate?: typeof graphqlValidate | undefined
}

/** A document that has come, and what is known of it. */
interface Known {
  readonly text: string
  readonly document: DocumentNode
  /** Where graphql-js' own rules found nothing wrong with it. */
  readonly validOn: WeakSet<GraphQLSchema>
}

/**
 * The documents of one server, for as long as there is room for them: what was parsed and found valid is not parsed again. Each
 * request gets a document object of its own around the same definitions, so that it can be told whose it is.
 *
 * Remembers no document with errors. Does not measure documents: those that are too large must not get here. Rules that are not
 * graphql-js' own are asked for every request, since nobody knows what else they look at.
 */
export class DocumentCache {
  readonly #parse: typeof graphqlParse
  readonly #validate: typeof graphqlValidate
  readonly #known = new LRUCache<string, Known>({ max: MAX_DOCUMENTS, maxSize: MAX_CHARACTERS, sizeCalculation: (_known, text) => text.length + 1 })
  readonly #handedOut = new WeakMap<DocumentNode, Known>()

  constructor({ parse = graphqlParse, validate = graphqlValidate }: DocumentReaders) {
    this.#parse = parse
    this.#validate = validate
  }

  /** In the place of graphql-js' parse. A source that is no plain text, or options, leave out the cache. */
  readonly parse: typeof graphqlParse = (source, options) => {
    if (typeof source !== 'string' || options !== undefined) return this.#parse(source, options)
    const known = this.#known.get(source) ?? { text: source, document: this.#parse(source), validOn: new WeakSet() }
    const document = { ...known.document }
    this.#handedOut.set(document, known)
    return document
  }

  /** In the place of graphql-js' validate. Documents of others, and further arguments, leave out the cache. */
  readonly validate: typeof graphqlValidate = (schema, document, rules = specifiedRules, ...rest) => {
    const known = this.#handedOut.get(document)
    if (known === undefined || rest.length > 0) return this.#validate(schema, document, rules, ...rest)
    const isValid = this.#validate === graphqlValidate && known.validOn.has(schema)
    const left = isValid ? rules.filter((rule) => !SPECIFIED.has(rule)) : rules
    if (isValid && left.length === 0) return NO_ERRORS
    const errors = this.#validate(schema, document, left)
    if (errors.length === 0) this.#remember(known, schema, rules)
    return errors
  }

  /** The one object for all requests with this text: what is remembered with a document is found by it. Documents of others are their own. */
  shared(document: DocumentNode): DocumentNode {
    return this.#handedOut.get(document)?.document ?? document
  }

  #remember(known: Known, schema: GraphQLSchema, rules: typeof specifiedRules): void {
    if (!known.validOn.has(schema) && specifiedRules.every((rule) => rules.includes(rule))) known.validOn.add(schema)
    // Several requests may have parsed the same text before any of them was found valid.
    if (!this.#known.has(known.text)) this.#known.set(known.text, known)
  }
}

const MAX_DOCUMENTS = 1000
/** Parsed, a character takes between 90 and 180 bytes. */
const MAX_CHARACTERS = 400_000

const SPECIFIED: ReadonlySet<unknown> = new Set(specifiedRules)
const NO_ERRORS: readonly GraphQLError[] = Object.freeze([])
