import { makeExecutableSchema } from '@graphql-tools/schema'
import { authTypeDefs, createAuth, protectSchema, requirePerm } from '../../dist/index.js'
import { authorizeOperation } from '../../dist/schema/authorize-operation.js'
import { useAuth } from '../../dist/schema/envelop.js'
import { jitExecute, useJit } from '../../dist/schema/graphql-jit.js'
import { abstract, CALLERS, concrete, resolvers, typeDefs } from '../support/model.mjs'
import { bareExecutor, executor } from './executor.mjs'

const SILENT = { debug() {}, info() {}, error() {}, isLevelEnabled: () => false }
const SCOPED = { root: '@requiresScopes(scopes: [["read"]])', leaf: '@requiresScopes(scopes: [["details"]])' }
const objectOf = (row) => row.id ?? row.a

const auth = createAuth({
  backends: [async (token) => ({ active: true, user: { id: token }, scopes: CALLERS[token].scope })],
  permissions: { check: ({ subject }, questions) => questions.map(({ object }) => subject === 'allowed' && typeof object === 'string') },
  audit: { logger: SILENT },
})

/** Who asked is known, as on a live connection: what is measured begins with the context of one operation. */
const connections = Object.fromEntries(
  await Promise.all(
    Object.entries(CALLERS).map(async ([name, caller]) => {
      const authorization = caller === null ? [] : [`Bearer ${name}`]
      const authentication = await auth.authenticate({ transport: 'bench', header: (header) => (header === 'authorization' ? authorization : []) })
      return [name, { authentication, lease: auth.openLease(authentication) }]
    }),
  ),
)
const contextOf = (caller) => {
  const { authentication, lease } = connections[caller]
  return { auth: auth.createContext(authentication, lease) }
}

const schemaOf = (sdl, guardLeaf) => makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs(sdl)], resolvers: resolvers(guardLeaf) })
const plainContext = (caller) => ({ user: CALLERS[caller] })
const withResolvers = (resolver) => resolver

/** Requirements that the document alone decides. */
export const staticScopes = {
  asked: concrete,
  base: { run: executor(schemaOf(SCOPED)), contextOf: plainContext },
  guarded: { run: executor(schemaOf(SCOPED), [useAuth(auth)]), contextOf },
}

/** The same, compiled by graphql-jit on both sides. */
export const compiled = {
  asked: concrete,
  base: { run: executor(schemaOf(SCOPED), [useJit()]), contextOf: plainContext },
  guarded: { run: executor(schemaOf(SCOPED), [useAuth(auth), useJit()]), contextOf },
}

/** The same, without anything around the compiled operations. */
export const compiledBare = {
  asked: concrete,
  base: { run: bareExecutor(schemaOf(SCOPED), jitExecute()), contextOf: plainContext },
  guarded: { run: bareExecutor(protectSchema(schemaOf(SCOPED), auth), jitExecute(), authorizeOperation), contextOf },
}

/** The field returns an interface, and only one of its types has the requirement: decided for each row. */
export const concreteTypes = {
  asked: abstract,
  base: { run: executor(schemaOf({ leaf: SCOPED.leaf })), contextOf: plainContext },
  guarded: { run: executor(schemaOf({ leaf: SCOPED.leaf }), [useAuth(auth)]), contextOf },
  /** Nothing is known before it runs, so that a caller without the scope gets nulls. */
  decidesAtRunTime: true,
}

/** Every leaf asks about its row: one question for each row, all in one call of a source in the process. */
export const objects = {
  asked: concrete,
  base: { run: executor(schemaOf({}, withResolvers)), contextOf: plainContext },
  guarded: { run: executor(schemaOf({}, requirePerm('details', { object: objectOf })), [useAuth(auth)]), contextOf },
  decidesAtRunTime: true,
}

/** Closes what the adapters opened. */
export const close = () => auth.close()
