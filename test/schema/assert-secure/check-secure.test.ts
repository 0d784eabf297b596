import { makeExecutableSchema } from '@graphql-tools/schema'
import type { IResolvers } from '@graphql-tools/utils'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { GraphQLSchema } from 'graphql'
import type { AuditLogger } from '../../../src/core/audit.js'
import { createEngine } from '../../../src/core/auth.js'
import { ConfigurationError } from '../../../src/core/configuration-error.js'
import { allOf, not } from '../../../src/core/rules/rule.js'
import { type CommonSettings, resolveSettings } from '../../../src/core/settings.js'
import { type AuthSettings, createAuth, type GatehouseAuth } from '../../../src/create-auth.js'
import { publicAccess } from '../../../src/decorators/public-access.js'
import { requirePerm } from '../../../src/decorators/require-perm.js'
import { checkSecure, type Finding, InsecureSetupError } from '../../../src/schema/assert-secure/check-secure.js'
import { authTypeDefs } from '../../../src/schema/directives.js'
import { protectSchema } from '../../../src/schema/protect-schema.js'
import { schemaOf, testAuth } from '../support.js'

const silent: AuditLogger = { debug: () => undefined, info: () => undefined, error: () => undefined }

/** SDL whose directives nobody looks up, as code-first schemas and `assumeValidSDL` have them. */
const unchecked = (typeDefs: string): GraphQLSchema => makeExecutableSchema({ typeDefs: [authTypeDefs, typeDefs], assumeValidSDL: true })

/** Each mistake, and the same set-up without it. */
interface Fixture {
  readonly name: string
  readonly code: string
  readonly level: Finding['level']
  readonly at: readonly string[]
  /** Part of the fix. */
  readonly fix: string
  readonly settings?: CommonSettings
  readonly typeDefs: string
  readonly resolvers?: IResolvers
  readonly build?: (typeDefs: string) => GraphQLSchema
  readonly right: { readonly settings?: CommonSettings; readonly typeDefs?: string; readonly resolvers?: IResolvers }
}

const ORDERS = 'type Query { orders: Int @requiresScopes(scopes: [["orders:read"], ["orders:raed", "x"]])  a: Int @policy(policies: [["order.view"]]) }'

