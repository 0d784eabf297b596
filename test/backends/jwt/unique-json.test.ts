import { describe, expect, it } from '@jest/globals'
import { parseUniqueJson } from '../../../src/backends/jwt/unique-json.js'

describe('a JSON object with unique members', () => {
  it.each<[string, string]>([
    ['nothing in it', '{}'],
    ['colons, braces and quotes in strings', '{"a:b":"c\\":{\\"d\\":1}","e":"\\\\"}'],
    ['the same name in different objects', '{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":3}}'],
    ['strings that look like names', '{"a":["b","b"],"c":"a"}'],
    ['blanks around names', '{ "a" : 1 ,\n\t"b"\r\n: 2 }'],
    ['numbers for names', '{"1":1,"0":0,"01":1}'],
    ['names of Object.prototype', '{"__proto__":{"x":1},"constructor":1,"toString":2,"hasOwnProperty":3}'],
    ['escapes of every kind', '{"\\u0000\\"\\\\\\/\\b\\f\\n\\r\\t":"\\ud83d\\ude00"}'],
  ])('is read: %s', (_, text) => {
    const value = parseUniqueJson(text)
    expect(value).not.toBeNull()
    expect({ ...value }).toEqual({ ...(JSON.parse(text) as object) })
  })

  it('has no prototype, so nothing that it does not say is found in it', () => {
    expect(Object.getPrototypeOf(parseUniqueJson('{"__proto__":{"x":1}}'))).toBeNull()
    expect(parseUniqueJson('{}')?.toString).toBeUndefined()
  })

  it.each<[string, string]>([
    ['twice at the top', '{"a":1,"a":1}'],
    ['twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['twice with blanks', '{"a" :1, "a"\n:2}'],
    ['twice further down', '{"x":[{"y":{"a":1,"b":2,"a":3}}]}'],
    ['three times', '{"a":1,"a":2,"a":3}'],
    ['twice as __proto__', '{"__proto__":1,"__proto__":2}'],
    ['twice as a number', '{"1":1,"1":2}'],
    ['twice as the empty string', '{"":1,"":2}'],
  ])('is refused when a name stands there %s', (_, text) => {
    expect(parseUniqueJson(text)).toBeNull()
  })

  it.each(['', 'null', '1', '"a"', '[]', '[{"a":1}]', '{', '{"a"}', '{a:1}', "{'a':1}", '{"a":1,}', '{"a":1}x', '\ufeff{}', '{"a":NaN}'])(
    'is not %p',
    (text) => {
      expect(parseUniqueJson(text)).toBeNull()
    },
  )

  it('is read in time that grows with its length', () => {
    const text = `{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":"${'\\"'.repeat(3)}"`).join(',')},"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    const start = performance.now()
    expect(parseUniqueJson(text)).not.toBeNull()
    expect(parseUniqueJson(`{"a":"${'\\\\'.repeat(200_000)}"}`)).not.toBeNull()
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})
