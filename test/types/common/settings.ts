import { type Auth, type AuthSettings, createAuth, type PermissionSource, type TokenBackend, type VerifiedToken } from '../../../src/index.js'

/** Compiled, never run: what settings and backends may look like. */

const backend: TokenBackend = { name: 'own', verify: async ({ token }) => ({ issuer: 'own', subject: token }) }
const permissions: PermissionSource = { check: async (principal, questions) => questions.map(({ permission }) => principal.permissions.includes(permission)) }

const auth: Auth = createAuth({ backends: [backend] })

createAuth({
  backends: [backend, async (token) => ({ active: token !== '', user: { id: 7 }, scopes: 'a b' }), './auth/verify-token.js#verifyToken'],
  access: 'public',
  introspection: 'private',
  denied: 'null',
  tenant: { claim: 'tid' },
  scopes: { enabled: false },
  permissions,
  connections: { anonymous: true },
  credentials: { cookie: { name: 'access_token', allowedOrigins: ['https://app.example.com'] }, maxTokenLength: 4096 },
  onAuthenticated: async ({ subject }, { transport }) => ({ subject, transport }),
  cacheSize: 0,
  realm: 'orders',
  resourceMetadata: 'https://api.example.com/.well-known/oauth-protected-resource',
  verifyTimeout: 1000,
  audit: {},
  now: () => 0,
})
createAuth({ backends: [backend], tenant: ({ claims }) => (typeof claims?.tid === 'string' ? claims.tid : null) })
// Synchronous sources and users are fine.
createAuth({ backends: [backend], permissions: { check: (_, questions) => questions.map(() => true) }, onAuthenticated: () => null })
// Settings may be frozen.
const frozen: AuthSettings = Object.freeze({ backends: Object.freeze([backend]) })
createAuth(frozen)

// @ts-expect-error: settings are needed
createAuth()
// @ts-expect-error: backends are needed
createAuth({})
// @ts-expect-error: backends are a list
createAuth({ backends: backend })
// @ts-expect-error: there is no such backend
createAuth({ backends: [{ type: 'ldap' }] })
// @ts-expect-error: a backend has a name
createAuth({ backends: [{ verify: async () => ({ issuer: 'i', subject: 's' }) }] })
// @ts-expect-error: there is no such option
createAuth({ backends: [backend], acess: 'public' })
// @ts-expect-error: there is no such access
createAuth({ backends: [backend], access: 'open' })
// @ts-expect-error: there is no such way to deny
createAuth({ backends: [backend], denied: 'filter' })
// @ts-expect-error: an option is left out, not undefined
createAuth({ backends: [backend], access: undefined })
// @ts-expect-error: a cookie needs its origins
createAuth({ backends: [backend], credentials: { cookie: { name: 'access_token' } } })
// @ts-expect-error: a tenant is found at once
createAuth({ backends: [backend], tenant: async () => 't1' })
// @ts-expect-error: answers are booleans
createAuth({ backends: [backend], permissions: { check: () => ['yes'] } })
// @ts-expect-error: a logger has levels
createAuth({ backends: [backend], audit: { logger: { info: () => undefined } } })
// @ts-expect-error: a number of milliseconds
createAuth({ backends: [backend], verifyTimeout: '10s' })

const token: VerifiedToken = { issuer: 'i', subject: 's' }
// @ts-expect-error: a token has a subject
const nobody: VerifiedToken = { issuer: 'i' }
// @ts-expect-error: there are two kinds
const admin: VerifiedToken = { ...token, kind: 'admin' }
// @ts-expect-error: scopes are a list
const scoped: VerifiedToken = { ...token, scopes: 'a b' }
// @ts-expect-error: what was verified is not changed
token.subject = 'root'
// @ts-expect-error: what the server runs on is not changed
auth.settings.access = 'public'

export const unused: readonly unknown[] = [nobody, admin, scoped]