const FIXTURES: readonly Fixture[] = [
  {
    name: 'a scope that the catalogue does not list',
    code: 'unknown-scope',
    level: 'error',
    at: ['Query.orders'],
    fix: "write 'orders:read'",
    settings: { catalogue: { scopes: ['orders:read', 'x'] } },
    typeDefs: ORDERS,
    right: { settings: { catalogue: { scopes: ['orders:read', 'orders:raed', 'x'] } } },
  },
  {
    name: 'a permission that the catalogue does not list, in a rule',
    code: 'unknown-permission',
    level: 'error',
    at: ['Query.a'],
    fix: 'list it under catalogue.permissions',
    settings: { catalogue: { permissions: ['order.view'] } },
    typeDefs: 'type Query { a: Int }',
    resolvers: { Query: { a: requirePerm(allOf('order.view', not({ roles: 'guest' }), not('suspended')))(() => 1) } } as IResolvers,
    right: { settings: { catalogue: { permissions: ['order.view', 'suspended'] } } },
  },
  {
    name: 'a permission that a role of the settings gives, and nobody knows',
    code: 'unknown-permission',
    level: 'error',
    at: ['roles.editor'],
    fix: "write 'order.view'",
    settings: { catalogue: { permissions: ['order.view'] }, roles: { editor: ['order.veiw'] } },
    typeDefs: ORDERS,
    right: { settings: { catalogue: { permissions: ['order.view'] }, roles: { editor: ['order.view'] } } },
  },
  {
    name: 'a directive that is misspelled and defined nowhere',
    code: 'misspelled-directive',
    level: 'error',
    at: ['Query.a', 'T'],
    fix: 'write @authenticated',
    build: unchecked,
    typeDefs: 'type Query { a: T @authentcated } type T @authentcated { b: Int }',
    right: { typeDefs: 'type Query { a: T @authenticated } type T @authenticated { b: Int }' },
  },
  {
    name: 'a directive of another library',
    code: 'foreign-directive',
    level: 'warning',
    at: ['Query.a', 'Query.b(c:)'],
    fix: 'see that its own library still wraps this schema',
    typeDefs: 'directive @hasRole(role: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION type Query { a: Int @hasRole(role: "x")  b(c: Int @hasRole): Int }',
    right: { typeDefs: 'directive @hasRole(role: String) on FIELD_DEFINITION type Query { a: Int @policy(policies: [["x"]]) }' },
  },
  {
    name: 'a dry run',
    code: 'dry-run',
    level: 'warning',
    at: ['dryRun'],
    fix: 'take dryRun out of the settings',
    settings: { dryRun: true },
    typeDefs: 'type Query { a: Int }',
    right: { settings: {} },
  },
  {
    name: 'a schema that everybody may read under private access',
    code: 'public-introspection',
    level: 'warning',
    at: ['introspection'],
    fix: "set it to 'filtered'",
    settings: { introspection: 'public' },
    typeDefs: 'type Query { a: Int }',
    right: { settings: { introspection: 'filtered' } },
  },
  {
    name: 'scopes that are asked for and not checked',
    code: 'scopes-unchecked',
    level: 'warning',
    at: ['Query.orders'],
    fix: 'take scopes.enabled out of the settings',
    settings: { scopes: { enabled: false } },
    typeDefs: ORDERS,
    right: { settings: { scopes: { enabled: true } } },
  },
  {
    name: 'root fields that somebody forgot under public access',
    code: 'open-root-field',
    level: 'warning',
    at: ['Query.forgotten', 'Mutation.drop'],
    fix: 'state a requirement, or @public',
    settings: { access: 'public' },
    typeDefs: `type Query { forgotten: Int  meant: Int @public  decorated: Int  guarded: Int @authenticated }
      type Mutation { drop: Int } type Subscription @public { ticks: Int }`,
    resolvers: { Query: { decorated: publicAccess()(() => 1) } } as IResolvers,
    right: { settings: { access: 'private' } },
  },
  {
    name: 'a field that says it reads a guarded one, and asks less',
    code: 'computed-field',
    level: 'warning',
    at: ['Product.price', 'Product.label'],
    fix: 'state the same requirements on it',
    typeDefs: `
      directive @requires(fields: String!) on FIELD_DEFINITION
      directive @computed(selectionSet: String!) on FIELD_DEFINITION
      type Query { product: Product }
      type Product {
        cost: Int @requiresScopes(scopes: [["finance"]])
        supplier: Supplier
        price: Int @requires(fields: "cost")
        label: String @computed(selectionSet: "{ supplier { ... on Supplier { rating } } }")
        guarded: Int @requires(fields: "cost") @requiresScopes(scopes: [["finance"]])
        free: Int @requires(fields: "supplier { name }")
        broken: Int @requires(fields: "{")
      }
      type Supplier { name: String  rating: Int @policy(policies: [["ratings"]]) }`,
    right: {
      typeDefs: `
        directive @requires(fields: String!) on FIELD_DEFINITION
        type Query { product: Product }
        type Product @requiresScopes(scopes: [["finance"]]) { cost: Int  price: Int @requires(fields: "cost") }`,
    },
  },
  {
    name: 'requirements that no operation can come by',
    code: 'unreachable-requirement',
    level: 'warning',
    at: ['Dead.secret', 'Ghost'],
    fix: 'state the requirement on the type that operations reach',
    typeDefs:
      'type Query { node: Node } interface Node { id: ID } type Live implements Node { id: ID @authenticated } type Dead { secret: Int @authenticated } interface Ghost { id: ID @authenticated }',
    right: {
      typeDefs:
        'type Query { node: Node  dead: Dead } interface Node { id: ID } type Live implements Node { id: ID @authenticated } type Dead { secret: Int @authenticated }',
    },
  },
  {
    name: 'directives of operations that take guarded values',
    code: 'unguarded-directive-argument',
    level: 'warning',
    at: ['@as(role:)', '@where(filter:)'],
    fix: 'check them where the directive is carried out',
    typeDefs:
      'directive @as(role: Role, note: String) on FIELD directive @where(filter: [Filter!]) on QUERY directive @inside(role: Role) on OBJECT enum Role { READER ADMIN @authenticated } input Filter { secret: Int @authenticated } type Query { a(role: Role, filter: Filter): Int @public }',
    right: {
      typeDefs: 'directive @as(role: Role) on FIELD enum Role { READER ADMIN } type Query { a(role: Role @authenticated): Int @public }',
    },
  },
]

