import { GraphQLError, Lexer, Source, TokenKind } from 'graphql'
import type { LimitName, Limits } from '../../core/limits.js'
import { Overlaps, type Place } from './overlaps.js'

/**
 * Holds the text of a document against the limits before anything is parsed: one pass over graphql-js' own tokens, without
 * recursion, which ends where the first limit is exceeded. Answers the name of that limit, or `null`.
 *
 * Aliases and directives are counted for each definition of the document, all else for the whole of it. Text that is no GraphQL is
 * held against the limits up to where the lexer stops, and so does the parser.
 *
 * Does not follow fragments: that is {@link measureOperation}'s part.
 */
export function exceededByText(text: string, limits: Limits): LimitName | null {
  if (text.length > limits.documentLength) return 'documentLength'
  const reader = new DocumentReader(limits)
  const lexer = new Lexer(new Source(text))
  try {
    for (;;) {
      const { kind, value } = lexer.advance()
      if (kind === TokenKind.EOF) return null
      const exceeded = reader.read(kind, value ?? '')
      if (exceeded !== null) return exceeded
    }
  } catch (error) {
    // The parser meets the same error at the same place, and says it better.
    if (error instanceof GraphQLError) return null
    throw error
  }
}

/** Counts tokens as they come. Knows no more of the grammar than it takes to tell what a name and a bracket are. */
class DocumentReader {
  readonly #limits: Limits
  readonly #overlaps = new Overlaps()
  #tokens = 0
  #depth = 0
  /** Parentheses around the token: no selection is inside any. */
  #parentheses = 0
  #operations = 0
  /** Of the definition. */
  #aliases = 0
  #directives = 0
  #inDefinition = false
  /** Where the selections of each open selection set stand. */
  readonly #places: Array<Place | null> = []
  /** The same for the selection set that the next brace opens. */
  #nextPlace: Place | null = null
  /** The two tokens before, which tell what a name is. */
  #last = ''
  #beforeLast = ''

  constructor(limits: Limits) {
    this.#limits = limits
  }

  read(kind: TokenKind, value: string): LimitName | null {
    this.#tokens += 1
    if (!this.#inDefinition) this.#beginDefinition(kind, value)
    if (this.#parentheses > 0) this.#overlaps.addArgumentToken()
    this.#count(kind, value)
    this.#beforeLast = this.#last
    this.#last = kind === TokenKind.NAME && value === ON ? ON : kind
    return this.#exceeded()
  }

  #exceeded(): LimitName | null {
    const limits = this.#limits
    if (this.#tokens > limits.tokens) return 'tokens'
    if (this.#depth > limits.depth) return 'depth'
    if (this.#aliases > limits.aliases) return 'aliases'
    if (this.#directives > limits.directives) return 'directives'
    if (this.#operations > limits.operations) return 'operations'
    return this.#overlaps.total > limits.overlaps ? 'overlaps' : null
  }

  #beginDefinition(kind: TokenKind, value: string): void {
    // graphql 17 takes a description in front.
    if (kind === TokenKind.STRING || kind === TokenKind.BLOCK_STRING) return
    this.#inDefinition = true
    this.#aliases = 0
    this.#directives = 0
    if (kind === TokenKind.NAME && value === 'fragment') {
      this.#overlaps.addFragment()
      this.#nextPlace = null
    } else {
      this.#operations += 1
      // Fields of two operations are never merged.
      this.#nextPlace = { name: `${this.#operations}`, around: null }
      this.#overlaps.endField()
    }
  }

  #count(kind: TokenKind, value: string): void {
    switch (kind) {
      case TokenKind.PAREN_L:
        this.#parentheses += 1
        this.#depth += 1
        return
      case TokenKind.PAREN_R:
        this.#parentheses = Math.max(0, this.#parentheses - 1)
        return this.#close()
      case TokenKind.BRACKET_L:
        this.#depth += 1
        return
      case TokenKind.BRACKET_R:
        return this.#close()
      case TokenKind.BRACE_L:
        this.#depth += 1
        if (this.#parentheses === 0) this.#places.push(this.#nextPlace)
        return
      case TokenKind.BRACE_R:
        return this.#closeBrace()
      case TokenKind.AT:
        this.#directives += 1
        return
      default:
        if (this.#parentheses === 0 && this.#depth > 0) this.#countSelection(kind, value)
    }
  }

  #countSelection(kind: TokenKind, value: string): void {
    if (kind === TokenKind.COLON) {
      this.#aliases += 1
    } else if (kind === TokenKind.SPREAD) {
      this.#nextPlace = this.#places.at(-1) ?? null
      this.#overlaps.addSpread()
    } else if (kind === TokenKind.NAME && this.#isResponseName()) {
      const place = this.#places.at(-1) ?? null
      this.#overlaps.addField(value, place)
      this.#nextPlace = { name: value, around: place }
    }
  }

  /** A name in a selection set is a response name unless it is the aliased field's, a directive's, a fragment's or a type's. */
  #isResponseName(): boolean {
    if (this.#last === TokenKind.COLON || this.#last === TokenKind.AT || this.#last === TokenKind.SPREAD) return false
    return !(this.#last === ON && this.#beforeLast === TokenKind.SPREAD)
  }

  #close(): void {
    this.#depth = Math.max(0, this.#depth - 1)
  }

  #closeBrace(): void {
    this.#close()
    if (this.#parentheses === 0) this.#places.pop()
    if (this.#depth === 0) this.#inDefinition = false
  }
}

/** Of the name `on`, which begins a type condition when it follows a spread. */
const ON = 'on'
