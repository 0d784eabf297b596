import { describe, expect, it } from '@jest/globals'
import { type ExecutionResult, versionInfo } from 'graphql'
import { type Caller, Protected, refusals, schemaOf } from './support.js'

/** Names that mean something to every object of JavaScript. */
const loaded = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'prototype']
/** What an ordinary name leads to is what they must lead to as well. */
const ORDINARY = 'ordinary'
/** Names that begin with two underscores are not for the schema. */
const forSchemas = loaded.filter((name) => !name.startsWith('__'))

const schema = schemaOf(
  `
    type Query @public { direct: User node(id: ID): Node text: String ${[...forSchemas, ORDINARY].map((name) => `${name}: String @requiresScopes(scopes: [["secrets"]])`).join(' ')} }
    interface Node { id: ID secret: String }
    type User implements Node {
      id: ID
      secret(${[...forSchemas, ORDINARY].map((name) => `${name}: Int`).join(' ')}): String @requiresScopes(scopes: [["secrets"]])
      ${[...forSchemas, ORDINARY].map((name) => `${name}: String @requiresScopes(scopes: [["secrets"]])`).join(' ')}
      friend: User
    }
    type Bot implements Node { id: ID secret: String }
  `,
  {
    Query: {
      direct: () => user,
      node: () => user,
      text: () => 'text',
      ...Object.fromEntries([...forSchemas, ORDINARY].map((name) => [name, () => 'guarded'])),
    },
    Node: { __resolveType: () => 'User' },
    User: { friend: () => user, secret: () => 'secret', ...Object.fromEntries([...forSchemas, ORDINARY].map((name) => [name, () => 'guarded'])) },
  },
)
const user = { id: '1' }

interface Template {
  readonly name: string
  /** A document with the name in its place. */
  readonly source: (name: string) => string
  readonly variables?: (name: string) => string
  readonly operationName?: boolean
  /** @default the names that documents may choose freely */
  readonly names?: readonly string[]
}

const templates: readonly Template[] = [
  { name: 'an alias above a refused field', source: (name) => `{ text ${name}: direct { id secret } }` },
  { name: 'an alias of a refused field', source: (name) => `{ text direct { id ${name}: secret } }` },
  { name: 'an alias beside a refused field', source: (name) => `{ ${name}: text direct { ${name}: id secret } }` },
  { name: 'an alias below an interface', source: (name) => `{ ${name}: node { ${name}: secret } }` },
  { name: 'aliases all the way down', source: (name) => `{ ${name}: direct { ${name}: friend { ${name}: friend { ${name}: secret } } } }` },
  { name: 'a fragment', source: (name) => `{ direct { ...${name} } } fragment ${name} on User { id secret }` },
  { name: 'an operation', source: (name) => `query Other { text } query ${name} { direct { id secret } }`, operationName: true },
  {
    name: 'a variable that includes',
    source: (name) => `query ($${name}: Boolean!) { text direct { id secret @include(if: $${name}) } }`,
    variables: (name) => `{ "${name}": true }`,
  },
  {
    name: 'a variable that does not skip',
    source: (name) => `query ($${name}: Boolean!) { text direct { id secret @skip(if: $${name}) } }`,
    variables: (name) => `{ "${name}": false }`,
  },
  { name: 'a variable with a default', source: (name) => `query ($${name}: Boolean = true) { text direct { id secret @include(if: $${name}) } }` },
  { name: 'a field', source: (name) => `{ text direct { id ${name} } }`, names: forSchemas },
  { name: 'a root field', source: (name) => `{ text ${name} }`, names: forSchemas },
  { name: 'an argument', source: (name) => `{ direct { id secret(${name}: 1) } }`, names: forSchemas },
]

const cases = templates.flatMap((template) => (template.names ?? loaded).map((name) => ({ template, name, title: `${name} as ${template.name}` })))

describe.each(['reject', 'null'] as const)("names that are loaded, under denied: '%s'", (denied) => {
  const served = new Protected(schema, { denied })

  async function verdict({ source, variables, operationName }: Template, name: string, caller: Caller): Promise<string> {
    const result: ExecutionResult = await served.ask(source(name), caller, {
      variables: JSON.parse(variables?.(name) ?? '{}') as Record<string, unknown>,
      ...(operationName === true ? { operationName: name } : {}),
    })
    return JSON.stringify([result.data, refusals(result)]).replaceAll(name, ORDINARY)
  }

  it.each(cases)('$title: refused like any other', async ({ template, name }) => {
    const expected = await verdict(template, ORDINARY, {})
    expect(expected).toContain('INSUFFICIENT_SCOPE')
    expect(await verdict(template, name, {})).toBe(expected)
  })

  // graphql-js 16 loses a variable of this name when it coerces it, and then executes nothing that depends on it.
  const executed = cases.filter(({ template, name }) => versionInfo.major > 16 || name !== '__proto__' || !template.name.includes('variable'))

  it.each(executed)('$title: allowed like any other', async ({ template, name }) => {
    const expected = await verdict(template, ORDINARY, { scopes: ['secrets'] })
    expect(expected).not.toContain('INSUFFICIENT_SCOPE')
    expect(await verdict(template, name, { scopes: ['secrets'] })).toBe(expected)
  })

  it('leave every object as it was', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort()
    for (const { template, name } of cases) for (const caller of [null, {}, { scopes: ['secrets'] }]) await verdict(template, name, caller)
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before)
    expect(({} as Record<string, unknown>).ordinary).toBeUndefined()
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })
})
