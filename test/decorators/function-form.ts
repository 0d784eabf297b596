import { describe, expect, it } from '@jest/globals'
import { ConfigurationError } from '../../src/core/configuration-error.js'
import { AuthError } from '../../src/core/errors.js'
import { declaredResolver } from '../../src/decorators/declaration.js'
import { publicAccess } from '../../src/decorators/public-access.js'
import { requireOAuth } from '../../src/decorators/require-oauth.js'
import { requirePerm } from '../../src/decorators/require-perm.js'
import { type Call, contextOf } from './fixtures.js'

/** The decorators as functions, and what they refuse to be told: the same in every mode. */
export function functionForm(mode: string): void {
  describe(`the function form, beside ${mode} decorators`, () => {
    it('wraps a resolver, and says so', async () => {
      const resolver = requireOAuth('a')((source: string, args: { id: number }) => `${source}${args.id}`)
      const call = resolver as unknown as Call
      expect(call('s', { id: 1 }, await contextOf({ scopes: ['a'] }))).toBe('s1')
      const context = await contextOf({})
      expect(() => call('s', { id: 1 }, context)).toThrow(AuthError)
      expect(resolver.length).toBe(2)
    })

    it('wraps once, however often it is applied, and all are needed', async () => {
      const resolver = requireOAuth('a')(requirePerm('p')(requireOAuth('b')(() => 'all'))) as unknown as Call
      expect(declaredResolver(resolver)?.declaration.own).toHaveLength(3)
      expect(declaredResolver(resolver)?.inner()).toBe('all')
      expect(resolver(null, {}, await contextOf({ scopes: ['a', 'b'], permissions: ['p'] }))).toBe('all')
    })

    it('keeps this, own members and the declaration through bind', async () => {
      const plain = Object.assign(
        function (this: { readonly name: string }): string {
          return this.name
        },
        { complexity: 5 },
      )
      const resolver = requireOAuth('a')(plain)
      expect(resolver.complexity).toBe(5)
      const bound = resolver.bind({ name: 'bound' }) as unknown as Call
      expect(declaredResolver(bound)?.declaration.own).toEqual([{ scopes: [['a']] }])
      expect(bound(null, {}, await contextOf({ scopes: ['a'] }))).toBe('bound')
      const context = await contextOf({})
      expect(() => bound(null, {}, context)).toThrow(AuthError)
    })

    it('opens a resolver without wrapping anything around it that asks', () => {
      const resolver = publicAccess()(() => 'open')
      expect(resolver()).toBe('open')
      expect(declaredResolver(resolver)?.declaration.isPublic).toBe(true)
    })

    it('publicAccess lifts nothing that stands on the same resolver', async () => {
      for (const resolver of [publicAccess()(requireOAuth('a')(() => 'x')), requireOAuth('a')(publicAccess()(() => 'x'))]) {
        const context = await contextOf(null)
        expect(() => (resolver as unknown as Call)(null, {}, context)).toThrow(AuthError)
      }
    })

    it('takes a context that stands somewhere else than a resolver has it', async () => {
      const resolver = requireOAuth('a')((id: string, _context: unknown) => id) as (...args: unknown[]) => unknown
      expect(resolver('7', { auth: await contextOf({ scopes: ['a'] }).then(({ auth }) => auth) })).toBe('7')
      expect(() => resolver('7', { auth: { scopes: ['a'] } })).toThrow(ConfigurationError)
    })

    it('believes the context before anything that stands among the arguments', async () => {
      const mighty = await contextOf({ scopes: ['a'] })
      const weak = await contextOf({})
      const resolver = requireOAuth('a')(() => 'x') as unknown as Call
      expect(() => resolver(mighty, mighty as unknown as Record<string, unknown>, weak)).toThrow(AuthError)
    })
  })

  describe(`what a decorator refuses to be told, beside ${mode} decorators`, () => {
    const use = (decorator: unknown, ...args: unknown[]): unknown => (decorator as (...args: unknown[]) => unknown)(...args)

    it.each<[string, () => unknown]>([
      ['undefined scopes', () => use(requireOAuth, undefined)],
      ['null scopes', () => use(requireOAuth, null)],
      ['no scopes in a list', () => use(requireOAuth, [])],
      ['empty scopes', () => use(requireOAuth, '')],
      ['an empty demand', () => use(requireOAuth, {})],
      ['a mistyped demand', () => use(requireOAuth, { scopes: ['a'] })],
      ['a mistyped step-up', () => use(requireOAuth, { maxage: 300 })],
      ['a demand whose alternatives are undefined', () => use(requireOAuth, { anyOf: undefined, maxAge: 5 })],
      ['a demand whose maxAge is undefined', () => use(requireOAuth, { anyOf: [['a']], maxAge: undefined })],
      ['an undefined step-up', () => use(requireOAuth, 'a', undefined)],
      ['a second scope in place of the step-up', () => use(requireOAuth, 'a', 'b')],
      ['a step-up with an undefined acr', () => use(requireOAuth, 'a', { acr: undefined })],
      ['a step-up of its own beside one in the demand', () => use(requireOAuth, { anyOf: [['a']], maxAge: 5 }, { acr: 'gold' })],
      ['a third argument', () => use(requireOAuth, 'a', { maxAge: 5 }, 'b')],
      ['undefined permissions', () => use(requirePerm, undefined)],
      ['no permissions at all', () => use(requirePerm)],
      ['no permissions in a list', () => use(requirePerm, [])],
      ['a second permission in place of the options', () => use(requirePerm, 'a', 'b')],
      ['undefined options', () => use(requirePerm, 'a', undefined)],
      ['mistyped options', () => use(requirePerm, 'a', { objct: () => 1 })],
      ['an undefined object', () => use(requirePerm, 'a', { object: undefined })],
      ['an object that is no function', () => use(requirePerm, 'a', { object: 'id' })],
      ['public access to something', () => use(publicAccess, 'a')],
      ['a resolver map', () => use(requireOAuth('a'), { subscribe: () => 1 })],
      ['nothing to guard', () => use(requireOAuth('a'), undefined)],
      ['a resolver and its place in a list', () => [() => 1].map(requireOAuth('a') as unknown as () => unknown)],
      ['a class to open', () => use(publicAccess(), class {})],
    ])('%s', (_, run) => {
      expect(run).toThrow(ConfigurationError)
    })
  })
}