const findingsOf = (schema: GraphQLSchema, settings: CommonSettings = {}): readonly Finding[] =>
  checkSecure(testAuth({ audit: { logger: silent }, ...settings }), schema)

describe('the checks at the start', () => {
  it.each(FIXTURES)('find $name', ({ code, level, at, fix, settings, typeDefs, resolvers, build = (sdl) => schemaOf(sdl, resolvers), right }) => {
    const found = findingsOf(build(typeDefs), settings).filter((finding) => finding.code === code)
    expect(found.flatMap((finding) => finding.at)).toEqual(at)
    for (const finding of found) expect(finding).toEqual({ code, level, at: expect.any(Array), message: expect.stringMatching(/\w/), fix: expect.any(String) })
    expect(found[0]?.fix).toContain(fix)
    const corrected = findingsOf(
      schemaOf(right.typeDefs ?? typeDefs, right.resolvers ?? (right.typeDefs === undefined ? resolvers : {})),
      right.settings ?? settings,
    )
    expect(corrected.filter((finding) => finding.code === code)).toEqual([])
  })

  it('say nothing of a set-up that is right', () => {
    expect(findingsOf(schemaOf(`${ORDERS} type Mutation { b: Int }`))).toEqual([])
  })

  it('take scopes for permissions where the settings do', () => {
    const schema = schemaOf('type Query { a: Int @policy(policies: [["orders:read"]]) }')
    const catalogue = { scopes: ['orders:read'], permissions: ['order.view'] }
    expect(findingsOf(schema, { catalogue }).map(({ code }) => code)).toEqual(['unknown-permission'])
    expect(findingsOf(schema, { catalogue, scopes: { asPermissions: true } })).toEqual([])
  })

  it('do not ask for the special permissions in the catalogue', () => {
    expect(findingsOf(schemaOf('type Query { a: Int @policy(policies: [["gatehouse:nobody"]]) }'), { catalogue: { permissions: ['x'] } })).toEqual([])
  })

  it('leave alone directives that are defined, and those that look like nothing of ours', () => {
    expect(findingsOf(schemaOf('directive @authenticate on FIELD_DEFINITION type Query { a: Int @authenticate }'))).toEqual([])
    expect(findingsOf(unchecked('type Query { a: Int @cacheControl(maxAge: 1) }'))).toEqual([])
  })

  it('find the same on the protected schema as on the one that was given', () => {
    const auth = testAuth({ access: 'public' })
    const { typeDefs = '', resolvers } = FIXTURES.find(({ code }) => code === 'open-root-field') ?? {}
    const schema = schemaOf(typeDefs, resolvers)
    expect(checkSecure(auth, protectSchema(schema, auth))).toEqual(checkSecure(auth, schema))
  })
})

