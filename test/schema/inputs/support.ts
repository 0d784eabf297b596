import { dataOf, Protected, refusals, schemaOf } from '../support.js'

/** A schema whose every kind of input has a requirement somewhere, and what its resolvers were given. */
export function shop(settings: object = {}): { readonly served: Protected; readonly got: unknown[] } {
  const got: unknown[] = []
  const echo = (_source: unknown, args: unknown): string => {
    got.push(args)
    return 'ran'
  }
  const schema = schemaOf(
    `
      type Query @public {
        orders(first: Int = 10, all: Boolean @requiresScopes(scopes: [["admin"]]), limit: Int = 5 @requiresScopes(scopes: [["admin"]])): String
        user(input: UserInput, list: [UserInput!], matrix: [[UserInput]], role: Role, roles: [Role!] = [READER], by: By): String
        money(amount: Money, filter: MoneyFilter): String
        secret(code: Code): String
        tree(tree: Tree): String
        node: Node
        nodes: [Node]
        must(input: UserInput! = { role: ADMIN }): String
        json(value: JSON = { a: 1 } @requiresScopes(scopes: [["admin"]])): String
        open(ok: String): String
      }
      type Mutation @public { setUser(input: UserInput!): String }
      input UserInput {
        name: String
        role: Role = READER @requiresScopes(scopes: [["role"]])
        tags: [String!] = ["new"] @requiresScopes(scopes: [["tags"]])
        address: Address
        addresses: [Address!]
      }
      input Address { street: String verified: Boolean @requiresScopes(scopes: [["verify"]]) }
      enum Role { READER WRITER ADMIN @requiresScopes(scopes: [["admin"]]) }
      scalar Money @requiresScopes(scopes: [["money"]])
      input MoneyFilter { over: Money name: String }
      scalar JSON
      input Code @requiresScopes(scopes: [["code"]]) { a: Int b: Int }
      input Tree { left: Tree right: Tree leaf: Role depth: Int }
      input By @oneOf { id: ID role: Role @requiresScopes(scopes: [["role"]]) }
      interface Node { pick(one: Int @requiresScopes(scopes: [["one"]]), two: Int): String }
      type A implements Node { pick(one: Int, two: Int): String }
      type B implements Node { pick(one: Int = 1, two: Int @requiresScopes(scopes: [["two"]])): String }
    `,
    {
      Query: {
        ...Object.fromEntries(['orders', 'user', 'money', 'secret', 'tree', 'must', 'json', 'open'].map((name) => [name, echo])),
        node: () => ({ __typename: 'A' }),
        nodes: () => [{ __typename: 'A' }, { __typename: 'B' }],
      },
      Mutation: { setUser: echo },
      Node: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
      A: { pick: echo },
      B: { pick: echo },
    },
  )
  return { served: new Protected(schema, settings), got }
}

/** One case: what is asked, with which variables, and the coordinates that refuse a caller with none of the scopes. */
export type InputCase = readonly [source: string, variables: Record<string, unknown>, refused: readonly string[]]

/** What `ask` refuses before execution, what the guards refuse where nothing asks before, and what resolvers got meanwhile. */
export async function refusedOf(
  [source, variables]: InputCase,
  settings: object = {},
): Promise<{ before: readonly string[]; bare: readonly string[]; got: unknown[] }> {
  const rejecting = shop(settings)
  const whole = await rejecting.served.ask(source, {}, { variables })
  const nulling = shop({ ...settings, denied: 'null' })
  const partial = await nulling.served.ask(source, {}, { variables })
  const coordinates = (partial.errors ?? []).map(({ extensions }) => (extensions.auth as { coordinate: string }).coordinate)
  return {
    before: whole.data === undefined ? refusals(whole).map((refusal) => refusal.replace(' INSUFFICIENT_SCOPE', '')) : [],
    bare: coordinates,
    got: [...(whole.data === undefined ? rejecting.got : []), ...(coordinates.length > 0 ? nulling.got : [])],
  }
}

export { dataOf }
