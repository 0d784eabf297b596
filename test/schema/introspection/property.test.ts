import { describe, expect, it } from '@jest/globals'
import { isSpecifiedScalarType, parse, validate, validateSchema } from 'graphql'
import { AuthContext } from '../../../src/core/auth-context.js'
import { authorizeOperation } from '../../../src/schema/authorize-operation.js'
import { protectedSchemaOf } from '../../../src/schema/protected-schema.js'
import type { RequirementTable } from '../../../src/schema/requirement-table.js'
import { Random, randomModel } from '../random-model.js'
import { contextOf, Protected, schemaOf } from '../support.js'
import { coordinatesOf, sdl, shouldBeShown } from './oracle.js'
import { randomDocumentOn, sdlWithInputs } from './random-inputs.js'
import { schemaShownTo } from './support.js'

const SCHEMAS = 80
const DOCUMENTS = 5
const callers = [null, [], ['a'], ['b'], ['a', 'c'], ['a', 'b', 'c']].map((scopes) => (scopes === null ? null : { scopes }))

describe('what filtered introspection shows, of random schemas to random callers,', () => {
  let [shown, hidden, nothing, asked] = [0, 0, 0, 0]

  it.each(Array.from({ length: 10 }, (_, block) => block))(
    'is valid, all that it should be, and never refused before execution: block %i',
    async (block) => {
      for (let seed = block; seed < SCHEMAS; seed += 10) {
        const random = new Random(seed * 104_729 + 3)
        const model = randomModel(random)
        const typeDefs = sdlWithInputs(random, model)
        const server = new Protected(schemaOf(typeDefs), { access: model.access, introspection: 'filtered' })
        const made = protectedSchemaOf(server.schema)
        if (made === undefined) throw new Error('not protected')
        for (const caller of callers) {
          const context = contextOf(server.auth, caller)
          const view = made.introspection.readableTo(AuthContext.of(context))?.view ?? null
          /** The story is long, and told only when something is wrong. */
          const expectNothing = (found: Readonly<Record<string, readonly unknown[]>>, source = ''): void => {
            if (Object.values(found).every((list) => list.length === 0)) return
            expect({ story: `seed ${seed}, access ${model.access}, ${JSON.stringify(caller)}\n${typeDefs}\n${sdl(view)}`, source, ...found }).toBeNull()
          }
          const expected = shouldBeShown(server.schema, (coordinate) => refuses(made.table, context.auth, coordinate))
          const actual = view === null ? new Set<string>() : coordinatesOf(view)
          const scalars = Object.values(server.schema.getTypeMap()).filter(isSpecifiedScalarType)
          const differ = (one: ReadonlySet<string>, other: ReadonlySet<string>): string[] =>
            [...one].filter((coordinate) => !other.has(coordinate) && !coordinate.startsWith('any ') && !scalars.some(({ name }) => name === coordinate))
          expectNothing({ missing: differ(expected, actual), leaked: differ(actual, expected) })
          expectNothing({ refused: [...actual].filter((coordinate) => refuses(made.table, context.auth, coordinate)) })
          hidden += differ(coordinatesOf(server.schema), actual).length
          shown += actual.size
          if (view === null) {
            nothing += 1
            continue
          }
          expectNothing({ invalid: validateSchema(view) })
          if (seed % 10 === 0) expect(sdl(await schemaShownTo(server, caller))).toBe(sdl(view))
          for (let index = 0; index < DOCUMENTS; index += 1) {
            const source = randomDocumentOn(random, view)
            const document = parse(source)
            asked += 1
            const refused = authorizeOperation({ schema: server.schema, document, contextValue: contextOf(server.auth, caller) })
            expectNothing({ invalid: validate(view, document), alsoInvalid: validate(server.schema, document), refused }, source)
          }
        }
      }
    },
    60_000,
  )

  it('is enough to mean something', () => {
    expect([shown > 5_000, hidden > 5_000, nothing > 20, asked > 1_200]).toEqual([true, true, true, true])
  })
})

/** What the table says, asked coordinate by coordinate. */
function refuses(table: RequirementTable, auth: AuthContext, coordinate: string): boolean {
  const [, typeName = '', memberName = '', argument] = /^(\w+)(?:\.(\w+)(?:\((\w+):\))?)?$/.exec(coordinate) ?? []
  const rule =
    argument === undefined
      ? (table.ruleOf(typeName, memberName) ?? table.inputRuleOf(typeName, memberName))
      : table.argumentRuleOf(typeName, memberName, argument)
  return rule?.requirements.some((requirement) => auth.decide(requirement) !== null) ?? false
}