describe('protectSchema', () => {
  it('does not return when there is an error, and lists all of them', () => {
    const auth = testAuth({ catalogue: { scopes: ['orders:read'] } })
    const schema = unchecked(
      'type Query { a: Int @requiresScopes(scopes: [["orders:rad"]])  b: Int @polciy(policies: [["x"]])  c: Int @requiresScopes(scopes: [["other"]]) }',
    )
    const thrown = (() => {
      try {
        return protectSchema(schema, auth)
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(InsecureSetupError)
    expect(thrown).toBeInstanceOf(ConfigurationError)
    expect((thrown as InsecureSetupError).message).toBe(
      `schema: expected none of these:
- unknown-scope: Query.a: the scope 'orders:rad' is not in the catalogue; write 'orders:read', or list it under catalogue.scopes
- unknown-scope: Query.c: the scope 'other' is not in the catalogue; list it under catalogue.scopes, or name one that is listed
- misspelled-directive: Query.b: @polciy is defined nowhere, and enforced by nobody; write @policy, or define @polciy`,
    )
    expect((thrown as InsecureSetupError).findings.map(({ code }) => code)).toEqual(['unknown-scope', 'unknown-scope', 'misspelled-directive'])
  })

  it('writes one line for each warning, once, and one for a dry run when the engine is made', () => {
    const lines: object[] = []
    const warn = (event: object, message: string): void => void lines.push({ ...event, message })
    const backend = { name: 'none', verify: () => Promise.reject(new TypeError('never')) }
    const auth = createEngine(resolveSettings({ dryRun: true, introspection: 'public', audit: { logger: { ...silent, warn } } }, [backend]))
    const schema = schemaOf('type Query { a: Int }')
    protectSchema(schema, auth)
    protectSchema(schema, auth)
    expect(lines).toEqual([
      expect.objectContaining({ event: 'warning', code: 'dry-run' }),
      {
        event: 'warning',
        code: 'public-introspection',
        at: ['introspection'],
        message: 'everybody may read the schema of an API that is otherwise private',
        fix: "leave introspection out of the settings, or set it to 'filtered'",
      },
    ])
  })
})

describe('createAuth', () => {
  const opened: GatehouseAuth[] = []
  const open = (settings: Omit<AuthSettings, 'audit'>): GatehouseAuth => {
    const auth = createAuth({ ...settings, audit: { logger: silent } })
    opened.push(auth)
    return auth
  }
  const { NODE_ENV, FIREBASE_AUTH_EMULATOR_HOST } = process.env
  afterEach(async () => {
    for (const [name, value] of Object.entries({ NODE_ENV, FIREBASE_AUTH_EMULATOR_HOST })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await Promise.all(opened.splice(0).map((auth) => auth.close()))
  })

  const JWT = { type: 'jwt', issuer: 'https://sso.example.com/', audience: 'https://orders.example.com' } as const
  const opaque = {
    type: 'introspection',
    endpoint: 'https://id.example.com/introspect',
    issuer: 'https://id.example.com',
    audience: 'api',
    clientId: 'api',
    clientSecret: 'canary-secret',
  } as const
  const schema = (): GraphQLSchema => schemaOf('type Query { a: Int }')

  it('stops the start where one of several issuers need not name an audience', () => {
    const loose = { ...opaque, dangerouslyAcceptMissingAudience: true }
    expect(
      open({ backends: [JWT, loose] })
        .check(schema())
        .map(({ code, at }) => [code, ...at]),
    ).toEqual([
      ['missing-audience', 'introspection'],
      ['dangerous-option', 'introspection'],
    ])
    expect(() => protectSchema(schema(), open({ backends: [JWT, loose] }))).toThrow('missing-audience: introspection')
    expect(
      open({ backends: [loose] })
        .check(schema())
        .map(({ code }) => code),
    ).toEqual(['dangerous-option'])
    expect(open({ backends: [JWT, opaque] }).check(schema())).toEqual([])
  })

  it('warns of what loosens a backend', () => {
    process.env.FIREBASE_AUTH_EMULATOR_HOST = '127.0.0.1:9099'
    const backends = [
      { ...JWT, dangerouslySharedSecret: 'canary-of-thirty-two-bytes-or-more', dangerouslyAcceptUnmarkedTokens: true },
      { type: 'firebase', projectId: 'shop', dangerouslyAcceptEmulatorTokens: true },
    ] as const
    const found = open({ backends }).check(schema())
    expect(found.map(({ code, at, message }) => [code, at[0], message])).toEqual([
      ['dangerous-option', 'jwt', 'dangerouslySharedSecret is on'],
      ['dangerous-option', 'jwt', 'dangerouslyAcceptUnmarkedTokens is on'],
      ['dangerous-option', 'firebase', 'dangerouslyAcceptEmulatorTokens is on'],
    ])
    expect(JSON.stringify(found)).not.toContain('canary')
  })

  it.each<[string, unknown]>([
    ['HS256 beside the keys of an issuer', { ...JWT, algorithms: ['HS256'] }],
    ['HS256 beside RS256', { ...JWT, algorithms: ['RS256', 'HS256'], dangerouslySharedSecret: 'x'.repeat(32) }],
    ['SHA-1', { ...JWT, algorithms: ['RS1'] }],
    ['no signature', { ...JWT, algorithms: ['none'] }],
    ['no audience', { type: 'jwt', issuer: 'https://sso.example.com/' }],
    ['keys over http', { ...JWT, jwksUri: 'http://sso.example.com/keys' }],
  ])('does not make an auth with %s', (_, backend) => {
    expect(() => open({ backends: [backend as never] })).toThrow(ConfigurationError)
  })

  it('does not make an auth for the Firebase emulator in production', () => {
    process.env.NODE_ENV = 'production'
    process.env.FIREBASE_AUTH_EMULATOR_HOST = '127.0.0.1:9099'
    expect(() => open({ backends: [{ type: 'firebase', projectId: 'shop', dangerouslyAcceptEmulatorTokens: true }] })).toThrow(ConfigurationError)
  })

  it('does not make an auth that runs dry in production', () => {
    process.env.NODE_ENV = 'production'
    expect(() => open({ backends: [JWT], dryRun: true })).toThrow('dryRun: expected false where NODE_ENV is production')
    expect(open({ backends: [JWT], dryRun: true, dangerouslyDryRunInProduction: true }).settings.dryRun).toBe(true)
  })

  it('checks the schema that it has protected, and asks for one when there is none', () => {
    const auth = open({ backends: [JWT], introspection: 'public' })
    expect(() => auth.check()).toThrow('check: schema: expected a schema, since this auth has protected none yet')
    const kept = protectSchema(schema(), auth)
    expect(auth.check().map(({ code }) => code)).toEqual(['public-introspection'])
    expect(auth.check(kept)).toEqual(auth.check())
  })
})

describe('a statement that demands nothing, or that nothing would enforce', () => {
  it.each([
    ['an empty list', 'type Query { a: Int @requiresScopes(scopes: []) }', 'Query.a @requiresScopes'],
    ['an empty alternative', 'type Query { a: Int @policy(policies: [[]]) }', 'Query.a @policy'],
    ['a place that nothing enforces', 'type Query { a: U } union U @authenticated = T type T { b: Int }', 'U'],
  ])('stops the start: %s', (_, typeDefs, option) => {
    const schema = makeExecutableSchema({
      typeDefs: [
        'directive @authenticated on UNION | FIELD_DEFINITION directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION',
        typeDefs,
      ],
    })
    expect(() => protectSchema(schema, testAuth())).toThrow(option)
  })

  it('stops the start: our directive, defined by another library', () => {
    const schema = makeExecutableSchema({
      typeDefs: 'directive @authenticated(role: String!) on FIELD_DEFINITION type Query { a: Int @authenticated(role: "x") }',
    })
    expect(() => protectSchema(schema, testAuth())).toThrow('@authenticated')
  })
})
