import { expect, it } from '@jest/globals'
import { declaredResolver } from '../../src/decorators/declaration.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'

// Functions of this kind have a prototype, as classes have; arrow functions do not.
function open(): string {
  return 'open'
}

it('guards a frozen resolver as any other', () => {
  const guarded = requireOAuth('a')(Object.freeze(open))
  expect(declaredResolver(guarded)?.declaration.own).toHaveLength(1)
  expect(() => guarded()).toThrow('context.auth, which nothing has set')
})
