import { describe, expect, it } from '@jest/globals'
import { type GraphQLInputType, parseType, typeFromAST } from 'graphql'
import { PassedValues } from '../../../src/schema/inputs/passed-values.js'
import { SharedValues } from '../../../src/schema/inputs/shared-values.js'
import { compileRequirements } from '../../../src/schema/requirement-table.js'
import { schemaOf, testAuth } from '../support.js'

const schema = schemaOf(`
  type Query { a(tree: Tree, trees: [Tree]): Int }
  input Tree { left: Tree right: Tree leaf: Int @requiresScopes(scopes: [["leaf"]]) other: Role }
  enum Role { A B @authenticated }
`)
const table = compileRequirements(schema, testAuth().settings)
const typeOf = (text: string): GraphQLInputType => typeFromAST(schema, parseType(text) as never) as unknown as GraphQLInputType

describe('a variable of a running operation', () => {
  let looks = 0
  const counting = {
    reachableFrom: table.reachableFrom,
    inputRuleOf: (typeName: string, name: string) => {
      looks += 1
      return table.inputRuleOf(typeName, name)
    },
  }
  const passedBy = (variables: object, value: unknown, type: string): readonly string[] => {
    const passed = new PassedValues(counting, SharedValues.of(variables))
    passed.look({ form: 'coerced', value }, typeOf(type))
    return [...passed.rules].map(({ coordinate }) => coordinate).sort()
  }
  const tree = { left: { leaf: 1 }, right: { left: { other: 'B' } } }

  it.each([
    ['as graphql 16 hands it on', (value: object) => ({ v: value })],
    ['as graphql 17 hands it on', (value: object) => ({ sources: {}, coerced: { v: value } })],
  ])('is looked at once, %s, alone and inside of literals', (_name, record) => {
    const variables = record(tree)
    const expected = ['Role.B', 'Tree.leaf']
    expect(passedBy(variables, tree, 'Tree')).toEqual(expected)
    looks = 0
    expect(passedBy(variables, tree, 'Tree')).toEqual(expected)
    expect(looks).toBe(0)
    expect(passedBy(variables, { left: tree }, 'Tree')).toEqual(expected)
    // The one field of the literal, and nothing of what the variable holds.
    expect(looks).toBe(2)
    expect(passedBy(variables, [tree, { other: 'A' }, tree], '[Tree]')).toEqual(expected)
  })

  it('is looked at again in another execution', () => {
    expect(passedBy({ v: tree }, tree, 'Tree')).toHaveLength(2)
    const changed = { ...tree, left: null }
    expect(passedBy({ v: changed }, changed, 'Tree')).toEqual(['Role.B'])
  })

  it('needs no variables to be there', () => {
    expect([SharedValues.of(undefined), SharedValues.of(null)]).toEqual([null, null])
    expect(passedBy({}, tree, 'Tree')).toHaveLength(2)
  })
})
