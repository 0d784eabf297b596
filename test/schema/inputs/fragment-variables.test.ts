import { describe, expect, it } from '@jest/globals'
import { parse } from 'graphql'
import { authorizeOperation } from '../../../src/schema/authorize-operation.js'
import { contextOf, refusals } from '../support.js'
import { shop } from './support.js'

/** An experiment of graphql-js, by the option of either version. */
const OPTIONS = { allowLegacyFragmentVariables: true, experimentalFragmentArguments: true }

describe("a fragment's own variables", () => {
  const definition = 'fragment F($all: Boolean = true) on Query'

  it('are left to the guards, since what they are worth is not what the operation says', () => {
    const { served } = shop()
    const document = parse(`query ($all: Boolean = false) { ...F } ${definition} { orders(all: $all) }`, OPTIONS)
    expect(authorizeOperation({ schema: served.schema, document, contextValue: contextOf(served.auth, {}) })).toEqual([])
  })

  it('hide nothing of what else the fragment passes', () => {
    const { served } = shop()
    const document = parse(`query ($limit: Int = 6) { ...F } ${definition} { orders(limit: $limit) }`, OPTIONS)
    const errors = authorizeOperation({ schema: served.schema, document, contextValue: contextOf(served.auth, {}) })
    expect(refusals({ errors })).toEqual(['Query.orders(limit:) INSUFFICIENT_SCOPE'])
  })
})
