import { makeExecutableSchema } from '@graphql-tools/schema'
import { authTypeDefs, createAuth, requirePerm } from '../../dist/index.js'
import { useAuth } from '../../dist/schema/envelop.js'
import { abstract, CALLERS, concrete, resolvers, typeDefs } from '../support/model.mjs'
import { envelopExecutor } from './executor.mjs'

const SILENT = { debug() {}, info() {}, error() {}, isLevelEnabled: () => false }
const SCOPED = { root: '@requiresScopes(scopes: [["read"]])', leaf: '@requiresScopes(scopes: [["details"]])' }
const objectOf = (row) => row.id ?? row.a

const auth = createAuth({
  backends: [async (token) => ({ active: true, user: { id: token }, scopes: CALLERS[token].scope })],
  permissions: { check: ({ subject }, questions) => questions.map(({ object }) => subject === 'allowed' && typeof object === 'string') },
  audit: { logger: SILENT },
})

/** Who asked is known, as on a live connection: what is measured begins with the context of one operation. */
const authentications = Object.fromEntries(
  await Promise.all(
    Object.entries(CALLERS).map(async ([name, caller]) => {
      const authorization = caller === null ? [] : [`Bearer ${name}`]
      return [name, await auth.authenticate({ transport: 'bench', header: (header) => (header === 'authorization' ? authorization : []) })]
    }),
  ),
)
const contextOf = (caller) => ({ auth: auth.createContext(authentications[caller]) })

const schemaOf = (sdl, guardLeaf) => makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs(sdl)], resolvers: resolvers(guardLeaf) })
const plainContext = (caller) => ({ user: CALLERS[caller] })
const withResolvers = (resolver) => resolver

/** Requirements that the document alone decides. */
export const staticScopes = {
  asked: concrete,
  base: { run: envelopExecutor(schemaOf(SCOPED)), contextOf: plainContext },
  guarded: { run: envelopExecutor(schemaOf(SCOPED), [useAuth(auth)]), contextOf },
}

/** The field returns an interface, and only one of its types has the requirement: decided for each row. */
export const concreteTypes = {
  asked: abstract,
  base: { run: envelopExecutor(schemaOf({ leaf: SCOPED.leaf })), contextOf: plainContext },
  guarded: { run: envelopExecutor(schemaOf({ leaf: SCOPED.leaf }), [useAuth(auth)]), contextOf },
  /** Nothing is known before it runs, so that a caller without the scope gets nulls. */
  decidesAtRunTime: true,
}

/** Every leaf asks about its row: one question for each row, all in one call of a source in the process. */
export const objects = {
  asked: concrete,
  base: { run: envelopExecutor(schemaOf({}, withResolvers)), contextOf: plainContext },
  guarded: { run: envelopExecutor(schemaOf({}, requirePerm('details', { object: objectOf })), [useAuth(auth)]), contextOf },
  decidesAtRunTime: true,
}

/** Closes what the adapters opened. */
export const close = () => auth.close()
