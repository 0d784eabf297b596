/** Who asks: `null` for nobody, else the scopes that he holds. */
export const CALLERS = {
  anonymous: null,
  /** Logged in, and nothing more. */
  unscoped: { id: 'unscoped', scope: [] },
  /** May reach the objects, and none of their fields. */
  halfScoped: { id: 'halfScoped', scope: ['read'] },
  allowed: { id: 'allowed', scope: ['read', 'details'] },
}

const USER_FIELDS = ['id', 'name', 'email']
const ITEM_FIELDS = ['a', 'b', 'c', 'd', 'e']

const rowOf = (fields, typeName, number) => ({
  __typename: typeName,
  ...Object.fromEntries(fields.map((field) => [field, `value-${typeName}-${field}-${number}`])),
})

/** What every leaf starts with: what a refused caller must not get. */
export const MARK = 'value-'
/** One user, and a hundred items. */
export const user = Object.freeze({ ...rowOf(USER_FIELDS, 'User', 1) })
export const items = Object.freeze(Array.from({ length: 100 }, (_, number) => Object.freeze(rowOf(ITEM_FIELDS, 'Item', number))))

const ALIASES = Array.from({ length: 60 }, (_, number) => `m${number}`)
const documentsOn = (one, many) => ({
  me: `{ ${one} { id name email } }`,
  list: `{ ${many} { a b c d e } }`,
  wide: `{ ${ALIASES.map((alias) => `${alias}: ${one} { id name email }`).join(' ')} }`,
})
const dataOn = (one, many) => {
  const only = (row, fields) => Object.fromEntries(fields.map((field) => [field, row[field]]))
  const me = only(user, USER_FIELDS)
  return {
    me: { [one]: me },
    list: { [many]: items.map((row) => only(row, ITEM_FIELDS)) },
    wide: Object.fromEntries(ALIASES.map((alias) => [alias, me])),
  }
}

/** What is asked, through fields that return an object type, and what the answer is. */
export const concrete = { documents: documentsOn('me', 'items'), data: dataOn('me', 'items') }
/** The same rows, through fields that return an interface; one of its types is guarded, the other open. */
export const abstract = { documents: documentsOn('viewer', 'nodes'), data: dataOn('viewer', 'nodes') }

/** SDL of the model, with whatever stands behind a root field and behind a leaf of User and Item. */
export function typeDefs({ root = '', leaf = '' } = {}) {
  const leaves = (fields, directives = '') => fields.map((field) => `${field}: String ${directives}`).join('\n')
  return /* GraphQL */ `
    type Query {
      me: User ${root}
      items: [Item] ${root}
      viewer: Actor
      nodes: [Node]
    }
    interface Actor { ${leaves(USER_FIELDS)} }
    type User implements Actor { ${leaves(USER_FIELDS, leaf)} }
    type Bot implements Actor { ${leaves(USER_FIELDS)} }
    interface Node { ${leaves(ITEM_FIELDS)} }
    type Item implements Node { ${leaves(ITEM_FIELDS, leaf)} }
    type Note implements Node { ${leaves(ITEM_FIELDS)} }
  `
}

/**
 * Resolvers of the model. Leaves have none, as in most servers, unless a guard has to stand before them.
 *
 * @param guardLeaf wraps the resolver of each leaf of User and Item
 */
export function resolvers(guardLeaf) {
  const leaves = (fields) => (guardLeaf === undefined ? {} : Object.fromEntries(fields.map((field) => [field, guardLeaf((row) => row[field])])))
  const resolveType = ({ __typename }) => __typename
  return {
    Query: { me: () => user, items: () => items, viewer: () => user, nodes: () => items },
    Actor: { __resolveType: resolveType },
    Node: { __resolveType: resolveType },
    User: leaves(USER_FIELDS),
    Item: leaves(ITEM_FIELDS),
  }
}

/** Leaves of the two guarded types. */
export const leaves = { User: USER_FIELDS, Item: ITEM_FIELDS }
