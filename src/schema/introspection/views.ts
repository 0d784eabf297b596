import type { GraphQLSchema } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Requirement } from '../../core/rules/requirement.js'
import { directiveNames } from '../link.js'
import type { Demands } from './demands.js'
import { viewOf } from './view.js'
import { visibilityOf } from './visibility.js'

/** Views that are kept. Callers who may do the same share one; whoever brings more combinations than this costs time, not memory. */
const MAX_VIEWS = 100

/** What a schema looks like to its callers: one view for each combination of requirements that is met. */
export class SchemaViews {
  readonly #schema: GraphQLSchema
  readonly #demands: Demands
  readonly #ownDirectives: { has(name: string): boolean }
  readonly #views = new LRUCache<string, { readonly view: GraphQLSchema | null }>({ max: MAX_VIEWS })

  constructor(schema: GraphQLSchema, demands: Demands) {
    this.#schema = schema
    this.#demands = demands
    this.#ownDirectives = directiveNames(schema)
  }

  /** Whether nothing is hidden from whoever meets these requirements. */
  isWhole(isMet: (requirement: Requirement) => boolean): boolean {
    return this.#demands.distinct.every(isMet)
  }

  /**
   * The part of the schema that is left to whoever meets these requirements; `null` when nothing of the query type is. The same
   * answers give the same schema, for as long as it is remembered.
   *
   * @param isMet asked once about each requirement of the schema, by each call
   */
  for(isMet: (requirement: Requirement) => boolean): GraphQLSchema | null {
    const met = new Set(this.#demands.distinct.filter(isMet))
    const fingerprint = this.#demands.distinct.map((requirement) => (met.has(requirement) ? '1' : '0')).join('')
    let known = this.#views.get(fingerprint)
    if (known === undefined) {
      const visible = visibilityOf(this.#schema, this.#demands, (requirement) => met.has(requirement))
      known = { view: viewOf(this.#schema, visible, ({ name }) => !this.#ownDirectives.has(name)) }
      this.#views.set(fingerprint, known)
    }
    return known.view
  }
}
